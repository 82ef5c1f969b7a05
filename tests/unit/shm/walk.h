/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads all that a reader can reach, in every way that the library offers; shared by tests and fuzzers. */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shm/espalier.h"

enum { WALK_TEXT_SIZE = 1 << 16 };

/** What a walk saw. */
struct walk {
	uint32_t rows, readable, values;
	int first_error; /* of any read, but not -ESTALE */
};

static int walk_found(const struct espalier_node *node, uint32_t parameter, void *context)
{
	uint32_t *count = context;

	(void)node;
	(void)parameter;
	++*count;
	return *count > 1000;
}

static void walk_note(struct walk *walk, int error)
{
	if (error < 0 && error != -ESTALE && !walk->first_error)
		walk->first_error = error;
}

static void walk_parameter(struct espalier_reader *reader, const struct espalier_node *node, uint32_t parameter,
			   char *buffer, struct walk *walk)
{
	char path[2 * ESPALIER_PATH_MAXIMUM + 2], text[64];
	const char *name = node->object->parameters[parameter].name;
	struct espalier_handle handle;
	struct espalier_value value;
	uint64_t number;
	uint32_t found;
	int error = espalier_read(node, parameter, &value, buffer, WALK_TEXT_SIZE);

	walk->values++;
	walk_note(walk, error);
	if (error == 0)
		(void)espalier_value_format(&value, text, sizeof(text));
	if (espalier_handle_open(node, parameter, &handle) == 0)
		walk_note(walk, espalier_handle_read(&handle, &number));
	if (node->path_length + strlen(name) < sizeof(path)) {
		memcpy(path, node->path, node->path_length);
		memcpy(path + node->path_length, name, strlen(name));
		(void)espalier_find_parameter(reader, path, node->path_length + strlen(name), &found);
	}
}

/** Walks all nodes. `most` bounds how many rows are read value by value. */
static struct walk walk_all(struct espalier_reader *reader, uint32_t most)
{
	static struct espalier_value values[ESPALIER_PARAMETERS_MAXIMUM];
	static char buffer[WALK_TEXT_SIZE];
	struct walk walk = {0};
	uint32_t count, matches = 0;
	const struct espalier_node *nodes = espalier_reader_nodes(reader, &count);

	for (uint32_t i = 0; i < count; i++) {
		const struct espalier_node *node = &nodes[i];
		uint64_t age;
		int error;

		if (node->following <= i || node->following > count)
			abort();
		(void)espalier_find_object(reader, node->path, node->path_length);
		if (node->kind != ESPALIER_NODE_ROW || walk.rows >= most)
			continue;
		walk.rows++;
		error = espalier_read_row(node, values, buffer, sizeof(buffer), &age);
		walk.readable += error == 0;
		walk_note(&walk, error);
		for (uint32_t j = 0; j < node->object->parameter_count && j < 64; j++)
			walk_parameter(reader, node, j, buffer, &walk);
	}
	(void)espalier_resolve(reader, "", 0, walk_found, &matches);
	(void)espalier_resolve(reader, "Device.Table.*.Part.*.Name", 26, walk_found, &matches);
	(void)espalier_reader_segments(reader, &count);
	return walk;
}
