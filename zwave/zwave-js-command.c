/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands to a Z-Wave JS server: what the state does not tell, and what a manager sets; and what their results mean.
 */
#include "zwave/zwave-js-command.h"

#include "shm/json.h"
#include "zwave/text.h"
#include "zwave/zwave-js-state.h"

#include <string.h>

#define CC_BATTERY	  128
#define CC_WAKE_UP	  132
#define ROUTE_SPEED	  3 /* 100 kbit/s */
#define REPEATERS_MAXIMUM 4u

static struct json_object *command(const char *name)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "command", json_object_new_string(name));
	return object;
}

static void add_number(struct json_object *object, const char *key, int64_t number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

static struct json_object *node_command(const char *name, uint16_t id)
{
	struct json_object *object = command(name);

	add_number(object, "nodeId", id);
	return object;
}

static struct json_object *value_id(int64_t command_class, const char *property)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "commandClass", command_class);
	add_number(object, "endpoint", 0);
	json_object_object_add(object, "property", json_object_new_string(property));
	return object;
}

/* ---- Extra commands ----------------------------------------------------------------------------------------- */

struct json_object *zwave_js_query(enum zwave_js_query query, const struct node *node)
{
	struct json_object *object = NULL;

	switch (query) {
	case ZWAVE_JS_QUERY_NEIGHBORS:
		return node_command("controller.get_node_neighbors", node->id);
	case ZWAVE_JS_QUERY_GROUPS:
		return node_command("controller.get_association_groups", node->id);
	case ZWAVE_JS_QUERY_ASSOCIATIONS:
		return node->child_count[CHILD_ASSOCIATION] ? node_command("controller.get_associations", node->id)
							    : NULL;
	case ZWAVE_JS_QUERY_PRIORITY_ROUTE:
		object = command("controller.get_priority_route");
		add_number(object, "destinationNodeId", node->id);
		return object;
	case ZWAVE_JS_QUERY_BATTERY_TIME:
		if (!model_child_find(node, CHILD_VALUE, "128/0/slevel/-"))
			return NULL;
		object = node_command("node.get_value_timestamp", node->id);
		json_object_object_add(object, "valueId", value_id(CC_BATTERY, "level"));
		return object;
	case ZWAVE_JS_QUERY_HEALTH:
		/* A test sends pings: not to those that sleep or are dead. */
		if (node->status != NODE_ALIVE)
			return NULL;
		object = node_command("node.check_lifeline_health", node->id);
		add_number(object, "rounds", 1);
		return object;
	case ZWAVE_JS_QUERY_ROUTES:
		return command("controller.get_known_lifeline_routes");
	case ZWAVE_JS_QUERIES:
		break;
	}
	return NULL;
}

void zwave_js_query_result(struct model *model, struct node *node, enum zwave_js_query query,
			   struct json_object *result)
{
	switch (query) {
	case ZWAVE_JS_QUERY_NEIGHBORS:
		zwave_js_neighbors(model, node, result);
		break;
	case ZWAVE_JS_QUERY_GROUPS:
		zwave_js_groups(model, node, result);
		break;
	case ZWAVE_JS_QUERY_ASSOCIATIONS:
		zwave_js_associations(model, node, result);
		break;
	case ZWAVE_JS_QUERY_PRIORITY_ROUTE:
		zwave_js_priority_route(model, node, result);
		break;
	case ZWAVE_JS_QUERY_BATTERY_TIME:
		zwave_js_battery_time(model, node, result);
		break;
	case ZWAVE_JS_QUERY_HEALTH:
		zwave_js_health(model, node, result);
		break;
	case ZWAVE_JS_QUERY_ROUTES:
		zwave_js_routes(model, result);
		break;
	case ZWAVE_JS_QUERIES:
		break;
	}
}

/* ---- Settings ----------------------------------------------------------------------------------------------- */

static bool is_boolean(const char *text, bool *value)
{
	*value = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return *value || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static struct json_object *number_value(double number)
{
	if (number == (double)(int64_t)number)
		return json_object_new_int64((int64_t)number);
	return json_object_new_double(number);
}

static struct json_object *value_of(const struct setting *setting)
{
	double number;
	bool boolean;

	switch (setting->type) {
	case VALUE_TYPE_BOOLEAN:
		return is_boolean(setting->text, &boolean) ? json_object_new_boolean(boolean) : NULL;
	case VALUE_TYPE_NUMBER:
		return text_decimal_parse(setting->text, strlen(setting->text), &number) ? number_value(number) : NULL;
	case VALUE_TYPE_TEXT:
		return json_object_new_string(setting->text);
	case VALUE_TYPE_ANY:
		break;
	}
	if (text_decimal_parse(setting->text, strlen(setting->text), &number))
		return number_value(number);
	if (is_boolean(setting->text, &boolean))
		return json_object_new_boolean(boolean);
	return json_object_new_string(setting->text);
}

/* One item of a list of nodes, "5" or "5.2"; endpoint -1 for none. */
static bool take_address(const char *item, size_t length, uint64_t *id, int64_t *endpoint)
{
	const char *dot = memchr(item, '.', length);
	uint64_t number;

	*endpoint = -1;
	if (dot) {
		if (!text_unsigned(dot + 1, (size_t)(item + length - dot - 1), 127, &number))
			return false;
		*endpoint = (int64_t)number;
	}
	return text_unsigned(item, dot ? (size_t)(dot - item) : length, SCHEMA_NODE_ID_MAXIMUM, id) && *id > 0;
}

static bool is_address_list(const char *text)
{
	const char *end = text + strlen(text), *item;
	int64_t endpoint;
	uint64_t id;
	size_t length;

	while (text_list_next(&text, end, ',', &item, &length)) {
		if (!take_address(item, length, &id, &endpoint))
			return false;
	}
	return true;
}

static bool is_route(const char *text)
{
	const char *end = text + strlen(text), *item;
	unsigned int count = 0;
	uint64_t id;
	size_t length;

	while (text_list_next(&text, end, ',', &item, &length)) {
		if (!text_unsigned(item, length, SCHEMA_NODE_ID_MAXIMUM, &id) || id == 0 || ++count > REPEATERS_MAXIMUM)
			return false;
	}
	return true;
}

int zwave_js_set_check(const struct setting *setting, const char **why)
{
	struct json_object *value;

	switch (setting->kind) {
	case SETTING_VALUE:
	case SETTING_CONFIGURATION:
		value = value_of(setting);
		if (value) {
			json_object_put(value);
			return ESPALIER_OK;
		}
		*why = "the value is not of the type that the node has";
		return ESPALIER_FAULT_VALUE;
	case SETTING_ASSOCIATION:
		if (is_address_list(setting->text))
			return ESPALIER_OK;
		*why = "nodes are NODE or NODE.ENDPOINT";
		return ESPALIER_FAULT_VALUE;
	case SETTING_NODE:
		if (setting->parameter == NODE_NAME || setting->parameter == NODE_LOCATION ||
		    setting->parameter == NODE_WAKE_UP_INTERVAL)
			return ESPALIER_OK;
		if (setting->parameter == NODE_MANUAL_ROUTE) {
			if (is_route(setting->text))
				return ESPALIER_OK;
			*why = "a route is up to four repeaters";
			return ESPALIER_FAULT_VALUE;
		}
		break;
	case SETTING_POLLING:
		break;
	}
	*why = "Z-Wave JS has no such setting";
	return ESPALIER_FAULT_DENIED;
}

static struct json_object *set_route(const struct setting *setting)
{
	const char *text = setting->text, *end = text + strlen(text), *item;
	struct json_object *object, *repeaters;
	size_t length;
	uint64_t id;

	object = command(*text ? "controller.set_priority_route" : "controller.remove_priority_route");
	add_number(object, "destinationNodeId", setting->node_id);
	if (!*text)
		return object;
	repeaters = json_object_new_array();
	while (text_list_next(&text, end, ',', &item, &length)) {
		if (text_unsigned(item, length, SCHEMA_NODE_ID_MAXIMUM, &id))
			json_object_array_add(repeaters, json_object_new_int64((int64_t)id));
	}
	json_object_object_add(object, "repeaters", repeaters);
	add_number(object, "routeSpeed", ROUTE_SPEED);
	return object;
}

static bool is_in(const char *item, size_t length, const char *list)
{
	const char *end = list + strlen(list), *other;
	size_t other_length;

	while (text_list_next(&list, end, ',', &other, &other_length)) {
		if (length == other_length && memcmp(item, other, length) == 0)
			return true;
	}
	return false;
}

/* The command that puts in, or takes out, what one list has and the other has not. */
static struct json_object *associate(const struct setting *setting, const char *name, const char *these,
				     const char *without)
{
	const char *end = these + strlen(these), *item;
	struct json_object *object, *list = json_object_new_array();
	int64_t endpoint;
	size_t length;
	uint64_t id;

	while (text_list_next(&these, end, ',', &item, &length)) {
		struct json_object *address;

		if (is_in(item, length, without) || !take_address(item, length, &id, &endpoint))
			continue;
		address = json_object_new_object();
		add_number(address, "nodeId", (int64_t)id);
		if (endpoint >= 0)
			add_number(address, "endpoint", endpoint);
		json_object_array_add(list, address);
	}
	if (json_object_array_length(list) == 0) {
		json_object_put(list);
		return NULL;
	}
	object = node_command(name, setting->node_id);
	add_number(object, "group", setting->parameter);
	json_object_object_add(object, "associations", list);
	return object;
}

struct json_object *zwave_js_association_add(const struct setting *setting)
{
	return setting->kind == SETTING_ASSOCIATION
		       ? associate(setting, "controller.add_associations", setting->text, setting->former)
		       : NULL;
}

struct json_object *zwave_js_set(const struct setting *setting)
{
	struct json_object *object;
	double seconds = 0;

	if (setting->kind == SETTING_ASSOCIATION)
		return associate(setting, "controller.remove_associations", setting->former, setting->text);
	if (setting->kind == SETTING_NODE) {
		switch (setting->parameter) {
		case NODE_NAME:
			object = node_command("node.set_name", setting->node_id);
			json_object_object_add(object, "name", json_object_new_string(setting->text));
			return object;
		case NODE_LOCATION:
			object = node_command("node.set_location", setting->node_id);
			json_object_object_add(object, "location", json_object_new_string(setting->text));
			return object;
		case NODE_MANUAL_ROUTE:
			return set_route(setting);
		}
		object = node_command("node.set_value", setting->node_id);
		text_decimal_parse(setting->text, strlen(setting->text), &seconds);
		json_object_object_add(object, "valueId", value_id(CC_WAKE_UP, "wakeUpInterval"));
		json_object_object_add(object, "value", number_value(seconds));
		return object;
	}
	object = node_command("node.set_value", setting->node_id);
	json_object_object_add(object, "valueId", json_tokener_parse(setting->target));
	json_object_object_add(object, "value", value_of(setting));
	return object;
}

/* SetValueStatus of the driver */
static int status_fault(int64_t status, const char **why)
{
	switch (status) {
	case 1:	  /* Working */
	case 254: /* SuccessUnsupervised */
	case 255: /* Success */
		return ESPALIER_OK;
	case 0:
		*why = "the node does not support it";
		return ESPALIER_FAULT_DENIED;
	case 3:
		*why = "the node has no such endpoint";
		return ESPALIER_FAULT_NAME;
	case 4:
		*why = "the driver can't do it";
		return ESPALIER_FAULT_DENIED;
	case 5:
		*why = "the node can't take this value";
		return ESPALIER_FAULT_VALUE;
	default:
		*why = "the node has refused it or was not reached";
		return ESPALIER_FAULT_INTERNAL;
	}
}

int zwave_js_set_result(struct json_object *message, bool success, const char **why)
{
	struct json_object *result = json_member(message, "result"), *code = json_member(message, "errorCode");
	int64_t status;

	if (success) {
		if (json_member_whole(json_member(result, "result"), "status", 0, 255, &status))
			return status_fault(status, why);
		if (json_object_get_type(json_member(result, "success")) == json_type_boolean &&
		    !json_object_get_boolean(json_member(result, "success"))) {
			*why = "the controller has refused it";
			return ESPALIER_FAULT_INTERNAL;
		}
		return ESPALIER_OK;
	}
	if (json_is_text(code, "node_not_found")) {
		*why = "the network has no such node";
		return ESPALIER_FAULT_NAME;
	}
	if (json_is_text(code, "unknown_command")) {
		*why = "the server does not know the command";
		return ESPALIER_FAULT_DENIED;
	}
	*why = "the server reports an error";
	return ESPALIER_FAULT_INTERNAL;
}
