/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents of a Luup box as real ones are, with their traps; and settings as requests. */
#include "tests/unit/zwave/model-fixture.h"
#include "zwave/json-split.h"
#include "shm/json.h"
#include "zwave/luup-document.h"
#include "zwave/luup-set.h"
#include "zwave/luup-variables.h"

#include <errno.h>

#define MICASA "urn:micasaverde-com:serviceId:"
#define UPNP   "urn:upnp-org:serviceId:"
#define NETWORK                                                                                                        \
	"{\"id\":1,\"device_type\":\"urn:schemas-micasaverde-com:device:ZWaveNetwork:1\",\"id_parent\":0,\"altid\":"   \
	"\"\""

static struct luup_box box;

static void open_box(void)
{
	fixture_open();
	luup_box_open(&box, &fixture_model);
}

static void close_box(void)
{
	luup_box_close(&box);
	fixture_close();
}

TestSuite(luup, .init = open_box, .fini = close_box);

static int user_data_device(struct json_object *device, void *context)
{
	return luup_user_data_device(context, device);
}

static int status_device(struct json_object *device, void *context)
{
	return luup_status_device(context, device);
}

/* 0, or what the document was given up for */
static int feed(const char *text, size_t length, bool user_data)
{
	struct json_split split;
	int error = json_split_open(&split, "devices", 1, user_data ? user_data_device : status_device, &box);

	if (user_data)
		luup_user_data_begin(&box);
	if (!error)
		error = json_split_feed(&split, text, length);
	if (!error && json_object_get_type(json_split_end(&split)) != json_type_object)
		error = -EBADMSG;
	if (!error && user_data)
		error = luup_user_data_end(&box, json_split_end(&split));
	else if (!error)
		luup_status_end(&box, json_split_end(&split));
	json_split_close(&split);
	return error;
}

/* The whole dialogue: user_data, then a status with nothing in it. */
static void take(const char *user_data)
{
	cr_assert_eq(feed(user_data, strlen(user_data), true), 0);
	cr_assert_eq(feed("{}", 2, false), 0);
	luup_all_end(&box);
	model_settle(&fixture_model);
}

static void take_status(const char *text)
{
	cr_assert_eq(feed(text, strlen(text), false), 0);
	model_settle(&fixture_model);
}

static const char home[] =
	"{\"devices\":["
	/* A child before its parent, and a node before the network */
	"{\"id\":13,\"id_parent\":7,\"altid\":\"m1\",\"states\":[{\"id\":0,\"service\":\"" UPNP "TemperatureSensor1\","
	"\"variable\":\"CurrentTemperature\",\"value\":\"27.30\"},{\"service\":\"" MICASA "ZWaveDevice1\",\"variable\":"
	"\"MultiChEndpoint\",\"value\":\"2\"}]},"
	"{\"id\":7,\"id_parent\":1,\"altid\":\"5\",\"name\":\"Lamp\",\"category_num\":3,\"room\":\"2\",\"states\":["
	"{\"id\":0,\"service\":\"" MICASA "ZWaveDevice1\",\"variable\":\"Capabilities\",\"value\":"
	"\"219,156,1,4,16,1,L,R,B,RS,|32,37,94:2,152\"},"
	"{\"id\":1,\"service\":\"" UPNP "SwitchPower1\",\"variable\":\"Status\",\"value\":\"0\"},"
	"{\"id\":2,\"service\":\"" UPNP "SwitchPower1\",\"variable\":\"Target\",\"value\":\"0\"},"
	"{\"id\":3,\"service\":\"" MICASA "ZWaveDevice1\",\"variable\":\"Neighbors\",\"value\":\"1,6, 8,\"}]}," NETWORK
	",\"states\":[{\"service\":\"" MICASA
	"ZWaveNetwork1\",\"variable\":\"HomeID\",\"value\":\"House: c0ffee01 Node 1\"}]},"
	"{\"id\":9,\"id_parent\":1,\"altid\":\"e1\"},{\"id\":10,\"id_parent\":1,\"altid\":\"m7\"},"
	"{\"id\":11,\"id_parent\":1,\"altid\":\"0\"},{\"id\":12,\"id_parent\":1,\"altid\":\"99999\"},"
	"{\"id\":30,\"id_parent\":0,\"altid\":\"6\"},{\"id\":31,\"id_parent\":31,\"altid\":\"7\"}],"
	"\"rooms\":[{\"id\":1,\"name\":\"Hall\"},{\"id\":2,\"name\":\"Kitchen\"},7,{\"id\":\"x\"}],"
	"\"LoadTime\":1575600001,\"DataVersion\":575684931}";

Test(luup, nodes_are_children_of_the_network_with_a_numeric_altid)
{
	struct node *node;

	take(home);
	cr_expect_eq(fixture_model.node_count, 1);
	node = model_find(&fixture_model, 5);
	cr_assert_not_null(node);
	cr_expect_str_eq(fixture_get(node->row, NODE_DEVICE_NUMBER), "7");
	cr_expect_str_eq(fixture_get(node->row, NODE_LOCATION), "Kitchen");
	cr_expect_str_eq(fixture_get(node->row, NODE_NEIGHBORS), "1,6,8");
	cr_expect_str_eq(fixture_get(node->row, NODE_COMM_FAILURE), "0");
	cr_expect_str_eq(fixture_value(node, "TemperatureSensor1/CurrentTemperature@13"), "27.30");
	cr_expect_eq(node->child_count[CHILD_ENDPOINT], 1);
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_HOME_ID), "C0FFEE01");
	/* user_data has a version of its own by the same name as that of status. */
	cr_expect_eq(box.load_time, 1575600001);
	cr_expect_eq(box.data_version, -1);
}

Test(luup, capabilities_are_the_bytes_of_the_serial_api)
{
	struct node *node;

	take(home);
	node = model_find(&fixture_model, 5);
	cr_expect_str_eq(fixture_get(node->row, NODE_LISTENING), "1");
	cr_expect_str_eq(fixture_get(node->row, NODE_ROUTING), "1");
	cr_expect_str_eq(fixture_get(node->row, NODE_BEAMING), "1");
	cr_expect_str_eq(fixture_get(node->row, NODE_FREQUENT_LISTENING), "None");
	cr_expect_str_eq(fixture_get(node->row, NODE_MAX_DATA_RATE), "100000");
	cr_expect_str_eq(fixture_get(node->row, NODE_BASIC_CLASS), "4");
	cr_expect_str_eq(fixture_get(node->row, NODE_GENERIC_CLASS), "16");
	cr_expect_str_eq(fixture_get(node->row, NODE_SPECIFIC_CLASS), "1");
	cr_expect_str_eq(fixture_get(node->row, NODE_SECURITY_CLASS), "S0_Legacy");
	cr_expect_str_eq(fixture_get(node->row, NODE_STATUS), "Alive");
}

Test(luup, capabilities_of_another_form_are_none)
{
	static const char *const bad[] = {"", "1,2,3", "256,1,1,1,1,1", "a,b,c,d,e,f", "|32", "1,2,3,4,5,"};
	struct luup_capabilities capabilities;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_not(luup_capabilities(bad[i], strlen(bad[i]), &capabilities), "%s", bad[i]);
	cr_expect(luup_capabilities("83,220,0,4,7,1,R,|128:1,x,113", 29, &capabilities));
	cr_expect_not(capabilities.listening);
	cr_expect_eq(capabilities.class_count, 2);
	cr_expect_eq(capabilities.classes[1], 113);
}

Test(luup, services_are_matched_after_their_mark)
{
	const char *text = "urn:micasaverde.com:serviceId:HaDevice1", *service;
	struct node *node;
	size_t length;

	service = luup_service(text, strlen(text), &length);
	cr_expect(length == 9 && memcmp(service, "HaDevice1", 9) == 0);
	cr_expect_null(luup_service("urn:micasaverde-com:HaDevice1", 29, &length));
	take(home);
	/* The paper's dot, and the dash of real dumps; a variable may move to any place of the list. */
	take_status("{\"devices\":[{\"id\":7,\"states\":[{\"id\":99,\"service\":\"urn:micasaverde.com:serviceId:"
		    "HaDevice1\","
		    "\"variable\":\"BatteryLevel\",\"value\":\"90\"},{\"service\":\"" UPNP
		    "SwitchPower1\",\"variable\":\"Status\",\"value\":\"1\"}]}]}");
	node = model_find(&fixture_model, 5);
	cr_expect_str_eq(fixture_get(node->row, NODE_BATTERY_LEVEL), "90");
	cr_expect_str_eq(fixture_value(node, "SwitchPower1/Status"), "1");
	cr_expect_str_eq(fixture_value(node, "SwitchPower1/Target"), "0");
	cr_expect_str_eq(fixture_get(node->row, NODE_NAME), "Lamp");
}

Test(luup, a_status_of_one_device_has_another_shape)
{
	take(home);
	take_status("{\"Device_Num_7\":{\"states\":[{\"service\":\"" UPNP
		    "SwitchPower1\",\"variable\":\"Status\",\"value\":\"1\"}],\"Jobs\":[]},\"Device_Num_x\":1,\"Device_"
		    "Num_8\":{},"
		    "\"LoadTime\":1575600001,\"DataVersion\":7,\"UserData_DataVersion\":8}");
	cr_expect_str_eq(fixture_value(model_find(&fixture_model, 5), "SwitchPower1/Status"), "1");
	cr_expect_eq(box.data_version, 7);
	cr_expect_eq(box.user_data_version, 8);
}

Test(luup, values_of_another_type_change_nothing)
{
	struct node *node;

	take(home);
	take_status("{\"devices\":[{\"id\":\"7\",\"states\":[{\"service\":\"" UPNP
		    "SwitchPower1\",\"variable\":\"Status\",\"value\":1},7,null,{\"service\":5},{\"variable\":"
		    "\"Status\"}]},"
		    "{\"id\":7,\"states\":{\"a\":1}},{\"id\":7.5},{\"id\":-1},{},{\"id\":7,\"states\":[{\"service\":"
		    "\"" MICASA "ZWaveDevice1\",\"variable\":\"Health\",\"value\":\"many\"},{\"service\":\"" MICASA
		    "HaDevice1\",\"variable\":\"FirstConfigured\",\"value\":\"-5\"}]}]}");
	node = model_find(&fixture_model, 5);
	cr_expect_str_eq(fixture_value(node, "SwitchPower1/Status"), "0");
	cr_expect_str_eq(fixture_get(node->row, NODE_HEALTH), "0");
	cr_expect_str_eq(fixture_get(node->row, NODE_FIRST_CONFIGURED), SCHEMA_UNKNOWN_TIME);
	cr_expect_not(box.unknown_device);
	take_status("{\"devices\":[{\"id\":77}]}");
	cr_expect(box.unknown_device);
}

Test(luup, a_box_without_a_network_is_refused)
{
	cr_expect_eq(feed("{\"devices\":[]}", 14, true), -ENODEV);
	cr_expect_eq(feed("{}", 2, true), -ENODEV);
}

Test(luup, a_document_that_is_cut_off_takes_nothing_away)
{
	take(home);
	for (size_t cut = 0; cut + 1 < strlen(home); cut++) {
		char *copy = malloc(cut + 1);

		memcpy(copy, home, cut);
		cr_expect_lt(feed(copy, cut, true), 0, "%zu bytes", cut);
		free(copy);
		model_sync_cancel(&fixture_model);
		model_settle(&fixture_model);
		cr_assert_eq(fixture_model.node_count, 1, "%zu bytes", cut);
		cr_assert_not_null(fixture_value(model_find(&fixture_model, 5), "SwitchPower1/Target"));
	}
	take(home);
	cr_expect_eq(fixture_model.node_count, 1);
}

Test(luup, what_is_not_named_any_more_goes)
{
	take(home);
	take("{\"devices\":[" NETWORK "},{\"id\":7,\"id_parent\":1,\"altid\":\"5\",\"states\":[{\"service\":\"" UPNP
	     "SwitchPower1\",\"variable\":\"Status\",\"value\":\"1\"}]}]}");
	cr_expect_eq(model_find(&fixture_model, 5)->child_count[CHILD_VALUE], 1);
	cr_expect_eq(model_find(&fixture_model, 5)->child_count[CHILD_ENDPOINT], 0);
	take("{\"devices\":[" NETWORK "}]}");
	cr_expect_eq(fixture_model.node_count, 0);
}

Test(luup, a_long_variables_set_keeps_its_commas)
{
	struct node *node;
	char *changed;

	take(home);
	take_status("{\"devices\":[{\"id\":7,\"states\":[{\"service\":\"" MICASA
		    "ZWaveDevice1\",\"variable\":\"VariablesSet\","
		    "\"value\":\"7-Locator LED, colour and all,1d,1,13-Night light,2d,300,20,m,,21-A very long label "
		    "that alone is as "
		    "long as the buffers that a box had for the whole of such a variable; and then some more of "
		    "it,4d,-5\"}]}]}");
	node = model_find(&fixture_model, 5);
	cr_assert_eq(node->child_count[CHILD_CONFIGURATION], 4);
	cr_expect_str_eq(fixture_get(node->children[CHILD_CONFIGURATION][0]->row, CONFIGURATION_LABEL),
			 "Locator LED, colour and all");
	cr_expect_str_eq(fixture_get(node->children[CHILD_CONFIGURATION][1]->row, CONFIGURATION_VALUE), "300");
	cr_expect_str_eq(fixture_get(node->children[CHILD_CONFIGURATION][2]->row, CONFIGURATION_SIZE), "0");
	cr_expect_str_eq(fixture_get(node->children[CHILD_CONFIGURATION][3]->row, CONFIGURATION_VALUE), "-5");
	changed = luup_configured(luup_find(&box, 7), 13, "301");
	cr_assert_not_null(changed);
	cr_expect_eq(strncmp(changed, "7-Locator LED, colour and all,1d,1,13-Night light,2d,301,20,m,,21-", 66), 0);
	free(changed);
	cr_expect_null(luup_configured(luup_find(&box, 7), 14, "1"));
}

Test(luup, the_network_in_words)
{
	take(home);
	take_status("{\"devices\":[{\"id\":1,\"states\":[{\"service\":\"" MICASA
		    "ZWaveNetwork1\",\"variable\":\"Role\",\"value\":"
		    "\"Master SIS:NO PRI:YES\"},{\"service\":\"" MICASA
		    "ZWaveNetwork1\",\"variable\":\"VersionInfo\",\"value\":\"3.20 L:1\"},{\"service\":\"" MICASA
		    "ZWaveNetwork1\",\"variable\":\"PollFrequency\",\"value\":\"20\"},{\"service\":\"" MICASA
		    "ZWaveNetwork1\",\"variable\":\"LastHeal\",\"value\":\"1531346100\"}]}]}");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_PRIMARY), "1");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_SIS), "0");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_LIBRARY_VERSION), "3.20");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_LIBRARY_TYPE), "1");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_LAST_HEAL), "2018-07-11T21:55:00Z");
	cr_expect_str_eq(fixture_get(fixture_model.polling_row, POLLING_INTERVAL), "20");
	cr_expect(box.network_changed);
}

Test(luup, home_ids_have_eight_digits)
{
	uint32_t home_id = 0;

	cr_expect(luup_home_id("House: 0192a3b4 Node 1", 22, &home_id));
	cr_expect_eq(home_id, 0x0192a3b4);
	cr_expect(luup_home_id("c0ffee01", 8, &home_id));
	cr_expect_not(luup_home_id("c0ffee011", 9, &home_id));
	cr_expect_not(luup_home_id("1", 1, &home_id));
	cr_expect_not(luup_home_id("", 0, &home_id));
}

static const char *target_of(struct setting setting, const char *text)
{
	static char target[2048];
	const char *why = NULL;

	setting.text = (char *)text;
	return luup_set_target(&box, &setting, target, sizeof(target), &why) == ESPALIER_OK ? target : why;
}

Test(luup, settings_are_actions_and_variables)
{
	struct setting value = {.kind = SETTING_VALUE, .node_id = 5, .type = VALUE_TYPE_BOOLEAN};
	struct setting node = {.kind = SETTING_NODE, .node_id = 5, .parameter = NODE_NAME};
	struct setting polling = {.kind = SETTING_POLLING, .parameter = POLLING_ENABLE};

	take(home);
	for (uint32_t i = 0; i < model_find(&fixture_model, 5)->child_count[CHILD_VALUE]; i++) {
		const struct child *child = model_find(&fixture_model, 5)->children[CHILD_VALUE][i];

		if (child->target)
			snprintf(value.target, sizeof(value.target), "%s", child->target);
	}
	cr_expect_str_eq(
		target_of(value, "true"),
		"/data_request?id=action&output_format=json&DeviceNum=7&serviceId=urn%3Aupnp-org%3AserviceId%3A"
		"SwitchPower1&action=SetTarget&newTargetValue=1");
	cr_expect_str_eq(target_of(value, "on"), "the value is not of the type that the device has");
	/* Nothing of a value can become another argument. */
	cr_expect_str_eq(target_of(node, "A&id=reload \r\n"),
			 "/data_request?id=device&action=rename&device=7&room=2&name=A%26id%3Dreload%20%0D%0A");
	node.parameter = NODE_LOCATION;
	cr_expect_str_eq(target_of(node, "Hall"), "/data_request?id=device&action=rename&device=7&room=1&name=Lamp");
	cr_expect_str_eq(target_of(node, "Cellar"), "the box has no such room");
	cr_expect_str_eq(
		target_of(polling, "true"),
		"/data_request?id=variableset&DeviceNum=1&serviceId=urn:micasaverde-com:serviceId:ZWaveNetwork1"
		"&Variable=PollingEnabled&Value=1");
	value.node_id = 6;
	cr_expect_str_eq(target_of(value, "true"), "the device is gone");
}

Test(luup, answers_to_settings)
{
	const char *why = NULL;

	cr_expect_eq(luup_set_result("OK", &why), ESPALIER_OK);
	cr_expect_eq(luup_set_result("{\"u:SetTargetResponse\":{\"JobID\":\"17\"}}", &why), ESPALIER_OK);
	cr_expect_eq(luup_set_result("ERROR: Invalid argument", &why), ESPALIER_FAULT_VALUE);
	cr_expect_eq(luup_set_result("ERROR: Device not ready", &why), ESPALIER_FAULT_INTERNAL);
	cr_expect_eq(luup_set_result("", &why), ESPALIER_FAULT_INTERNAL);
}
