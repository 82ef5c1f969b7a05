/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents of a Luup box, a device at a time, and how its devices become nodes and values. */
#include "zwave/luup-document.h"

#include "shm/log.h"
#include "shm/json.h"
#include "zwave/luup-state.h"
#include "zwave/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK_TYPE "ZWaveNetwork"

void luup_box_open(struct luup_box *box, struct model *model)
{
	memset(box, 0, sizeof(*box));
	box->model = model;
	box->load_time = box->data_version = box->user_data_version = -1;
}

static void drop_waiting(struct luup_box *box)
{
	while (box->waiting) {
		struct luup_waiting *waiting = box->waiting;

		box->waiting = waiting->next;
		json_object_put(waiting->device);
		free(waiting);
	}
	box->waiting_bytes = 0;
}

/* All of them, or those that the last user_data did not name. */
static void drop_devices(struct luup_box *box, bool all)
{
	for (uint32_t i = 0; i < LUUP_HASH_SIZE; i++) {
		for (struct luup_device **at = &box->devices[i]; *at;) {
			struct luup_device *device = *at;

			if (device->seen && !all) {
				at = &device->next;
				continue;
			}
			*at = device->next;
			free(device->variables_set);
			free(device);
			box->device_count--;
		}
	}
}

void luup_box_close(struct luup_box *box)
{
	drop_waiting(box);
	drop_devices(box, true);
	free(box->rooms);
	box->rooms = NULL;
	box->room_count = 0;
}

void luup_user_data_begin(struct luup_box *box)
{
	drop_waiting(box);
	/* They stay until the new ones are known: settings need them. */
	for (uint32_t i = 0; i < LUUP_HASH_SIZE; i++) {
		for (struct luup_device *device = box->devices[i]; device; device = device->next)
			device->seen = false;
	}
	box->network_seen = false;
	model_sync_begin(box->model);
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		if (!box->model->nodes[id])
			continue;
		model_children_begin(box->model->nodes[id], CHILD_VALUE);
		model_children_begin(box->model->nodes[id], CHILD_ENDPOINT);
	}
}

void luup_all_end(struct luup_box *box)
{
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		if (!box->model->nodes[id])
			continue;
		model_children_end(box->model, box->model->nodes[id], CHILD_VALUE);
		model_children_end(box->model, box->model->nodes[id], CHILD_ENDPOINT);
	}
	model_sync_end(box->model);
}

struct luup_device *luup_find(const struct luup_box *box, uint32_t id)
{
	struct luup_device *device = box->devices[id % LUUP_HASH_SIZE];

	while (device && device->id != id)
		device = device->next;
	return device;
}

static struct luup_device *add_device(struct luup_box *box, uint32_t id)
{
	struct luup_device *device = luup_find(box, id);

	if (device || box->device_count == LUUP_DEVICES_MAXIMUM)
		return device;
	device = calloc(1, sizeof(*device));
	if (!device)
		return NULL;
	device->id = id;
	device->next = box->devices[id % LUUP_HASH_SIZE];
	box->devices[id % LUUP_HASH_SIZE] = device;
	box->device_count++;
	return device;
}

/* Structural fields are numbers; rooms and the like come as texts from some engines. */
static bool take_number(struct json_object *object, const char *key, int64_t low, int64_t high, int64_t *number)
{
	struct json_object *member = json_member(object, key);
	const char *text;
	uint64_t value;
	size_t length;

	text = json_text(member, &length);
	if (!text)
		return json_whole(member, low, high, number);
	if (!text_unsigned(text, length, (uint64_t)high, &value))
		return false;
	*number = (int64_t)value;
	return *number >= low;
}

/* ---- user_data ---------------------------------------------------------------------------------------------- */

static void take_text(struct update *update, uint32_t parameter, struct json_object *device, const char *key)
{
	size_t length;
	const char *text = json_text(json_member(device, key), &length);

	if (text)
		update_text(update, parameter, text, length);
}

static bool is_network(struct json_object *device)
{
	size_t length;
	const char *type = json_text(json_member(device, "device_type"), &length);

	return type && memmem(type, length, NETWORK_TYPE, sizeof(NETWORK_TYPE) - 1);
}

/* The home id is needed before the first node; without it the box's nodes are those of home 0. */
static int take_network(struct luup_box *box, struct luup_device *device, struct json_object *json)
{
	struct json_object *states = json_member_of(json, "states", json_type_array);
	struct update update;
	uint32_t home_id = luup_network_home(states);
	int error = home_id || !box->model->home_id[0] ? model_home(box->model, home_id) : 0;

	if (error)
		return error;
	device->network = box->network_seen = true;
	box->network = device->id;
	update = model_update_interface(box->model);
	take_text(&update, INTERFACE_NAME, json, "name");
	update_end(&update);
	luup_states(box, device, states);
	return 0;
}

static void take_node(struct luup_box *box, struct luup_device *device, struct node *node, struct json_object *json)
{
	struct update update = model_update_node(box->model, node);
	int64_t category;

	device->is_node = true;
	node->source_id = device->id;
	node->inverse_known = true;
	update_unsigned(&update, NODE_DEVICE_NUMBER, device->id);
	take_text(&update, NODE_NAME, json, "name");
	take_text(&update, NODE_DEVICE_TYPE, json, "device_type");
	take_text(&update, NODE_MANUFACTURER, json, "manufacturer");
	take_text(&update, NODE_MODEL_NAME, json, "model");
	if (take_number(json, "category_num", 0, UINT32_MAX, &category))
		update_unsigned(&update, NODE_CATEGORY, (uint64_t)category);
	update_end(&update);
}

/* 1: taken; 0: its parent has not come yet; -errno */
static int place_device(struct luup_box *box, struct json_object *json)
{
	int64_t id, parent = 0, room = 0;
	const struct luup_device *above;
	struct luup_device *device;
	const char *altid;
	uint64_t node_id;
	size_t length;
	struct node *node;

	if (!take_number(json, "id", 1, UINT32_MAX, &id))
		return 1;
	if (!take_number(json, "id_parent", 0, UINT32_MAX, &parent))
		parent = 0;
	above = luup_find(box, (uint32_t)parent);
	if (parent && (!above || !above->seen) && parent != id)
		return 0;
	device = add_device(box, (uint32_t)id);
	if (!device)
		return -ENOSPC;
	device->seen = true;
	device->network = device->is_node = false;
	device->node_id = 0;
	device->parent = (uint32_t)parent;
	if (take_number(json, "room", 0, UINT32_MAX, &room))
		device->room = (uint32_t)room;
	if (is_network(json) && !box->network_seen)
		return take_network(box, device, json) ? -ENOSPC : 1;
	altid = json_text(json_member(json, "altid"), &length);
	if (above && above->network && altid && text_unsigned(altid, length, SCHEMA_NODE_ID_MAXIMUM, &node_id)) {
		node = model_node(box->model, (uint32_t)node_id);
		if (!node)
			return 1;
		device->node_id = node->id;
		take_node(box, device, node, json);
	} else if (above && !above->network) {
		device->node_id = above->node_id;
	}
	if (device->node_id)
		luup_states(box, device, json_member_of(json, "states", json_type_array));
	return 1;
}

int luup_user_data_device(struct luup_box *box, struct json_object *json)
{
	struct luup_waiting *waiting;
	size_t size;
	int result = place_device(box, json);

	if (result)
		return result < 0 ? result : 0;
	/* json-c's memory is not told; its text is the measure. */
	size = strlen(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
	waiting = malloc(sizeof(*waiting));
	if (!waiting || size > LUUP_WAITING_MAXIMUM - box->waiting_bytes) {
		free(waiting);
		return -E2BIG;
	}
	box->waiting_bytes += size;
	*waiting = (struct luup_waiting){.device = json_object_get(json), .next = box->waiting};
	box->waiting = waiting;
	return 0;
}

static int place_waiting(struct luup_box *box)
{
	bool progress = true;

	while (progress) {
		progress = false;
		for (struct luup_waiting **at = &box->waiting; *at;) {
			struct luup_waiting *waiting = *at;
			int result = place_device(box, waiting->device);

			if (result < 0)
				return result;
			if (result == 0) {
				at = &waiting->next;
				continue;
			}
			progress = true;
			*at = waiting->next;
			json_object_put(waiting->device);
			free(waiting);
		}
	}
	drop_waiting(box);
	return 0;
}

static void take_rooms(struct luup_box *box, struct json_object *rooms)
{
	size_t count = rooms ? json_object_array_length(rooms) : 0;
	int64_t id;

	free(box->rooms);
	box->room_count = 0;
	if (count > LUUP_ROOMS_MAXIMUM)
		count = LUUP_ROOMS_MAXIMUM;
	box->rooms = calloc(count ? count : 1, sizeof(*box->rooms));
	for (size_t i = 0; i < count && box->rooms; i++) {
		struct json_object *room = json_object_array_get_idx(rooms, i);
		size_t length;
		const char *name = json_text(json_member(room, "name"), &length);

		if (!name || !take_number(room, "id", 1, UINT32_MAX, &id))
			continue;
		box->rooms[box->room_count].id = (uint32_t)id;
		text_clean(box->rooms[box->room_count].name, LUUP_ROOM_SIZE, LUUP_ROOM_SIZE, name, length);
		box->room_count++;
	}
}

static void show_room(struct luup_box *box, const struct luup_device *device)
{
	struct node *node = device->is_node ? model_find(box->model, device->node_id) : NULL;
	const char *name = "";
	struct update update;

	if (!node)
		return;
	for (uint32_t i = 0; i < box->room_count; i++) {
		if (box->rooms[i].id == device->room)
			name = box->rooms[i].name;
	}
	update = model_update_node(box->model, node);
	update_string(&update, NODE_LOCATION, name);
	update_end(&update);
}

int64_t luup_room(const struct luup_box *box, const char *name)
{
	if (!*name)
		return 0;
	for (uint32_t i = 0; i < box->room_count; i++) {
		if (strcmp(box->rooms[i].name, name) == 0)
			return box->rooms[i].id;
	}
	return -1;
}

static void take_versions(struct luup_box *box, struct json_object *rest, bool user_data)
{
	int64_t number;

	if (take_number(rest, "LoadTime", 0, INT64_MAX, &number))
		box->load_time = number;
	/* user_data has a version of its own by the same name. */
	if (!user_data && take_number(rest, "DataVersion", 0, INT64_MAX, &number))
		box->data_version = number;
	if (!user_data && take_number(rest, "UserData_DataVersion", 0, INT64_MAX, &number))
		box->user_data_version = number;
}

int luup_user_data_end(struct luup_box *box, struct json_object *rest)
{
	int error = place_waiting(box);

	if (error)
		return error;
	if (!box->network_seen)
		return -ENODEV;
	drop_devices(box, false);
	take_rooms(box, json_member_of(rest, "rooms", json_type_array));
	for (uint32_t i = 0; i < LUUP_HASH_SIZE; i++) {
		for (struct luup_device *device = box->devices[i]; device; device = device->next)
			show_room(box, device);
	}
	take_versions(box, rest, true);
	return 0;
}

/* ---- status ------------------------------------------------------------------------------------------------- */

int luup_status_device(struct luup_box *box, struct json_object *json)
{
	struct luup_device *device;
	int64_t id;

	if (!take_number(json, "id", 1, UINT32_MAX, &id))
		return 0;
	device = luup_find(box, (uint32_t)id);
	box->network_changed = box->network_changed || (device && device->network);
	if (device)
		luup_states(box, device, json_member_of(json, "states", json_type_array));
	else
		box->unknown_device = true;
	return 0;
}

void luup_status_end(struct luup_box *box, struct json_object *rest)
{
	unsigned int id;
	int used;

	/* Asked for one device, the engine answers in another shape. */
	json_object_object_foreach(rest, key, value)
	{
		struct luup_device *device;

		if (sscanf(key, "Device_Num_%u%n", &id, &used) == 1 && key[used] == '\0') {
			device = luup_find(box, id);
			if (device)
				luup_states(box, device, json_member_of(value, "states", json_type_array));
		}
	}
	take_versions(box, rest, false);
}

void luup_sdata(struct luup_box *box, struct json_object *rest)
{
	struct update update;
	int64_t number;

	if (json_member(rest, "temperature"))
		box->fahrenheit = json_is_text(json_member(rest, "temperature"), "F");
	if (take_number(rest, "zwave_heal", 0, INT32_MAX, &number)) {
		update = model_update_interface(box->model);
		update_boolean(&update, INTERFACE_HEAL_ACTIVE, number != 0);
		update_end(&update);
	}
}
