/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of Luup services, and what they are in the model. */
#include "zwave/luup-variables.h"

#include "zwave/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_SIZE 4096

static const struct luup_variable node_variables[] = {
	{"ZWaveDevice1", "NeighborsInverse", NODE_NEIGHBORS_INVERSE, LUUP_LIST},
	{"ZWaveDevice1", "AutoRoute", NODE_AUTO_ROUTE, LUUP_TEXT},
	{"ZWaveDevice1", "ManualRoute", NODE_MANUAL_ROUTE, LUUP_TEXT},
	{"ZWaveDevice1", "LastRouteUpdate", NODE_LAST_ROUTE_UPDATE, LUUP_TIME},
	{"ZWaveDevice1", "Health", NODE_HEALTH, LUUP_NUMBER},
	{"ZWaveDevice1", "LastReset", NODE_LAST_RESET, LUUP_TIME},
	{"ZWaveDevice1", "NodeInfo", NODE_COMMAND_CLASSES, LUUP_HEX_LIST},
	{"ZWaveDevice1", "PollSettings", NODE_POLL_INTERVAL, LUUP_NUMBER},
	{"ZWaveDevice1", "PollCommands", NODE_POLL_COMMANDS, LUUP_TEXT},
	{"ZWaveDevice1", "PollOk", NODE_POLL_OK_COUNT, LUUP_NUMBER},
	{"ZWaveDevice1", "PollNoReply", NODE_POLL_NO_REPLY_COUNT, LUUP_NUMBER},
	{"ZWaveDevice1", "PollTxFail", NODE_POLL_TX_FAIL_COUNT, LUUP_NUMBER},
	{"ZWaveNetwork1", "ConsecutivePollFails", NODE_CONSECUTIVE_POLL_FAILS, LUUP_NUMBER},
	{"ZWaveNetwork1", "LastPollSuccess", NODE_LAST_POLL_SUCCESS, LUUP_TIME},
	{"HaDevice1", "FirstConfigured", NODE_FIRST_CONFIGURED, LUUP_TIME},
	{"HaDevice1", "LastUpdate", NODE_LAST_SEEN, LUUP_TIME},
	{"HaDevice1", "CommFailure", NODE_COMM_FAILURE, LUUP_BOOLEAN},
	{"HaDevice1", "CommFailureTime", NODE_COMM_FAILURE_TIME, LUUP_TIME},
	{"HaDevice1", "BatteryLevel", NODE_BATTERY_LEVEL, LUUP_NUMBER},
	{"HaDevice1", "BatteryAlarm", NODE_BATTERY_LOW, LUUP_BOOLEAN},
	{"HaDevice1", "sl_BatteryAlarm", NODE_BATTERY_LOW, LUUP_BOOLEAN},
	{"HaDevice1", "BatteryDate", NODE_BATTERY_LAST_REPORT, LUUP_TIME},
};

static const struct luup_variable network_variables[] = {
	{"ZWaveNetwork1", "NodeID", INTERFACE_NODE_ID, LUUP_NUMBER},
	{"ZWaveNetwork1", "Role", INTERFACE_ROLE, LUUP_TEXT},
	{"ZWaveNetwork1", "ComPort", INTERFACE_PORT, LUUP_TEXT},
	{"ZWaveNetwork1", "NetStatusID", INTERFACE_NET_STATUS_CODE, LUUP_SIGNED},
	{"ZWaveNetwork1", "NetStatusText", INTERFACE_NET_STATUS_TEXT, LUUP_TEXT},
	{"ZWaveNetwork1", "LastError", INTERFACE_LAST_ERROR, LUUP_TEXT},
	{"ZWaveNetwork1", "LastUpdate", INTERFACE_LAST_UPDATE, LUUP_TIME},
	{"ZWaveNetwork1", "LastHeal", INTERFACE_LAST_HEAL, LUUP_TIME},
	{"ZWaveNetwork1", "LastRouteFailure", INTERFACE_LAST_ROUTE_FAILURE, LUUP_TIME},
	{"ZWaveNetwork1", "LastDongleBackup", INTERFACE_LAST_BACKUP, LUUP_TIME},
};

static const struct luup_variable polling_variables[] = {
	{"ZWaveNetwork1", "PollingEnabled", POLLING_ENABLE, LUUP_BOOLEAN},
	{"ZWaveNetwork1", "PollDelayInitial", POLLING_INITIAL_DELAY, LUUP_NUMBER},
	{"ZWaveNetwork1", "PollDelayDeadTime", POLLING_IDLE_TIME, LUUP_NUMBER},
	{"ZWaveNetwork1", "PollFrequency", POLLING_INTERVAL, LUUP_NUMBER},
	{"ZWaveNetwork1", "PollMinDelay", POLLING_MINIMUM_NODE_INTERVAL, LUUP_NUMBER},
};

static const struct luup_value values[] = {
	{"SwitchPower1", "Status", 37, "", NULL, NULL, VALUE_TYPE_BOOLEAN},
	{"SwitchPower1", "Target", 37, "", "SetTarget", "newTargetValue", VALUE_TYPE_BOOLEAN},
	{"Dimming1", "LoadLevelStatus", 38, "%", NULL, NULL, VALUE_TYPE_NUMBER},
	{"Dimming1", "LoadLevelTarget", 38, "%", "SetLoadLevelTarget", "newLoadlevelTarget", VALUE_TYPE_NUMBER},
	{"Dimming1", "LoadLevelLast", 38, "%", NULL, NULL, VALUE_TYPE_NUMBER},
	{"TemperatureSensor1", "CurrentTemperature", 49, "T", NULL, NULL, VALUE_TYPE_NUMBER},
	{"HumiditySensor1", "CurrentLevel", 49, "%", NULL, NULL, VALUE_TYPE_NUMBER},
	{"LightSensor1", "CurrentLevel", 49, "lx", NULL, NULL, VALUE_TYPE_NUMBER},
	{"GenericSensor1", "CurrentLevel", 49, "", NULL, NULL, VALUE_TYPE_NUMBER},
	{"SecuritySensor1", "Tripped", 113, "", NULL, NULL, VALUE_TYPE_BOOLEAN},
	{"SecuritySensor1", "Armed", 113, "", "SetArmed", "newArmedValue", VALUE_TYPE_BOOLEAN},
	{"SecuritySensor1", "ArmedTripped", 113, "", NULL, NULL, VALUE_TYPE_BOOLEAN},
	{"EnergyMetering1", "Watts", 50, "W", NULL, NULL, VALUE_TYPE_NUMBER},
	{"EnergyMetering1", "KWH", 50, "kWh", NULL, NULL, VALUE_TYPE_NUMBER},
	{"TemperatureSetpoint1", "CurrentSetpoint", 67, "T", "SetCurrentSetpoint", "NewCurrentSetpoint",
	 VALUE_TYPE_NUMBER},
	{"TemperatureSetpoint1_Heat", "CurrentSetpoint", 67, "T", "SetCurrentSetpoint", "NewCurrentSetpoint",
	 VALUE_TYPE_NUMBER},
	{"TemperatureSetpoint1_Cool", "CurrentSetpoint", 67, "T", "SetCurrentSetpoint", "NewCurrentSetpoint",
	 VALUE_TYPE_NUMBER},
	{"HVAC_UserOperatingMode1", "ModeStatus", 64, "", NULL, NULL, VALUE_TYPE_TEXT},
	{"HVAC_UserOperatingMode1", "ModeTarget", 64, "", "SetModeTarget", "NewModeTarget", VALUE_TYPE_TEXT},
	{"HVAC_OperatingState1", "ModeState", 66, "", NULL, NULL, VALUE_TYPE_TEXT},
	{"HVAC_FanOperatingMode1", "Mode", 68, "", "SetMode", "NewMode", VALUE_TYPE_TEXT},
	{"HVAC_FanOperatingMode1", "FanStatus", 69, "", NULL, NULL, VALUE_TYPE_TEXT},
	{"DoorLock1", "Status", 98, "", NULL, NULL, VALUE_TYPE_BOOLEAN},
	{"DoorLock1", "Target", 98, "", "SetTarget", "newTargetValue", VALUE_TYPE_BOOLEAN},
	{"SceneController1", "LastSceneID", 91, "", NULL, NULL, VALUE_TYPE_NUMBER},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *luup_service(const char *text, size_t length, size_t *service_length)
{
	static const char mark[] = "serviceId:";
	const char *found = memmem(text, length, mark, sizeof(mark) - 1);

	if (!found)
		return NULL;
	found += sizeof(mark) - 1;
	*service_length = (size_t)(text + length - found);
	return found;
}

static const struct luup_variable *find(const struct luup_variable *table, size_t count, const char *service,
					const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0 && strcmp(table[i].service, service) == 0)
			return &table[i];
	}
	return NULL;
}

const struct luup_variable *luup_node_variable(const char *service, const char *name)
{
	return find(node_variables, COUNT(node_variables), service, name);
}

const struct luup_variable *luup_network_variable(const char *name)
{
	return find(network_variables, COUNT(network_variables), "ZWaveNetwork1", name);
}

const struct luup_variable *luup_polling_variable(const char *name)
{
	return find(polling_variables, COUNT(polling_variables), "ZWaveNetwork1", name);
}

const char *luup_polling_name(uint32_t parameter)
{
	for (size_t i = 0; i < COUNT(polling_variables); i++) {
		if (polling_variables[i].parameter == parameter)
			return polling_variables[i].name;
	}
	return NULL;
}

const struct luup_value *luup_value(const char *service, const char *name)
{
	for (size_t i = 0; i < COUNT(values); i++) {
		if (strcmp(values[i].name, name) == 0 && strcmp(values[i].service, service) == 0)
			return &values[i];
	}
	return NULL;
}

/* Digits, and for hexadecimal lists those of that base, as one of the list's items. */
static bool item_number(const char *item, size_t length, int base, uint64_t *number)
{
	char copy[20], *end;

	if (base == 10)
		return text_unsigned(item, length, UINT32_MAX, number);
	if (length == 0 || length >= sizeof(copy) || !isxdigit((unsigned char)item[0]))
		return false;
	memcpy(copy, item, length);
	copy[length] = '\0';
	*number = strtoull(copy, &end, base);
	return *end == '\0' && *number <= UINT32_MAX;
}

static void take_list(struct update *update, uint32_t parameter, const char *text, size_t length, int base)
{
	char out[LIST_SIZE] = "";
	struct text_list list = {.text = out, .size = sizeof(out)};
	const char *end = text + length, *item;
	size_t item_length;
	uint64_t number;

	/* Empty items come with a comma at the end. */
	while (text_list_next(&text, end, ',', &item, &item_length)) {
		if (item_number(item, item_length, base, &number))
			text_list_add(&list, number);
	}
	update_text(update, parameter, out, list.length);
}

void luup_take(struct update *update, const struct luup_variable *variable, const char *text, size_t length)
{
	uint64_t number;
	double real;

	switch (variable->form) {
	case LUUP_NUMBER:
		if (text_unsigned(text, length, UINT32_MAX, &number))
			update_unsigned(update, variable->parameter, number);
		break;
	case LUUP_SIGNED:
		if (text_decimal_parse(text, length, &real) && real >= INT32_MIN && real <= INT32_MAX)
			update_signed(update, variable->parameter, (int64_t)real);
		break;
	case LUUP_BOOLEAN:
		if (text_unsigned(text, length, 1, &number))
			update_boolean(update, variable->parameter, number != 0);
		break;
	case LUUP_TEXT:
		update_text(update, variable->parameter, text, length);
		break;
	case LUUP_TIME:
		if (text_unsigned(text, length, INT64_MAX, &number))
			update_time(update, variable->parameter, (int64_t)number);
		break;
	case LUUP_LIST:
		take_list(update, variable->parameter, text, length, 10);
		break;
	case LUUP_HEX_LIST:
		take_list(update, variable->parameter, text, length, 16);
		break;
	}
}

bool luup_capabilities(const char *text, size_t length, struct luup_capabilities *capabilities)
{
	const char *end = text + length, *bar = memchr(text, '|', length), *item;
	size_t item_length, place = 0;
	uint64_t number;

	memset(capabilities, 0, sizeof(*capabilities));
	while (text_list_next(&text, bar ? bar : end, ',', &item, &item_length)) {
		if (place < sizeof(capabilities->byte)) {
			if (!text_unsigned(item, item_length, 255, &number))
				return false;
			capabilities->byte[place++] = (uint8_t)number;
		} else if (item_length == 1 && item[0] == 'L') {
			capabilities->listening = true;
		}
	}
	if (place < sizeof(capabilities->byte))
		return false;
	capabilities->listening = capabilities->listening || capabilities->byte[0] & 0x80;
	text = bar ? bar + 1 : end;
	while (text_list_next(&text, end, ',', &item, &item_length) &&
	       capabilities->class_count < sizeof(capabilities->classes)) {
		/* "49:5" is version 5 of class 49. */
		const char *colon = memchr(item, ':', item_length);

		if (text_unsigned(item, colon ? (size_t)(colon - item) : item_length, 255, &number))
			capabilities->classes[capabilities->class_count++] = (uint8_t)number;
	}
	return true;
}

bool luup_home_id(const char *text, size_t length, uint32_t *home_id)
{
	size_t run = 0;

	for (size_t i = 0; i <= length; i++) {
		if (i < length && isxdigit((unsigned char)text[i])) {
			run++;
			continue;
		}
		if (run == 8) {
			char digits[9];

			memcpy(digits, text + i - 8, 8);
			digits[8] = '\0';
			*home_id = (uint32_t)strtoul(digits, NULL, 16);
			return true;
		}
		run = 0;
	}
	return false;
}
