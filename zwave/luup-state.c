/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of a Luup device: variables that are parameters, and variables that are values. */
#include "zwave/luup-state.h"

#include "shm/json.h"
#include "zwave/luup-variables.h"
#include "zwave/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE      64
#define LIST_SIZE      4096
#define CC_SECURITY_S0 152
#define CC_SECURITY_S2 159
#define GROUPS_MAXIMUM 255u
#define CELSIUS                                                                                                        \
	"\xc2\xb0"                                                                                                     \
	"C"
#define FAHRENHEIT                                                                                                     \
	"\xc2\xb0"                                                                                                     \
	"F"

/* One variable as it came */
struct state {
	char service[NAME_SIZE], name[NAME_SIZE];
	const char *urn, *value;
	size_t urn_length, length;
};

static bool take_state(struct json_object *json, struct state *state)
{
	size_t service_length, name_length;
	const char *name = json_text(json_member(json, "variable"), &name_length), *service;

	state->urn = json_text(json_member(json, "service"), &state->urn_length);
	state->value = json_text(json_member(json, "value"), &state->length);
	if (!name || !state->urn || !state->value)
		return false;
	service = luup_service(state->urn, state->urn_length, &service_length);
	if (!service || service_length == 0 || service_length >= NAME_SIZE || name_length == 0 ||
	    name_length >= NAME_SIZE)
		return false;
	memcpy(state->service, service, service_length);
	state->service[service_length] = '\0';
	memcpy(state->name, name, name_length);
	state->name[name_length] = '\0';
	return true;
}

static bool is(const struct state *state, const char *service, const char *name)
{
	return strcmp(state->name, name) == 0 && strcmp(state->service, service) == 0;
}

/* ---- The network -------------------------------------------------------------------------------------------- */

uint32_t luup_network_home(struct json_object *states)
{
	struct state state;
	uint32_t home_id;

	for (size_t i = 0; states && i < json_object_array_length(states); i++) {
		if (take_state(json_object_array_get_idx(states, i), &state) && is(&state, "ZWaveNetwork1", "HomeID") &&
		    luup_home_id(state.value, state.length, &home_id))
			return home_id;
	}
	return 0;
}

static bool has(const struct state *state, const char *word)
{
	return memmem(state->value, state->length, word, strlen(word)) != NULL;
}

/* "Master SIS:NO PRI:YES" */
static void take_role(struct model *model, const struct state *state)
{
	struct update update = model_update_interface(model);
	struct espalier_value own;

	update_boolean(&update, INTERFACE_PRIMARY, has(state, "PRI:YES"));
	update_boolean(&update, INTERFACE_SIS, has(state, "SIS:YES"));
	update_end(&update);
	/* The SIS is the SUC; no other node's number is told. */
	if (!has(state, "SIS:YES") ||
	    espalier_get(model->writer, model->interface_row, INTERFACE_NODE_ID, &own, NULL, 0))
		own.number = 0;
	update = model_update_interface(model);
	update_unsigned(&update, INTERFACE_SUC_NODE_ID, own.number);
	update_end(&update);
}

/* "3.20 L:1" */
static void take_library(struct model *model, const struct state *state)
{
	const char *mark = memmem(state->value, state->length, "L:", 2);
	size_t length = mark ? (size_t)(mark - state->value) : state->length;
	struct update update = model_update_interface(model);
	uint64_t type;

	while (length > 0 && state->value[length - 1] == ' ')
		length--;
	update_text(&update, INTERFACE_LIBRARY_VERSION, state->value, length);
	if (mark && text_unsigned(mark + 2, state->length - (size_t)(mark + 2 - state->value), 255, &type))
		update_unsigned(&update, INTERFACE_LIBRARY_TYPE, type);
	update_end(&update);
}

static void take_network_state(struct model *model, const struct state *state)
{
	const struct luup_variable *variable;
	struct update update;

	if (strcmp(state->service, "ZWaveNetwork1") != 0)
		return;
	variable = luup_polling_variable(state->name);
	if (variable) {
		update = update_begin(model->writer, model->polling_row, schema_polling);
		luup_take(&update, variable, state->value, state->length);
		update_end(&update);
		return;
	}
	variable = luup_network_variable(state->name);
	if (variable) {
		update = model_update_interface(model);
		luup_take(&update, variable, state->value, state->length);
		update_end(&update);
	}
	if (strcmp(state->name, "VersionInfo") == 0)
		take_library(model, state);
	else if (strcmp(state->name, "NetStatusID") == 0 &&
		 (model->status == INTERFACE_UP || model->status == INTERFACE_ERROR))
		model_set_status(model, state->length == 1 && state->value[0] == '1' ? INTERFACE_UP : INTERFACE_ERROR);
}

/* ---- Nodes -------------------------------------------------------------------------------------------------- */

static void take_capabilities(struct model *model, struct luup_device *device, struct node *node,
			      const struct state *state)
{
	struct luup_capabilities capabilities;
	struct update update;

	if (!luup_capabilities(state->value, state->length, &capabilities))
		return;
	device->capable = true;
	device->listening = capabilities.listening;
	device->frequent = capabilities.byte[1] & 0x60;
	device->classes_s0 = memchr(capabilities.classes, CC_SECURITY_S0, capabilities.class_count) != NULL;
	device->classes_s2 = memchr(capabilities.classes, CC_SECURITY_S2, capabilities.class_count) != NULL;
	update = model_update_node(model, node);
	update_boolean(&update, NODE_LISTENING, capabilities.byte[0] & 0x80);
	update_boolean(&update, NODE_ROUTING, capabilities.byte[0] & 0x40);
	update_boolean(&update, NODE_BEAMING, capabilities.byte[1] & 0x10);
	update_string(&update, NODE_FREQUENT_LISTENING,
		      schema_frequent_listening[capabilities.byte[1] & 0x40   ? 2
						: capabilities.byte[1] & 0x20 ? 1
									      : 0]);
	update_unsigned(&update, NODE_MAX_DATA_RATE,
			capabilities.byte[2] & 0x01   ? 100000
			: capabilities.byte[0] & 0x10 ? 40000
						      : 9600);
	update_unsigned(&update, NODE_BASIC_CLASS, capabilities.byte[3]);
	update_unsigned(&update, NODE_GENERIC_CLASS, capabilities.byte[4]);
	update_unsigned(&update, NODE_SPECIFIC_CLASS, capabilities.byte[5]);
	update_end(&update);
}

static unsigned int take_numbers(const struct state *state, uint64_t limit, uint64_t *numbers, unsigned int maximum)
{
	const char *text = state->value, *end = text + state->length, *item;
	unsigned int count = 0;
	size_t length;

	while (count < maximum && text_list_next(&text, end, ',', &item, &length)) {
		if (!text_unsigned(item, length, limit, &numbers[count]))
			return 0;
		count++;
	}
	return count;
}

static void take_manufacturer(struct model *model, const struct node *node, const struct state *state)
{
	uint64_t numbers[3];
	struct update update;

	if (take_numbers(state, 65535, numbers, 3) < 3)
		return;
	update = model_update_node(model, node);
	update_unsigned(&update, NODE_MANUFACTURER_ID, numbers[0]);
	update_unsigned(&update, NODE_PRODUCT_TYPE, numbers[1]);
	update_unsigned(&update, NODE_PRODUCT_ID, numbers[2]);
	update_end(&update);
}

static void take_version(struct model *model, const struct node *node, const struct state *state)
{
	uint64_t numbers[5];
	struct update update;
	char text[16];

	if (take_numbers(state, 255, numbers, 5) < 5)
		return;
	update = model_update_node(model, node);
	update_unsigned(&update, NODE_LIBRARY_TYPE, numbers[0]);
	snprintf(text, sizeof(text), "%u.%u", (uint8_t)numbers[1], (uint8_t)numbers[2]);
	update_string(&update, NODE_PROTOCOL_VERSION, text);
	snprintf(text, sizeof(text), "%u.%u", (uint8_t)numbers[3], (uint8_t)numbers[4]);
	update_string(&update, NODE_FIRMWARE_VERSION, text);
	update_end(&update);
}

static void take_neighbors(struct model *model, struct node *node, const struct state *state)
{
	const char *text = state->value, *end = text + state->length, *item;
	uint16_t ids[MODEL_NEIGHBORS_MAXIMUM];
	uint32_t count = 0;
	uint64_t number;
	size_t length;

	while (count < MODEL_NEIGHBORS_MAXIMUM && text_list_next(&text, end, ',', &item, &length)) {
		if (text_unsigned(item, length, SCHEMA_NODE_ID_MAXIMUM, &number) && number > 0)
			ids[count++] = (uint16_t)number;
	}
	model_neighbors(model, node, ids, count);
}

static struct child *association(struct model *model, struct node *node, uint64_t group)
{
	struct update update;
	struct child *child;
	char key[24];

	snprintf(key, sizeof(key), "%" PRIu64, group);
	child = model_child(model, node, CHILD_ASSOCIATION, key, (uint32_t)group);
	if (child) {
		child->writable = true;
		update = model_update_child(model, child);
		update_unsigned(&update, ASSOCIATION_GROUP_ID, group);
		update_end(&update);
	}
	return child;
}

/* "group,node,node;group,node": groups parted by semicolons. No dump of one is known. */
static void take_associations(struct model *model, struct node *node, const struct state *state)
{
	const char *text = state->value, *end = text + state->length, *part;
	size_t part_length;

	while (text_list_next(&text, end, ';', &part, &part_length)) {
		const char *rest = part, *part_end = part + part_length, *item;
		size_t length;
		uint64_t group;
		struct child *child;
		struct update update;

		if (!text_list_next(&rest, part_end, ',', &item, &length) ||
		    !text_unsigned(item, length, GROUPS_MAXIMUM, &group) || group == 0)
			continue;
		child = association(model, node, group);
		if (!child)
			continue;
		while (part_end > rest && part_end[-1] == ',')
			part_end--;
		update = model_update_child(model, child);
		update_text(&update, ASSOCIATION_NODES, rest, (size_t)(part_end - rest));
		update_end(&update);
	}
}

/* ---- Configuration: "NUMBER-LABEL,FORMAT,VALUE" again and again; a label may have commas in it -------------- */

static bool is_format(const char *item, size_t length, uint32_t *size)
{
	*size = length == 2 && item[1] == 'd' && strchr("124", item[0]) ? (uint32_t)(item[0] - '0') : 0;
	return *size || (length == 1 && item[0] == 'm');
}

/* Takes one triple off the front: its parameter, label, size, and where the value stands. */
static bool next_triple(const char **text, const char *end, uint64_t *parameter, const char **label,
			size_t *label_length, uint32_t *size, const char **value, size_t *value_length)
{
	const char *start = *text, *item, *dash;
	size_t length;

	while (text_list_next(text, end, ',', &item, &length)) {
		if (item == start || !is_format(item, length, size))
			continue;
		dash = memchr(start, '-', (size_t)(item - start));
		*label = dash ? dash + 1 : start;
		*label_length = (size_t)(item - *label);
		while (*label_length > 0 && ((*label)[*label_length - 1] == ',' || (*label)[*label_length - 1] == ' '))
			--*label_length;
		if (!text_unsigned(start, (size_t)((dash ? dash : *label + *label_length) - start), 65535, parameter))
			return false;
		if (!text_list_next(text, end, ',', value, value_length)) {
			*value = end;
			*value_length = 0;
		}
		return true;
	}
	return false;
}

static void take_configuration(struct luup_box *box, struct luup_device *device, struct node *node,
			       const struct state *state)
{
	const char *text = state->value, *end = text + state->length, *label, *value;
	size_t label_length, value_length;
	uint64_t parameter;
	uint32_t size;
	char key[24], target[32];

	if (state->length > LUUP_VARIABLES_MAXIMUM)
		return;
	free(device->variables_set);
	device->variables_set = strndup(state->value, state->length);
	model_children_begin(node, CHILD_CONFIGURATION);
	while (next_triple(&text, end, &parameter, &label, &label_length, &size, &value, &value_length)) {
		struct child *child;
		struct update update;
		double number;

		snprintf(key, sizeof(key), "%" PRIu64, parameter);
		child = model_child(box->model, node, CHILD_CONFIGURATION, key, 0);
		if (!child)
			continue;
		child->type = VALUE_TYPE_NUMBER;
		child->writable = true;
		snprintf(target, sizeof(target), "%" PRIu64, parameter);
		model_child_target(child, target);
		update = model_update_child(box->model, child);
		update_unsigned(&update, CONFIGURATION_PARAMETER, parameter);
		update_text(&update, CONFIGURATION_LABEL, label, label_length);
		update_unsigned(&update, CONFIGURATION_SIZE, size);
		if (text_decimal_parse(value, value_length, &number) && number >= INT32_MIN && number <= INT32_MAX)
			update_signed(&update, CONFIGURATION_VALUE, (int64_t)number);
		update_end(&update);
	}
	model_children_end(box->model, node, CHILD_CONFIGURATION);
}

char *luup_configured(const struct luup_device *device, uint32_t wanted, const char *to)
{
	const char *text = device->variables_set, *end, *label, *value;
	size_t label_length, value_length;
	uint64_t parameter;
	uint32_t size;
	char *result;

	if (!text)
		return NULL;
	end = text + strlen(text);
	while (next_triple(&text, end, &parameter, &label, &label_length, &size, &value, &value_length)) {
		if (parameter != wanted)
			continue;
		if (asprintf(&result, "%.*s%s%s", (int)(value - device->variables_set), device->variables_set, to,
			     value + value_length) < 0)
			return NULL;
		return result;
	}
	return NULL;
}

/* ---- Values ------------------------------------------------------------------------------------------------- */

static void value_key(char key[MODEL_KEY_SIZE], const struct luup_device *device, const char *service, const char *name)
{
	snprintf(key, MODEL_KEY_SIZE, "%" PRIu32 "/%s/%s", device->id, service, name);
}

static void take_value(struct luup_box *box, const struct luup_device *device, struct node *node,
		       const struct state *state, const struct luup_value *value)
{
	char key[MODEL_KEY_SIZE], property[2 * NAME_SIZE + 16], target[MODEL_TARGET_SIZE];
	const char *unit = strcmp(value->unit, "T") != 0 ? value->unit : box->fahrenheit ? FAHRENHEIT : CELSIUS;
	struct update update;
	struct child *child;
	bool is_new;

	value_key(key, device, state->service, state->name);
	is_new = !model_child_find(node, CHILD_VALUE, key);
	child = model_child(box->model, node, CHILD_VALUE, key, 0);
	if (!child)
		return;
	if (is_new) {
		snprintf(property, sizeof(property), "%s/%s", state->service, state->name);
		if (!device->is_node)
			snprintf(property + strlen(property), sizeof(property) - strlen(property), "@%" PRIu32,
				 device->id);
		child->type = value->type;
		child->writable = value->action != NULL;
		if (value->action) {
			snprintf(target, sizeof(target), "%" PRIu32 " %.*s %s %s", device->id, (int)state->urn_length,
				 state->urn, value->action, value->argument);
			model_child_target(child, target);
		}
		update = model_update_child(box->model, child);
		update_unsigned(&update, VALUE_COMMAND_CLASS, value->command_class);
		update_string(&update, VALUE_PROPERTY, property);
		update_string(&update, VALUE_UNIT, unit);
		update_boolean(&update, VALUE_WRITABLE, child->writable);
		update_end(&update);
	}
	model_value(box->model, child, state->value, state->length, model_now());
}

/* Variables that say when another one changed */
static void take_moment(struct luup_box *box, const struct luup_device *device, const struct node *node,
			const struct state *state, const char *name)
{
	char key[MODEL_KEY_SIZE];
	struct child *child;
	struct update update;
	uint64_t moment;

	value_key(key, device, state->service, name);
	child = model_child_find(node, CHILD_VALUE, key);
	if (!child || !text_unsigned(state->value, state->length, INT64_MAX, &moment) || moment == 0)
		return;
	update = model_update_child(box->model, child);
	update_time(&update, VALUE_LAST_CHANGE, (int64_t)moment);
	update_end(&update);
}

static void take_endpoint(struct luup_box *box, struct node *node, struct json_object *states)
{
	char key[24], text[LIST_SIZE] = "";
	struct text_list list = {.text = text, .size = sizeof(text)};
	uint64_t endpoint = 0, number;
	struct update update;
	struct child *child;
	struct state state;

	for (size_t i = 0; states && i < json_object_array_length(states); i++) {
		if (!take_state(json_object_array_get_idx(states, i), &state))
			continue;
		if (is(&state, "ZWaveDevice1", "MultiChEndpoint") &&
		    !text_unsigned(state.value, state.length, 127, &endpoint))
			endpoint = 0;
		if (is(&state, "ZWaveDevice1", "MultiChCapabilities")) {
			const char *bar = memchr(state.value, '|', state.length), *end = state.value + state.length;
			const char *at = bar ? bar + 1 : state.value, *item;
			size_t length;

			while (text_list_next(&at, end, ',', &item, &length)) {
				const char *colon = memchr(item, ':', length);

				if (text_unsigned(item, colon ? (size_t)(colon - item) : length, 65535, &number))
					text_list_add(&list, number);
			}
		}
	}
	if (!endpoint)
		return;
	snprintf(key, sizeof(key), "%" PRIu64, endpoint);
	child = model_child(box->model, node, CHILD_ENDPOINT, key, (uint32_t)endpoint + 1);
	if (!child)
		return;
	update = model_update_child(box->model, child);
	update_unsigned(&update, ENDPOINT_ID, endpoint);
	if (list.length)
		update_string(&update, ENDPOINT_COMMAND_CLASSES, text);
	update_end(&update);
}

/* ---- A device ----------------------------------------------------------------------------------------------- */

static void take_wake_up(struct model *model, struct node *node, const struct state *state)
{
	uint64_t number;

	if (!text_unsigned(state->value, state->length, UINT32_MAX, &number))
		return;
	if (strcmp(state->name, "WakeupInterval") == 0)
		model_wake_up(model, node, 0, (uint32_t)number);
	else
		model_wake_up(model, node, (int64_t)number, node->wake_up_interval);
}

static void take_stage(struct model *model, const struct node *node, const struct state *state)
{
	struct update update = model_update_node(model, node);

	update_string(&update, NODE_INTERVIEW_STAGE,
		      state->length == 1 && state->value[0] == '1'  ? "Complete"
		      : state->length > 0 && state->value[0] == '-' ? "Failed"
								    : "Pending");
	update_end(&update);
}

/* What is no single parameter. False for another variable. */
static bool take_special(struct luup_box *box, struct luup_device *device, struct node *node, const struct state *state)
{
	uint64_t groups;

	if (is(state, "ZWaveDevice1", "Capabilities"))
		take_capabilities(box->model, device, node, state);
	else if (is(state, "ZWaveDevice1", "ManufacturerInfo"))
		take_manufacturer(box->model, node, state);
	else if (is(state, "ZWaveDevice1", "VersionInfo"))
		take_version(box->model, node, state);
	else if (is(state, "ZWaveDevice1", "Neighbors"))
		take_neighbors(box->model, node, state);
	else if (is(state, "ZWaveDevice1", "WakeupInterval") || is(state, "ZWaveDevice1", "LastWakeup"))
		take_wake_up(box->model, node, state);
	else if (is(state, "ZWaveDevice1", "AssociationSet") || is(state, "ZWaveDevice1", "AssociationGet"))
		take_associations(box->model, node, state);
	else if (is(state, "ZWaveDevice1", "VariablesSet"))
		take_configuration(box, device, node, state);
	else if (is(state, "ZWaveDevice1", "SecurityFailed"))
		device->security_failed = state->length == 1 && state->value[0] == '1';
	else if (is(state, "HaDevice1", "Configured"))
		take_stage(box->model, node, state);
	else if (is(state, "ZWaveDevice1", "AssociationNum") &&
		 text_unsigned(state->value, state->length, GROUPS_MAXIMUM, &groups))
		for (uint64_t group = 1; group <= groups; group++)
			association(box->model, node, group);
	else
		return false;
	return true;
}

static void take_node_state(struct luup_box *box, struct luup_device *device, struct node *node,
			    const struct state *state)
{
	const struct luup_variable *variable;
	struct update update;

	if (take_special(box, device, node, state))
		return;
	if (is(state, "HaDevice1", "CommFailure"))
		device->comm_failure = state->length == 1 && state->value[0] == '1';
	variable = luup_node_variable(state->service, state->name);
	if (!variable)
		return;
	update = model_update_node(box->model, node);
	luup_take(&update, variable, state->value, state->length);
	update_end(&update);
}

/* What follows from several variables */
static void conclude(struct luup_box *box, const struct luup_device *device, struct node *node)
{
	struct update update = model_update_node(box->model, node);

	update_string(&update, NODE_SECURITY_CLASS,
		      device->security_failed || (!device->classes_s0 && !device->classes_s2) ? "None"
		      : device->classes_s2						      ? "S2"
											      : "S0_Legacy");
	update_end(&update);
	model_node_status(box->model, node,
			  device->comm_failure			  ? NODE_DEAD
			  : !device->capable			  ? NODE_UNKNOWN
			  : device->listening || device->frequent ? NODE_ALIVE
								  : NODE_ASLEEP);
	/* A node that can not be reached may be one that sleeps. */
	node->sleeper = device->capable && !device->listening && !device->frequent;
}

void luup_states(struct luup_box *box, struct luup_device *device, struct json_object *states)
{
	struct node *node = device->node_id ? model_find(box->model, device->node_id) : NULL;
	size_t count = states ? json_object_array_length(states) : 0;
	const struct luup_value *value;
	struct state state;

	if (!device->network && !node)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!take_state(json_object_array_get_idx(states, i), &state))
			continue;
		if (device->network)
			take_network_state(box->model, &state);
		else if (device->is_node)
			take_node_state(box, device, node, &state);
		value = node ? luup_value(state.service, state.name) : NULL;
		if (value)
			take_value(box, device, node, &state, value);
	}
	/* These need what came with them, in whatever order. */
	for (size_t i = 0; i < count; i++) {
		if (!take_state(json_object_array_get_idx(states, i), &state))
			continue;
		if (device->network && is(&state, "ZWaveNetwork1", "Role"))
			take_role(box->model, &state);
		else if (node && is(&state, "SecuritySensor1", "LastTrip"))
			take_moment(box, device, node, &state, "Tripped");
		else if (node && is(&state, "EnergyMetering1", "KWHReading"))
			take_moment(box, device, node, &state, "KWH");
	}
	if (node && device->is_node)
		conclude(box, device, node);
	if (node && !device->is_node)
		take_endpoint(box, node, states);
}
