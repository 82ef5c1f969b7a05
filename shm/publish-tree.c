/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns lines into a schema and rows of a segment. */
#include "shm/publish-tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shm/format.h"
#include "shm/publish-schema.h"

/** A line of the group. */
struct publish_entry {
	enum publish_line_kind kind;
	uint32_t number;
	struct publish_object *object;
	uint32_t parameter;
	uint32_t instances[ESPALIER_DEPTH_MAXIMUM];
	struct espalier_value value;
	char *text; /* what the value points into */
};

/** Makes room for one more element of an array that grows by doubling. */
static void *grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t wanted = *room ? 2 * *room : 16;
	void *grown;

	if (count < *room)
		return array;
	grown = realloc(array, wanted * size);
	if (grown)
		*room = wanted;
	return grown;
}

/* ---- Lines ------------------------------------------------------------------------------------------------------ */

static int refuse(char error[PUBLISH_ERROR_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char error[PUBLISH_ERROR_SIZE], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, PUBLISH_ERROR_SIZE, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int take_table(struct publish_tree *tree, const struct publish_line *line, char *path,
		      char error[PUBLISH_ERROR_SIZE])
{
	struct publish_object *object = publish_schema_take(tree, path, line->flags);

	if (!object)
		return -ENOMEM;
	if (object->flags == line->flags)
		return 0;
	if (object->part_count)
		return refuse(error, "%s is published already: its access cannot change", path);
	object->flags = line->flags;
	return 0;
}

/**
 * Looks a value over against its declaration. A line without one only declares, where nothing was declared before and
 * the empty text is no value; the value's type is 0 then.
 */
static int check_value(const struct espalier_parameter *declared, const struct publish_line *line, bool declares,
		       struct espalier_value *value, char error[PUBLISH_ERROR_SIZE])
{
	int result = line->value ? espalier_value_parse(declared, line->value, line->length, value) : -EINVAL;

	if (result < 0 && !line->length && declares)
		*value = (struct espalier_value){.type = 0};
	else if (result < 0 && !line->length)
		return refuse(error, "%s%s has no value", line->path, line->name);
	else if (result == -ERANGE)
		return refuse(error, "\"%.100s\" is outside the limits of %s%s", line->value, line->path, line->name);
	else if (result < 0)
		return refuse(error, "\"%.100s\" is no value of type %s for %s%s", line->value,
			      espalier_type_name(declared->type), line->path, line->name);
	return 0;
}

static int add_entry(struct publish_tree *tree, const struct publish_line *line, uint32_t number,
		     struct publish_object *object, uint32_t parameter, const struct espalier_value *value)
{
	struct publish_entry *entry, *grown;

	grown = grow(tree->group, tree->group_count, &tree->group_room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	tree->group = grown;
	entry = &grown[tree->group_count];
	*entry = (struct publish_entry){
		.kind = line->kind, .number = number, .object = object, .parameter = parameter, .value = *value};
	memcpy(entry->instances, line->instances, sizeof(entry->instances));
	if (line->value) {
		entry->text = malloc(line->length + 1u);
		if (!entry->text)
			return -ENOMEM;
		memcpy(entry->text, line->value, line->length + 1u);
		/* A text was found in the line, where it does not stay. */
		if (value->type && format_is_text(&object->parameters[parameter].schema))
			entry->value.text = entry->text + (value->text - line->value);
	}
	tree->group_count++;
	return 0;
}

static int take_parameter(struct publish_tree *tree, const struct publish_line *line, uint32_t number, char *path,
			  char error[PUBLISH_ERROR_SIZE])
{
	struct espalier_parameter declared = publish_line_parameter(line);
	struct publish_object *object = publish_schema_find(tree, path);
	int64_t index = object ? publish_schema_parameter(object, line->name) : -ENOENT;
	struct espalier_value value;
	int result;

	if (index >= 0) {
		const struct espalier_parameter *before = &object->parameters[index].schema;

		if (before->type != line->type)
			return refuse(error, "%s%s was declared as %s, not as %s", path, line->name,
				      espalier_type_name(before->type), espalier_type_name(line->type));
		if (line->detailed && !publish_schema_same(before, &declared))
			return refuse(error, "%s%s was declared with other limits or options", path, line->name);
		declared = *before;
	}
	result = check_value(&declared, line, index < 0 || line->placeholder, &value, error);
	if (result < 0)
		return result;
	if (index < 0) {
		if (object && object->parameter_count == ESPALIER_PARAMETERS_MAXIMUM)
			return refuse(error, "%s has %d parameters already", path, ESPALIER_PARAMETERS_MAXIMUM);
		if (!object && tree->object_count + line->depth >= ESPALIER_OBJECTS_MAXIMUM)
			return refuse(error, "%d objects are declared already", ESPALIER_OBJECTS_MAXIMUM);
		object = publish_schema_take(tree, path, 0);
		if (!object || publish_schema_add(object, &declared, line->enumeration_count) < 0)
			return -ENOMEM;
		index = object->parameter_count - 1;
	}
	if (line->placeholder)
		return 0;
	return add_entry(tree, line, number, object, (uint32_t)index, &value);
}

int publish_tree_line(struct publish_tree *tree, const struct publish_line *line, uint32_t number,
		      char error[PUBLISH_ERROR_SIZE])
{
	char path[PUBLISH_SCHEMA_PATH_SIZE];
	struct espalier_value none = {.type = 0};
	struct publish_object *object;

	publish_line_schema_path(line->path, path);
	switch (line->kind) {
	case PUBLISH_PARAMETER:
		return take_parameter(tree, line, number, path, error);
	case PUBLISH_OBJECT:
		return take_table(tree, line, path, error);
	case PUBLISH_DELETE:
		object = publish_schema_find(tree, path);
		if (!object)
			return refuse(error, "there is no %s", line->path);
		return add_entry(tree, line, number, object, 0, &none);
	case PUBLISH_NOTHING:
	case PUBLISH_BEGIN:
	case PUBLISH_COMMIT:
	case PUBLISH_OK:
	case PUBLISH_FAULT:
		break;
	}
	return 0;
}

void publish_tree_abandon(struct publish_tree *tree)
{
	for (uint32_t i = 0; i < tree->group_count; i++)
		free(tree->group[i].text);
	tree->group_count = 0;
}

/* ---- Applying the schema ---------------------------------------------------------------------------------------- */

/** Fills an object of the writer with what is new of an object of ours. Returns the number of its parameters. */
static uint32_t fill_part(const struct publish_object *object, struct espalier_object *to,
			  struct espalier_parameter *parameters)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < object->parameter_count; i++)
		if (!object->parameters[i].published)
			parameters[count++] = object->parameters[i].schema;
	parameters[count] = (struct espalier_parameter){.name = NULL};
	*to = (struct espalier_object){.path = object->path, .parameters = parameters, .flags = object->flags};
	return count;
}

static bool is_new(const struct publish_object *object)
{
	if (!object->part_count)
		return true;
	for (uint32_t i = 0; i < object->parameter_count; i++)
		if (!object->parameters[i].published)
			return true;
	return false;
}

/** Notes where the writer has an object's new parameters. */
static int note_part(struct publish_object *object, uint32_t writer_index)
{
	uint32_t *grown = realloc(object->parts, (object->part_count + 1) * sizeof(*grown)), index = 0;

	if (!grown)
		return -ENOMEM;
	object->parts = grown;
	grown[object->part_count] = writer_index;
	for (uint32_t i = 0; i < object->parameter_count; i++) {
		if (object->parameters[i].published)
			continue;
		object->parameters[i].published = true;
		object->parameters[i].part = object->part_count;
		object->parameters[i].index = index++;
	}
	object->part_count++;
	return 0;
}

static uint32_t writer_objects(const struct publish_tree *tree)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < tree->object_count; i++)
		count += tree->objects[i]->part_count;
	return count;
}

static int open_or_extend(struct publish_tree *tree, const struct espalier_object *objects)
{
	int error;

	if (tree->writer)
		return espalier_writer_extend(tree->writer, objects);
	tree->options.objects = objects;
	error = espalier_writer_open(&tree->writer, &tree->options);
	tree->options.objects = NULL;
	return error;
}

static int apply_schema(struct publish_tree *tree)
{
	uint32_t parameters = 0, objects = 0, used = 0, at = 0, first = writer_objects(tree);
	struct espalier_object *schema;
	struct espalier_parameter *all;
	int error = -ENOMEM;

	for (uint32_t i = 0; i < tree->object_count; i++) {
		if (!is_new(tree->objects[i]))
			continue;
		objects++;
		parameters += tree->objects[i]->parameter_count + 1;
	}
	if (!objects)
		return 0;
	schema = calloc(objects + 1, sizeof(*schema));
	all = calloc(parameters, sizeof(*all));
	if (schema && all) {
		for (uint32_t i = 0; i < tree->object_count; i++)
			if (is_new(tree->objects[i]))
				used += fill_part(tree->objects[i], &schema[at++], all + used) + 1;
		error = open_or_extend(tree, schema);
	}
	free(schema);
	free(all);
	for (uint32_t i = 0; i < tree->object_count && error == 0; i++)
		if (is_new(tree->objects[i]))
			error = note_part(tree->objects[i], first++);
	return error;
}

/* ---- Applying rows ---------------------------------------------------------------------------------------------- */

static int remember(struct espalier_row **rows, uint32_t *count, uint32_t *room, struct espalier_row row)
{
	struct espalier_row *grown = grow(*rows, *count, room, sizeof(**rows));

	if (!grown)
		return -ENOMEM;
	*rows = grown;
	grown[(*count)++] = row;
	return 0;
}

/** Takes care that an instance's number is given to no other one later. */
static int note_number(struct publish_tree *tree, uint32_t object, struct espalier_row parent, uint32_t number)
{
	char path[ESPALIER_PATH_MAXIMUM + 1];
	int error = publish_tree_table_path(tree, object, parent, path);

	return error < 0 ? error : espalier_numbering_note(tree->numbering, path, number);
}

/**
 * The row of an object's part for the given instances, outermost first. `add`: instances that are missing are added.
 * -ENOENT when there is none.
 */
static int find_row(struct publish_tree *tree, const struct publish_object *object, uint32_t part,
		    const uint32_t *instances, bool add, struct espalier_row *row)
{
	struct espalier_row above = {0, 0};
	int error;

	if (object->above) {
		error = find_row(tree, object->above, 0, instances, add, &above);
		if (error < 0)
			return error;
	}
	if (!object->table) {
		*row = espalier_row_of(tree->writer, object->parts[part], above);
		return row->slot ? 0 : -ENOENT;
	}
	*row = espalier_instance_find(tree->writer, object->parts[part], above, instances[object->depth - 1]);
	if (row->slot)
		return 0;
	if (!add)
		return -ENOENT;
	error = espalier_instance_add(tree->writer, object->parts[part], above, instances[object->depth - 1], row);
	if (error < 0)
		return error;
	error = remember(&tree->created, &tree->created_count, &tree->created_room, *row);
	if (error == 0 && !part)
		error = note_number(tree, object->parts[0], above, instances[object->depth - 1]);
	/* Every instance has its first part: it is what tables below it lie in, and what requests name. */
	if (error == 0 && part) {
		struct espalier_row whole;

		error = find_row(tree, object, 0, instances, true, &whole);
	}
	return error;
}

static int apply_value(struct publish_tree *tree, const struct publish_entry *entry)
{
	const struct publish_parameter *parameter = &entry->object->parameters[entry->parameter];
	struct espalier_row row;
	int error = find_row(tree, entry->object, parameter->part, entry->instances, true, &row);

	if (error < 0 || !entry->value.type)
		return error;
	error = espalier_begin(tree->writer, row);
	if (error == 0)
		error = remember(&tree->begun, &tree->begun_count, &tree->begun_room, row);
	else if (error == -EBUSY)
		error = 0; /* begun by a line before in this group */
	if (error < 0)
		return error;
	return espalier_set_value(tree->writer, row, parameter->index, &entry->value);
}

static int remove_instance(struct publish_tree *tree, const struct publish_object *object, const uint32_t *instances)
{
	bool found = false;
	int error = 0;

	/* The first part last: as long as it is there, the instance is. */
	for (uint32_t part = object->part_count; part-- > 0 && error == 0;) {
		struct espalier_row row;

		if (find_row(tree, object, part, instances, false, &row) < 0)
			continue;
		found = true;
		error = espalier_instance_remove(tree->writer, row);
	}
	return found ? error : -ENOENT;
}

/** Shows what the group did: first all values, then the instances that have them. */
static void show_group(struct publish_tree *tree)
{
	/* -ESTALE: a later line of the group deleted the row. */
	for (uint32_t i = 0; i < tree->begun_count; i++)
		espalier_commit(tree->writer, tree->begun[i]);
	for (uint32_t i = 0; i < tree->created_count; i++)
		espalier_instance_publish(tree->writer, tree->created[i]);
	tree->begun_count = tree->created_count = 0;
}

int publish_tree_commit(struct publish_tree *tree)
{
	bool first = !tree->writer;
	int result = apply_schema(tree);

	for (uint32_t i = 0; i < tree->group_count && result == 0; i++) {
		const struct publish_entry *entry = &tree->group[i];
		int error = entry->kind == PUBLISH_DELETE ? remove_instance(tree, entry->object, entry->instances)
							  : apply_value(tree, entry);

		if (error == -ENOENT && entry->kind == PUBLISH_DELETE)
			tree->complain(entry->number, "there is no such instance");
		else if (error < 0)
			tree->complain(entry->number, strerror(-error));
	}
	publish_tree_abandon(tree);
	if (result == 0 && tree->writer) {
		if (espalier_numbering_save(tree->numbering) < 0)
			tree->complain(0, espalier_error_text());
		show_group(tree);
		if (first)
			result = espalier_writer_publish(tree->writer);
	}
	return result;
}

/* ---- Requests --------------------------------------------------------------------------------------------------- */

static struct publish_object *object_of(const struct publish_tree *tree, uint32_t writer_index)
{
	for (uint32_t i = 0; i < tree->object_count; i++)
		for (uint32_t part = 0; part < tree->objects[i]->part_count; part++)
			if (tree->objects[i]->parts[part] == writer_index)
				return tree->objects[i];
	return NULL;
}

/** Brings a parameter TABLENumberOfEntries beside a table, if there is one, in line with the table below `parent`. */
static void count_instances(struct publish_tree *tree, const struct publish_object *ours, struct espalier_row parent)
{
	const struct publish_object *above = NULL;
	char name[PUBLISH_SCHEMA_PATH_SIZE + sizeof("NumberOfEntries")];
	const struct publish_parameter *parameter;
	struct espalier_row row;
	size_t end, start;
	int64_t index;

	/* "Device.A.Table.{i}.": the name stands before the last five characters. */
	end = start = strlen(ours->path) - 5;
	while (start && ours->path[start - 1] != '.')
		start--;
	for (uint32_t i = 0; i < tree->object_count && !above; i++)
		if (strncmp(tree->objects[i]->path, ours->path, start) == 0 && !tree->objects[i]->path[start])
			above = tree->objects[i];
	snprintf(name, sizeof(name), "%.*sNumberOfEntries", (int)(end - start), ours->path + start);
	index = above ? publish_schema_parameter(above, name) : -ENOENT;
	if (index < 0 || !above->parameters[index].published)
		return;
	parameter = &above->parameters[index];
	/* A later part of an instance is a row of its own, which the parent does not name. */
	if (above->table && parameter->part)
		return;
	row = above->table ? parent : espalier_row_of(tree->writer, above->parts[parameter->part], parent);
	if (!row.slot || espalier_begin(tree->writer, row) < 0)
		return;
	if (espalier_set_unsigned(tree->writer, row, parameter->index,
				  espalier_instance_count(tree->writer, ours->parts[0], parent)) < 0)
		espalier_abandon(tree->writer, row);
	else
		espalier_commit(tree->writer, row);
}

int publish_tree_add(struct publish_tree *tree, uint32_t object, struct espalier_row parent, uint32_t instance,
		     struct espalier_row *row)
{
	const struct publish_object *ours = object_of(tree, object);
	char path[ESPALIER_PATH_MAXIMUM + 1];
	int error = publish_tree_table_path(tree, object, parent, path);

	if (error < 0)
		return error;
	if (instance) {
		*row = espalier_instance_find(tree->writer, object, parent, instance);
		if (row->slot)
			return 0;
		error = espalier_numbering_note(tree->numbering, path, instance);
	} else {
		error = espalier_numbering_next(tree->numbering, path, &instance);
	}
	if (error == 0)
		error = espalier_numbering_save(tree->numbering);
	for (uint32_t part = ours->part_count; part-- > 0 && error == 0;) {
		error = espalier_instance_add(tree->writer, ours->parts[part], parent, instance, row);
		if (error == 0)
			error = espalier_instance_publish(tree->writer, *row);
	}
	if (error == 0)
		count_instances(tree, ours, parent);
	return error;
}

int publish_tree_table_path(struct publish_tree *tree, uint32_t object, struct espalier_row parent,
			    char path[ESPALIER_PATH_MAXIMUM + 1])
{
	const struct publish_object *ours = object_of(tree, object);
	size_t above, length;
	ssize_t head = 0;

	if (!ours)
		return -ENOENT;
	publish_schema_measure(ours->path, &above);
	if (above)
		head = espalier_row_path(tree->writer, parent, path, ESPALIER_PATH_MAXIMUM + 1);
	if (head < 0)
		return (int)head;
	/* Without the "{i}." at its end. */
	length = strlen(ours->path) - 4 - above;
	if ((size_t)head + length > ESPALIER_PATH_MAXIMUM)
		return -ENAMETOOLONG;
	memcpy(path + head, ours->path + above, length);
	path[(size_t)head + length] = '\0';
	return 0;
}

bool publish_tree_is_secret(const struct publish_tree *tree, uint32_t object, uint32_t parameter)
{
	const struct publish_object *ours = object_of(tree, object);

	for (uint32_t i = 0; ours && i < ours->parameter_count; i++) {
		const struct publish_parameter *candidate = &ours->parameters[i];

		if (candidate->published && candidate->index == parameter && ours->parts[candidate->part] == object)
			return candidate->schema.flags & (ESPALIER_HIDDEN | ESPALIER_COMMAND);
	}
	return false;
}

int publish_tree_remove(struct publish_tree *tree, struct espalier_row row)
{
	char text[PUBLISH_SCHEMA_PATH_SIZE], schema[PUBLISH_SCHEMA_PATH_SIZE], error[PUBLISH_ERROR_SIZE];
	struct espalier_row above = {0, 0};
	struct publish_object *object;
	struct publish_line line;
	ssize_t length;
	int result;

	memcpy(text, "delete ", 7);
	length = espalier_row_path(tree->writer, row, text + 7, sizeof(text) - 8);
	if (length < 0)
		return (int)length;
	/* The parser knows how to take a path's instance numbers. */
	if (publish_line_parse(text, (size_t)length + 7, &line, error) < 0)
		return -EINVAL;
	publish_line_schema_path(line.path, schema);
	object = publish_schema_find(tree, schema);
	if (!object)
		return -ENOENT;
	if (object->above)
		find_row(tree, object->above, 0, line.instances, false, &above);
	result = remove_instance(tree, object, line.instances);
	if (result == 0)
		count_instances(tree, object, above);
	return result;
}

void publish_tree_close(struct publish_tree *tree)
{
	publish_tree_abandon(tree);
	espalier_writer_close(tree->writer);
	espalier_numbering_close(tree->numbering);
	publish_schema_free(tree);
	free(tree->group);
	free(tree->begun);
	free(tree->created);
}
