/* SPDX-License-Identifier: BSD-2-Clause */
/* A program's schema: the checked copy that a writer keeps of what it declares. */
#include "shm/schema.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shm/error.h"
#include "shm/schema-index.h"
#include "shm/value.h"

/* Text capacity in the row when the program does not say: most texts of TR-181 fit in it. */
enum { RESERVE_DEFAULT = 32, RESERVE_MAXIMUM = 4096 };

static bool name_valid(const char *name, size_t length)
{
	if (!length || !(isalpha((unsigned char)name[0]) || name[0] == '_'))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			return false;
	return true;
}

bool schema_path_valid(const char *path)
{
	size_t length = strlen(path), depth = 0;

	if (!length || length > ESPALIER_PATH_MAXIMUM || path[length - 1] != '.')
		return false;
	for (const char *part = path; *part;) {
		size_t size = strcspn(part, ".");

		if (size == 3 && memcmp(part, "{i}", 3) == 0) {
			if (part == path || ++depth > ESPALIER_DEPTH_MAXIMUM)
				return false;
		} else if (!name_valid(part, size)) {
			return false;
		}
		part += size + 1;
	}
	return true;
}

/* Length of the longest proper prefix of an object's path that ends in "{i}.", 0 when there is none. */
static size_t ancestor_length(const char *path)
{
	size_t found = 0;

	for (const char *part = strstr(path, ".{i}."); part && part[5]; part = strstr(part + 4, ".{i}."))
		found = (size_t)(part + 5 - path);
	return found;
}

int schema_link(struct schema *schema, uint32_t index)
{
	struct schema_object *object = &schema->objects[index];
	const char *path = object->view.path;
	size_t length = strlen(path), ancestor = ancestor_length(path);

	object->table = length > 4 && strcmp(path + length - 4, "{i}.") == 0;
	object->ancestor = 0;
	for (uint32_t i = 0; ancestor && i < schema->count; i++) {
		const char *other = schema->objects[i].view.path;

		if (strlen(other) == ancestor && memcmp(other, path, ancestor) == 0) {
			object->ancestor = i + 1;
			break;
		}
	}
	return ancestor && !object->ancestor ? -EINVAL : 0;
}

uint32_t schema_hash_name(const char *name, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash ^ hash >> 15;
}

int schema_index_names(struct schema_object *object)
{
	uint32_t count = object->view.parameter_count, size = 4;

	while (size < 2 * count)
		size *= 2;
	object->name_mask = size - 1;
	object->names = calloc(size, sizeof(*object->names));
	if (!object->names)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const char *name = object->parameters[i].name;
		uint32_t at = schema_hash_name(name, strlen(name)) & object->name_mask;

		if (schema_find_parameter(object, name, strlen(name)) >= 0)
			return -EEXIST;
		while (object->names[at])
			at = (at + 1) & object->name_mask;
		object->names[at] = (uint16_t)(i + 1);
	}
	return 0;
}

int schema_find_parameter(const struct schema_object *object, const char *name, size_t length)
{
	for (uint32_t at = schema_hash_name(name, length) & object->name_mask; object->names[at];
	     at = (at + 1) & object->name_mask) {
		uint32_t index = object->names[at] - 1u;
		const char *other = object->parameters[index].name;

		if (strncmp(other, name, length) == 0 && other[length] == '\0')
			return (int)index;
	}
	return -ENOENT;
}

static uint32_t capacity_of(const struct espalier_parameter *parameter)
{
	uint32_t reserve = parameter->reserve;

	if (!layout_is_text(parameter->type, parameter->flags))
		return 0;
	if (parameter->flags & (ESPALIER_HIDDEN | ESPALIER_COMMAND))
		return 4;
	if (!reserve) {
		reserve = RESERVE_DEFAULT;
		if (parameter->maximum_length && parameter->maximum_length < reserve &&
		    !(parameter->flags & ESPALIER_LIST) && parameter->type == ESPALIER_STRING)
			reserve = parameter->maximum_length;
	}
	return ((reserve < RESERVE_MAXIMUM ? reserve : RESERVE_MAXIMUM) + 3) & ~3u;
}

void schema_place(struct schema_object *object)
{
	uint32_t offset = LAYOUT_SLOT_TIME_WORDS;

	for (uint32_t i = 0; i < object->view.parameter_count; i++) {
		const struct espalier_parameter *parameter = &object->parameters[i];

		object->capacities[i] = capacity_of(parameter);
		object->offsets[i] = offset;
		offset += layout_words(parameter->type, parameter->flags, object->capacities[i]);
	}
	object->view.slot_words = (offset + 1) & ~1u;
}

static char **copy_enumeration(const char *const *values)
{
	size_t count = 0, bytes = 0;
	char **copy, *text;

	for (; values[count]; count++)
		bytes += strlen(values[count]) + 1;
	copy = malloc((count + 1) * sizeof(*copy) + bytes);
	if (!copy)
		return NULL;
	text = (char *)(copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(values[i]) + 1;

		memcpy(text, values[i], length);
		copy[i] = text;
		text += length;
	}
	copy[count] = NULL;
	return copy;
}

static char *copy_text(const char *text)
{
	return strdup(text ? text : "");
}

static void free_parameter(struct espalier_parameter *parameter)
{
	free((void *)parameter->name);
	free((void *)parameter->range);
	free((void *)parameter->items);
	free((void *)parameter->enumeration);
	free((void *)parameter->description);
}

static int copy_parameter(struct espalier_parameter *to, const struct espalier_parameter *from, const char *path)
{
	*to = (struct espalier_parameter){
		.name = copy_text(from->name),
		.type = from->type,
		.flags = from->flags,
		.maximum_length = from->maximum_length,
		.reserve = from->reserve,
		.range = copy_text(from->range),
		.items = copy_text(from->items),
		.enumeration = from->enumeration ? (const char *const *)copy_enumeration(from->enumeration) : NULL,
		.description = copy_text(from->description),
	};
	if (!to->name || !to->range || !to->items || !to->description || (from->enumeration && !to->enumeration))
		return -ENOMEM;
	if (!name_valid(from->name, strlen(from->name)))
		return error_set(-EINVAL, "%s: \"%s\" is not a parameter name", path, from->name);
	if (from->type < ESPALIER_STRING || from->type > ESPALIER_DECIMAL)
		return error_set(-EINVAL, "%s%s: %d is no type", path, from->name, (int)from->type);
	if (strlen(to->range) > LAYOUT_LIMITS_MAXIMUM || strlen(to->items) > LAYOUT_LIMITS_MAXIMUM)
		return error_set(-EINVAL, "%s%s: a range of more than %d bytes", path, from->name,
				 LAYOUT_LIMITS_MAXIMUM);
	if (value_range_valid(from->range) < 0 || value_range_valid(from->items) < 0)
		return error_set(-EINVAL, "%s%s: \"%s\" is no range (\"low:high,...\")", path, from->name,
				 value_range_valid(from->range) < 0 ? from->range : from->items);
	for (const char *const *value = from->enumeration; value && *value; value++)
		if (strchr(*value, '\n'))
			return error_set(-EINVAL, "%s%s: a value of the enumeration has a line break", path,
					 from->name);
	return 0;
}

static int copy_object(struct schema_object *to, const struct espalier_object *from, uint32_t index)
{
	uint32_t count = 0;
	int error = 0;

	*to = (struct schema_object){0};
	if (!schema_path_valid(from->path))
		return error_set(-EINVAL, "\"%s\" is not an object's path", from->path);
	if (from->flags & ESPALIER_OPERATION && strstr(from->path, "{i}"))
		return error_set(-EINVAL, "%s: an operation has no instances", from->path);
	while (from->parameters && from->parameters[count].name && count <= ESPALIER_PARAMETERS_MAXIMUM)
		count++;
	if (count > ESPALIER_PARAMETERS_MAXIMUM)
		return error_set(-EINVAL, "%s has more than %d parameters", from->path, ESPALIER_PARAMETERS_MAXIMUM);
	to->parameters = calloc(count + 1, sizeof(*to->parameters));
	to->offsets = calloc(count + 1, sizeof(*to->offsets));
	to->capacities = calloc(count + 1, sizeof(*to->capacities));
	to->view = (struct espalier_object_view){
		.path = copy_text(from->path),
		.description = copy_text(from->description),
		.flags = from->flags,
		.parameters = to->parameters,
		.offsets = to->offsets,
		.capacities = to->capacities,
		.index = index,
	};
	if (!to->parameters || !to->offsets || !to->capacities || !to->view.path || !to->view.description)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && error == 0; i++) {
		error = copy_parameter(&to->parameters[i], &from->parameters[i], from->path);
		to->view.parameter_count = i + 1;
	}
	if (error < 0)
		return error;
	error = schema_index_names(to);
	if (error == -EEXIST)
		return error_set(-EINVAL, "%s has two parameters of one name", from->path);
	schema_place(to);
	return error;
}

static void clear_object(struct schema_object *object, bool strings)
{
	if (strings) {
		for (uint32_t i = 0; i < object->view.parameter_count; i++)
			free_parameter(&object->parameters[i]);
		free((void *)object->view.path);
		free((void *)object->view.description);
	}
	free(object->parameters);
	free(object->offsets);
	free(object->capacities);
	free(object->names);
}

int schema_append(struct schema *schema, const struct espalier_object *objects)
{
	uint32_t before = schema->count, added = 0;
	struct schema_object *grown;
	int error = 0;

	while (objects && objects[added].path && added <= ESPALIER_OBJECTS_MAXIMUM)
		added++;
	if (before + added > ESPALIER_OBJECTS_MAXIMUM)
		return error_set(-EINVAL, "more than %d objects", ESPALIER_OBJECTS_MAXIMUM);
	grown = realloc(schema->objects, (before + added + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	schema->objects = grown;
	for (uint32_t i = 0; i < added && error == 0; i++) {
		error = copy_object(&schema->objects[before + i], &objects[i], before + i);
		schema->count++;
	}
	for (uint32_t i = before; error == 0 && i < schema->count && schema->objects[i].view.path; i++) {
		error = schema_link(schema, i);
		if (error < 0)
			error_set(error, "%s: the table it lies in is not declared", schema->objects[i].view.path);
	}
	schema_cut(schema, error < 0 ? before : schema->count);
	return error;
}

void schema_cut(struct schema *schema, uint32_t count)
{
	while (schema->count > count)
		clear_object(&schema->objects[--schema->count], true);
	schema->parameter_count = 0;
	for (uint32_t i = 0; i < schema->count; i++)
		schema->parameter_count += schema->objects[i].view.parameter_count;
}

void schema_clear(struct schema *schema)
{
	for (uint32_t i = 0; i < schema->count; i++)
		clear_object(&schema->objects[i], !schema->strings);
	free(schema->objects);
	free(schema->strings);
	free(schema->enumerations);
	if (!schema->strings) {
		free(schema->program);
		free(schema->version);
	}
	*schema = (struct schema){0};
}
