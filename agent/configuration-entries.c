// SPDX-License-Identifier: GPL-2.0-or-later
// The set that a vendor configuration file leads to: its values by the tree's paths, and what goes with rows that go.
#include "agent/configuration-entries.h"

#include "agent/agent.h"
#include "agent/reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENABLE	     "Enable"
#define DISABLED     "0"
#define ENTRIES_MORE 64 // that are added to the file's at a time

static char *copy(struct configuration_restore *restore, const char *text, size_t length)
{
	char *result = arena_allocate(&restore->arena, length + 1);

	if (result)
		memcpy(result, text, length);
	return result;
}

// Adds an entry; `given` is the name in the file, or NULL. Returns 0 or -ENOMEM.
static int add_entry(struct configuration_restore *restore, const char *name, const char *given, const char *text,
		     size_t length)
{
	struct set_value *entry;

	if (restore->count == restore->room) {
		size_t room = restore->room + restore->file->value_count + ENTRIES_MORE;
		struct set_value *entries = reallocarray(restore->entries, room, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		restore->entries = entries;
		restore->room = room;
	}
	entry = &restore->entries[restore->count];
	*entry = (struct set_value){0};
	entry->name = (struct soap_string){.data = copy(restore, name, strlen(name)), .length = strlen(name)};
	entry->value.text = (struct soap_string){.data = copy(restore, text, length), .length = length};
	if (given)
		entry->given = (struct soap_string){.data = (char *)given, .length = strlen(given)};
	restore->count++;
	return entry->name.data && entry->value.text.data ? 0 : -ENOMEM;
}

static bool is_set(const struct configuration_restore *restore, const char *path)
{
	for (size_t i = 0; i < restore->count; i++) {
		if (!strcmp(restore->entries[i].name.data, path))
			return true;
	}
	return false;
}

// Adds a value of the file. What is of a row that is still to be made, or refers to one, is left out. Returns 0 or
// -ENOMEM.
static int add_value(struct configuration_restore *restore, const struct configuration_file_value *value)
{
	struct tree *tree = restore->agent->tree;
	char path[ESPALIER_PATH_MAXIMUM + 1], *translated = NULL;
	ssize_t length = configuration_rows_path(&restore->rows, value->name, strlen(value->name), path);
	const char *text = value->text;
	struct tree_reference reference;
	int error = 0;

	if (length == -EAGAIN)
		return 0;
	if (length < 0) {
		configuration_restore_problem(value->name, "unknown", restore);
		return 0;
	}
	if (!tree_resolve(tree, path, (size_t)length, &reference) && reference.parameter != TREE_PARTIAL)
		error = configuration_rows_value(&restore->rows, tree_parameter_of(tree, reference), text, &translated);
	if (error)
		return error == -EAGAIN ? 0 : error;
	if (translated)
		text = translated;
	error = add_entry(restore, path, value->name, text, strlen(text));
	free(translated);
	return error;
}

int configuration_entries_take(struct configuration_restore *restore)
{
	int error = 0;

	restore->count = 0;
	arena_reset(&restore->arena);
	for (size_t i = 0; i < restore->file->value_count && !error; i++)
		error = add_value(restore, &restore->file->values[i]);
	return error;
}

// Rows that are to go are disabled with the set, so that their keys and ports are free for others at their owner.
static int disable_extra(struct configuration_restore *restore)
{
	struct tree *tree = restore->agent->tree;
	int error = 0;

	for (size_t i = 0; i < restore->rows.extra_count && !error; i++) {
		char path[ESPALIER_PATH_MAXIMUM + 32];
		int length = snprintf(path, sizeof(path), "%s" ENABLE, restore->rows.extra[i]);
		const struct espalier_parameter *parameter;
		struct tree_reference reference;

		if (tree_resolve(tree, path, (size_t)length, &reference) || reference.parameter == TREE_PARTIAL)
			continue;
		parameter = tree_parameter_of(tree, reference);
		if (parameter->type != ESPALIER_BOOLEAN || !(parameter->flags & ESPALIER_WRITABLE) ||
		    parameter->flags & ESPALIER_COMMAND)
			continue;
		error = add_entry(restore, path, NULL, DISABLED, strlen(DISABLED));
	}
	return error;
}

// A reference to a row that goes becomes empty, unless the file has another value for it.
static int empty_reference(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
			   void *context)
{
	struct configuration_restore *restore = context;
	char path[ESPALIER_PATH_MAXIMUM + 1];

	if (tree_path(tree, reference, path, sizeof(path)) < 0 || is_set(restore, path))
		return 0;
	for (size_t i = 0; i < restore->rows.extra_count; i++) {
		if (!strncmp(path, restore->rows.extra[i], strlen(restore->rows.extra[i])))
			return 0;
	}
	return add_entry(restore, path, NULL, text, length);
}

static int empty_references(struct configuration_restore *restore)
{
	int error = 0;

	for (size_t i = 0; i < restore->rows.extra_count && !error; i++)
		error = references_each(restore->agent->tree, restore->rows.extra[i], empty_reference, restore);
	return error;
}

int configuration_entries_add_extra(struct configuration_restore *restore)
{
	int error = disable_extra(restore);

	return error ? error : empty_references(restore);
}

static int by_path(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

int configuration_entries_check(struct configuration_restore *restore)
{
	struct unique_gone gone = {(const char *const *)restore->rows.extra, restore->rows.extra_count};
	int fault;

	if (gone.count)
		qsort(restore->rows.extra, gone.count, sizeof(*restore->rows.extra), by_path);
	fault = set_values_check(restore->agent, restore->entries, restore->count, &gone);
	if (fault == ESPALIER_FAULT_RESOURCES)
		return -ENOMEM;
	configuration_entries_note(restore);
	return 0;
}

// Whether the parameter has the value already: then nobody need be asked.
static bool is_so(struct tree *tree, const struct set_value *entry)
{
	const struct espalier_parameter *parameter = tree_parameter_of(tree, entry->reference);
	const struct espalier_value *values, *now, *wanted = &entry->parsed;
	uint32_t count;

	if (parameter->flags & (ESPALIER_HIDDEN | ESPALIER_COMMAND))
		return false;
	values = tree_read_row(tree, &tree_nodes(tree, &count)[entry->reference.node]);
	if (!values)
		return false;
	now = &values[entry->reference.parameter];
	switch (parameter->flags & ESPALIER_LIST ? ESPALIER_STRING : parameter->type) {
	case ESPALIER_INT:
	case ESPALIER_LONG:
		return now->integer == wanted->integer;
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
	case ESPALIER_BOOLEAN:
		return now->number == wanted->number;
	default:
		return now->length == wanted->length && !memcmp(now->text, wanted->text, now->length);
	}
}

void configuration_entries_keep_different(struct configuration_restore *restore)
{
	size_t kept = 0;

	for (size_t i = 0; i < restore->count; i++) {
		if (!is_so(restore->agent->tree, &restore->entries[i]))
			restore->entries[kept++] = restore->entries[i];
	}
	restore->count = kept;
}

// ---- What is wrong

static const char *reason(const struct set_value *entry)
{
	switch (entry->fault) {
	case ESPALIER_FAULT_NAME:
		return "unknown";
	case ESPALIER_FAULT_READ_ONLY:
		return "read only";
	default:
		return entry->text ? entry->text : "the value is refused";
	}
}

static const char *name_of(const struct set_value *entry)
{
	return entry->given.data ? entry->given.data : entry->name.data;
}

void configuration_entries_note(struct configuration_restore *restore)
{
	for (size_t i = 0; i < restore->count; i++) {
		const struct set_value *entry = &restore->entries[i];

		if (entry->fault)
			configuration_restore_problem(name_of(entry), reason(entry), restore);
	}
}
