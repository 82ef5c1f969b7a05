// SPDX-License-Identifier: GPL-2.0-or-later
// Aliases of rows: what an alias may be, and those that the agent keeps for owners that know of none.
#include "agent/alias.h"

#include "agent/model-table.h"
#include "shm/log.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSTANCE "{i}."

// An object of the own segment: with the Alias of a table's rows, or only for rows that others lie below.
struct alias_object {
	char *path; // with {i}
	uint32_t object;
	bool alias;
};

struct alias_row {
	char *path;
	uint32_t object;
	struct espalier_row row;
	bool alias;
	bool seen; // while following: is wanted
};

struct alias_value {
	char *path; // of the row
	char *text;
};

static const struct espalier_parameter parameters[] = {
	{ALIAS_NAME, ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY, .maximum_length = ALIAS_CHARACTERS,
	 .reserve = 16, .description = "A name that the ACS may give to the row"},
	{0},
};

int alias_check(const struct espalier_value *value, const char **text)
{
	if (value->type == ESPALIER_STRING && value->length && isalpha((unsigned char)*value->text) &&
	    !memchr(value->text, ']', value->length))
		return ESPALIER_OK;
	*text = "an alias starts with a letter, and has no ]";
	return ESPALIER_FAULT_VALUE;
}

size_t alias_default(uint32_t instance, char buffer[TREE_ALIAS_SIZE])
{
	return (size_t)snprintf(buffer, TREE_ALIAS_SIZE, "cpe-%" PRIu32, instance);
}

void alias_rows_free(struct alias_rows *aliases)
{
	for (size_t i = 0; i < aliases->object_count; i++)
		free(aliases->objects[i].path);
	for (size_t i = 0; i < aliases->count; i++)
		free(aliases->rows[i].path);
	for (size_t i = 0; i < aliases->value_count; i++) {
		free(aliases->values[i].path);
		free(aliases->values[i].text);
	}
	free(aliases->objects);
	free(aliases->rows);
	free(aliases->values);
	*aliases = (struct alias_rows){0};
}

bool alias_rows_has(uint32_t object)
{
	return object >= OWN_OBJECTS;
}

// ---- Aliases of rows that are not there

static int remember(struct alias_rows *aliases, const char *path, size_t path_length, const char *text, size_t length)
{
	struct alias_value value = {0}, *values;

	if (aliases->value_count == ALIAS_VALUES_MAXIMUM)
		return -ENOSPC;
	values = reallocarray(aliases->values, aliases->value_count + 1, sizeof(*values));
	if (!values)
		return -ENOMEM;
	aliases->values = values;
	value.path = strndup(path, path_length);
	value.text = strndup(text, length);
	if (!value.path || !value.text) {
		free(value.path);
		free(value.text);
		return -ENOMEM;
	}
	values[aliases->value_count++] = value;
	return 0;
}

static void drop_value(struct alias_rows *aliases, size_t index)
{
	free(aliases->values[index].path);
	free(aliases->values[index].text);
	aliases->values[index] = aliases->values[--aliases->value_count];
}

// The bytes of a row's path in the path of its Alias, or 0.
static size_t row_length(const char *path)
{
	size_t length = strlen(path), name = strlen("." ALIAS_NAME);

	return length > name && !strcmp(path + length - name, "." ALIAS_NAME) ? length - name + 1 : 0;
}

int alias_rows_load(struct alias_rows *aliases, const char *path, const char *value, size_t length)
{
	size_t row = row_length(path);
	struct espalier_value parsed;
	const char *text;
	int error;

	if (!row || espalier_value_parse(parameters, value, length, &parsed) || alias_check(&parsed, &text))
		return 0;
	error = remember(aliases, path, row, value, length);
	return error == -ENOSPC ? 0 : error;
}

void alias_rows_forget(struct alias_rows *aliases, const char *path, struct store_transaction *transaction)
{
	char name[ESPALIER_PATH_MAXIMUM + sizeof(ALIAS_NAME)];
	size_t length = strlen(path);

	for (size_t i = aliases->value_count; i-- > 0;) {
		if (strncmp(aliases->values[i].path, path, length) != 0)
			continue;
		snprintf(name, sizeof(name), "%s" ALIAS_NAME, aliases->values[i].path);
		store_delete(transaction, STORE_ROW, name);
		drop_value(aliases, i);
	}
}

// ---- Objects of the segment

// The first object with a path: the library takes that as the one above the objects below it.
static struct alias_object *find_object(struct alias_rows *aliases, const char *path, size_t length, bool alias)
{
	for (size_t i = 0; i < aliases->object_count; i++) {
		struct alias_object *object = &aliases->objects[i];

		if (strlen(object->path) == length && !memcmp(object->path, path, length) && (!alias || object->alias))
			return object;
	}
	return NULL;
}

static int add_object(struct alias_rows *aliases, const char *path, size_t length, bool alias)
{
	struct espalier_object added[2] = {{.parameters = alias ? parameters : NULL,
					    .description = "Names of rows whose owner has none for them"}};
	struct alias_object *objects = reallocarray(aliases->objects, aliases->object_count + 1, sizeof(*objects));
	char *copy = strndup(path, length);
	int error = -ENOMEM;

	if (objects)
		aliases->objects = objects;
	added[0].path = copy;
	if (objects && copy)
		error = espalier_writer_extend(aliases->own->writer, added);
	if (error) {
		free(copy);
		return error;
	}
	objects[aliases->object_count] =
		(struct alias_object){copy, OWN_OBJECTS + (uint32_t)aliases->object_count, alias};
	aliases->object_count++;
	return 0;
}

// Where the path of the instance above ends: 0 for a table that lies in none.
static size_t above(const char *schema)
{
	size_t end = 0;

	for (const char *at = strstr(schema, INSTANCE); at && at[strlen(INSTANCE)]; at = strstr(at + 1, INSTANCE))
		end = (size_t)(at - schema) + strlen(INSTANCE);
	return end;
}

static int need_objects(struct alias_rows *aliases, const char *schema)
{
	size_t length = strlen(schema);
	int error = 0;

	if (find_object(aliases, schema, length, true))
		return 0;
	for (const char *at = strstr(schema, INSTANCE); at && at[strlen(INSTANCE)] && !error;
	     at = strstr(at + 1, INSTANCE)) {
		size_t end = (size_t)(at - schema) + strlen(INSTANCE);

		if (!find_object(aliases, schema, end, false))
			error = add_object(aliases, schema, end, false);
	}
	return error ? error : add_object(aliases, schema, length, true);
}

// ---- Rows

// The place of a row in the list, or where it belongs.
static size_t place_of(const struct alias_rows *aliases, const char *path, size_t length, uint32_t object, bool *found)
{
	size_t low = 0, high = aliases->count;

	*found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct alias_row *row = &aliases->rows[middle];
		int order = strncmp(row->path, path, length);

		if (!order)
			order = row->path[length] ? 1 : (row->object > object) - (row->object < object);
		if (!order) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int make_row(struct alias_rows *aliases, const struct alias_object *object, const char *path, size_t length,
		    struct espalier_row parent, struct espalier_row *row)
{
	struct espalier_writer *writer = aliases->own->writer;
	const char *digits = (const char *)memrchr(path, '.', length - 1) + 1;
	uint32_t instance = (uint32_t)strtoul(digits, NULL, 10);
	char text[TREE_ALIAS_SIZE];
	int error = espalier_instance_add(writer, object->object, parent, instance, row);

	if (error)
		return error;
	alias_default(instance, text);
	for (size_t i = 0; i < aliases->value_count && object->alias; i++) {
		if (strlen(aliases->values[i].path) != length || memcmp(aliases->values[i].path, path, length) != 0)
			continue;
		snprintf(text, sizeof(text), "%s", aliases->values[i].text);
		drop_value(aliases, i);
		break;
	}
	if (object->alias) {
		error = espalier_begin(writer, *row);
		if (!error)
			error = espalier_set_string(writer, *row, 0, text);
		if (!error)
			error = espalier_commit(writer, *row);
	}
	return error ? error : espalier_instance_publish(writer, *row);
}

// Sees to it that a row is there, and those above it. Returns 1 when it was made, 0, or -errno.
static int need_row(struct alias_rows *aliases, const struct alias_object *object, const char *path, size_t length,
		    struct espalier_row *result)
{
	size_t end = above(object->path), parent_length = 0, place;
	struct espalier_row parent = {0};
	struct alias_row *rows;
	char *copy;
	bool found;
	int error;

	for (size_t i = 0; i < end; i++) {
		if (object->path[i] == '.')
			parent_length =
				(size_t)((const char *)memchr(path + parent_length, '.', length - parent_length) -
					 path) +
				1;
	}
	if (end) {
		error = need_row(aliases, find_object(aliases, object->path, end, false), path, parent_length, &parent);
		if (error < 0)
			return error;
	}
	place = place_of(aliases, path, length, object->object, &found);
	if (found) {
		aliases->rows[place].seen = true;
		*result = aliases->rows[place].row;
		return 0;
	}
	if (aliases->count == ALIAS_ROWS_MAXIMUM)
		return -ENOSPC;
	if (aliases->count == aliases->room) {
		size_t room = aliases->room ? aliases->room * 2 : 16;

		rows = reallocarray(aliases->rows, room, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		aliases->rows = rows;
		aliases->room = room;
	}
	copy = strndup(path, length);
	if (!copy)
		return -ENOMEM;
	error = make_row(aliases, object, path, length, parent, result);
	if (error) {
		free(copy);
		return error;
	}
	rows = aliases->rows;
	memmove(&rows[place + 1], &rows[place], (aliases->count++ - place) * sizeof(*rows));
	rows[place] = (struct alias_row){copy, object->object, *result, object->alias, true};
	return 1;
}

// The row's owner has taken it away, for now or for good: an alias that was set is kept.
static void remove_row(struct alias_rows *aliases, struct alias_row *row)
{
	struct espalier_writer *writer = aliases->own->writer;
	const char *digits = (const char *)memrchr(row->path, '.', strlen(row->path) - 1) + 1;
	char text[TREE_ALIAS_SIZE], usual[TREE_ALIAS_SIZE];
	struct espalier_value value;

	alias_default((uint32_t)strtoul(digits, NULL, 10), usual);
	if (row->alias && !espalier_get(writer, row->row, 0, &value, text, sizeof(text)) &&
	    (value.length != strlen(usual) || memcmp(value.text, usual, value.length) != 0) &&
	    remember(aliases, row->path, strlen(row->path), value.text, value.length))
		log_warning("%s: its alias is forgotten until the next start", row->path);
	// It may have gone with the row that it lay below.
	espalier_instance_remove(writer, row->row);
	free(row->path);
}

// ---- Following the tree

static bool has_alias(const struct espalier_object_view *object)
{
	for (uint32_t i = 0; i < object->parameter_count; i++) {
		if (!strcmp(object->parameters[i].name, ALIAS_NAME))
			return true;
	}
	return false;
}

bool alias_rows_give(const struct espalier_object_view *object)
{
	return alias_rows_has(object->index) &&
	       !strcmp(espalier_node_segment(&(struct espalier_node){.object = object}), OWN_SEGMENT);
}

// Whether the rows of a table have no alias but that which is given to them here.
static bool lacks_alias(struct espalier_reader *reader, const char *path)
{
	const struct espalier_object_view *object;

	if (!model_table_has_alias(path))
		return false;
	for (uint32_t i = 0; i < ESPALIER_SEGMENTS_MAXIMUM; i++) {
		for (uint32_t j = 0; (object = espalier_reader_object(reader, i, j)) != NULL; j++) {
			if (!strcmp(object->path, path) && !alias_rows_give(object) && has_alias(object))
				return false;
		}
	}
	return true;
}

// Adds the objects that are needed. Returns how many tables lack an alias.
static size_t follow_objects(struct alias_rows *aliases, struct espalier_reader *reader)
{
	const struct espalier_object_view *object;
	size_t found = 0;

	for (uint32_t i = 0; i < ESPALIER_SEGMENTS_MAXIMUM; i++) {
		for (uint32_t j = 0; (object = espalier_reader_object(reader, i, j)) != NULL; j++) {
			if (alias_rows_give(object) || !lacks_alias(reader, object->path))
				continue;
			if (need_objects(aliases, object->path))
				log_warning("%s: its rows can't get aliases", object->path);
			else
				found++;
		}
	}
	return found;
}

// The object by which the rows of a node get their alias, or NULL.
static const struct alias_object *object_of(struct alias_rows *aliases, struct espalier_reader *reader,
					    const struct espalier_node *node, const struct espalier_object_view **last,
					    const struct alias_object **object)
{
	// Rows of a table follow one another.
	if (node->object != *last) {
		*last = node->object;
		*object = find_object(aliases, node->object->path, strlen(node->object->path), true);
		if (*object && (alias_rows_give(node->object) || !lacks_alias(reader, node->object->path)))
			*object = NULL;
	}
	return *object;
}

static int follow_rows(struct alias_rows *aliases, struct tree *tree)
{
	const struct espalier_object_view *last = NULL;
	const struct alias_object *object = NULL;
	const struct espalier_node *nodes;
	uint32_t count;
	int changed = 0;

	nodes = tree_nodes(tree, &count);
	for (uint32_t i = 0; i < count; i++) {
		struct espalier_row row;
		int made;

		if (nodes[i].kind != ESPALIER_NODE_ROW || !nodes[i].instance ||
		    !object_of(aliases, tree_reader(tree), &nodes[i], &last, &object))
			continue;
		made = need_row(aliases, object, nodes[i].path, nodes[i].path_length, &row);
		if (made < 0)
			log_warning("%s gets no alias: %s", nodes[i].path, strerror(-made));
		changed |= made > 0;
	}
	return changed;
}

int alias_rows_follow(struct alias_rows *aliases, struct tree *tree)
{
	int changed = 0;
	size_t kept = 0;

	if (!follow_objects(aliases, tree_reader(tree)) && !aliases->count)
		return 0;
	for (size_t i = 0; i < aliases->count; i++)
		aliases->rows[i].seen = false;
	changed = follow_rows(aliases, tree);
	for (size_t i = 0; i < aliases->count; i++) {
		if (aliases->rows[i].seen) {
			aliases->rows[kept++] = aliases->rows[i];
			continue;
		}
		remove_row(aliases, &aliases->rows[i]);
		changed = 1;
	}
	aliases->count = kept;
	return changed;
}

// ---- Values

static struct alias_row *row_of(struct alias_rows *aliases, const char *path)
{
	size_t length = row_length(path), low = 0, high = aliases->count;

	while (length && low < high) {
		size_t middle = (low + high) / 2;
		struct alias_row *row = &aliases->rows[middle];
		int order = strncmp(row->path, path, length);

		if (!order && !row->path[length] && row->alias)
			return row;
		// The row that only others lie below has the lower object.
		if (order < 0 || (!order && !row->path[length]))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int alias_rows_take(struct alias_rows *aliases, const char *path, const struct espalier_value *value)
{
	struct alias_row *row = row_of(aliases, path);
	int error;

	if (!row)
		return -ENOENT;
	error = espalier_begin(aliases->own->writer, row->row);
	return error ? error : espalier_set_value(aliases->own->writer, row->row, 0, value);
}

void alias_rows_publish(struct alias_rows *aliases, const char *path)
{
	struct alias_row *row = row_of(aliases, path);

	if (row)
		espalier_commit(aliases->own->writer, row->row);
}
