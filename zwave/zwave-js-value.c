/* SPDX-License-Identifier: BSD-2-Clause */
/* Values and configuration parameters of Z-Wave JS: their identity, their metadata, and what some of them mean. */
#include "zwave/zwave-js-value.h"

#include "shm/json.h"
#include "zwave/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Command classes whose values are parameters of the node too */
enum {
	CC_USER_CODE = 99,
	CC_CONFIGURATION = 112,
	CC_NODE_NAMING = 119,
	CC_BATTERY = 128,
	CC_WAKE_UP = 132,
	CC_VERSION = 134,
};

#define COMMAND_CLASS_MAXIMUM 0xffff
#define ENDPOINT_MAXIMUM      127

/* What a value is known by: (commandClass, endpoint, property, propertyKey); the last two are strings or numbers. */
struct identity {
	int64_t command_class, endpoint;
	char property[SCHEMA_TEXT_MAXIMUM + 1]; /* "property", "property/propertyKey", with "@2" on another endpoint */
	char key[MODEL_KEY_SIZE];
	char name[64]; /* of the property alone */
	bool numbered; /* the property is a number */
	int64_t number;
};

static bool take_property(struct json_object *property, char *text, size_t size, char *type)
{
	const char *bytes;
	int64_t number;
	size_t length;

	bytes = json_text(property, &length);
	if (bytes) {
		*type = 's';
		return length > 0 && length < size && text_clean(text, size, size, bytes, length) > 0;
	}
	if (!json_whole(property, INT64_MIN, INT64_MAX, &number))
		return false;
	*type = 'n';
	snprintf(text, size, "%" PRId64, number);
	return true;
}

static bool identify(struct json_object *value, struct identity *identity)
{
	struct json_object *property = json_member(value, "property"), *key = json_member(value, "propertyKey");
	char key_text[64] = "", property_type, key_type = '-', suffix[16] = "";
	int length;

	memset(identity, 0, sizeof(*identity));
	if (!json_member_whole(value, "commandClass", 0, COMMAND_CLASS_MAXIMUM, &identity->command_class) ||
	    !take_property(property, identity->name, sizeof(identity->name), &property_type) ||
	    (key && !take_property(key, key_text, sizeof(key_text), &key_type)))
		return false;
	if (!json_member_whole(value, "endpoint", 0, ENDPOINT_MAXIMUM, &identity->endpoint)) {
		if (json_member(value, "endpoint"))
			return false;
		identity->endpoint = 0;
	}
	identity->numbered = json_whole(property, 0, UINT32_MAX, &identity->number);
	if (identity->endpoint)
		snprintf(suffix, sizeof(suffix), "@%" PRId64, identity->endpoint);
	snprintf(identity->property, sizeof(identity->property), "%s%s%s%s", identity->name, key ? "/" : "", key_text,
		 suffix);
	length = snprintf(identity->key, sizeof(identity->key), "%" PRId64 "/%" PRId64 "/%c%s/%c%s",
			  identity->command_class, identity->endpoint, property_type, identity->name, key_type,
			  key_text);
	return length > 0 && (size_t)length < sizeof(identity->key);
}

const char *zwave_js_value_text(struct json_object *value, char buffer[32], size_t *length)
{
	const char *text = "";

	switch (json_object_get_type(value)) {
	case json_type_string:
		return json_text(value, length);
	case json_type_double:
		text_decimal(buffer, json_object_get_double(value));
		text = buffer;
		break;
	case json_type_boolean:
	case json_type_int:
	case json_type_array:
	case json_type_object:
		text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		break;
	case json_type_null:
		break;
	}
	*length = strlen(text);
	return text;
}

/* The words by which the value is set: the server's valueId. */
static void set_target(struct child *child, struct json_object *value, bool writable)
{
	static const char *const members[] = {"commandClass", "endpoint", "property", "propertyKey"};
	struct json_object *identity;
	const char *text;

	child->writable = writable;
	if (!writable) {
		model_child_target(child, NULL);
		return;
	}
	identity = json_object_new_object();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct json_object *member = json_member(value, members[i]);

		if (member)
			json_object_object_add(identity, members[i], json_object_get(member));
	}
	text = json_object_to_json_string_ext(identity, JSON_C_TO_STRING_PLAIN);
	model_child_target(child, strlen(text) < MODEL_TARGET_SIZE ? text : NULL);
	json_object_put(identity);
}

static enum value_type type_of(struct json_object *metadata)
{
	struct json_object *type = json_member(metadata, "type");

	if (json_is_text(type, "boolean"))
		return VALUE_TYPE_BOOLEAN;
	if (json_is_text(type, "number"))
		return VALUE_TYPE_NUMBER;
	if (json_is_text(type, "string"))
		return VALUE_TYPE_TEXT;
	return VALUE_TYPE_ANY;
}

static void text_member(struct update *update, uint32_t parameter, struct json_object *object, const char *key)
{
	size_t length;
	const char *text = json_text(json_member(object, key), &length);

	if (text)
		update_text(update, parameter, text, length);
}

static void take_configuration(struct model *model, struct node *node, const struct identity *identity,
			       struct json_object *value, struct json_object *metadata, struct json_object *present)
{
	struct child *child;
	struct update update;
	int64_t number;

	if (!identity->numbered)
		return;
	child = model_child(model, node, CHILD_CONFIGURATION, identity->key, 0);
	if (!child)
		return;
	child->type = VALUE_TYPE_NUMBER;
	update = model_update_child(model, child);
	update_unsigned(&update, CONFIGURATION_PARAMETER, (uint64_t)identity->number);
	if (metadata) {
		set_target(child, value, json_object_get_boolean(json_member(metadata, "writeable")));
		text_member(&update, CONFIGURATION_LABEL, metadata, "label");
		if (json_member_whole(metadata, "valueSize", 0, 4, &number))
			update_unsigned(&update, CONFIGURATION_SIZE, (uint64_t)number);
	}
	if (json_whole(present, INT32_MIN, INT32_MAX, &number))
		update_signed(&update, CONFIGURATION_VALUE, number);
	update_end(&update);
}

/* ---- Values that are parameters of the node ----------------------------------------------------------------- */

static void take_wake_up_limits(struct update *update, struct json_object *metadata)
{
	struct json_object *allowed = json_member_of(metadata, "allowed", json_type_array);
	int64_t number;

	for (size_t i = 0; allowed && i < json_object_array_length(allowed); i++) {
		struct json_object *range = json_object_array_get_idx(allowed, i);

		if (!json_member_whole(range, "from", 0, UINT32_MAX, &number))
			continue;
		update_unsigned(update, NODE_WAKE_UP_MINIMUM, (uint64_t)number);
		if (json_member_whole(range, "step", 0, UINT32_MAX, &number))
			update_unsigned(update, NODE_WAKE_UP_STEP, (uint64_t)number);
	}
	if (json_member_whole(metadata, "max", 0, UINT32_MAX, &number))
		update_unsigned(update, NODE_WAKE_UP_MAXIMUM, (uint64_t)number);
}

static void take_battery(struct update *update, const struct identity *identity, struct json_object *present,
			 bool event)
{
	int64_t number;

	if (strcmp(identity->name, "level") == 0 && json_whole(present, 0, 100, &number)) {
		update_unsigned(update, NODE_BATTERY_LEVEL, (uint64_t)number);
		if (event)
			update_time(update, NODE_BATTERY_LAST_REPORT, model_now());
	} else if (strcmp(identity->name, "isLow") == 0 && json_object_get_type(present) == json_type_boolean) {
		update_boolean(update, NODE_BATTERY_LOW, json_object_get_boolean(present));
	}
}

static void take_version(struct update *update, const struct identity *identity, struct json_object *present)
{
	int64_t number;
	size_t length;
	const char *text;

	if (strcmp(identity->name, "libraryType") == 0 && json_whole(present, 0, 255, &number)) {
		update_unsigned(update, NODE_LIBRARY_TYPE, (uint64_t)number);
	} else if (strcmp(identity->name, "protocolVersion") == 0) {
		text = json_text(present, &length);
		if (text)
			update_text(update, NODE_PROTOCOL_VERSION, text, length);
	}
}

static void take_name(struct update *update, const struct identity *identity, struct json_object *present)
{
	size_t length;
	const char *text = json_text(present, &length);

	if (text && strcmp(identity->name, "name") == 0)
		update_text(update, NODE_NAME, text, length);
	else if (text && strcmp(identity->name, "location") == 0)
		update_text(update, NODE_LOCATION, text, length);
}

static void take_meaning(struct model *model, struct node *node, const struct identity *identity,
			 struct json_object *metadata, struct json_object *present, bool event)
{
	struct update update;
	int64_t number;

	if (identity->endpoint)
		return;
	if (identity->command_class == CC_WAKE_UP && strcmp(identity->name, "wakeUpInterval") == 0 &&
	    json_whole(present, 0, UINT32_MAX, &number))
		model_wake_up(model, node, 0, (uint32_t)number);
	update = model_update_node(model, node);
	switch (identity->command_class) {
	case CC_WAKE_UP:
		if (strcmp(identity->name, "wakeUpInterval") == 0 && metadata)
			take_wake_up_limits(&update, metadata);
		else if (strcmp(identity->name, "controllerNodeId") == 0 &&
			 json_whole(present, 0, SCHEMA_NODE_ID_MAXIMUM, &number))
			update_unsigned(&update, NODE_WAKE_UP_NODE_ID, (uint64_t)number);
		break;
	case CC_BATTERY:
		take_battery(&update, identity, present, event);
		break;
	case CC_VERSION:
		take_version(&update, identity, present);
		break;
	case CC_NODE_NAMING:
		take_name(&update, identity, present);
		break;
	}
	update_end(&update);
}

/* ---- All values --------------------------------------------------------------------------------------------- */

static bool is_meaningful(const struct identity *identity)
{
	return identity->command_class == CC_WAKE_UP || identity->command_class == CC_BATTERY ||
	       identity->command_class == CC_VERSION || identity->command_class == CC_NODE_NAMING;
}

static void describe(struct model *model, struct child *child, const struct identity *identity,
		     struct json_object *value, struct json_object *metadata)
{
	struct update update = model_update_child(model, child);

	update_unsigned(&update, VALUE_COMMAND_CLASS, (uint64_t)identity->command_class);
	update_string(&update, VALUE_PROPERTY, identity->property);
	/* An event may come before the metadata that say so. */
	child->secret = identity->command_class == CC_USER_CODE && strcmp(identity->name, "userCode") == 0;
	if (metadata) {
		child->secret = child->secret || json_object_get_boolean(json_member(metadata, "secret"));
		set_target(child, value, !child->secret && json_object_get_boolean(json_member(metadata, "writeable")));
		child->type = type_of(metadata);
		text_member(&update, VALUE_LABEL, metadata, "label");
		text_member(&update, VALUE_UNIT, metadata, "unit");
		update_boolean(&update, VALUE_WRITABLE, child->writable);
	}
	update_end(&update);
}

void zwave_js_value(struct model *model, struct node *node, struct json_object *value, enum zwave_js_origin origin)
{
	struct json_object *metadata = json_member_of(value, "metadata", json_type_object), *present;
	struct identity identity;
	char buffer[TEXT_NUMBER_SIZE];
	struct child *child;
	const char *text;
	size_t length;
	bool is_new;

	if (!identify(value, &identity))
		return;
	present = json_member(value, origin == ZWAVE_JS_CHANGED ? "newValue" : "value");
	child = model_child_find(node, identity.command_class == CC_CONFIGURATION ? CHILD_CONFIGURATION : CHILD_VALUE,
				 identity.key);
	if (origin == ZWAVE_JS_REMOVED) {
		if (child)
			model_child_remove(model, node, child);
		return;
	}
	if (is_meaningful(&identity))
		take_meaning(model, node, &identity, metadata, present, origin == ZWAVE_JS_CHANGED);
	if (identity.command_class == CC_CONFIGURATION) {
		take_configuration(model, node, &identity, value, metadata, present);
		return;
	}
	is_new = !child;
	child = model_child(model, node, CHILD_VALUE, identity.key, 0);
	if (!child)
		return;
	if (is_new || metadata)
		describe(model, child, &identity, value, metadata);
	/* Codes and keys are nobody's business: a segment is for all to read. */
	if (origin == ZWAVE_JS_METADATA || child->secret)
		return;
	text = zwave_js_value_text(present, buffer, &length);
	model_value(model, child, text, length, model_now());
}
