/* SPDX-License-Identifier: BSD-2-Clause */
/* What the paths of requests stand for in an owner's segment. */
#include <errno.h>
#include <string.h>

#include "shm/service-private.h"
#include "shm/writer.h"

/* Splits "A.3.B.7.C." into its form with {i} and the numbers. Returns their count or -1. */
static int generic_path(const char *path, size_t length, char *generic, size_t size, uint32_t *instances)
{
	size_t used = 0;
	int depth = 0;

	for (const char *end = path + length; path < end;) {
		const char *dot = memchr(path, '.', (size_t)(end - path));
		size_t part = dot ? (size_t)(dot - path) : (size_t)(end - path);

		if (part && *path >= '1' && *path <= '9') {
			uint64_t number = 0;

			for (size_t i = 0; i < part; i++) {
				if (path[i] < '0' || path[i] > '9' || depth == ESPALIER_DEPTH_MAXIMUM)
					return -1;
				number = number * 10 + (uint64_t)(path[i] - '0');
				if (number > UINT32_MAX)
					return -1;
			}
			instances[depth++] = (uint32_t)number;
			if (used + 4 >= size)
				return -1;
			memcpy(generic + used, "{i}", 3);
			used += 3;
		} else {
			if (used + part + 1 >= size)
				return -1;
			memcpy(generic + used, path, part);
			used += part;
		}
		path += part;
		if (dot) {
			generic[used++] = '.';
			path++;
		}
	}
	generic[used] = '\0';
	return depth;
}

/* The row of an object below the given instances, outermost first. */
static struct writer_slot *find_row(struct espalier_writer *writer, uint32_t object, const uint32_t *instances,
				    int depth)
{
	const struct schema_object *schema = &writer->schema.objects[object];
	struct writer_slot *above = NULL;
	uint32_t number;

	if (schema->ancestor) {
		above = find_row(writer, schema->ancestor - 1, instances, depth - schema->table);
		if (!above)
			return NULL;
	}
	number = map_find(&writer->rows, (struct map_key){object, above ? writer_row(writer, above).slot : 0,
							  schema->table ? instances[depth - 1] : 0});
	return number ? &writer->slots[number - 1] : NULL;
}

struct writer_slot *service_find(struct espalier_writer *writer, const char *path, size_t length, uint32_t *parameter)
{
	uint32_t instances[ESPALIER_DEPTH_MAXIMUM] = {0};
	char generic[2 * ESPALIER_PATH_MAXIMUM];
	size_t object_length = length;
	int depth;

	while (object_length && path[object_length - 1] != '.')
		object_length--;
	depth = generic_path(path, object_length, generic, sizeof(generic), instances);
	*parameter = UINT32_MAX;
	for (uint32_t i = 0; depth >= 0 && i < writer->schema.count; i++) {
		int found = 0;

		if (strcmp(writer->schema.objects[i].view.path, generic) != 0)
			continue;
		if (object_length < length)
			found = schema_find_parameter(&writer->schema.objects[i], path + object_length,
						      length - object_length);
		if (found < 0)
			continue;
		if (object_length < length)
			*parameter = (uint32_t)found;
		return find_row(writer, i, instances, depth);
	}
	return NULL;
}

int service_find_table(struct espalier_writer *writer, const char *path, size_t length, uint32_t *object,
		       struct espalier_row *parent)
{
	uint32_t instances[ESPALIER_DEPTH_MAXIMUM] = {0};
	char generic[2 * ESPALIER_PATH_MAXIMUM];
	int depth = generic_path(path, length, generic, sizeof(generic) - 5, instances);
	struct writer_slot *above;

	if (depth < 0 || !length || path[length - 1] != '.')
		return -ENOENT;
	strncat(generic, "{i}.", sizeof(generic) - strlen(generic) - 1);
	for (uint32_t i = 0; i < writer->schema.count; i++) {
		const struct schema_object *schema = &writer->schema.objects[i];

		if (strcmp(schema->view.path, generic) != 0)
			continue;
		*object = i;
		*parent = (struct espalier_row){0, 0};
		if (!schema->ancestor)
			return 0;
		above = find_row(writer, schema->ancestor - 1, instances, depth);
		if (!above)
			return -ENOENT;
		*parent = writer_row(writer, above);
		return 0;
	}
	return -ENOENT;
}
