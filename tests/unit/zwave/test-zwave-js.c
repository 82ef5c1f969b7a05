/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state, events and answers of a Z-Wave JS server as the model; and settings as commands. */
#include "tests/unit/zwave/model-fixture.h"
#include "shm/json.h"
#include "zwave/websocket.h"
#include "zwave/zwave-js-command.h"
#include "zwave/zwave-js-state.h"
#include "zwave/zwave-js-value.h"

#include <errno.h>

TestSuite(zwave_js, .init = fixture_open, .fini = fixture_close);

static struct json_object *parse(const char *text)
{
	struct json_object *object = json_tokener_parse(text);

	cr_assert_not_null(object, "%s", text);
	return object;
}

static struct node *take_node(const char *text)
{
	struct json_object *object = parse(text);
	struct node *node = zwave_js_node(&fixture_model, object);

	json_object_put(object);
	model_settle(&fixture_model);
	return node;
}

/* An event of node 2, whose object has these members besides */
static struct node *take_event(const char *name, const char *members)
{
	struct node *query;
	struct json_object *event;
	char text[1024];

	snprintf(text, sizeof(text), "{\"source\":\"node\",\"event\":\"%s\",\"nodeId\":2%s%s}", name,
		 members[0] ? "," : "", members);
	event = parse(text);
	cr_expect(zwave_js_event(&fixture_model, event, &query));
	json_object_put(event);
	model_settle(&fixture_model);
	return query;
}

static const char plug[] =
	"{\"nodeId\":2,\"status\":4,\"isListening\":true,\"isRouting\":true,\"isFrequentListening\":\"250ms\","
	"\"supportsBeaming\":true,"
	"\"maxDataRate\":100000,\"manufacturerId\":4660,\"productType\":257,\"productId\":1,\"firmwareVersion\":\"1."
	"1\","
	"\"hardwareVersion\":1,\"zwavePlusVersion\":2,\"zwavePlusRoleType\":5,\"interviewStage\":\"Complete\","
	"\"highestSecurityClass\":7,"
	"\"lastSeen\":\"2026-11-21T07:43:40.132Z\",\"unknownKey\":{\"a\":[1,{\"b\":2}]},\"deviceConfig\":{"
	"\"manufacturer\":\"Acme\","
	"\"label\":\"P1\",\"filename\":\"/"
	"x\"},\"deviceClass\":{\"basic\":{\"key\":4},\"generic\":{\"key\":16},\"specific\":{\"key\":1}},"
	"\"endpoints\":[{\"index\":0,\"commandClasses\":[{\"id\":37},{\"id\":50},{\"id\":\"x\"}]},{\"index\":3}],"
	"\"statistics\":{\"commandsTX\":27,\"rtt\":11.9,\"lwr\":{\"repeaters\":[5,7]}},\"values\":["
	"{\"endpoint\":0,\"commandClass\":37,\"property\":\"targetValue\",\"metadata\":{\"type\":\"boolean\","
	"\"writeable\":true,"
	"\"label\":\"Target value\"},\"value\":false},"
	"{\"endpoint\":0,\"commandClass\":50,\"property\":\"value\",\"propertyKey\":66049,\"metadata\":{\"type\":"
	"\"number\","
	"\"unit\":\"W\"},\"value\":59.3},"
	"{\"endpoint\":3,\"commandClass\":50,\"property\":\"value\",\"propertyKey\":\"66049\",\"metadata\":{},"
	"\"value\":null},"
	"{\"endpoint\":0,\"commandClass\":112,\"property\":7,\"metadata\":{\"valueSize\":2,\"label\":\"Locator\","
	"\"writeable\":true},"
	"\"value\":-3},"
	"{\"endpoint\":0,\"commandClass\":132,\"property\":\"wakeUpInterval\",\"metadata\":{\"max\":86400,\"allowed\":["
	"{\"value\":0},"
	"{\"from\":60,\"to\":86400,\"step\":60}]},\"value\":3600},"
	"{\"endpoint\":0,\"commandClass\":132,\"property\":\"controllerNodeId\",\"value\":1},"
	"{\"endpoint\":0,\"commandClass\":128,\"property\":\"level\",\"value\":95},"
	"{\"endpoint\":0,\"commandClass\":128,\"property\":\"isLow\",\"value\":true},"
	"{\"endpoint\":0,\"commandClass\":134,\"property\":\"firmwareVersions\",\"value\":[\"1.1\",\"2.0\"]},"
	"{\"endpoint\":0,\"commandClass\":134,\"property\":\"libraryType\",\"value\":3},"
	"{\"endpoint\":0,\"commandClass\":134,\"property\":\"protocolVersion\",\"value\":\"7.17\"}]}";

Test(zwave_js, a_node_s_state)
{
	static const struct {
		uint32_t parameter;
		const char *text;
	} wanted[] = {
		{NODE_STATUS, "Alive"},
		{NODE_LISTENING, "1"},
		{NODE_ROUTING, "1"},
		{NODE_FREQUENT_LISTENING, "250ms"},
		{NODE_BEAMING, "1"},
		{NODE_MAX_DATA_RATE, "100000"},
		{NODE_MANUFACTURER_ID, "4660"},
		{NODE_PRODUCT_TYPE, "257"},
		{NODE_PRODUCT_ID, "1"},
		{NODE_FIRMWARE_VERSION, "1.1"},
		{NODE_HARDWARE_VERSION, "1"},
		{NODE_ZWAVE_PLUS_VERSION, "2"},
		{NODE_ROLE_TYPE, "5"},
		{NODE_INTERVIEW_STAGE, "Complete"},
		{NODE_SECURITY_CLASS, "S0_Legacy"},
		{NODE_LAST_SEEN, "2026-11-21T07:43:40Z"},
		{NODE_MANUFACTURER, "Acme"},
		{NODE_MODEL_NAME, "P1"},
		{NODE_BASIC_CLASS, "4"},
		{NODE_GENERIC_CLASS, "16"},
		{NODE_SPECIFIC_CLASS, "1"},
		{NODE_COMMAND_CLASSES, "37,50"},
		{NODE_AUTO_ROUTE, "5,7"},
		{NODE_WAKE_UP_INTERVAL, "3600"},
		{NODE_WAKE_UP_MINIMUM, "60"},
		{NODE_WAKE_UP_MAXIMUM, "86400"},
		{NODE_WAKE_UP_STEP, "60"},
		{NODE_WAKE_UP_NODE_ID, "1"},
		{NODE_BATTERY_LEVEL, "95"},
		{NODE_BATTERY_LOW, "1"},
		{NODE_LIBRARY_TYPE, "3"},
		{NODE_PROTOCOL_VERSION, "7.17"},
		{NODE_ENDPOINT_COUNT, "2"},
		{NODE_CONFIGURATION_COUNT, "1"},
		{NODE_VALUE_COUNT, "10"},
		{NODE_COMM_FAILURE, "0"},
	};
	struct node *node = take_node(plug);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_expect_str_eq(fixture_get(node->row, wanted[i].parameter), wanted[i].text, "%s is %s, not %s",
				 schema_node[wanted[i].parameter].name, fixture_get(node->row, wanted[i].parameter),
				 wanted[i].text);
	cr_expect_str_eq(fixture_get(node->stats_row, NODE_STATS_ROUND_TRIP_TIME), "11.9");
	cr_expect_str_eq(fixture_get(node->stats_row, NODE_STATS_COMMANDS_SENT), "27");
	cr_expect_str_eq(fixture_value(node, "targetValue"), "false");
	cr_expect_str_eq(fixture_value(node, "value/66049"), "59.3");
	/* Another endpoint; and a value without one is not known. */
	cr_expect_str_eq(fixture_value(node, "value/66049@3"), "");
	cr_expect_str_eq(fixture_value(node, "firmwareVersions"), "[\"1.1\",\"2.0\"]");
	cr_expect_str_eq(fixture_get(node->children[CHILD_CONFIGURATION][0]->row, CONFIGURATION_VALUE), "-3");
}

Test(zwave_js, a_key_may_be_a_text_or_a_number)
{
	struct node *node = take_node(
		"{\"nodeId\":2,\"values\":[{\"commandClass\":50,\"property\":\"v\",\"propertyKey\":1,\"value\":1},"
		"{\"commandClass\":50,\"property\":\"v\",\"propertyKey\":\"1\",\"value\":2},"
		"{\"commandClass\":50,\"property\":\"v\",\"value\":3}]}");

	cr_expect_eq(node->child_count[CHILD_VALUE], 3);
}

Test(zwave_js, values_of_every_type)
{
	static const struct {
		const char *json, *text;
	} values[] = {
		{"true", "true"}, {"5", "5"},	      {"-5.25", "-5.25"},	  {"\"a\\u0000b\\u0007\"", "a?b?"},
		{"null", ""},	  {"[1,2]", "[1,2]"}, {"{\"a\":1}", "{\"a\":1}"}, {"1e300", ""},
		{"1e-30", "0"},
	};
	char members[256];
	struct node *node = take_node(plug);

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(members, sizeof(members),
			 "\"args\":{\"commandClass\":99,\"property\":\"p%zu\",\"newValue\":%s}", i, values[i].json);
		take_event("value added", members);
		snprintf(members, sizeof(members), "p%zu", i);
		cr_expect_str_eq(fixture_value(node, members), values[i].text, "%s is %s", values[i].json,
				 fixture_value(node, members));
	}
}

Test(zwave_js, values_change_come_and_go)
{
	struct node *node = take_node(plug);
	uint32_t count = node->child_count[CHILD_VALUE];

	cr_expect_str_eq(fixture_get(node->children[CHILD_VALUE][0]->row, VALUE_LAST_CHANGE) + 19, "Z");
	take_event("value updated",
		   "\"args\":{\"commandClass\":50,\"endpoint\":0,\"property\":\"value\",\"propertyKey\":66049,"
		   "\"newValue\":61.5,\"prevValue\":59.3}");
	cr_expect_str_eq(fixture_value(node, "value/66049"), "61.5");
	take_event("value updated",
		   "\"args\":{\"commandClass\":128,\"endpoint\":0,\"property\":\"level\",\"newValue\":10}");
	cr_expect_str_eq(fixture_get(node->row, NODE_BATTERY_LEVEL), "10");
	cr_expect_str_neq(fixture_get(node->row, NODE_BATTERY_LAST_REPORT), SCHEMA_UNKNOWN_TIME);
	take_event("metadata updated",
		   "\"args\":{\"commandClass\":50,\"endpoint\":0,\"property\":\"value\",\"propertyKey\":66049,"
		   "\"metadata\":{\"unit\":\"kW\"}}");
	cr_expect_str_eq(fixture_value(node, "value/66049"), "61.5");
	take_event("value notification",
		   "\"args\":{\"commandClass\":91,\"property\":\"scene\",\"propertyKey\":\"001\",\"value\":2}");
	cr_expect_str_eq(fixture_value(node, "scene/001"), "2");
	cr_expect_eq(node->child_count[CHILD_VALUE], count + 1);
	take_event("value removed", "\"args\":{\"commandClass\":91,\"property\":\"scene\",\"propertyKey\":\"001\"}");
	cr_expect_eq(node->child_count[CHILD_VALUE], count);
	/* A state that has them no more */
	take_node("{\"nodeId\":2,\"values\":[]}");
	cr_expect_eq(node->child_count[CHILD_VALUE], 0);
	cr_expect_eq(node->child_count[CHILD_CONFIGURATION], 0);
}

Test(zwave_js, nodes_sleep_wake_die_and_live)
{
	struct node *node = take_node(plug);

	take_event("sleep", "\"oldStatus\":4");
	cr_expect_str_eq(fixture_get(node->row, NODE_STATUS), "Asleep");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_SLEEPING_NODE_COUNT), "1");
	take_event("wake up", "\"oldStatus\":1");
	cr_expect_str_eq(fixture_get(node->row, NODE_STATUS), "Awake");
	cr_expect_str_neq(fixture_get(node->row, NODE_NEXT_WAKE_UP), SCHEMA_UNKNOWN_TIME);
	take_event("dead", "\"oldStatus\":2");
	cr_expect_str_eq(fixture_get(node->row, NODE_COMM_FAILURE), "1");
	cr_expect_str_neq(fixture_get(node->row, NODE_COMM_FAILURE_TIME), SCHEMA_UNKNOWN_TIME);
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_FAILED_NODE_COUNT), "1");
	take_event("alive", "\"oldStatus\":3");
	cr_expect_str_eq(fixture_get(node->row, NODE_COMM_FAILURE), "0");
	take_event("interview stage completed", "\"stageName\":\"NodeInfo\"");
	cr_expect_str_eq(fixture_get(node->row, NODE_INTERVIEW_STAGE), "NodeInfo");
	cr_expect_eq(take_event("ready", "\"nodeState\":{\"nodeId\":2,\"interviewStage\":\"Complete\"}"), node);
	cr_expect_null(take_event("ready", ""));
}

Test(zwave_js, codes_are_not_published)
{
	struct node *node =
		take_node("{\"nodeId\":2,\"values\":[{\"commandClass\":98,\"property\":\"code\",\"metadata\":"
			  "{\"secret\":true,\"writeable\":true},\"value\":\"1234\"}]}");

	cr_expect_str_eq(fixture_value(node, "code"), "");
	/* An event may come before the metadata. */
	take_event("value added",
		   "\"args\":{\"commandClass\":99,\"property\":\"userCode\",\"propertyKey\":1,\"newValue\":\"5678\"}");
	cr_expect_str_eq(fixture_value(node, "userCode/1"), "");
}

Test(zwave_js, the_controller)
{
	static const char text[] =
		"{\"homeId\":3237998081,\"ownNodeId\":1,\"sucNodeId\":1,\"isPrimary\":true,\"isSUC\":true,\"isSIS\":"
		"true,\"type\":1,"
		"\"sdkVersion\":\"7.17.99\",\"firmwareVersion\":\"7.17\",\"zwaveChipType\":{\"type\":7,\"version\":0},"
		"\"rfRegion\":0,"
		"\"status\":2,\"isRebuildingRoutes\":true,\"inclusionState\":3,\"supportsLongRange\":true,"
		"\"statistics\":{\"messagesTX\":5,\"NAK\":18446744073709551615,\"CAN\":-1,\"timeoutACK\":\"x\"}}";
	struct json_object *controller = parse(text);
	struct espalier_row row = fixture_model.interface_row;

	cr_expect_eq(zwave_js_controller(&fixture_model, controller), 0);
	cr_expect_str_eq(fixture_get(row, INTERFACE_ROLE), "SIS:YES PRI:YES SUC:YES");
	cr_expect_str_eq(fixture_get(row, INTERFACE_LIBRARY_VERSION), "7.17.99");
	cr_expect_str_eq(fixture_get(row, INTERFACE_CHIP_TYPE), "7.0");
	cr_expect_str_eq(fixture_get(row, INTERFACE_RF_REGION), "Europe");
	cr_expect_str_eq(fixture_get(row, INTERFACE_NET_STATUS_CODE), "2");
	cr_expect_str_eq(fixture_get(row, INTERFACE_HEAL_ACTIVE), "1");
	cr_expect_str_eq(fixture_get(row, INTERFACE_INCLUSION_STATE), "3");
	cr_expect_str_eq(fixture_get(fixture_model.stats_row, INTERFACE_STATS_MESSAGES_SENT), "5");
	cr_expect_str_eq(fixture_get(fixture_model.stats_row, INTERFACE_STATS_CAN_RECEIVED), "0");
	json_object_put(controller);
}

static void take_answer(struct node *node, enum zwave_js_query query, const char *text)
{
	struct json_object *result = parse(text);

	zwave_js_query_result(&fixture_model, node, query, result);
	json_object_put(result);
	model_settle(&fixture_model);
}

Test(zwave_js, answers)
{
	struct node *node = take_node(plug), *other = take_node("{\"nodeId\":5}");

	take_answer(node, ZWAVE_JS_QUERY_NEIGHBORS, "{\"neighbors\":[1,5,\"x\",99999]}");
	cr_expect_str_eq(fixture_get(node->row, NODE_NEIGHBORS), "1,5");
	cr_expect_str_eq(fixture_get(other->row, NODE_NEIGHBORS_INVERSE), "2");
	take_answer(node, ZWAVE_JS_QUERY_GROUPS, "{\"groups\":{\"1\":{\"maxNodes\":5},\"0\":{},\"256\":{},\"x\":1}}");
	take_answer(node, ZWAVE_JS_QUERY_ASSOCIATIONS,
		    "{\"associations\":{\"1\":[{\"nodeId\":1},{\"nodeId\":5,\"endpoint\":2},7]}}");
	cr_assert_eq(node->child_count[CHILD_ASSOCIATION], 1);
	cr_expect_str_eq(fixture_get(node->children[CHILD_ASSOCIATION][0]->row, ASSOCIATION_NODES), "1,5.2");
	cr_expect_str_eq(fixture_get(node->children[CHILD_ASSOCIATION][0]->row, ASSOCIATION_MAX_NODES), "5");
	take_answer(node, ZWAVE_JS_QUERY_PRIORITY_ROUTE, "{\"route\":{\"repeaters\":[]}}");
	cr_expect_str_eq(fixture_get(node->row, NODE_MANUAL_ROUTE), "direct");
	take_answer(node, ZWAVE_JS_QUERY_PRIORITY_ROUTE, "{}");
	cr_expect_str_eq(fixture_get(node->row, NODE_MANUAL_ROUTE), "");
	take_answer(NULL, ZWAVE_JS_QUERY_ROUTES,
		    "{\"routes\":{\"2\":{\"lwr\":{\"repeaters\":[9]}},\"77\":{},\"y\":1}}");
	cr_expect_str_eq(fixture_get(node->row, NODE_AUTO_ROUTE), "9");
	take_answer(node, ZWAVE_JS_QUERY_HEALTH, "{\"summary\":{\"rating\":10}}");
	take_answer(node, ZWAVE_JS_QUERY_HEALTH, "{\"summary\":{\"rating\":11}}");
	cr_expect_str_eq(fixture_get(node->row, NODE_HEALTH), "10");
	take_answer(node, ZWAVE_JS_QUERY_BATTERY_TIME, "{\"timestamp\":1795248084430}");
	cr_expect_str_eq(fixture_get(node->row, NODE_BATTERY_LAST_REPORT), "2026-11-21T08:01:24Z");
}

static void expect_command(struct json_object *command, const char *text)
{
	cr_assert_not_null(command);
	cr_expect_str_eq(
		json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE), text);
	json_object_put(command);
}

Test(zwave_js, settings_are_commands)
{
	struct setting setting = {
		.kind = SETTING_VALUE, .node_id = 2, .type = VALUE_TYPE_BOOLEAN, .text = (char *)"true"};
	const char *why;

	snprintf(setting.target, sizeof(setting.target),
		 "{\"commandClass\":37,\"endpoint\":0,\"property\":\"targetValue\"}");
	expect_command(zwave_js_set(&setting),
		       "{\"command\":\"node.set_value\",\"nodeId\":2,\"valueId\":{\"commandClass\":37,\"endpoint\":0,"
		       "\"property\":\"targetValue\"},\"value\":true}");
	setting.text = (char *)"on";
	cr_expect_eq(zwave_js_set_check(&setting, &why), ESPALIER_FAULT_VALUE);
	setting.type = VALUE_TYPE_NUMBER;
	setting.text = (char *)"1e5";
	cr_expect_eq(zwave_js_set_check(&setting, &why), ESPALIER_FAULT_VALUE);
	setting.kind = SETTING_POLLING;
	cr_expect_eq(zwave_js_set_check(&setting, &why), ESPALIER_FAULT_DENIED);
	setting = (struct setting){.kind = SETTING_ASSOCIATION,
				   .node_id = 2,
				   .parameter = 1,
				   .text = (char *)"1,3.2",
				   .former = (char *)"1,5"};
	expect_command(zwave_js_set(&setting), "{\"command\":\"controller.remove_associations\",\"nodeId\":2,\"group\":"
					       "1,\"associations\":[{\"nodeId\":5}]}");
	expect_command(zwave_js_association_add(&setting),
		       "{\"command\":\"controller.add_associations\",\"nodeId\":2,\"group\":1,"
		       "\"associations\":[{\"nodeId\":3,\"endpoint\":2}]}");
	setting.former = setting.text;
	cr_expect_null(zwave_js_set(&setting));
	cr_expect_null(zwave_js_association_add(&setting));
	setting = (struct setting){
		.kind = SETTING_NODE, .node_id = 2, .parameter = NODE_MANUAL_ROUTE, .text = (char *)"5,7"};
	expect_command(zwave_js_set(&setting), "{\"command\":\"controller.set_priority_route\",\"destinationNodeId\":2,"
					       "\"repeaters\":[5,7],\"routeSpeed\":3}");
	setting.text = (char *)"1,2,3,4,5";
	cr_expect_eq(zwave_js_set_check(&setting, &why), ESPALIER_FAULT_VALUE);
}

Test(zwave_js, results_are_faults)
{
	static const struct {
		bool success;
		const char *text;
		int fault;
	} results[] = {
		{true, "{\"result\":{\"result\":{\"status\":254}}}", ESPALIER_OK},
		{true, "{\"result\":{\"result\":{\"status\":255}}}", ESPALIER_OK},
		{true, "{\"result\":{\"result\":{\"status\":1}}}", ESPALIER_OK},
		{true, "{\"result\":{}}", ESPALIER_OK},
		{true, "{\"result\":{\"success\":false}}", ESPALIER_FAULT_INTERNAL},
		{true, "{\"result\":{\"result\":{\"status\":0}}}", ESPALIER_FAULT_DENIED},
		{true, "{\"result\":{\"result\":{\"status\":2}}}", ESPALIER_FAULT_INTERNAL},
		{true, "{\"result\":{\"result\":{\"status\":3}}}", ESPALIER_FAULT_NAME},
		{true, "{\"result\":{\"result\":{\"status\":4}}}", ESPALIER_FAULT_DENIED},
		{true, "{\"result\":{\"result\":{\"status\":5}}}", ESPALIER_FAULT_VALUE},
		{false, "{\"errorCode\":\"node_not_found\"}", ESPALIER_FAULT_NAME},
		{false, "{\"errorCode\":\"unknown_command\"}", ESPALIER_FAULT_DENIED},
		{false, "{\"errorCode\":\"zwave_error\",\"zwaveErrorCode\":105}", ESPALIER_FAULT_INTERNAL},
		{false, "{}", ESPALIER_FAULT_INTERNAL},
	};
	const char *why;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		struct json_object *message = parse(results[i].text);

		cr_expect_eq(zwave_js_set_result(message, results[i].success, &why), results[i].fault, "%s",
			     results[i].text);
		json_object_put(message);
	}
}

/* RFC 6455 section 1.3 has this pair. */
Test(websocket, accept)
{
	char accept[WEBSOCKET_ACCEPT_SIZE];

	websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept);
	cr_expect_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
