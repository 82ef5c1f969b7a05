// SPDX-License-Identifier: GPL-2.0-or-later
// References in values: a strong one becomes empty when its row goes, and a list loses the item.
#include "agent/reference.h"

#include "agent/agent.h"
#include "agent/list-item.h"
#include "shm/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_reference(const struct espalier_parameter *parameter)
{
	return (parameter->flags & ESPALIER_STRONG_REFERENCE) && (parameter->flags & ESPALIER_WRITABLE) &&
	       (parameter->type == ESPALIER_STRING || parameter->flags & ESPALIER_LIST);
}

// The next item of a value: all of it where it is no list.
static bool next_item(const struct espalier_value *value, bool list, const char **at, const char **item, size_t *length)
{
	const char *end = value->text + value->length;

	if (list)
		return list_item(at, end, item, length);
	if (*at == end)
		return false;
	*item = *at;
	*length = value->length;
	*at = end;
	return true;
}

// What is left of a value without the items that are picked, in `kept`, which has its size. Returns whether there was
// one.
static bool without(const char *holder, const struct espalier_value *value, bool list,
		    const struct reference_walk *walk, char *kept, size_t *length)
{
	const char *at = value->text, *item;
	bool found = false;
	size_t size;

	*length = 0;
	while (next_item(value, list, &at, &item, &size)) {
		if (walk->drop(holder, item, size, walk->context)) {
			found = true;
			continue;
		}
		if (*length)
			kept[(*length)++] = ',';
		memcpy(kept + *length, item, size);
		*length += size;
	}
	return found;
}

static int walk_value(struct tree *tree, struct tree_reference reference, const struct reference_walk *walk)
{
	char holder[ESPALIER_PATH_MAXIMUM + 1];
	uint32_t count;
	const struct espalier_node *node = &tree_nodes(tree, &count)[reference.node];
	const struct espalier_value *value = tree_read_row(tree, node);
	bool list = node->object->parameters[reference.parameter].flags & ESPALIER_LIST;
	size_t length;
	int result = 0;
	char *text;

	if (!value || !value[reference.parameter].length || tree_path(tree, reference, holder, sizeof(holder)) < 0)
		return 0;
	value += reference.parameter;
	text = malloc(value->length + 1);
	if (!text)
		return -ENOMEM;
	if (without(holder, value, list, walk, text, &length) && walk->found) {
		text[length] = '\0';
		result = walk->found(tree, reference, text, length, walk->found_context);
	}
	free(text);
	return result;
}

static int walk_row(struct tree *tree, uint32_t index, const struct reference_walk *walk)
{
	char holder[ESPALIER_PATH_MAXIMUM + 1];
	uint32_t count;
	const struct espalier_node *node = &tree_nodes(tree, &count)[index];
	int result = 0;

	for (uint32_t i = 0; i < node->object->parameter_count && !result; i++) {
		struct tree_reference reference = {.node = index, .parameter = i};

		if (!is_reference(&node->object->parameters[i]))
			continue;
		if (walk->holder && tree_path(tree, reference, holder, sizeof(holder)) >= 0)
			walk->holder(holder, walk->context);
		if (walk->drop)
			result = walk_value(tree, reference, walk);
	}
	return result;
}

static bool has_references(const struct espalier_object_view *object)
{
	for (uint32_t i = 0; i < object->parameter_count; i++) {
		if (is_reference(&object->parameters[i]))
			return true;
	}
	return false;
}

int references_walk(struct tree *tree, const struct reference_walk *walk)
{
	const struct espalier_object_view *last = NULL;
	const struct espalier_node *nodes;
	bool wanted = false;
	uint32_t count;
	int result = 0;

	nodes = tree_nodes(tree, &count);
	for (uint32_t i = 0; i < count && !result; i++) {
		if (nodes[i].kind != ESPALIER_NODE_ROW)
			continue;
		// Rows of a table follow one another.
		if (nodes[i].object != last)
			wanted = has_references(nodes[i].object);
		last = nodes[i].object;
		if (wanted)
			result = walk_row(tree, i, walk);
	}
	return result;
}

// A reference has the dot at its end, or not; what lies below the row goes with it.
static bool leads_to(const char *holder, const char *item, size_t length, void *context)
{
	const char *row = context;
	size_t row_length = strlen(row);

	(void)holder;
	return length + 1 >= row_length && !memcmp(item, row, row_length - 1) &&
	       (length + 1 == row_length || item[row_length - 1] == '.');
}

int references_each(struct tree *tree, const char *row,
		    int (*found)(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
				 void *context),
		    void *context)
{
	return references_walk(tree, &(struct reference_walk){
					     .drop = leads_to,
					     .context = (void *)row,
					     .found = found,
					     .found_context = context,
				     });
}

// ---- Emptying

struct clearing {
	struct agent *agent;
	struct store_transaction *transaction;
};

static int clear(struct tree *tree, struct tree_reference reference, const char *text, size_t length, void *context)
{
	struct clearing *clearing = context;
	char path[ESPALIER_PATH_MAXIMUM + 1];

	if (tree_path(tree, reference, path, sizeof(path)) < 0)
		return 0;
	log_notice("%s loses a reference to a row that is gone", path);
	store_put(clearing->transaction, STORE_REDO, path, text, length);
	redo_add(&clearing->agent->redo, path, text, length);
	return 0;
}

void references_empty(struct agent *agent, reference_drop *drop, void *context, struct store_transaction *transaction)
{
	struct clearing clearing = {agent, transaction};

	if (references_walk(agent->tree, &(struct reference_walk){
						 .drop = drop,
						 .context = context,
						 .found = clear,
						 .found_context = &clearing,
					 }))
		log_warning("no memory for references to rows that are gone");
}

void references_clear(struct agent *agent, const char *row, struct store_transaction *transaction)
{
	references_empty(agent, leads_to, (void *)row, transaction);
}
