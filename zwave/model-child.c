/* SPDX-License-Identifier: BSD-2-Clause */
/* The network as the tree shows it: associations, configuration, endpoints and values below a node. */
#include "zwave/model.h"

#include "shm/log.h"
#include "zwave/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum object objects[CHILD_KINDS] = {
	[CHILD_ASSOCIATION] = OBJECT_ASSOCIATION,
	[CHILD_CONFIGURATION] = OBJECT_CONFIGURATION,
	[CHILD_ENDPOINT] = OBJECT_ENDPOINT,
	[CHILD_VALUE] = OBJECT_VALUE,
};

static const char *const names[CHILD_KINDS] = {
	[CHILD_ASSOCIATION] = "Association",
	[CHILD_CONFIGURATION] = "Configuration",
	[CHILD_ENDPOINT] = "Endpoint",
	[CHILD_VALUE] = "Value",
};

static void table_of(const struct model *model, const struct node *node, enum child_kind kind, char table[64])
{
	snprintf(table, 64, "%s.%s.%u", names[kind], model->home_id, node->id);
}

struct update model_update_child(struct model *model, const struct child *child)
{
	return update_begin(model->writer, child->row, schema_parameters[objects[child->kind]]);
}

struct child *model_child_find(const struct node *node, enum child_kind kind, const char *key)
{
	for (uint32_t i = 0; i < node->child_count[kind]; i++) {
		if (strcmp(node->children[kind][i]->key, key) == 0)
			return node->children[kind][i];
	}
	return NULL;
}

static int add_row(struct model *model, struct node *node, struct child *child, uint32_t number)
{
	char table[64];
	int error = 0;

	table_of(model, node, child->kind, table);
	if (!number)
		error = espalier_numbering_get(model->numbering, table, child->key, &number);
	if (!error)
		error = espalier_instance_add(model->writer, objects[child->kind], node->row, number, &child->row);
	if (!error && child->kind == CHILD_VALUE) {
		struct update update = model_update_child(model, child);

		update_time(&update, VALUE_LAST_CHANGE, 0);
		error = update_end(&update);
	}
	return error;
}

/* Room for one more pointer: the array's size is the power of two that holds the count. */
static int make_room(struct node *node, enum child_kind kind)
{
	uint32_t count = node->child_count[kind];
	struct child **grown;

	if (count & (count - 1))
		return 0;
	grown = realloc(node->children[kind], (count ? 2 * count : 1) * sizeof(struct child *));
	if (!grown)
		return -ENOMEM;
	node->children[kind] = grown;
	return 0;
}

struct child *model_child(struct model *model, struct node *node, enum child_kind kind, const char *key,
			  uint32_t number)
{
	struct child *child = model_child_find(node, kind, key);
	size_t size = strlen(key) + 1;
	int error;

	if (child) {
		child->seen = true;
		return child;
	}
	if (size == 1 || size > MODEL_KEY_SIZE || node->child_count[kind] == MODEL_CHILDREN_MAXIMUM ||
	    model->row_count == MODEL_ROWS_MAXIMUM) {
		if (!model->full_told)
			log_warning("node %u has more than there is room for", node->id);
		model->full_told = true;
		return NULL;
	}
	child = calloc(1, sizeof(*child) + size);
	if (!child)
		return NULL;
	child->kind = kind;
	child->seen = true;
	memcpy(child->key, key, size);
	error = make_room(node, kind);
	if (!error)
		error = add_row(model, node, child, number);
	if (error) {
		log_warning("%s of node %u can't be added: %s", names[kind], node->id, strerror(-error));
		if (child->row.slot)
			espalier_instance_remove(model->writer, child->row);
		free(child);
		return NULL;
	}
	node->children[kind][node->child_count[kind]++] = child;
	model->row_count++;
	node->counts_changed = node->children_pending = model->pending = true;
	return child;
}

void model_child_remove(struct model *model, struct node *node, struct child *child)
{
	uint32_t count = node->child_count[child->kind];
	char table[64];

	for (uint32_t i = 0; i < count; i++) {
		if (node->children[child->kind][i] == child) {
			/* The order of the rest stays; the array keeps its room. */
			memmove(&node->children[child->kind][i], &node->children[child->kind][i + 1],
				(count - i - 1) * sizeof(struct child *));
			break;
		}
	}
	node->child_count[child->kind]--;
	model->row_count--;
	espalier_instance_remove(model->writer, child->row);
	if (child->kind == CHILD_VALUE || child->kind == CHILD_CONFIGURATION) {
		table_of(model, node, child->kind, table);
		espalier_numbering_forget(model->numbering, table, child->key);
	}
	node->counts_changed = model->pending = true;
	free(child->target);
	free(child);
}

int model_child_target(struct child *child, const char *target)
{
	char *copy = NULL;

	if (child->target && target && strcmp(child->target, target) == 0)
		return 0;
	if (target) {
		copy = strdup(target);
		if (!copy)
			return -ENOMEM;
	}
	free(child->target);
	child->target = copy;
	return 0;
}

void model_children_begin(struct node *node, enum child_kind kind)
{
	for (uint32_t i = 0; i < node->child_count[kind]; i++)
		node->children[kind][i]->seen = false;
}

void model_children_end(struct model *model, struct node *node, enum child_kind kind)
{
	for (uint32_t i = node->child_count[kind]; i-- > 0;) {
		if (!node->children[kind][i]->seen)
			model_child_remove(model, node, node->children[kind][i]);
	}
}

void model_value(struct model *model, const struct child *child, const char *text, size_t length, int64_t when)
{
	char former[SCHEMA_VALUE_MAXIMUM * 4 + 1], clean[SCHEMA_VALUE_MAXIMUM * 4 + 1];
	struct espalier_value value;
	struct update update;

	length = text_clean(clean, sizeof(clean), SCHEMA_VALUE_MAXIMUM, text, length);
	if (!espalier_get(model->writer, child->row, VALUE_VALUE, &value, former, sizeof(former)) &&
	    value.length == length && memcmp(former, clean, length) == 0)
		return;
	update = model_update_child(model, child);
	update_text(&update, VALUE_VALUE, clean, length);
	/* What was there before the source was read has changed at a time that nobody tells. */
	update_time(&update, VALUE_LAST_CHANGE, model->syncing && !child->published ? 0 : when);
	update_end(&update);
}

static bool same_row(struct espalier_row one, struct espalier_row other)
{
	return one.slot == other.slot && one.generation == other.generation;
}

bool model_place(const struct model *model, struct espalier_row row, struct node **node, struct child **child)
{
	*node = NULL;
	*child = NULL;
	if (same_row(row, model->interface_row) || same_row(row, model->polling_row))
		return true;
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		*node = model->nodes[id];
		if (!*node)
			continue;
		if (same_row(row, (*node)->row))
			return true;
		for (int kind = 0; kind < CHILD_KINDS; kind++) {
			for (uint32_t i = 0; i < (*node)->child_count[kind]; i++) {
				*child = (*node)->children[kind][i];
				if (same_row(row, (*child)->row))
					return true;
			}
		}
	}
	*node = NULL;
	*child = NULL;
	return false;
}
