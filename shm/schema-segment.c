/* SPDX-License-Identifier: BSD-2-Clause */
/* A schema's form in a segment: written once by the owner, copied and checked by readers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shm/error.h"
#include "shm/schema-index.h"
#include "shm/schema.h"
#include "shm/value.h"

/* Appends a text to the string area (NULL: only counts) and returns its offset. The empty text is at 0. */
static uint32_t put_text(char *strings, uint32_t *used, const char *text)
{
	uint32_t at = *used, length = text ? (uint32_t)strlen(text) : 0;

	if (!length)
		return 0;
	if (strings)
		memcpy(strings + at, text, length + 1);
	*used += length + 1;
	return at;
}

static uint32_t put_enumeration(char *strings, uint32_t *used, const char *const *values)
{
	uint32_t at = *used;

	if (!values || !*values)
		return 0;
	for (; *values; values++) {
		uint32_t length = (uint32_t)strlen(*values);

		if (strings) {
			memcpy(strings + *used, *values, length);
			strings[*used + length] = '\n';
		}
		*used += length + 1;
	}
	if (strings)
		strings[*used] = '\0';
	*used += 1;
	return at;
}

/* Writes objects and parameters (NULL: only counts strings). Returns the bytes that the strings take. */
static uint32_t put_all(const struct schema *schema, struct layout_schema *header, struct layout_object *objects,
			struct layout_parameter *parameters, char *strings)
{
	uint32_t used = 1, next = 0;
	uint32_t program = put_text(strings, &used, schema->program);
	uint32_t version = put_text(strings, &used, schema->version);

	if (header) {
		header->program = program;
		header->version = version;
	}
	for (uint32_t i = 0; i < schema->count; i++) {
		const struct schema_object *from = &schema->objects[i];
		struct layout_object object = {
			.path = put_text(strings, &used, from->view.path),
			.description = put_text(strings, &used, from->view.description),
			.flags = from->view.flags,
			.first_parameter = next,
			.parameter_count = from->view.parameter_count,
			.slot_words = from->view.slot_words,
			.ancestor = from->ancestor,
		};

		for (uint32_t j = 0; j < from->view.parameter_count; j++, next++) {
			const struct espalier_parameter *p = &from->parameters[j];
			struct layout_parameter parameter = {
				.name = put_text(strings, &used, p->name),
				.description = put_text(strings, &used, p->description),
				.type = p->type,
				.flags = p->flags,
				.maximum_length = p->maximum_length,
				.capacity = from->capacities[j],
				.offset = from->offsets[j],
				.range = put_text(strings, &used, p->range),
				.items = put_text(strings, &used, p->items),
				.enumeration = put_enumeration(strings, &used, p->enumeration),
			};

			if (parameters)
				parameters[next] = parameter;
		}
		if (objects)
			objects[i] = object;
	}
	return used;
}

static uint32_t align8(uint32_t size)
{
	return (size + 7) & ~7u;
}

uint32_t schema_size(const struct schema *schema)
{
	return align8((uint32_t)(sizeof(struct layout_schema) + schema->count * sizeof(struct layout_object) +
				 schema->parameter_count * sizeof(struct layout_parameter)) +
		      put_all(schema, NULL, NULL, NULL, NULL));
}

void schema_write(const struct schema *schema, void *to)
{
	struct layout_schema *header = to;
	struct layout_object *objects = (void *)(header + 1);
	struct layout_parameter *parameters = (void *)(objects + schema->count);
	char *strings = (char *)(parameters + schema->parameter_count);

	*header = (struct layout_schema){
		.size = schema_size(schema),
		.objects = (uint32_t)((char *)objects - (char *)to),
		.object_stride = sizeof(*objects),
		.object_count = schema->count,
		.parameters = (uint32_t)((char *)parameters - (char *)to),
		.parameter_stride = sizeof(*parameters),
		.parameter_count = schema->parameter_count,
		.strings = (uint32_t)(strings - (char *)to),
	};
	header->strings_size = put_all(schema, header, objects, parameters, strings);
}

/* ---- Reading: nothing below trusts what it reads. */

/* True when `count` records of `stride` bytes, which hold at least `known` bytes each, lie within `size`. */
static bool area_valid(uint32_t offset, uint32_t stride, uint32_t count, uint32_t known, uint32_t size)
{
	return offset % 4 == 0 && stride % 4 == 0 && stride >= known &&
	       (uint64_t)offset + (uint64_t)stride * count <= size;
}

/* The schema area while it is being read: a private copy, so that it can't change between check and use. */
struct source {
	const char *base;
	struct layout_schema header;
	struct schema *schema;
	uint32_t enumeration_values, enumeration_used;
	bool bad;
};

static const char *text_at(struct source *source, uint32_t offset)
{
	if (offset >= source->header.strings_size) {
		source->bad = true;
		return "";
	}
	return source->schema->strings + offset;
}

/* A text that will be scanned: many may refer to one, which must not be long then. */
static const char *short_text_at(struct source *source, uint32_t offset, uint32_t maximum)
{
	const char *text = text_at(source, offset);

	if (strnlen(text, maximum + 1) <= maximum)
		return text;
	source->bad = true;
	return "";
}

/* Cuts "a\nb\n" in place into an array that ends in NULL. */
static const char *const *enumeration_at(struct source *source, uint32_t offset)
{
	const char **values = source->schema->enumerations + source->enumeration_used;
	char *text;

	if (offset == 0)
		return NULL;
	text = (char *)text_at(source, offset);
	while (!source->bad && *text) {
		char *end = strchr(text, '\n');

		if (!end || source->enumeration_used + 1 >= source->enumeration_values) {
			source->bad = true;
			break;
		}
		*end = '\0';
		source->schema->enumerations[source->enumeration_used++] = text;
		text = end + 1;
	}
	if (source->enumeration_used >= source->enumeration_values) {
		source->bad = true;
		return NULL;
	}
	source->schema->enumerations[source->enumeration_used++] = NULL;
	return values;
}

static int read_object(struct source *source, struct schema_object *to, uint32_t index,
		       struct espalier_segment *segment)
{
	struct layout_object from;
	uint32_t count;

	memcpy(&from, source->base + source->header.objects + (size_t)index * source->header.object_stride,
	       sizeof(from));
	count = from.parameter_count;
	if (count > ESPALIER_PARAMETERS_MAXIMUM || from.first_parameter > source->header.parameter_count ||
	    count > source->header.parameter_count - from.first_parameter ||
	    from.ancestor > source->header.object_count || from.slot_words % 2 ||
	    from.slot_words < LAYOUT_SLOT_TIME_WORDS || from.slot_words > LAYOUT_SCHEMA_MAXIMUM / 4)
		return -EBADMSG;
	to->parameters = calloc(count + 1, sizeof(*to->parameters));
	to->offsets = calloc(count + 1, sizeof(*to->offsets));
	to->capacities = calloc(count + 1, sizeof(*to->capacities));
	if (!to->parameters || !to->offsets || !to->capacities)
		return -ENOMEM;
	to->view = (struct espalier_object_view){
		.path = short_text_at(source, from.path, ESPALIER_PATH_MAXIMUM),
		.description = text_at(source, from.description),
		.flags = from.flags,
		.parameter_count = count,
		.slot_words = from.slot_words,
		.parameters = to->parameters,
		.offsets = to->offsets,
		.capacities = to->capacities,
		.index = index,
		.segment = segment,
	};
	for (uint32_t i = 0; i < count; i++) {
		struct layout_parameter p;
		uint32_t words;

		memcpy(&p,
		       source->base + source->header.parameters +
			       (size_t)(from.first_parameter + i) * source->header.parameter_stride,
		       sizeof(p));
		words = p.capacity > from.slot_words * 4 || p.capacity % 4 ? UINT32_MAX
									   : layout_words(p.type, p.flags, p.capacity);
		if (p.type < ESPALIER_STRING || p.type > ESPALIER_DECIMAL || p.offset < LAYOUT_SLOT_TIME_WORDS ||
		    p.offset > from.slot_words || words > from.slot_words - p.offset ||
		    (layout_is_text(p.type, p.flags) && p.capacity < 4))
			return -EBADMSG;
		to->offsets[i] = p.offset;
		to->capacities[i] = p.capacity;
		to->parameters[i] = (struct espalier_parameter){
			.name = short_text_at(source, p.name, ESPALIER_PATH_MAXIMUM),
			.type = (enum espalier_type)p.type,
			.flags = p.flags,
			.maximum_length = p.maximum_length,
			.reserve = p.capacity,
			.range = short_text_at(source, p.range, LAYOUT_LIMITS_MAXIMUM),
			.items = short_text_at(source, p.items, LAYOUT_LIMITS_MAXIMUM),
			.enumeration = enumeration_at(source, p.enumeration),
			.description = text_at(source, p.description),
		};
		if (!*to->parameters[i].name || strpbrk(to->parameters[i].name, ".{}* \n") ||
		    value_range_valid(to->parameters[i].range) < 0 || value_range_valid(to->parameters[i].items) < 0)
			return -EBADMSG;
	}
	if (source->bad || !schema_path_valid(to->view.path))
		return -EBADMSG;
	return schema_index_names(to) == -EEXIST ? -EBADMSG : 0;
}

static uint32_t count_newlines(const char *text, uint32_t size)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count;
}

static int read_all(struct source *source, struct espalier_segment *segment)
{
	struct schema *schema = source->schema;
	const struct layout_schema *header = &source->header;
	int error = 0;

	schema->strings = malloc(header->strings_size);
	schema->objects = calloc(header->object_count + 1, sizeof(*schema->objects));
	if (!schema->strings || !schema->objects)
		return -ENOMEM;
	memcpy(schema->strings, source->base + header->strings, header->strings_size);
	if (schema->strings[0] != '\0' || schema->strings[header->strings_size - 1] != '\0')
		return -EBADMSG;
	source->enumeration_values =
		count_newlines(schema->strings, header->strings_size) + header->parameter_count + 1;
	schema->enumerations = calloc(source->enumeration_values, sizeof(*schema->enumerations));
	if (!schema->enumerations)
		return -ENOMEM;
	schema->program = (char *)text_at(source, header->program);
	schema->version = (char *)text_at(source, header->version);
	for (uint32_t i = 0; i < header->object_count && error == 0; i++) {
		schema->count = i + 1;
		error = read_object(source, &schema->objects[i], i, segment);
	}
	for (uint32_t i = 0; i < schema->count && error == 0; i++)
		error = schema_link(schema, i) < 0 ? -EBADMSG : 0;
	return source->bad && error == 0 ? -EBADMSG : error;
}

int schema_read(struct schema *schema, const void *from, size_t available, struct espalier_segment *segment)
{
	struct source source = {.schema = schema};
	char *copy = NULL;
	int error = -EBADMSG;

	*schema = (struct schema){0};
	if (available < sizeof(source.header))
		return error_set(-EBADMSG, "the schema does not fit");
	memcpy(&source.header, from, sizeof(source.header));
	if (source.header.size >= sizeof(source.header) && source.header.size <= available &&
	    source.header.size <= LAYOUT_SCHEMA_MAXIMUM && source.header.object_count <= ESPALIER_OBJECTS_MAXIMUM &&
	    source.header.parameter_count <= ESPALIER_OBJECTS_MAXIMUM * ESPALIER_PARAMETERS_MAXIMUM &&
	    area_valid(source.header.objects, source.header.object_stride, source.header.object_count,
		       sizeof(struct layout_object), source.header.size) &&
	    area_valid(source.header.parameters, source.header.parameter_stride, source.header.parameter_count,
		       sizeof(struct layout_parameter), source.header.size) &&
	    source.header.strings_size &&
	    (uint64_t)source.header.strings + source.header.strings_size <= source.header.size) {
		copy = malloc(source.header.size);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, from, source.header.size);
		source.base = copy;
		error = read_all(&source, segment);
	}
	free(copy);
	if (error < 0) {
		/* schema_clear() tells a reader's copy by its strings. */
		if (!schema->strings)
			schema->strings = calloc(1, 1);
		schema_clear(schema);
		return error == -EBADMSG ? error_set(-EBADMSG, "the schema is corrupt") : error;
	}
	for (uint32_t i = 0; i < schema->count; i++)
		schema->parameter_count += schema->objects[i].view.parameter_count;
	return 0;
}
