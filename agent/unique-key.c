// SPDX-License-Identifier: GPL-2.0-or-later
// Unique keys of tables: no two rows may be made equal.
#include "agent/unique-key.h"

#include "agent/model-table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENABLE	    "Enable"
#define NUMBER_SIZE 32 // bytes of a number's text

struct row {
	size_t text; // where its values begin in the text
	size_t length;
	size_t changed; // the first change of the key in this row, or the number of all changes
};

struct check {
	struct tree *tree;
	struct unique_change *changes;
	size_t count;
	const struct unique_gone *gone;
	struct unique_change **order; // by node and parameter

	struct row *rows;
	size_t row_count, row_room;
	char *text;
	size_t filled, size;
};

static int by_reference(const void *left, const void *right)
{
	const struct tree_reference *a = &(*(struct unique_change *const *)left)->reference,
				    *b = &(*(struct unique_change *const *)right)->reference;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return (a->parameter > b->parameter) - (a->parameter < b->parameter);
}

static struct unique_change *change_of(const struct check *check, uint32_t node, uint32_t parameter)
{
	struct unique_change wanted = {.reference = {.node = node, .parameter = parameter}}, *key = &wanted, **found;

	found = bsearch(&key, check->order, check->count, sizeof(*check->order), by_reference);
	return found ? *found : NULL;
}

// The value of a row's parameter as the set leaves it. Returns 0 or -errno; -ENOENT: the row has no such parameter.
static int final_value(struct check *check, uint32_t first, const char *name, size_t length,
		       struct espalier_value *value, struct unique_change **change)
{
	uint32_t count;
	const struct espalier_node *nodes = tree_nodes(check->tree, &count);
	const struct espalier_value *values;

	*change = NULL;
	for (uint32_t i = first; i < count && nodes[i].path_length == nodes[first].path_length &&
				 !memcmp(nodes[i].path, nodes[first].path, nodes[first].path_length);
	     i++) {
		for (uint32_t k = 0; nodes[i].kind == ESPALIER_NODE_ROW && k < nodes[i].object->parameter_count; k++) {
			const char *other = nodes[i].object->parameters[k].name;

			if (strncmp(other, name, length) != 0 || other[length])
				continue;
			*change = change_of(check, i, k);
			if (*change) {
				*value = *(*change)->value;
				return 0;
			}
			values = tree_read_row(check->tree, &nodes[i]);
			if (!values)
				return -ESTALE;
			*value = values[k];
			return 0;
		}
	}
	return -ENOENT;
}

static int append(struct check *check, const char *text, size_t length)
{
	if (check->filled + length + 1 > check->size) {
		size_t size = (check->filled + length + 1) * 2;
		char *grown = realloc(check->text, size);

		if (!grown)
			return -ENOMEM;
		check->text = grown;
		check->size = size;
	}
	if (length)
		memcpy(check->text + check->filled, text, length);
	check->filled += length;
	check->text[check->filled++] = '\0';
	return 0;
}

static bool is_text(const struct espalier_value *value)
{
	return value->type == ESPALIER_STRING || value->type >= ESPALIER_DATE_TIME;
}

static int append_value(struct check *check, const struct espalier_value *value)
{
	char number[NUMBER_SIZE];
	ssize_t length;

	if (is_text(value))
		return append(check, value->text, value->length);
	length = espalier_value_format(value, number, sizeof(number));
	return append(check, number, length > 0 ? (size_t)length : 0);
}

// Adds a row's key to the list, unless it can't clash. Returns 0 or -ENOMEM.
static int add_row(struct check *check, const struct unique_key *key, uint32_t node)
{
	struct row row = {.text = check->filled, .changed = check->count};
	struct espalier_value value;
	struct unique_change *change;
	bool any = false;

	if (key->enabled) {
		if (!final_value(check, node, ENABLE, strlen(ENABLE), &value, &change) && !value.number)
			return 0;
		if (change)
			row.changed = (size_t)(change - check->changes);
	}
	for (const char *at = key->names, *end = at + key->length; at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t length = (size_t)((comma ? comma : end) - at);
		int error = final_value(check, node, at, length, &value, &change);

		// Without all of its parts it is no key.
		if (error)
			return 0;
		if (append_value(check, &value))
			return -ENOMEM;
		any |= !is_text(&value) || value.length;
		if (change)
			row.changed = (size_t)(change - check->changes);
		at += length + 1;
	}
	if (!any) {
		check->filled = row.text;
		return 0;
	}
	row.length = check->filled - row.text;
	if (check->row_count == check->row_room) {
		size_t room = check->row_room ? check->row_room * 2 : 64;
		struct row *rows = reallocarray(check->rows, room, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		check->rows = rows;
		check->row_room = room;
	}
	check->rows[check->row_count++] = row;
	return 0;
}

static int by_key(const void *left, const void *right, void *context)
{
	const struct check *check = context;
	const struct row *a = left, *b = right;
	size_t length = a->length < b->length ? a->length : b->length;
	int order = memcmp(check->text + a->text, check->text + b->text, length);

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int mark(struct check *check)
{
	int clashes = 0;

	if (check->row_count)
		qsort_r(check->rows, check->row_count, sizeof(*check->rows), by_key, check);
	for (size_t i = 1; i < check->row_count; i++) {
		if (by_key(&check->rows[i - 1], &check->rows[i], check))
			continue;
		// Rows that were equal before are no fault of this set.
		for (size_t k = i - 1; k <= i; k++) {
			if (check->rows[k].changed == check->count || check->changes[check->rows[k].changed].clashes)
				continue;
			check->changes[check->rows[k].changed].clashes = true;
			clashes++;
		}
	}
	return clashes;
}

// The first node of the table that an instance is in.
static uint32_t table_of(struct tree *tree, uint32_t node)
{
	uint32_t count;
	const struct espalier_node *nodes = tree_nodes(tree, &count);
	const char *dot = memrchr(nodes[node].path, '.', nodes[node].path_length - 1);
	int64_t table = espalier_find_object(tree_reader(tree), nodes[node].path, (size_t)(dot - nodes[node].path) + 1);

	return table < 0 ? node : (uint32_t)table;
}

static int by_path(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool is_gone(const struct check *check, uint32_t node)
{
	const struct unique_gone *gone = check->gone;
	uint32_t count;
	const char *path = tree_nodes(check->tree, &count)[node].path;

	return gone && gone->count && bsearch(&path, gone->paths, gone->count, sizeof(*gone->paths), by_path);
}

static int check_key(struct check *check, const struct unique_key *key, uint32_t table)
{
	uint32_t end = tree_end(check->tree, table);

	check->row_count = check->filled = 0;
	for (uint32_t node = tree_next_instance(check->tree, table, table); node < end;
	     node = tree_next_instance(check->tree, table, node)) {
		if (!is_gone(check, node) && add_row(check, key, node))
			return -ENOMEM;
	}
	return mark(check);
}

static bool names(const struct unique_key *key, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = key->names, *end = at + key->length; at < end; at += strcspn(at, ", ") + 1) {
		if (!strncmp(at, name, length) && (at + length == end || at[length] == ','))
			return true;
	}
	return key->enabled && !strcmp(name, ENABLE);
}

bool unique_key_next(const struct espalier_object_view *object, size_t *at, struct unique_key *key)
{
	const struct model_table *table = model_table_find(object->path);
	const char *text = table ? table->keys + *at : NULL;
	size_t length;

	if (!table) {
		// Each parameter that the schema marks is one.
		while (*at < object->parameter_count) {
			const struct espalier_parameter *parameter = &object->parameters[(*at)++];

			if (!(parameter->flags & ESPALIER_UNIQUE_KEY))
				continue;
			*key = (struct unique_key){parameter->name, strlen(parameter->name), false};
			return true;
		}
		return false;
	}
	length = strcspn(text, " ");
	*at += length + (text[length] == ' ');
	*key = (struct unique_key){text + (*text == '+'), length - (*text == '+'), *text == '+'};
	return length;
}

static int check_change(struct check *check, struct tree_reference reference)
{
	uint32_t count;
	const struct espalier_node *node = &tree_nodes(check->tree, &count)[reference.node];
	struct unique_key key;
	int clashes = 0;

	for (size_t at = 0; node->instance && unique_key_next(node->object, &at, &key);) {
		int found = 0;

		if (names(&key, node->object->parameters[reference.parameter].name))
			found = check_key(check, &key, table_of(check->tree, reference.node));

		if (found < 0)
			return found;
		clashes += found;
	}
	return clashes;
}

// Whether a change before, of the same table and parameter, has led to the same check.
static bool is_done(const struct check *check, size_t index)
{
	uint32_t count;
	const struct espalier_node *nodes = tree_nodes(check->tree, &count);
	const struct tree_reference *reference = &check->order[index]->reference;
	const struct tree_reference *former = index ? &check->order[index - 1]->reference : NULL;

	return former && former->parameter == reference->parameter &&
	       nodes[former->node].object == nodes[reference->node].object &&
	       table_of(check->tree, former->node) == table_of(check->tree, reference->node);
}

int unique_keys_check(struct tree *tree, struct unique_change *changes, size_t count, const struct unique_gone *gone)
{
	struct check check = {.tree = tree, .changes = changes, .count = count, .gone = gone};
	int clashes = 0;

	check.order = calloc(count + 1, sizeof(*check.order));
	if (!check.order)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		changes[i].clashes = false;
		check.order[i] = &changes[i];
	}
	qsort(check.order, count, sizeof(*check.order), by_reference);
	for (size_t i = 0; i < count && clashes >= 0; i++) {
		int found = is_done(&check, i) ? 0 : check_change(&check, check.order[i]->reference);

		clashes = found < 0 ? found : clashes + found;
	}
	free(check.order);
	free(check.rows);
	free(check.text);
	return clashes;
}
