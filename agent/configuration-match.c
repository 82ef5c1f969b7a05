// SPDX-License-Identifier: GPL-2.0-or-later
// Which row of a table is which of a vendor configuration file: by Alias, key, values, number, order.
#include "agent/configuration-match.h"

#include "agent/alias.h"
#include "agent/unique-key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 32 // bytes of a number's text

// A row of the file or of the tree while the two sides of a table are compared.
struct candidate {
	struct configuration_row *row;	      // of the file
	char path[ESPALIER_PATH_MAXIMUM + 1]; // of the tree
	uint32_t number;
	bool taken;    // has its other side
	bool named;    // has an alias, or a key
	char *text;    // what is compared; NULL: nothing
	size_t length; // of the text
};

struct match {
	struct configuration_rows *rows;
	struct tree *tree;
	const struct espalier_object_view *object; // of the table's rows
	struct candidate *wanted, *there;
	size_t wanted_count, there_count;
};

// ---- What is compared

static int value_by_name(const void *left, const void *right)
{
	const struct configuration_file_value *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static const struct configuration_file_value *find_value(const struct configuration_rows *rows, const char *row,
							 const char *name, size_t length)
{
	const struct configuration_file *file = rows->file;
	char path[2 * ESPALIER_PATH_MAXIMUM];
	struct configuration_file_value wanted = {.name = path};

	snprintf(path, sizeof(path), "%s%.*s", row, (int)length, name);
	return file->value_count
		       ? bsearch(&wanted, file->values, file->value_count, sizeof(*file->values), value_by_name)
		       : NULL;
}

static bool is_text(const struct espalier_value *value)
{
	return value->type == ESPALIER_STRING || value->type >= ESPALIER_DATE_TIME;
}

// Adds a value in its canonical form; `any` becomes true for one that is not empty.
static void put_value(const struct espalier_value *value, FILE *out, bool *any)
{
	char number[NUMBER_SIZE];
	ssize_t length;

	if (is_text(value)) {
		fwrite(value->text, 1, value->length, out);
		*any |= value->length > 0;
	} else {
		length = espalier_value_format(value, number, sizeof(number));
		fwrite(number, 1, length > 0 ? (size_t)length : 0, out);
		*any = true;
	}
	putc('\0', out);
}

// Adds the tree's value. Returns 0 or -ENOENT.
static int put_present(struct tree *tree, const char *row, const char *name, size_t length, FILE *out, bool *any)
{
	char path[2 * ESPALIER_PATH_MAXIMUM];
	int filled = snprintf(path, sizeof(path), "%s%.*s", row, (int)length, name);
	const struct espalier_value *values;
	uint32_t parameter, count;
	int64_t node = espalier_find_parameter(tree_reader(tree), path, (size_t)filled, &parameter);

	values = node < 0 ? NULL : tree_read_row(tree, &tree_nodes(tree, &count)[node]);
	if (!values)
		return -ENOENT;
	put_value(&values[parameter], out, any);
	return 0;
}

// Adds the file's value. Returns 0 or -ENOENT.
static int put_wanted(const struct match *match, const struct espalier_parameter *parameter, const char *text,
		      FILE *out, bool *any)
{
	struct espalier_value value;
	char *translated;
	int error = configuration_rows_value(match->rows, parameter, text, &translated);

	if (error)
		return -ENOENT;
	if (translated)
		text = translated;
	error = espalier_value_parse(parameter, text, strlen(text), &value);
	if (!error)
		put_value(&value, out, any);
	free(translated);
	return error ? -ENOENT : 0;
}

static const struct espalier_parameter *find_parameter(const struct match *match, const char *name, size_t length)
{
	for (uint32_t i = 0; i < match->object->parameter_count; i++) {
		const struct espalier_parameter *parameter = &match->object->parameters[i];

		if (strlen(parameter->name) == length && !memcmp(parameter->name, name, length))
			return parameter;
	}
	return NULL;
}

// Adds the values of a key. Returns 0 or -ENOENT.
static int put_values(const struct match *match, const struct candidate *candidate, const struct unique_key *key,
		      FILE *out, bool *any)
{
	int error = 0;

	for (size_t at = 0; at < key->length && !error;) {
		const char *name = key->names + at, *comma = memchr(name, ',', key->length - at);
		size_t length = comma ? (size_t)(comma - name) : key->length - at;

		if (candidate->row) {
			const struct espalier_parameter *parameter = find_parameter(match, name, length);
			const struct configuration_file_value *value =
				find_value(match->rows, candidate->row->from, name, length);

			error = parameter && value ? put_wanted(match, parameter, value->text, out, any) : -ENOENT;
		} else {
			error = put_present(match->tree, candidate->path, name, length, out, any);
		}
		at += length + 1;
	}
	return error;
}

// The same, where a key that is empty is none.
static int put_key(const struct match *match, const struct candidate *candidate, const struct unique_key *key,
		   FILE *out)
{
	bool any = false;
	int error = put_values(match, candidate, key, out, &any);

	return error || any ? error : -ENOENT;
}

// Adds all values of a row that can be set. Returns 0 or -ENOENT: the file does not have them all.
static int put_all(const struct match *match, const struct candidate *candidate, FILE *out)
{
	bool any = false;
	int error = 0;

	for (uint32_t i = 0; i < match->object->parameter_count && !error; i++) {
		const struct espalier_parameter *parameter = &match->object->parameters[i];
		struct unique_key key = {parameter->name, strlen(parameter->name), false};

		if (parameter->flags & ESPALIER_WRITABLE && !(parameter->flags & (ESPALIER_HIDDEN | ESPALIER_COMMAND)))
			error = put_values(match, candidate, &key, out, &any);
	}
	return error || any ? error : -ENOENT;
}

// ---- One table

static void pair(struct candidate *wanted, struct candidate *there)
{
	wanted->taken = there->taken = true;
	wanted->row->to = strdup(there->path);
}

static int by_text(const void *left, const void *right)
{
	const struct candidate *a = *(const struct candidate *const *)left,
			       *b = *(const struct candidate *const *)right;
	size_t length = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->text, b->text, length);

	return order ? order : (a->length > b->length) - (a->length < b->length);
}

// Finds the other side of each row of the file that has a text. Returns 0 or -ENOMEM.
static int pair_texts(const struct match *match)
{
	const struct candidate **order = calloc(match->there_count + 1, sizeof(const struct candidate *));
	size_t count = 0;

	if (!order)
		return -ENOMEM;
	for (size_t k = 0; k < match->there_count; k++) {
		if (!match->there[k].taken && match->there[k].text)
			order[count++] = &match->there[k];
	}
	if (count)
		qsort(order, count, sizeof(*order), by_text);
	for (size_t i = 0; i < match->wanted_count; i++) {
		struct candidate *wanted = &match->wanted[i];
		size_t low = 0, high = count;

		if (wanted->taken || !wanted->text)
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (by_text(&order[middle], &(const struct candidate *){wanted}) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		while (low < count && !by_text(&order[low], &(const struct candidate *){wanted}) && !wanted->taken) {
			if (!order[low]->taken)
				pair(wanted, &match->there[order[low] - match->there]);
			low++;
		}
	}
	free(order);
	return 0;
}

// Fills in what is compared: a key, or for no key all values. Returns 0 or -ENOMEM.
static int fill(const struct match *match, struct candidate *candidate, const struct unique_key *key)
{
	FILE *out;
	int error, failed;

	free(candidate->text);
	candidate->text = NULL;
	if (candidate->taken)
		return 0;
	out = open_memstream(&candidate->text, &candidate->length);
	if (!out)
		return -ENOMEM;
	error = key ? put_key(match, candidate, key, out) : put_all(match, candidate, out);
	failed = ferror(out);
	if (fclose(out) || failed)
		return -ENOMEM;
	if (error) {
		free(candidate->text);
		candidate->text = NULL;
	} else if (key) {
		candidate->named = true;
	}
	return 0;
}

static int fill_all(const struct match *match, const struct unique_key *key)
{
	for (size_t k = 0; k < match->there_count; k++) {
		if (fill(match, &match->there[k], key))
			return -ENOMEM;
	}
	for (size_t i = 0; i < match->wanted_count; i++) {
		struct candidate *wanted = &match->wanted[i];

		if (key || !wanted->named) {
			if (fill(match, wanted, key))
				return -ENOMEM;
		} else {
			// What has a name is not known by its values.
			free(wanted->text);
			wanted->text = NULL;
		}
	}
	return pair_texts(match);
}

static int fill_aliases(const struct match *match)
{
	for (size_t i = 0; i < match->wanted_count; i++) {
		struct candidate *wanted = &match->wanted[i];
		const struct configuration_file_value *value =
			find_value(match->rows, wanted->row->from, ALIAS_NAME, strlen(ALIAS_NAME));

		if (!value)
			continue;
		wanted->named = true;
		wanted->length = strlen(value->text);
		wanted->text = strdup(value->text);
		if (!wanted->text)
			return -ENOMEM;
	}
	for (size_t k = 0; k < match->there_count; k++) {
		struct candidate *there = &match->there[k];
		char alias[TREE_ALIAS_SIZE];

		there->length = tree_alias(match->tree, there->path, strlen(there->path), alias);
		if (!there->length)
			continue;
		there->text = strdup(alias);
		if (!there->text)
			return -ENOMEM;
	}
	return pair_texts(match);
}

static void pair_numbers(const struct match *match)
{
	size_t k = 0;

	// Both sides are in the order of their numbers.
	for (size_t i = 0; i < match->wanted_count; i++) {
		while (k < match->there_count && match->there[k].number < match->wanted[i].number)
			k++;
		if (k < match->there_count && match->there[k].number == match->wanted[i].number &&
		    !match->there[k].taken && !match->wanted[i].taken)
			pair(&match->wanted[i], &match->there[k]);
	}
}

static void pair_in_order(const struct match *match)
{
	for (size_t i = 0, k = 0; i < match->wanted_count; i++) {
		if (match->wanted[i].taken || match->wanted[i].named)
			continue;
		while (k < match->there_count && match->there[k].taken)
			k++;
		if (k < match->there_count)
			pair(&match->wanted[i], &match->there[k]);
	}
}

static int pair_all(const struct match *match)
{
	int error = fill_aliases(match);
	struct unique_key key;

	for (size_t at = 0; !error && unique_key_next(match->object, &at, &key);) {
		if (key.length != strlen(ALIAS_NAME) || memcmp(key.names, ALIAS_NAME, key.length) != 0)
			error = fill_all(match, &key);
	}
	if (!error)
		error = fill_all(match, NULL);
	if (error)
		return error;
	pair_numbers(match);
	pair_in_order(match);
	return 0;
}

static int add_extra(struct configuration_rows *rows, const char *path)
{
	if (rows->extra_count == rows->extra_room) {
		size_t room = rows->extra_room ? rows->extra_room * 2 : 16;
		char **extra = reallocarray(rows->extra, room, sizeof(*extra));

		if (!extra)
			return -ENOMEM;
		rows->extra = extra;
		rows->extra_room = room;
	}
	rows->extra[rows->extra_count] = strdup(path);
	return rows->extra[rows->extra_count++] ? 0 : -ENOMEM;
}

// The instances of the table. Returns 0 or -ENOMEM.
static int gather_present(struct match *match, uint32_t first)
{
	struct tree *tree = match->tree;
	uint32_t count, end = tree_end(tree, first);
	const struct espalier_node *nodes = tree_nodes(tree, &count);
	size_t found = 0;

	for (uint32_t node = tree_next_instance(tree, first, first); node < end;
	     node = tree_next_instance(tree, first, node))
		found++;
	match->there = calloc(found + 1, sizeof(*match->there));
	if (!match->there)
		return -ENOMEM;
	for (uint32_t node = tree_next_instance(tree, first, first); node < end;
	     node = tree_next_instance(tree, first, node)) {
		struct candidate *there = &match->there[match->there_count++];

		snprintf(there->path, sizeof(there->path), "%s", nodes[node].path);
		there->number = (uint32_t)strtoul(nodes[node].path + nodes[first].path_length, NULL, 10);
	}
	return 0;
}

static int gather_wanted(struct match *match, const struct configuration_file_table *table)
{
	match->wanted = calloc(table->count + 1, sizeof(*match->wanted));
	if (!match->wanted)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++) {
		struct candidate *wanted = &match->wanted[match->wanted_count++];

		wanted->number = table->numbers[i];
		wanted->row = configuration_rows_of(match->rows, table, i);
	}
	return 0;
}

static void free_candidates(struct candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(candidates[i].text);
	free(candidates);
}

// The first node with the table's path, and the object of its rows. Returns -ENOENT when there is no such table.
static int64_t find_table(struct tree *tree, const char *path, const struct espalier_object_view **object)
{
	int64_t first = espalier_find_object(tree_reader(tree), path, strlen(path));
	uint32_t count;
	const struct espalier_node *nodes = tree_nodes(tree, &count);

	for (int64_t i = first; i >= 0 && i < count && !strcmp(nodes[i].path, path); i++) {
		if (nodes[i].kind != ESPALIER_NODE_TABLE)
			continue;
		*object = nodes[i].object;
		return first;
	}
	return -ENOENT;
}

int configuration_match(struct configuration_rows *rows, struct tree *tree, size_t index)
{
	const struct configuration_file_table *table = &rows->file->tables[index];
	struct match match = {.rows = rows, .tree = tree};
	char path[ESPALIER_PATH_MAXIMUM + 1];
	ssize_t length = configuration_rows_path(rows, table->path, strlen(table->path), path);
	int64_t first;
	int error;

	if (length == -EAGAIN)
		return -EAGAIN;
	rows->matched[index] = true;
	first = length < 0 ? length : find_table(tree, path, &match.object);
	if (first < 0) {
		rows->problem(table->path, "no such table", rows->context);
		return 0;
	}
	error = gather_wanted(&match, table);
	if (!error)
		error = gather_present(&match, (uint32_t)first);
	if (!error)
		error = pair_all(&match);
	for (size_t i = 0; i < match.wanted_count && !error; i++) {
		if (match.wanted[i].taken && !match.wanted[i].row->to)
			error = -ENOMEM;
	}
	for (size_t i = 0; i < match.there_count && !error; i++) {
		if (!match.there[i].taken)
			error = add_extra(rows, match.there[i].path);
	}
	free_candidates(match.wanted, match.wanted_count);
	free_candidates(match.there, match.there_count);
	return error;
}
