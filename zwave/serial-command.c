/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of Z-Wave command classes: reports to values of the model, and settings to commands. Byte by byte. */
#include "zwave/serial-command.h"

#include "zwave/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELSIUS                                                                                                        \
	"\xc2\xb0"                                                                                                     \
	"C"
#define FAHRENHEIT                                                                                                     \
	"\xc2\xb0"                                                                                                     \
	"F"
#define CUBIC "m\xc2\xb3"

/* One value as it is to be shown */
struct shown {
	uint8_t command_class;
	const char *property; /* as the Z-Wave JS driver calls it */
	int64_t key;	      /* propertyKey, or -1 */
	const char *label, *unit, *text;
	enum value_type type;
	const char *target; /* how it is set: "CLASS PARAMETER SCALE", or NULL */
};

static void show(struct model *model, struct node *node, const struct shown *shown)
{
	char key[MODEL_KEY_SIZE], property[SCHEMA_TEXT_MAXIMUM], suffix[24] = "";
	struct update update;
	struct child *child;

	if (shown->key >= 0)
		snprintf(suffix, sizeof(suffix), "%" PRId64, shown->key);
	snprintf(key, sizeof(key), "%u/0/s%s/%s%s", shown->command_class, shown->property, shown->key >= 0 ? "n" : "-",
		 suffix);
	child = model_child_find(node, CHILD_VALUE, key);
	if (!child) {
		child = model_child(model, node, CHILD_VALUE, key, 0);
		if (!child)
			return;
		snprintf(property, sizeof(property), "%s%s%s", shown->property, suffix[0] ? "/" : "", suffix);
		update = model_update_child(model, child);
		update_unsigned(&update, VALUE_COMMAND_CLASS, shown->command_class);
		update_string(&update, VALUE_PROPERTY, property);
		update_string(&update, VALUE_LABEL, shown->label);
		update_boolean(&update, VALUE_WRITABLE, shown->target != NULL);
		update_end(&update);
	}
	child->type = shown->type;
	child->writable = shown->target != NULL;
	model_child_target(child, shown->target);
	update = model_update_child(model, child);
	update_string(&update, VALUE_UNIT, shown->unit);
	update_end(&update);
	if (shown->text)
		model_value(model, child, shown->text, strlen(shown->text), model_now());
}

bool command_number(const uint8_t *bytes, size_t length, double *number, uint8_t *scale, size_t *used)
{
	size_t size = length ? bytes[0] & 7u : 0;
	int64_t value;

	if ((size != 1 && size != 2 && size != 4) || length < 1 + size)
		return false;
	/* Two's complement, the sign in the first byte */
	value = bytes[1] < 0x80 ? bytes[1] : (int64_t)bytes[1] - 256;
	for (size_t i = 2; i <= size; i++)
		value = value * 256 + bytes[i];
	*scale = bytes[0] >> 3 & 3;
	*number = (double)value / pow(10, bytes[0] >> 5);
	*used = 1 + size;
	return true;
}

/* ---- Sensors and meters ------------------------------------------------------------------------------------- */

static const struct sensor {
	uint8_t type;
	const char *name, *units[2];
} sensors[] = {
	{1, "Air temperature", {CELSIUS, FAHRENHEIT}},
	{3, "Illuminance", {"%", "lx"}},
	{4, "Power", {"W", "Btu/h"}},
	{5, "Humidity", {"%", "g/m\xc2\xb3"}},
	{6, "Velocity", {"m/s", "mph"}},
	{8, "Atmospheric pressure", {"kPa", "inHg"}},
	{9, "Barometric pressure", {"kPa", "inHg"}},
	{11, "Dew point", {CELSIUS, FAHRENHEIT}},
	{15, "Voltage", {"V", "mV"}},
	{16, "Current", {"A", "mA"}},
	{17, "Carbon dioxide (CO2) level", {"ppm", ""}},
	{27, "Ultraviolet", {"", ""}},
};

static void take_sensor(struct model *model, struct node *node, const uint8_t *bytes, size_t length)
{
	char name[32], text[TEXT_NUMBER_SIZE];
	struct shown shown = {.command_class = CC_MULTILEVEL_SENSOR, .key = -1, .type = VALUE_TYPE_NUMBER, .unit = ""};
	uint8_t scale;
	double number;
	size_t used;

	if (length < 4 || !command_number(bytes + 3, length - 3, &number, &scale, &used))
		return;
	snprintf(name, sizeof(name), "Sensor type %u", bytes[2]);
	shown.property = name;
	for (size_t i = 0; i < sizeof(sensors) / sizeof(sensors[0]); i++) {
		if (sensors[i].type == bytes[2]) {
			shown.property = sensors[i].name;
			shown.unit = scale < 2 ? sensors[i].units[scale] : "";
		}
	}
	text_decimal(text, number);
	shown.label = shown.property;
	shown.text = text;
	show(model, node, &shown);
}

static const struct {
	uint8_t type;
	const char *name, *units[7];
} meters[] = {
	{1, "Electric", {"kWh", "kVAh", "W", "pulses", "V", "A", ""}},
	{2, "Gas", {CUBIC, "ft\xc2\xb3", "", "pulses", "", "", ""}},
	{3, "Water", {CUBIC, "ft\xc2\xb3", "gal", "pulses", "", "", ""}},
};

static void take_meter(struct model *model, struct node *node, const uint8_t *bytes, size_t length)
{
	char label[64], text[TEXT_NUMBER_SIZE];
	struct shown shown = {.command_class = CC_METER, .property = "value", .type = VALUE_TYPE_NUMBER, .unit = ""};
	uint8_t type, rate, scale;
	const char *name = "Meter";
	double number;
	size_t used;

	if (length < 4 || !command_number(bytes + 3, length - 3, &number, &scale, &used))
		return;
	type = bytes[2] & 0x1f;
	rate = bytes[2] >> 5 & 3;
	scale |= (bytes[2] & 0x80) >> 5;
	for (size_t i = 0; i < sizeof(meters) / sizeof(meters[0]); i++) {
		if (meters[i].type == type) {
			name = meters[i].name;
			shown.unit = scale < 7 ? meters[i].units[scale] : "";
		}
	}
	text_decimal(text, number);
	snprintf(label, sizeof(label), "%s [%s]%s", name, shown.unit, rate == 2 ? " produced" : "");
	shown.key = (int64_t)type << 16 | (int64_t)scale << 8 | rate;
	shown.label = label;
	shown.text = text;
	show(model, node, &shown);
}

/* ---- Switches, locks of the house, thermostats -------------------------------------------------------------- */

static void take_switch(struct model *model, struct node *node, uint8_t command_class, uint8_t level)
{
	bool binary = command_class == CC_BINARY_SWITCH;
	struct shown shown = {.command_class = command_class,
			      .property = "currentValue",
			      .key = -1,
			      .label = "Current value",
			      .unit = binary || command_class == CC_BASIC ? "" : "%",
			      .type = binary ? VALUE_TYPE_BOOLEAN : VALUE_TYPE_NUMBER};
	char text[8], target[16];

	/* 254 is "not known". */
	if (level > 99 && level != 0xff)
		return;
	snprintf(text, sizeof(text), "%u", level == 0xff && command_class == CC_MULTILEVEL_SWITCH ? 99u : level);
	shown.text = binary ? (level ? "true" : "false") : text;
	show(model, node, &shown);
	if (command_class == CC_BASIC)
		return;
	snprintf(target, sizeof(target), "%u 0 0", command_class);
	shown.property = "targetValue";
	shown.label = "Target value";
	shown.target = target;
	show(model, node, &shown);
}

static void take_mode(struct model *model, struct node *node, uint8_t mode)
{
	char text[8];
	const struct shown shown = {.command_class = CC_THERMOSTAT_MODE,
				    .property = "mode",
				    .key = -1,
				    .label = "Thermostat mode",
				    .unit = "",
				    .text = text,
				    .type = VALUE_TYPE_NUMBER,
				    .target = "64 0 0"};

	snprintf(text, sizeof(text), "%u", mode & 0x1fu);
	show(model, node, &shown);
}

static void take_setpoint(struct model *model, struct node *node, const uint8_t *bytes, size_t length)
{
	char text[TEXT_NUMBER_SIZE], target[32];
	struct shown shown = {.command_class = CC_THERMOSTAT_SETPOINT,
			      .property = "setpoint",
			      .label = "Setpoint",
			      .text = text,
			      .type = VALUE_TYPE_NUMBER,
			      .target = target};
	uint8_t scale;
	double number;
	size_t used;

	if (length < 4 || !command_number(bytes + 3, length - 3, &number, &scale, &used))
		return;
	text_decimal(text, number);
	snprintf(target, sizeof(target), "%u %u %u", CC_THERMOSTAT_SETPOINT, bytes[2] & 0x0fu, scale);
	shown.key = bytes[2] & 0x0f;
	shown.unit = scale ? FAHRENHEIT : CELSIUS;
	show(model, node, &shown);
}

/* ---- Events ------------------------------------------------------------------------------------------------- */

static const char *const notifications[] = {
	[1] = "Smoke Alarm",  [2] = "CO Alarm",		[3] = "CO2 Alarm",     [4] = "Heat Alarm",
	[5] = "Water Alarm",  [6] = "Access Control",	[7] = "Home Security", [8] = "Power Management",
	[9] = "System",	      [10] = "Emergency Alarm", [11] = "Clock",	       [12] = "Appliance",
	[13] = "Home Health", [14] = "Siren",		[15] = "Water Valve",  [16] = "Weather Alarm",
	[17] = "Irrigation",  [18] = "Gas alarm",
};

#define ACCESS_CONTROL 6
#define DOOR_OPEN      22
#define DOOR_CLOSED    23

static void take_notification(struct model *model, struct node *node, const uint8_t *bytes, size_t length)
{
	struct shown shown = {.command_class = CC_NOTIFICATION, .key = -1, .unit = "", .type = VALUE_TYPE_NUMBER};
	char text[8], name[48];

	/* Before version 3 there are a type of the maker's and a level. */
	if (length < 8) {
		snprintf(text, sizeof(text), "%u", bytes[3]);
		snprintf(name, sizeof(name), "alarmLevel");
	} else {
		snprintf(text, sizeof(text), "%u", bytes[7]);
		if (bytes[6] == ACCESS_CONTROL && (bytes[7] == DOOR_OPEN || bytes[7] == DOOR_CLOSED))
			snprintf(name, sizeof(name), "Access Control/Door state");
		else if (bytes[6] < sizeof(notifications) / sizeof(notifications[0]) && notifications[bytes[6]])
			snprintf(name, sizeof(name), "%s", notifications[bytes[6]]);
		else
			snprintf(name, sizeof(name), "Notification type %u", bytes[6]);
	}
	shown.property = shown.label = name;
	shown.text = text;
	show(model, node, &shown);
}

static void take_binary_sensor(struct model *model, struct node *node, const uint8_t *bytes, size_t length)
{
	static const char *const types[] = {
		[1] = "General purpose", [2] = "Smoke",	 [3] = "CO",	 [4] = "CO2",	       [5] = "Heat",
		[6] = "Water",		 [7] = "Freeze", [8] = "Tamper", [10] = "Door/Window", [12] = "Motion"};
	const char *name = "Any";
	struct shown shown = {.command_class = CC_BINARY_SENSOR, .key = -1, .unit = "", .type = VALUE_TYPE_BOOLEAN};

	if (length > 3 && bytes[3] < sizeof(types) / sizeof(types[0]) && types[bytes[3]])
		name = types[bytes[3]];
	shown.property = shown.label = name;
	shown.text = bytes[2] ? "true" : "false";
	show(model, node, &shown);
}

/* ---- What is of the node ------------------------------------------------------------------------------------ */

static void take_battery(struct model *model, struct node *node, uint8_t level)
{
	struct update update = model_update_node(model, node);
	char text[8];
	const struct shown shown = {.command_class = CC_BATTERY,
				    .property = "level",
				    .key = -1,
				    .label = "Battery level",
				    .unit = "%",
				    .text = text,
				    .type = VALUE_TYPE_NUMBER};

	/* 255 is the warning that it is low. */
	update_unsigned(&update, NODE_BATTERY_LEVEL, level == 0xff ? 0 : level);
	update_boolean(&update, NODE_BATTERY_LOW, level == 0xff);
	update_time(&update, NODE_BATTERY_LAST_REPORT, model_now());
	update_end(&update);
	snprintf(text, sizeof(text), "%u", level == 0xff ? 0u : level);
	show(model, node, &shown);
}

static uint32_t three_bytes(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
}

static void take_wake_up(struct model *model, struct node *node, const uint8_t *bytes, size_t length)
{
	struct update update;

	if (bytes[1] == 0x07) {
		model_wake_up(model, node, model_now(), node->wake_up_interval);
		model_node_status(model, node, NODE_AWAKE);
	} else if (bytes[1] == 0x06 && length >= 6) {
		model_wake_up(model, node, 0, three_bytes(bytes + 2));
		update = model_update_node(model, node);
		update_unsigned(&update, NODE_WAKE_UP_NODE_ID, bytes[5]);
		update_end(&update);
	} else if (bytes[1] == 0x0a && length >= 14) {
		update = model_update_node(model, node);
		update_unsigned(&update, NODE_WAKE_UP_MINIMUM, three_bytes(bytes + 2));
		update_unsigned(&update, NODE_WAKE_UP_MAXIMUM, three_bytes(bytes + 5));
		update_unsigned(&update, NODE_WAKE_UP_STEP, three_bytes(bytes + 11));
		update_end(&update);
	}
}

static void take_about(struct model *model, struct node *node, const uint8_t *bytes, size_t length)
{
	struct update update = model_update_node(model, node);
	char text[16];

	if (bytes[0] == CC_MANUFACTURER_SPECIFIC && bytes[1] == 0x05 && length >= 8) {
		update_unsigned(&update, NODE_MANUFACTURER_ID, (uint32_t)bytes[2] << 8 | bytes[3]);
		update_unsigned(&update, NODE_PRODUCT_TYPE, (uint32_t)bytes[4] << 8 | bytes[5]);
		update_unsigned(&update, NODE_PRODUCT_ID, (uint32_t)bytes[6] << 8 | bytes[7]);
	} else if (bytes[0] == CC_VERSION && bytes[1] == 0x12 && length >= 7) {
		update_unsigned(&update, NODE_LIBRARY_TYPE, bytes[2]);
		snprintf(text, sizeof(text), "%u.%u", bytes[3], bytes[4]);
		update_string(&update, NODE_PROTOCOL_VERSION, text);
		snprintf(text, sizeof(text), "%u.%u", bytes[5], bytes[6]);
		update_string(&update, NODE_FIRMWARE_VERSION, text);
		if (length >= 8)
			update_unsigned(&update, NODE_HARDWARE_VERSION, bytes[7]);
	}
	update_end(&update);
}

void command_take(struct model *model, struct node *node, const uint8_t *bytes, size_t length)
{
	if (length < 2)
		return;
	switch (bytes[0]) {
	case CC_BASIC:
		if (length >= 3 && (bytes[1] == 0x01 || bytes[1] == 0x03))
			take_switch(model, node, CC_BASIC, bytes[2]);
		break;
	case CC_BINARY_SWITCH:
	case CC_MULTILEVEL_SWITCH:
		if (length >= 3 && bytes[1] == 0x03)
			take_switch(model, node, bytes[0], bytes[2]);
		break;
	case CC_BINARY_SENSOR:
		if (length >= 3 && bytes[1] == 0x03)
			take_binary_sensor(model, node, bytes, length);
		break;
	case CC_MULTILEVEL_SENSOR:
		if (bytes[1] == 0x05)
			take_sensor(model, node, bytes, length);
		break;
	case CC_METER:
		if (bytes[1] == 0x02)
			take_meter(model, node, bytes, length);
		break;
	case CC_THERMOSTAT_MODE:
		if (length >= 3 && bytes[1] == 0x03)
			take_mode(model, node, bytes[2]);
		break;
	case CC_THERMOSTAT_SETPOINT:
		if (bytes[1] == 0x03)
			take_setpoint(model, node, bytes, length);
		break;
	case CC_NOTIFICATION:
		if (length >= 4 && bytes[1] == 0x05)
			take_notification(model, node, bytes, length);
		break;
	case CC_BATTERY:
		if (length >= 3 && bytes[1] == 0x03)
			take_battery(model, node, bytes[2]);
		break;
	case CC_WAKE_UP:
		take_wake_up(model, node, bytes, length);
		break;
	case CC_MANUFACTURER_SPECIFIC:
	case CC_VERSION:
		take_about(model, node, bytes, length);
		break;
	}
}

/* ---- Questions and settings --------------------------------------------------------------------------------- */

size_t command_question(uint8_t command_class, unsigned int step, uint8_t command[COMMAND_MAXIMUM])
{
	static const struct {
		uint8_t command_class, bytes[4];
		size_t length;
	} questions[] = {
		{CC_BINARY_SWITCH, {0x25, 0x02}, 2},
		{CC_MULTILEVEL_SWITCH, {0x26, 0x02}, 2},
		{CC_BINARY_SENSOR, {0x30, 0x02}, 2},
		{CC_MULTILEVEL_SENSOR, {0x31, 0x04}, 2},
		{CC_METER, {0x32, 0x01}, 2},
		{CC_THERMOSTAT_MODE, {0x40, 0x02}, 2},
		{CC_THERMOSTAT_SETPOINT, {0x43, 0x02, 0x01}, 3},
		{CC_BATTERY, {0x80, 0x02}, 2},
		{CC_WAKE_UP, {0x84, 0x05}, 2},
		{CC_WAKE_UP, {0x84, 0x09}, 2},
		{CC_MANUFACTURER_SPECIFIC, {0x72, 0x04}, 2},
		{CC_VERSION, {0x86, 0x11}, 2},
	};

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (questions[i].command_class != command_class)
			continue;
		if (step-- > 0)
			continue;
		memcpy(command, questions[i].bytes, questions[i].length);
		return questions[i].length;
	}
	return 0;
}

size_t command_report_of(uint8_t command[COMMAND_MAXIMUM])
{
	uint8_t type = command[2];
	size_t length = command_question(command[0], 0, command);

	if (length == 3 && command[0] == CC_THERMOSTAT_SETPOINT)
		command[2] = type;
	return length;
}

static size_t refuse(int *fault, int why_fault, const char **why, const char *text)
{
	*fault = why_fault;
	*why = text;
	return 0;
}

static size_t setpoint(uint8_t type, uint8_t scale, double number, uint8_t command[COMMAND_MAXIMUM], int *fault,
		       const char **why)
{
	double tenths = round(number * 10);
	uint16_t value;

	if (tenths < INT16_MIN || tenths > INT16_MAX)
		return refuse(fault, ESPALIER_FAULT_VALUE, why, "the node can't take this value");
	value = (uint16_t)(int16_t)tenths;
	/* Precision 1, size 2 */
	memcpy(command,
	       (uint8_t[]){CC_THERMOSTAT_SETPOINT, 0x01, type, (uint8_t)(1u << 5 | scale << 3 | 2u),
			   (uint8_t)(value >> 8), (uint8_t)value},
	       6);
	return 6;
}

size_t command_of_setting(const struct setting *setting, uint8_t command[COMMAND_MAXIMUM], int *fault, const char **why)
{
	unsigned int command_class, parameter, scale;
	bool on = strcmp(setting->text, "true") == 0 || strcmp(setting->text, "1") == 0;
	double number = 0;
	bool is_number = text_decimal_parse(setting->text, strlen(setting->text), &number);

	*fault = ESPALIER_OK;
	if (setting->kind == SETTING_NODE && setting->parameter == NODE_WAKE_UP_INTERVAL) {
		uint32_t seconds = (uint32_t)number;

		if (!is_number || number < 0 || number > 0xffffff)
			return refuse(fault, ESPALIER_FAULT_VALUE, why, "the interval has 24 bits");
		memcpy(command,
		       (uint8_t[]){CC_WAKE_UP, 0x04, (uint8_t)(seconds >> 16), (uint8_t)(seconds >> 8),
				   (uint8_t)seconds, 1},
		       6);
		return 6;
	}
	if (setting->kind != SETTING_VALUE ||
	    sscanf(setting->target, "%u %u %u", &command_class, &parameter, &scale) != 3)
		return refuse(fault, ESPALIER_FAULT_DENIED, why, "a controller has no such setting");
	switch (command_class) {
	case CC_BINARY_SWITCH:
		if (!on && strcmp(setting->text, "false") != 0 && strcmp(setting->text, "0") != 0)
			break;
		memcpy(command, (uint8_t[]){CC_BINARY_SWITCH, 0x01, on ? 0xff : 0x00}, 3);
		return 3;
	case CC_MULTILEVEL_SWITCH:
		if (!is_number || number < 0 || number > 99 || number != floor(number))
			break;
		memcpy(command, (uint8_t[]){CC_MULTILEVEL_SWITCH, 0x01, (uint8_t)number}, 3);
		return 3;
	case CC_THERMOSTAT_MODE:
		if (!is_number || number < 0 || number > 31 || number != floor(number))
			break;
		memcpy(command, (uint8_t[]){CC_THERMOSTAT_MODE, 0x01, (uint8_t)number}, 3);
		return 3;
	case CC_THERMOSTAT_SETPOINT:
		if (!is_number)
			break;
		return setpoint((uint8_t)parameter, (uint8_t)scale, number, command, fault, why);
	}
	return refuse(fault, ESPALIER_FAULT_VALUE, why, "the node can't take this value");
}
