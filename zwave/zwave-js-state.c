/* SPDX-License-Identifier: BSD-2-Clause */
/* How the state and events of a Z-Wave JS server become the model. Whatever they hold, the model stays within bounds.
 */
#include "zwave/zwave-js-state.h"

#include "shm/log.h"
#include "shm/json.h"
#include "zwave/text.h"
#include "zwave/zwave-js-value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIST_SIZE 4096 /* bytes of a list of numbers; more are left out */

/* A member that becomes a parameter as it is */
struct member {
	const char *key;
	uint32_t parameter;
};

static void take_text(struct update *update, uint32_t parameter, struct json_object *text)
{
	size_t length;
	const char *bytes = json_text(text, &length);

	if (bytes)
		update_text(update, parameter, bytes, length);
}

static void take_members(struct update *update, struct json_object *object, const struct member *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object *value = json_member(object, members[i].key);
		size_t length = 0;
		const char *text;

		switch (json_object_get_type(value)) {
		case json_type_boolean:
			update_boolean(update, members[i].parameter, json_object_get_boolean(value));
			break;
		case json_type_int:
			if (update->parameters[members[i].parameter].type == ESPALIER_DECIMAL)
				update_decimal(update, members[i].parameter, json_object_get_double(value));
			else if (update->parameters[members[i].parameter].type == ESPALIER_INT)
				update_signed(update, members[i].parameter, json_object_get_int64(value));
			else if (json_object_get_int64(value) >= 0)
				update_unsigned(update, members[i].parameter, json_object_get_uint64(value));
			break;
		case json_type_double:
			if (update->parameters[members[i].parameter].type == ESPALIER_DECIMAL)
				update_decimal(update, members[i].parameter, json_object_get_double(value));
			break;
		case json_type_string:
			text = json_text(value, &length);
			if (update->parameters[members[i].parameter].type == ESPALIER_DATE_TIME)
				update_time(update, members[i].parameter, text_time_parse(text, length));
			else if (update->parameters[members[i].parameter].type == ESPALIER_STRING)
				update_text(update, members[i].parameter, text, length);
			break;
		default:
			break;
		}
	}
}

#define TAKE(update, object, members) take_members(update, object, members, sizeof(members) / sizeof((members)[0]))

/* ---- The controller ----------------------------------------------------------------------------------------- */

static void take_controller_statistics(struct model *model, struct json_object *statistics)
{
	static const struct member members[] = {
		{"messagesTX", INTERFACE_STATS_MESSAGES_SENT},
		{"messagesRX", INTERFACE_STATS_MESSAGES_RECEIVED},
		{"messagesDroppedTX", INTERFACE_STATS_DISCARD_SENT},
		{"messagesDroppedRX", INTERFACE_STATS_DISCARD_RECEIVED},
		{"NAK", INTERFACE_STATS_NAK_RECEIVED},
		{"CAN", INTERFACE_STATS_CAN_RECEIVED},
		{"timeoutACK", INTERFACE_STATS_ACK_TIMEOUTS},
		{"timeoutResponse", INTERFACE_STATS_RESPONSE_TIMEOUTS},
		{"timeoutCallback", INTERFACE_STATS_CALLBACK_TIMEOUTS},
	};
	struct update update = update_begin(model->writer, model->stats_row, schema_interface_stats);

	TAKE(&update, statistics, members);
	update_end(&update);
}

static const char *region_name(int64_t region)
{
	static const struct {
		int64_t number;
		const char *name;
	} regions[] = {
		{0, "Europe"},	   {1, "USA"},	    {2, "Australia/New Zealand"},
		{3, "Hong Kong"},  {5, "India"},    {6, "Israel"},
		{7, "Russia"},	   {8, "China"},    {9, "USA LR"},
		{11, "Europe LR"}, {32, "Japan"},   {33, "Korea"},
		{254, "Unknown"},  {255, "Europe"},
	};

	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		if (regions[i].number == region)
			return regions[i].name;
	}
	return "Unknown";
}

static void take_chip(struct update *update, struct json_object *chip)
{
	int64_t type, version;
	char text[32];

	if (json_object_get_type(chip) == json_type_string) {
		take_text(update, INTERFACE_CHIP_TYPE, chip);
	} else if (json_member_whole(chip, "type", 0, 255, &type) &&
		   json_member_whole(chip, "version", 0, 255, &version)) {
		snprintf(text, sizeof(text), "%" PRId64 ".%" PRId64, type, version);
		update_string(update, INTERFACE_CHIP_TYPE, text);
	}
}

static void take_controller_status(struct model *model, int64_t status)
{
	struct update update = model_update_interface(model);

	update_signed(&update, INTERFACE_NET_STATUS_CODE, status);
	update_end(&update);
	/* While the state is being read the interface is dormant. */
	if (model->status == INTERFACE_UP || model->status == INTERFACE_ERROR)
		model_set_status(model, status == 0 ? INTERFACE_UP : INTERFACE_ERROR);
}

int zwave_js_controller(struct model *model, struct json_object *controller)
{
	static const struct member members[] = {
		{"ownNodeId", INTERFACE_NODE_ID},
		{"sucNodeId", INTERFACE_SUC_NODE_ID},
		{"isPrimary", INTERFACE_PRIMARY},
		{"isSIS", INTERFACE_SIS},
		{"sdkVersion", INTERFACE_LIBRARY_VERSION},
		{"type", INTERFACE_LIBRARY_TYPE},
		{"firmwareVersion", INTERFACE_FIRMWARE_VERSION},
		{"isRebuildingRoutes", INTERFACE_HEAL_ACTIVE},
		{"inclusionState", INTERFACE_INCLUSION_STATE},
		{"supportsLongRange", INTERFACE_SUPPORTS_LONG_RANGE},
	};
	bool primary = json_object_get_boolean(json_member(controller, "isPrimary"));
	bool suc = json_object_get_boolean(json_member(controller, "isSUC"));
	/* Up to schema 31 or so isSIS is isSISPresent of a SUC. */
	bool sis = json_member(controller, "isSIS")
			   ? json_object_get_boolean(json_member(controller, "isSIS"))
			   : suc && json_object_get_boolean(json_member(controller, "isSISPresent"));
	char role[64];
	struct update update;
	struct node *own;
	int64_t number;
	int error;

	if (json_member_whole(controller, "homeId", 0, UINT32_MAX, &number)) {
		error = model_home(model, (uint32_t)number);
		if (error)
			return error;
	}
	update = model_update_interface(model);
	TAKE(&update, controller, members);
	update_boolean(&update, INTERFACE_SIS, sis);
	snprintf(role, sizeof(role), "SIS:%s PRI:%s SUC:%s", sis ? "YES" : "NO", primary ? "YES" : "NO",
		 suc ? "YES" : "NO");
	update_string(&update, INTERFACE_ROLE, role);
	take_chip(&update, json_member(controller, "zwaveChipType"));
	if (json_member_whole(controller, "rfRegion", 0, 255, &number))
		update_string(&update, INTERFACE_RF_REGION, region_name(number));
	update_end(&update);
	if (json_member_whole(controller, "status", 0, 255, &number))
		take_controller_status(model, number);
	take_controller_statistics(model, json_member(controller, "statistics"));
	/* The controller's own node may have come before it was known to be that. */
	if (json_member_whole(controller, "ownNodeId", 1, SCHEMA_NODE_ID_MAXIMUM, &number)) {
		own = model_find(model, (uint32_t)number);
		if (own) {
			char text[SCHEMA_TEXT_MAXIMUM * 4 + 1];
			struct espalier_value value;

			if (!espalier_get(model->writer, own->row, NODE_MODEL_NAME, &value, text, sizeof(text))) {
				update = model_update_interface(model);
				update_text(&update, INTERFACE_NAME, text, value.length);
				update_end(&update);
			}
		}
	}
	return 0;
}

/* ---- Nodes -------------------------------------------------------------------------------------------------- */

static void take_node_statistics(struct model *model, struct node *node, struct json_object *statistics)
{
	static const struct member members[] = {
		{"commandsTX", NODE_STATS_COMMANDS_SENT},	   {"commandsRX", NODE_STATS_COMMANDS_RECEIVED},
		{"commandsDroppedTX", NODE_STATS_DISCARD_SENT},	   {"commandsDroppedRX", NODE_STATS_DISCARD_RECEIVED},
		{"timeoutResponse", NODE_STATS_RESPONSE_TIMEOUTS}, {"rtt", NODE_STATS_ROUND_TRIP_TIME},
	};
	static const struct member seen[] = {{"lastSeen", NODE_LAST_SEEN}};
	struct json_object *route = json_member_of(statistics, "lwr", json_type_object);
	struct update update = update_begin(model->writer, node->stats_row, schema_node_stats);

	TAKE(&update, statistics, members);
	update_end(&update);
	update = model_update_node(model, node);
	TAKE(&update, statistics, seen);
	if (route)
		zwave_js_route(&update, NODE_AUTO_ROUTE, route);
	update_end(&update);
}

static void take_class(struct update *update, struct json_object *classes)
{
	static const struct {
		const char *key;
		uint32_t parameter;
	} members[] = {{"basic", NODE_BASIC_CLASS}, {"generic", NODE_GENERIC_CLASS}, {"specific", NODE_SPECIFIC_CLASS}};
	int64_t number;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (json_member_whole(json_member(classes, members[i].key), "key", 0, 255, &number))
			update_unsigned(update, members[i].parameter, (uint64_t)number);
	}
}

static const char *security_name(int64_t class)
{
	switch (class) {
	case -1:
		return "None";
	case 0:
		return "S2_Unauthenticated";
	case 1:
		return "S2_Authenticated";
	case 2:
		return "S2_AccessControl";
	case 7:
		return "S0_Legacy";
	default:
		return "";
	}
}

static void command_classes(struct json_object *endpoint, char text[LIST_SIZE])
{
	struct json_object *classes = json_member_of(endpoint, "commandClasses", json_type_array);
	struct text_list list = {.text = text, .size = LIST_SIZE};
	int64_t number;

	text[0] = '\0';
	for (size_t i = 0; classes && i < json_object_array_length(classes); i++) {
		if (json_member_whole(json_object_array_get_idx(classes, i), "id", 0, 0xffff, &number))
			text_list_add(&list, (uint64_t)number);
	}
}

static void take_endpoints(struct model *model, struct node *node, struct json_object *endpoints)
{
	char text[LIST_SIZE], key[16];

	model_children_begin(node, CHILD_ENDPOINT);
	for (size_t i = 0; endpoints && i < json_object_array_length(endpoints); i++) {
		struct json_object *endpoint = json_object_array_get_idx(endpoints, i);
		struct update update;
		struct child *child;
		int64_t index;

		if (!json_member_whole(endpoint, "index", 0, 127, &index))
			continue;
		command_classes(endpoint, text);
		if (index == 0) {
			update = model_update_node(model, node);
			update_string(&update, NODE_COMMAND_CLASSES, text);
			update_end(&update);
		}
		snprintf(key, sizeof(key), "%" PRId64, index);
		child = model_child(model, node, CHILD_ENDPOINT, key, (uint32_t)index + 1);
		if (!child)
			continue;
		update = model_update_child(model, child);
		update_unsigned(&update, ENDPOINT_ID, (uint64_t)index);
		update_string(&update, ENDPOINT_COMMAND_CLASSES, text);
		update_end(&update);
	}
	model_children_end(model, node, CHILD_ENDPOINT);
}

static void take_values(struct model *model, struct node *node, struct json_object *values)
{
	model_children_begin(node, CHILD_VALUE);
	model_children_begin(node, CHILD_CONFIGURATION);
	for (size_t i = 0; values && i < json_object_array_length(values); i++)
		zwave_js_value(model, node, json_object_array_get_idx(values, i), ZWAVE_JS_DUMP);
	model_children_end(model, node, CHILD_VALUE);
	model_children_end(model, node, CHILD_CONFIGURATION);
}

static void take_status(struct model *model, struct node *node, enum node_status status)
{
	bool died = status == NODE_DEAD && node->status != NODE_DEAD;
	struct update update;

	model_node_status(model, node, status);
	update = model_update_node(model, node);
	update_boolean(&update, NODE_COMM_FAILURE, status == NODE_DEAD);
	if (died)
		update_time(&update, NODE_COMM_FAILURE_TIME, model_now());
	update_end(&update);
}

static void take_text_or(struct update *update, uint32_t parameter, struct json_object *first,
			 struct json_object *second)
{
	take_text(update, parameter, json_object_get_type(first) == json_type_string ? first : second);
}

struct node *zwave_js_node(struct model *model, struct json_object *state)
{
	static const struct member members[] = {
		{"name", NODE_NAME},
		{"location", NODE_LOCATION},
		{"isListening", NODE_LISTENING},
		{"isRouting", NODE_ROUTING},
		{"supportsBeaming", NODE_BEAMING},
		{"maxDataRate", NODE_MAX_DATA_RATE},
		{"manufacturerId", NODE_MANUFACTURER_ID},
		{"productType", NODE_PRODUCT_TYPE},
		{"productId", NODE_PRODUCT_ID},
		{"firmwareVersion", NODE_FIRMWARE_VERSION},
		{"hardwareVersion", NODE_HARDWARE_VERSION},
		{"zwavePlusVersion", NODE_ZWAVE_PLUS_VERSION},
		{"zwavePlusRoleType", NODE_ROLE_TYPE},
		{"interviewStage", NODE_INTERVIEW_STAGE},
		{"lastSeen", NODE_LAST_SEEN},
	};
	struct json_object *configuration = json_member(state, "deviceConfig"), *frequent;
	struct update update;
	struct node *node;
	int64_t number;

	if (!json_member_whole(state, "nodeId", 1, SCHEMA_NODE_ID_MAXIMUM, &number))
		return NULL;
	node = model_node(model, (uint32_t)number);
	if (!node)
		return NULL;
	update = model_update_node(model, node);
	TAKE(&update, state, members);
	take_class(&update, json_member(state, "deviceClass"));
	take_text_or(&update, NODE_MANUFACTURER, json_member(state, "manufacturer"),
		     json_member(configuration, "manufacturer"));
	take_text_or(&update, NODE_MODEL_NAME, json_member(state, "label"), json_member(configuration, "label"));
	frequent = json_member(state, "isFrequentListening");
	update_string(&update, NODE_FREQUENT_LISTENING,
		      json_object_get_type(frequent) == json_type_string ? json_object_get_string(frequent)
									 : schema_frequent_listening[0]);
	if (json_member_whole(state, "highestSecurityClass", -2, 255, &number))
		update_string(&update, NODE_SECURITY_CLASS, security_name(number));
	update_end(&update);
	if (json_member_whole(state, "status", NODE_UNKNOWN, NODE_ALIVE, &number))
		take_status(model, node, (enum node_status)number);
	take_node_statistics(model, node, json_member(state, "statistics"));
	take_endpoints(model, node, json_member_of(state, "endpoints", json_type_array));
	take_values(model, node, json_member_of(state, "values", json_type_array));
	return node;
}

/* ---- Events ------------------------------------------------------------------------------------------------- */

static void controller_event(struct model *model, struct json_object *event, struct json_object *name,
			     struct node **query)
{
	struct update update;
	int64_t number;

	if (json_is_text(name, "statistics updated")) {
		take_controller_statistics(model, json_member(event, "statistics"));
	} else if (json_is_text(name, "node added")) {
		*query = zwave_js_node(model, json_member(event, "node"));
	} else if (json_is_text(name, "node removed")) {
		struct node *node =
			json_member_whole(json_member(event, "node"), "nodeId", 1, SCHEMA_NODE_ID_MAXIMUM, &number)
				? model_find(model, (uint32_t)number)
				: NULL;

		if (node)
			model_remove(model, node);
	} else if (json_is_text(name, "status changed")) {
		if (json_member_whole(event, "status", 0, 255, &number))
			take_controller_status(model, number);
	} else if (json_is_text(name, "inclusion state changed")) {
		update = model_update_interface(model);
		if (json_member_whole(event, "state", 0, 255, &number))
			update_unsigned(&update, INTERFACE_INCLUSION_STATE, (uint64_t)number);
		update_end(&update);
	} else if (json_is_text(name, "rebuild routes progress")) {
		update = model_update_interface(model);
		update_boolean(&update, INTERFACE_HEAL_ACTIVE, true);
		update_end(&update);
	} else if (json_is_text(name, "rebuild routes done")) {
		update = model_update_interface(model);
		update_boolean(&update, INTERFACE_HEAL_ACTIVE, false);
		update_time(&update, INTERFACE_LAST_HEAL, model_now());
		update_end(&update);
	}
}

static void woke_up(struct model *model, struct node *node)
{
	take_status(model, node, NODE_AWAKE);
	model_wake_up(model, node, model_now(), node->wake_up_interval);
}

static void interview_stage(struct model *model, struct node *node, struct json_object *stage)
{
	struct update update = model_update_node(model, node);

	take_text(&update, NODE_INTERVIEW_STAGE, stage);
	update_end(&update);
}

static void node_event(struct model *model, struct node *node, struct json_object *event, struct json_object *name,
		       struct node **query)
{
	struct json_object *arguments = json_member_of(event, "args", json_type_object);

	if (json_is_text(name, "value updated") || json_is_text(name, "value added"))
		zwave_js_value(model, node, arguments, ZWAVE_JS_CHANGED);
	else if (json_is_text(name, "statistics updated"))
		take_node_statistics(model, node, json_member(event, "statistics"));
	else if (json_is_text(name, "value notification"))
		zwave_js_value(model, node, arguments, ZWAVE_JS_NOTIFIED);
	else if (json_is_text(name, "value removed"))
		zwave_js_value(model, node, arguments, ZWAVE_JS_REMOVED);
	else if (json_is_text(name, "metadata updated"))
		zwave_js_value(model, node, arguments, ZWAVE_JS_METADATA);
	else if (json_is_text(name, "sleep"))
		take_status(model, node, NODE_ASLEEP);
	else if (json_is_text(name, "wake up"))
		woke_up(model, node);
	else if (json_is_text(name, "dead"))
		take_status(model, node, NODE_DEAD);
	else if (json_is_text(name, "alive"))
		take_status(model, node, NODE_ALIVE);
	else if (json_is_text(name, "interview stage completed"))
		interview_stage(model, node, json_member(event, "stageName"));
	else if (json_is_text(name, "ready"))
		*query = zwave_js_node(model, json_member(event, "nodeState"));
}

bool zwave_js_event(struct model *model, struct json_object *event, struct node **query)
{
	struct json_object *source = json_member(event, "source"), *name = json_member(event, "event");
	struct node *node;
	int64_t id;

	*query = NULL;
	if (json_is_text(source, "controller")) {
		controller_event(model, event, name, query);
	} else if (json_is_text(source, "node")) {
		node = json_member_whole(event, "nodeId", 1, SCHEMA_NODE_ID_MAXIMUM, &id)
			       ? model_find(model, (uint32_t)id)
			       : NULL;
		if (node)
			node_event(model, node, event, name, query);
	} else if (json_is_text(source, "driver")) {
		return !json_is_text(name, "driver ready");
	}
	return true;
}
