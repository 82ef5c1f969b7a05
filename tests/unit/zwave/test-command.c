/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of nodes, byte by byte, as values; answers of a controller; settings as commands. */
#include "tests/unit/zwave/model-fixture.h"
#include "zwave/serial-command.h"
#include "zwave/serial-node.h"

TestSuite(command, .init = fixture_open, .fini = fixture_close);

static struct node *node;

#define TAKE(...) take((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void take(const uint8_t *bytes, size_t length)
{
	/* Cut off at any byte, on memory that ends there. */
	for (size_t cut = 0; cut <= length; cut++) {
		uint8_t *copy = malloc(cut ? cut : 1);

		memcpy(copy, bytes, cut);
		node = model_node(&fixture_model, 7);
		command_take(&fixture_model, node, copy, cut);
		free(copy);
	}
}

Test(command, multilevel_sensor_reports_have_a_precision_and_a_size)
{
	TAKE(0x31, 0x05, 0x01, 0x22, 0x00, 0xcd);
	cr_expect_str_eq(fixture_value(node, "Air temperature"), "20.5");
	TAKE(0x31, 0x05, 0x01, 0x01, 0x15);
	cr_expect_str_eq(fixture_value(node, "Air temperature"), "21");
	TAKE(0x31, 0x05, 0x01, 0x44, 0xff, 0xff, 0xff, 0x9c);
	cr_expect_str_eq(fixture_value(node, "Air temperature"), "-1");
	TAKE(0x31, 0x05, 0x05, 0x01, 0x33);
	cr_expect_str_eq(fixture_value(node, "Humidity"), "51");
	TAKE(0x31, 0x05, 0xc8, 0x01, 0x80);
	cr_expect_str_eq(fixture_value(node, "Sensor type 200"), "-128");
	/* Sizes of 0, 3 and 5 to 7 bytes are none. */
	TAKE(0x31, 0x05, 0x05, 0x03, 0x01, 0x02, 0x03);
	TAKE(0x31, 0x05, 0x05, 0x00, 0x01);
	cr_expect_str_eq(fixture_value(node, "Humidity"), "51");
}

Test(command, meter_reports)
{
	struct espalier_row row;

	/* Electric, W, consumed, precision 1, size 2; then the time since the last one */
	TAKE(0x32, 0x02, 0x21, 0x32, 0x02, 0x67, 0x00, 0x00);
	cr_expect_str_eq(fixture_value(node, "value/66049"), "61.5");
	TAKE(0x32, 0x02, 0x21, 0x44, 0x00, 0x00, 0x06, 0xca);
	cr_expect_str_eq(fixture_value(node, "value/65537"), "17.38");
	TAKE(0x32, 0x02, 0x23, 0x64, 0x00, 0x00, 0x06, 0x0e);
	cr_expect_str_eq(fixture_value(node, "value/196609"), "1.55");
	row = node->children[CHILD_VALUE][2]->row;
	cr_expect_str_eq(fixture_get(row, VALUE_UNIT), "m\xc2\xb3");
}

Test(command, switches_and_thermostats)
{
	TAKE(0x25, 0x03, 0xff);
	cr_expect_str_eq(fixture_value(node, "currentValue"), "true");
	cr_expect_str_eq(fixture_value(node, "targetValue"), "true");
	TAKE(0x25, 0x03, 0x00);
	cr_expect_str_eq(fixture_value(node, "currentValue"), "false");
	/* 254 is "not known" */
	TAKE(0x25, 0x03, 0xfe);
	cr_expect_str_eq(fixture_value(node, "currentValue"), "false");
	TAKE(0x40, 0x03, 0x02);
	cr_expect_str_eq(fixture_value(node, "mode"), "2");
	TAKE(0x43, 0x03, 0x01, 0x22, 0x00, 0xd7);
	cr_expect_str_eq(fixture_value(node, "setpoint/1"), "21.5");
}

Test(command, doors_and_alarms)
{
	TAKE(0x71, 0x05, 0x00, 0x00, 0x00, 0xff, 0x06, 0x16, 0x00);
	cr_expect_str_eq(fixture_value(node, "Access Control/Door state"), "22");
	TAKE(0x71, 0x05, 0x00, 0x00, 0x00, 0xff, 0x07, 0x08, 0x00);
	cr_expect_str_eq(fixture_value(node, "Home Security"), "8");
	TAKE(0x71, 0x05, 0x00, 0x00, 0x00, 0xff, 0xf0, 0x01, 0x00);
	cr_expect_str_eq(fixture_value(node, "Notification type 240"), "1");
	TAKE(0x71, 0x05, 0x02, 0xff);
	cr_expect_str_eq(fixture_value(node, "alarmLevel"), "255");
	TAKE(0x30, 0x03, 0xff, 0x0c);
	cr_expect_str_eq(fixture_value(node, "Motion"), "true");
}

Test(command, battery_and_wake_up)
{
	TAKE(0x80, 0x03, 0x5f);
	cr_expect_str_eq(fixture_get(node->row, NODE_BATTERY_LEVEL), "95");
	cr_expect_str_eq(fixture_get(node->row, NODE_BATTERY_LOW), "0");
	TAKE(0x80, 0x03, 0xff);
	cr_expect_str_eq(fixture_get(node->row, NODE_BATTERY_LEVEL), "0");
	cr_expect_str_eq(fixture_get(node->row, NODE_BATTERY_LOW), "1");
	TAKE(0x84, 0x06, 0x00, 0x0e, 0x10, 0x01);
	cr_expect_str_eq(fixture_get(node->row, NODE_WAKE_UP_INTERVAL), "3600");
	cr_expect_str_eq(fixture_get(node->row, NODE_WAKE_UP_NODE_ID), "1");
	TAKE(0x84, 0x0a, 0, 0, 60, 1, 0x51, 0x80, 0, 0x0e, 0x10, 0, 0, 60);
	cr_expect_str_eq(fixture_get(node->row, NODE_WAKE_UP_MINIMUM), "60");
	cr_expect_str_eq(fixture_get(node->row, NODE_WAKE_UP_MAXIMUM), "86400");
	cr_expect_str_eq(fixture_get(node->row, NODE_WAKE_UP_STEP), "60");
	TAKE(0x84, 0x07);
	cr_expect_str_eq(fixture_get(node->row, NODE_STATUS), "Awake");
	cr_expect_str_neq(fixture_get(node->row, NODE_NEXT_WAKE_UP), SCHEMA_UNKNOWN_TIME);
}

Test(command, who_made_it)
{
	TAKE(0x72, 0x05, 0x12, 0x34, 0x01, 0x01, 0x00, 0x01);
	cr_expect_str_eq(fixture_get(node->row, NODE_MANUFACTURER_ID), "4660");
	cr_expect_str_eq(fixture_get(node->row, NODE_PRODUCT_TYPE), "257");
	TAKE(0x86, 0x12, 0x03, 0x07, 0x00, 0x01, 0x02, 0x05, 0x00);
	cr_expect_str_eq(fixture_get(node->row, NODE_LIBRARY_TYPE), "3");
	cr_expect_str_eq(fixture_get(node->row, NODE_PROTOCOL_VERSION), "7.0");
	cr_expect_str_eq(fixture_get(node->row, NODE_FIRMWARE_VERSION), "1.2");
	cr_expect_str_eq(fixture_get(node->row, NODE_HARDWARE_VERSION), "5");
}

Test(command, answers_of_the_controller)
{
	static const uint8_t info[] = {0xdb, 0x9c, 0x01, 0x04, 0x10, 0x01};
	static const uint8_t update[] = {0x84, 0x07, 0x09, 0x04, 0x10, 0x01, 0x5e, 0x72, 0x86, 0x85, 0x25, 0x32};
	uint8_t init[34] = {0x09, 0x08, 29, 0x3f}, mask[29] = {0x1b}, classes[SERIAL_CLASSES_MAXIMUM];
	uint16_t ids[SERIAL_NODES_MAXIMUM];

	init[31] = 0x80;
	node = model_node(&fixture_model, 7);
	serial_version(&fixture_model, (const uint8_t *)"Z-Wave 7.17.99\0\x01", 16);
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_LIBRARY_VERSION), "7.17.99");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_LIBRARY_TYPE), "1");
	cr_expect_eq(serial_memory_id(&fixture_model, (const uint8_t[]){0xc0, 0xff, 0xee, 0x01, 0x01}, 5), 0);
	cr_expect_eq(serial_own_node(&fixture_model), 1);
	cr_expect_lt(serial_memory_id(&fixture_model, (const uint8_t[]){0xc0, 0xff, 0xee, 0x01}, 4), 0);
	cr_expect_eq(serial_init_data(init, sizeof(init), ids), 7);
	cr_expect_eq(ids[5], 6);
	cr_expect_eq(ids[6], 232);
	cr_expect_eq(serial_init_data(init, 31, ids), 0);
	serial_protocol_info(&fixture_model, node, info, 5);
	cr_expect_str_eq(fixture_get(node->row, NODE_GENERIC_CLASS), "0");
	serial_protocol_info(&fixture_model, node, info, 6);
	cr_expect_str_eq(fixture_get(node->row, NODE_GENERIC_CLASS), "16");
	cr_expect_str_eq(fixture_get(node->row, NODE_MAX_DATA_RATE), "100000");
	cr_expect_str_eq(fixture_get(node->row, NODE_BEAMING), "1");
	serial_routing_info(&fixture_model, node, mask, sizeof(mask));
	cr_expect_str_eq(fixture_get(node->row, NODE_NEIGHBORS), "1,2,4,5");
	for (size_t cut = 0; cut < sizeof(update); cut++)
		cr_expect_eq(serial_node_info(&fixture_model, node, update, cut, classes), 0);
	cr_expect_eq(serial_node_info(&fixture_model, node, update, sizeof(update), classes), 6);
	cr_expect_str_eq(fixture_get(node->row, NODE_COMMAND_CLASSES), "94,114,134,133,37,50");
}

static size_t command_for(const char *target, const char *text, uint8_t command[COMMAND_MAXIMUM], int *fault)
{
	struct setting setting = {.kind = SETTING_VALUE, .text = (char *)text};
	const char *why;

	snprintf(setting.target, sizeof(setting.target), "%s", target);
	return command_of_setting(&setting, command, fault, &why);
}

Test(command, settings)
{
	struct setting interval = {.kind = SETTING_NODE, .parameter = NODE_WAKE_UP_INTERVAL, .text = (char *)"1800"};
	uint8_t command[COMMAND_MAXIMUM];
	const char *why;
	int fault;

	cr_expect_eq(command_for("37 0 0", "true", command, &fault), 3);
	cr_expect_eq(memcmp(command, "\x25\x01\xff", 3), 0);
	cr_expect_eq(command_for("37 0 0", "0", command, &fault), 3);
	cr_expect_eq(memcmp(command, "\x25\x01\x00", 3), 0);
	cr_expect_eq(command_for("37 0 0", "on", command, &fault), 0);
	cr_expect_eq(fault, ESPALIER_FAULT_VALUE);
	cr_expect_eq(command_for("38 0 0", "99", command, &fault), 3);
	cr_expect_eq(command_for("38 0 0", "100", command, &fault), 0);
	cr_expect_eq(command_for("64 0 0", "1", command, &fault), 3);
	cr_expect_eq(command_for("67 1 0", "21.5", command, &fault), 6);
	cr_expect_eq(memcmp(command, "\x43\x01\x01\x22\x00\xd7", 6), 0);
	cr_expect_eq(command_for("67 1 0", "-4", command, &fault), 6);
	cr_expect_eq(memcmp(command, "\x43\x01\x01\x22\xff\xd8", 6), 0);
	cr_expect_eq(command_for("67 1 0", "5000", command, &fault), 0);
	cr_expect_eq(command_of_setting(&interval, command, &fault, &why), 6);
	cr_expect_eq(memcmp(command, "\x84\x04\x00\x07\x08\x01", 6), 0);
	interval.parameter = NODE_NAME;
	cr_expect_eq(command_of_setting(&interval, command, &fault, &why), 0);
	cr_expect_eq(fault, ESPALIER_FAULT_DENIED);
}
