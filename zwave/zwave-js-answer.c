/* SPDX-License-Identifier: BSD-2-Clause */
/* What a Z-Wave JS server answers to the extra commands: neighbours, associations, routes, health. */
#include "shm/json.h"
#include "zwave/text.h"
#include "zwave/zwave-js-state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIST_SIZE 4096 /* bytes of a list of numbers or nodes; more are left out */

void zwave_js_route(struct update *update, uint32_t parameter, struct json_object *route)
{
	struct json_object *repeaters = json_member_of(route, "repeaters", json_type_array);
	char text[LIST_SIZE] = "";
	struct text_list list = {.text = text, .size = sizeof(text)};
	int64_t number;

	for (size_t i = 0; repeaters && i < json_object_array_length(repeaters); i++) {
		if (json_whole(json_object_array_get_idx(repeaters, i), 1, SCHEMA_NODE_ID_MAXIMUM, &number))
			text_list_add(&list, (uint64_t)number);
	}
	update_string(update, parameter, !route ? "" : list.length ? text : "direct");
}

void zwave_js_neighbors(struct model *model, struct node *node, struct json_object *result)
{
	struct json_object *neighbors = json_member_of(result, "neighbors", json_type_array);
	uint16_t ids[MODEL_NEIGHBORS_MAXIMUM];
	uint32_t count = 0;
	int64_t number;

	for (size_t i = 0; neighbors && i < json_object_array_length(neighbors) && count < MODEL_NEIGHBORS_MAXIMUM;
	     i++) {
		if (json_whole(json_object_array_get_idx(neighbors, i), 1, SCHEMA_NODE_ID_MAXIMUM, &number))
			ids[count++] = (uint16_t)number;
	}
	if (neighbors)
		model_neighbors(model, node, ids, count);
}

static struct child *association(struct model *model, struct node *node, const char *group, uint64_t *number)
{
	char key[24];

	if (!text_unsigned(group, strlen(group), 255, number) || *number == 0)
		return NULL;
	snprintf(key, sizeof(key), "%" PRIu64, *number);
	return model_child(model, node, CHILD_ASSOCIATION, key, (uint32_t)*number);
}

void zwave_js_groups(struct model *model, struct node *node, struct json_object *result)
{
	struct json_object *groups = json_member_of(result, "groups", json_type_object);
	uint64_t number;
	int64_t nodes;

	if (!groups)
		return;
	model_children_begin(node, CHILD_ASSOCIATION);
	json_object_object_foreach(groups, key, group)
	{
		struct child *child = association(model, node, key, &number);
		struct update update;

		if (!child)
			continue;
		child->writable = true;
		update = model_update_child(model, child);
		update_unsigned(&update, ASSOCIATION_GROUP_ID, number);
		if (json_member_whole(group, "maxNodes", 0, 65535, &nodes))
			update_unsigned(&update, ASSOCIATION_MAX_NODES, (uint64_t)nodes);
		update_end(&update);
	}
	model_children_end(model, node, CHILD_ASSOCIATION);
}

void zwave_js_associations(struct model *model, struct node *node, struct json_object *result)
{
	struct json_object *groups = json_member_of(result, "associations", json_type_object);
	char text[LIST_SIZE];
	uint64_t number;

	if (!groups)
		return;
	json_object_object_foreach(groups, key, members)
	{
		struct child *child = association(model, node, key, &number);
		struct update update;
		size_t used = 0;

		if (!child || json_object_get_type(members) != json_type_array)
			continue;
		text[0] = '\0';
		for (size_t i = 0; i < json_object_array_length(members); i++) {
			struct json_object *member = json_object_array_get_idx(members, i);
			int64_t id, endpoint;
			int wrote;

			if (!json_member_whole(member, "nodeId", 1, SCHEMA_NODE_ID_MAXIMUM, &id))
				continue;
			if (json_member_whole(member, "endpoint", 0, 127, &endpoint))
				wrote = snprintf(text + used, sizeof(text) - used, "%s%" PRId64 ".%" PRId64,
						 used ? "," : "", id, endpoint);
			else
				wrote = snprintf(text + used, sizeof(text) - used, "%s%" PRId64, used ? "," : "", id);
			if (wrote < 0 || (size_t)wrote >= sizeof(text) - used)
				break;
			used += (size_t)wrote;
		}
		update = model_update_child(model, child);
		update_unsigned(&update, ASSOCIATION_GROUP_ID, number);
		update_text(&update, ASSOCIATION_NODES, text, used);
		update_end(&update);
	}
}

void zwave_js_routes(struct model *model, struct json_object *result)
{
	struct json_object *routes = json_member_of(result, "routes", json_type_object);
	uint64_t id;

	if (!routes)
		return;
	json_object_object_foreach(routes, key, route)
	{
		struct json_object *last = json_member_of(route, "lwr", json_type_object);
		struct node *node = text_unsigned(key, strlen(key), SCHEMA_NODE_ID_MAXIMUM, &id)
					    ? model_find(model, (uint32_t)id)
					    : NULL;
		struct update update;

		if (!node || !last)
			continue;
		update = model_update_node(model, node);
		zwave_js_route(&update, NODE_AUTO_ROUTE, last);
		update_end(&update);
	}
}

void zwave_js_priority_route(struct model *model, struct node *node, struct json_object *result)
{
	struct update update = model_update_node(model, node);

	zwave_js_route(&update, NODE_MANUAL_ROUTE, json_member_of(result, "route", json_type_object));
	update_end(&update);
}

void zwave_js_health(struct model *model, struct node *node, struct json_object *result)
{
	struct update update;
	int64_t rating;

	if (!json_member_whole(json_member(result, "summary"), "rating", 0, 10, &rating))
		return;
	update = model_update_node(model, node);
	update_unsigned(&update, NODE_HEALTH, (uint64_t)rating);
	update_end(&update);
}

void zwave_js_battery_time(struct model *model, struct node *node, struct json_object *result)
{
	struct update update;
	int64_t milliseconds;

	if (!json_member_whole(result, "timestamp", 0, INT64_MAX, &milliseconds))
		return;
	update = model_update_node(model, node);
	update_time(&update, NODE_BATTERY_LAST_REPORT, milliseconds / 1000);
	update_end(&update);
}
