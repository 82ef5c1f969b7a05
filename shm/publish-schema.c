/* SPDX-License-Identifier: BSD-2-Clause */
/* What lines have declared: the objects and parameters of a segment's schema. */
#include "shm/publish-schema.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_objects(const void *one, const void *other)
{
	return strcmp(((const struct publish_object *)one)->path, ((const struct publish_object *)other)->path);
}

struct publish_object *publish_schema_find(const struct publish_tree *tree, char *path)
{
	struct publish_object key = {.path = path};
	struct publish_object **found = tfind(&key, &tree->by_path, compare_objects);

	return found ? *found : NULL;
}

uint32_t publish_schema_measure(const char *path, size_t *above)
{
	uint32_t depth = 0;

	*above = 0;
	for (const char *at = strstr(path, ".{i}."); at; at = strstr(at + 4, ".{i}.")) {
		depth++;
		if (at[5])
			*above = (size_t)(at - path) + 5;
	}
	return depth;
}

struct publish_object *publish_schema_take(struct publish_tree *tree, char *path, uint32_t flags)
{
	struct publish_object *object = publish_schema_find(tree, path), *above = NULL, **grown;
	size_t length = strlen(path), above_length;
	uint32_t depth = publish_schema_measure(path, &above_length);

	if (object)
		return object;
	if (above_length) {
		char end = path[above_length];

		path[above_length] = '\0';
		above = publish_schema_take(tree, path, 0);
		path[above_length] = end;
		if (!above)
			return NULL;
	}
	object = calloc(1, sizeof(*object));
	grown = realloc(tree->objects, (tree->object_count + 1) * sizeof(*grown));
	if (grown)
		tree->objects = grown;
	if (!object || !grown || !(object->path = strdup(path)) || !tsearch(object, &tree->by_path, compare_objects)) {
		if (object)
			free(object->path);
		free(object);
		return NULL;
	}
	tree->objects[tree->object_count++] = object;
	object->above = above;
	object->depth = depth;
	object->table = length > 5 && strcmp(path + length - 5, ".{i}.") == 0;
	object->flags = flags;
	return object;
}

static bool same_text(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "") == 0;
}

bool publish_schema_same(const struct espalier_parameter *one, const struct espalier_parameter *other)
{
	uint32_t i = 0;

	if (one->flags != other->flags || one->maximum_length != other->maximum_length ||
	    !same_text(one->range, other->range) || !same_text(one->items, other->items) ||
	    !one->enumeration != !other->enumeration)
		return false;
	if (!one->enumeration)
		return true;
	while (one->enumeration[i] && other->enumeration[i] && strcmp(one->enumeration[i], other->enumeration[i]) == 0)
		i++;
	return !one->enumeration[i] && !other->enumeration[i];
}

static void free_parameter(struct publish_parameter *parameter)
{
	const struct espalier_parameter *schema = &parameter->schema;

	free((char *)schema->name);
	free((char *)schema->range);
	free((char *)schema->items);
	for (uint32_t i = 0; schema->enumeration && schema->enumeration[i]; i++)
		free((char *)schema->enumeration[i]);
	free((void *)schema->enumeration);
}

static bool copy_text(const char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

static bool copy_declaration(struct espalier_parameter *to, const struct espalier_parameter *from, uint32_t items)
{
	char **enumeration = NULL;
	bool complete;

	*to = *from;
	to->enumeration = NULL;
	complete = copy_text(&to->name, from->name);
	complete = copy_text(&to->range, from->range) && complete;
	complete = copy_text(&to->items, from->items) && complete;
	if (from->enumeration) {
		enumeration = calloc(items + 1, sizeof(*enumeration));
		for (uint32_t i = 0; enumeration && i < items; i++)
			complete = (enumeration[i] = strdup(from->enumeration[i])) && complete;
		to->enumeration = (const char *const *)enumeration;
		complete = complete && enumeration;
	}
	return complete;
}

int64_t publish_schema_parameter(const struct publish_object *object, const char *name)
{
	for (uint32_t i = 0; i < object->parameter_count; i++)
		if (strcmp(object->parameters[i].schema.name, name) == 0)
			return i;
	return -ENOENT;
}

int publish_schema_add(struct publish_object *object, const struct espalier_parameter *declared, uint32_t items)
{
	struct publish_parameter *grown, *parameter;

	grown = realloc(object->parameters, (object->parameter_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	object->parameters = grown;
	parameter = &grown[object->parameter_count];
	*parameter = (struct publish_parameter){.part = 0};
	if (!copy_declaration(&parameter->schema, declared, items)) {
		free_parameter(parameter);
		return -ENOMEM;
	}
	object->parameter_count++;
	return 0;
}

static void free_object(void *node)
{
	(void)node; /* the tree's nodes point to objects that are freed by their list */
}

void publish_schema_free(struct publish_tree *tree)
{
	tdestroy(tree->by_path, free_object);
	for (uint32_t i = 0; i < tree->object_count; i++) {
		for (uint32_t j = 0; j < tree->objects[i]->parameter_count; j++)
			free_parameter(&tree->objects[i]->parameters[j]);
		free(tree->objects[i]->parameters);
		free(tree->objects[i]->parts);
		free(tree->objects[i]->path);
		free(tree->objects[i]);
	}
	free(tree->objects);
}
