// SPDX-License-Identifier: GPL-2.0-or-later
// Reads vendor configuration files, as lines or as JSON.
#include "agent/configuration-file.h"

#include "agent/bounds.h"
#include "shm/espalier.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct configuration_file *file;
	size_t room; // of file->values
	char *problem;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct reading *reading, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reading->problem, CONFIGURATION_FILE_PROBLEM_SIZE, format, arguments);
	va_end(arguments);
	// It goes into messages and the log, and quotes what came from outside.
	for (char *at = reading->problem; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	return -EINVAL;
}

static int take_value(struct reading *reading, const char *name, size_t name_length, const char *text, size_t length)
{
	struct configuration_file *file = reading->file;
	struct configuration_file_value *value;

	if (!name_length || name_length > ESPALIER_PATH_MAXIMUM)
		return wrong(reading, "\"%.40s\" is no parameter's name", name);
	if (length > ESPALIER_VALUE_MAXIMUM || memchr(text, 0, length) || memchr(name, 0, name_length))
		return wrong(reading, "%.*s: the value is too long, or has a NUL", (int)(name_length % 200), name);
	if (file->value_count == CONFIGURATION_FILE_VALUES_MAXIMUM)
		return wrong(reading, "there are more than %d parameters", CONFIGURATION_FILE_VALUES_MAXIMUM);
	if (file->value_count == reading->room) {
		size_t room = reading->room ? 2 * reading->room : 64;
		void *larger = realloc(file->values, room * sizeof(*file->values));

		if (!larger)
			return -ENOMEM;
		file->values = larger;
		reading->room = room;
	}
	value = &file->values[file->value_count];
	value->name = strndup(name, name_length);
	value->text = strndup(text, length);
	file->value_count++;
	return value->name && value->text ? 0 : -ENOMEM;
}

static bool blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static void strip(const char **text, size_t *length)
{
	while (*length && blank(**text)) {
		(*text)++;
		(*length)--;
	}
	while (*length && blank((*text)[*length - 1]))
		(*length)--;
}

static int read_lines(struct reading *reading, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	unsigned number = 0;
	int error = 0;

	while (bytes < end && !error) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t size = (size_t)((newline ? newline : end) - bytes), name_size, text_size;
		const char *line = bytes, *equals, *text;

		number++;
		bytes += size + (newline != NULL);
		strip(&line, &size);
		if (!size || *line == '#')
			continue;
		equals = memchr(line, '=', size);
		if (!equals)
			return wrong(reading, "line %u is no PATH = VALUE", number);
		name_size = (size_t)(equals - line);
		text = equals + 1;
		text_size = size - name_size - 1;
		strip(&line, &name_size);
		strip(&text, &text_size);
		if (!name_size || name_size > ESPALIER_PATH_MAXIMUM)
			return wrong(reading, "line %u has no parameter's name", number);
		error = take_value(reading, line, name_size, text, text_size);
	}
	return error;
}

// ---- JSON

// A string, number or boolean as text; numbers as they stand in the file. Returns NULL for anything else.
static const char *text_of(json_object *value, size_t *length)
{
	const char *text;

	switch (json_object_get_type(value)) {
	case json_type_string:
		*length = (size_t)json_object_get_string_len(value);
		return json_object_get_string(value);
	case json_type_boolean:
		text = json_object_get_boolean(value) ? "true" : "false";
		*length = strlen(text);
		return text;
	case json_type_int:
	case json_type_double:
		text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		*length = text ? strlen(text) : 0;
		return text;
	default:
		return NULL;
	}
}

static int read_parameters(struct reading *reading, json_object *parameters)
{
	int error = 0;

	if (json_object_get_type(parameters) != json_type_object)
		return wrong(reading, "\"parameters\" is no object");
	json_object_object_foreach(parameters, name, value)
	{
		size_t length = 0;
		const char *text = text_of(value, &length);

		if (!text)
			return wrong(reading, "%.100s: neither a text nor a number nor a boolean", name);
		error = take_value(reading, name, strlen(name), text, length);
		if (error)
			break;
	}
	return error;
}

// Takes a text of a device or a reading.
static int take_text(struct reading *reading, const char *key, json_object *value, char **target)
{
	size_t length = 0;
	const char *text = text_of(value, &length);

	if (!text || length > CONFIGURATION_FILE_TEXT_MAXIMUM || memchr(text, 0, length))
		return wrong(reading, "\"%.40s\" of a device is no text of at most %d bytes", key,
			     CONFIGURATION_FILE_TEXT_MAXIMUM);
	*target = strndup(text, length);
	return *target ? 0 : -ENOMEM;
}

static int default_text(char **target)
{
	if (!*target)
		*target = strdup("");
	return *target ? 0 : -ENOMEM;
}

static int read_reading(struct reading *reading, struct configuration_file_device *device, json_object *from)
{
	struct configuration_file_reading *to = &device->readings[device->reading_count++];
	int error = 0;

	if (json_object_get_type(from) != json_type_object)
		return wrong(reading, "a reading of a device is no object");
	json_object_object_foreach(from, key, value)
	{
		char **target = !strcmp(key, "name")	? &to->name
				: !strcmp(key, "value") ? &to->value
				: !strcmp(key, "unit")	? &to->unit
							: NULL;

		if (!target)
			return wrong(reading, "a reading has no \"%.40s\"", key);
		error = take_text(reading, key, value, target);
		if (error)
			return error;
	}
	if (!to->name || !*to->name)
		return wrong(reading, "a reading has no \"name\"");
	for (size_t i = 0; i + 1 < device->reading_count; i++) {
		if (!strcmp(device->readings[i].name, to->name))
			return wrong(reading, "the reading \"%.40s\" is there twice", to->name);
	}
	return default_text(&to->value) || default_text(&to->unit) ? -ENOMEM : 0;
}

static int read_readings(struct reading *reading, struct configuration_file_device *device, json_object *list)
{
	size_t count;
	int error = 0;

	if (json_object_get_type(list) != json_type_array)
		return wrong(reading, "\"readings\" is no array");
	count = json_object_array_length(list);
	if (count > CONFIGURATION_FILE_READINGS_MAXIMUM)
		return wrong(reading, "a device has more than %d readings", CONFIGURATION_FILE_READINGS_MAXIMUM);
	device->readings = calloc(count + 1, sizeof(*device->readings));
	if (!device->readings)
		return -ENOMEM;
	for (size_t i = 0; i < count && !error; i++)
		error = read_reading(reading, device, json_object_array_get_idx(list, i));
	return error;
}

static int read_device(struct reading *reading, struct configuration_file_device *to, json_object *from)
{
	struct configuration_file *file = reading->file;
	int error = 0;

	file->device_count++;
	if (json_object_get_type(from) != json_type_object)
		return wrong(reading, "a device is no object");
	json_object_object_foreach(from, key, value)
	{
		char **target = !strcmp(key, "serial")	 ? &to->serial
				: !strcmp(key, "vendor") ? &to->vendor
				: !strcmp(key, "type")	 ? &to->type
							 : NULL;

		if (target)
			error = take_text(reading, key, value, target);
		else if (!strcmp(key, "readings"))
			error = read_readings(reading, to, value);
		else
			error = wrong(reading, "a device has no \"%.40s\"", key);
		if (error)
			return error;
	}
	if (!to->serial || !*to->serial)
		return wrong(reading, "a device has no \"serial\"");
	for (size_t i = 0; i + 1 < file->device_count; i++) {
		if (!strcmp(file->devices[i].serial, to->serial))
			return wrong(reading, "the device \"%.40s\" is there twice", to->serial);
	}
	return default_text(&to->vendor) || default_text(&to->type) ? -ENOMEM : 0;
}

static int read_devices(struct reading *reading, json_object *list)
{
	struct configuration_file *file = reading->file;
	struct configuration_file_device *devices;
	size_t count;
	int error = 0;

	if (json_object_get_type(list) != json_type_array)
		return wrong(reading, "\"devices\" is no array");
	count = json_object_array_length(list);
	if (count > CONFIGURATION_FILE_DEVICES_MAXIMUM)
		return wrong(reading, "there are more than %d devices", CONFIGURATION_FILE_DEVICES_MAXIMUM);
	file->has_devices = true;
	file->devices = devices = calloc(count + 1, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	for (size_t i = 0; i < count && !error; i++)
		error = read_device(reading, &devices[i], json_object_array_get_idx(list, i));
	return error;
}

static int by_number(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static int read_table(struct reading *reading, const char *path, json_object *list)
{
	struct configuration_file *file = reading->file;
	struct configuration_file_table *table = &file->tables[file->table_count];
	size_t length = strlen(path), count;

	if (length < 2 || length > ESPALIER_PATH_MAXIMUM || path[length - 1] != '.')
		return wrong(reading, "\"%.40s\" is no table's name", path);
	if (json_object_get_type(list) != json_type_array)
		return wrong(reading, "%.100s: no array of instance numbers", path);
	count = json_object_array_length(list);
	file->row_count += count;
	if (file->row_count > CONFIGURATION_FILE_ROWS_MAXIMUM)
		return wrong(reading, "the tables have more than %d rows", CONFIGURATION_FILE_ROWS_MAXIMUM);
	file->table_count++;
	table->path = strdup(path);
	table->numbers = calloc(count + 1, sizeof(*table->numbers));
	if (!table->path || !table->numbers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		json_object *number = json_object_array_get_idx(list, i);
		int64_t value = json_object_get_int64(number);

		if (json_object_get_type(number) != json_type_int || value < 1 || value > UINT32_MAX)
			return wrong(reading, "%.100s: no instance number", path);
		table->numbers[table->count++] = (uint32_t)value;
	}
	qsort(table->numbers, count, sizeof(*table->numbers), by_number);
	for (size_t i = 1; i < count; i++) {
		if (table->numbers[i - 1] == table->numbers[i])
			return wrong(reading, "%.100s%u. is there twice", path, table->numbers[i]);
	}
	return 0;
}

static int read_tables(struct reading *reading, json_object *tables)
{
	struct configuration_file *file = reading->file;
	int count, error = 0;

	if (json_object_get_type(tables) != json_type_object)
		return wrong(reading, "\"tables\" is no object");
	count = json_object_object_length(tables);
	if (count > CONFIGURATION_FILE_TABLES_MAXIMUM)
		return wrong(reading, "there are more than %d tables", CONFIGURATION_FILE_TABLES_MAXIMUM);
	file->tables = calloc((size_t)count + 1, sizeof(*file->tables));
	if (!file->tables)
		return -ENOMEM;
	json_object_object_foreach(tables, path, list)
	{
		error = read_table(reading, path, list);
		if (error)
			break;
	}
	return error;
}

static int read_object(struct reading *reading, json_object *object)
{
	int error = 0;

	if (json_object_get_type(object) != json_type_object)
		return wrong(reading, "the file is no JSON object");
	json_object_object_foreach(object, key, value)
	{
		if (!strcmp(key, "parameters"))
			error = read_parameters(reading, value);
		else if (!strcmp(key, "tables"))
			error = read_tables(reading, value);
		else if (!strcmp(key, "devices"))
			error = read_devices(reading, value);
		else
			error = wrong(reading, "\"%.40s\" is none of \"parameters\", \"tables\", \"devices\"", key);
		if (error)
			break;
	}
	return error;
}

static int read_json(struct reading *reading, const char *bytes, size_t length)
{
	json_tokener *tokener = json_tokener_new_ex(CONFIGURATION_FILE_DEPTH_MAXIMUM);
	json_object *object;
	int error;

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, bytes, (int)length);
	if (object)
		error = read_object(reading, object);
	else
		error = wrong(reading, "byte %zu: %s", json_tokener_get_parse_end(tokener),
			      json_tokener_get_error(tokener) == json_tokener_continue
				      ? "the JSON ends too early"
				      : json_tokener_error_desc(json_tokener_get_error(tokener)));
	if (!error) {
		const char *rest = bytes + json_tokener_get_parse_end(tokener);

		for (; rest < bytes + length && !error; rest++) {
			if (!blank(*rest) && *rest != '\n')
				error = wrong(reading, "something follows the JSON object");
		}
	}
	json_object_put(object);
	json_tokener_free(tokener);
	return error;
}

static int by_name(const void *left, const void *right)
{
	const struct configuration_file_value *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static int by_path(const void *left, const void *right)
{
	const struct configuration_file_table *a = left, *b = right;

	return strcmp(a->path, b->path);
}

int configuration_file_read(struct configuration_file *file, const char *bytes, size_t length,
			    char problem[CONFIGURATION_FILE_PROBLEM_SIZE])
{
	struct reading reading = {.file = file, .problem = problem};
	const char *start = bytes;
	int error;

	memset(file, 0, sizeof(*file));
	if (length > CONFIGURATION_FILE_SIZE_MAXIMUM)
		return wrong(&reading, "the file has more than %u bytes", CONFIGURATION_FILE_SIZE_MAXIMUM);
	while (start < bytes + length && (blank(*start) || *start == '\n'))
		start++;
	if (start < bytes + length && *start == '{')
		error = read_json(&reading, bytes, length);
	else
		error = read_lines(&reading, bytes, length);
	if (error)
		return error;
	if (!file->value_count && !file->table_count && !file->has_devices)
		return wrong(&reading, "there is nothing in the file");
	if (file->value_count)
		qsort(file->values, file->value_count, sizeof(*file->values), by_name);
	for (size_t i = 1; i < file->value_count; i++) {
		if (!strcmp(file->values[i - 1].name, file->values[i].name))
			return wrong(&reading, "%.100s is there twice", file->values[i].name);
	}
	// A JSON object has no name twice.
	if (file->table_count)
		qsort(file->tables, file->table_count, sizeof(*file->tables), by_path);
	return 0;
}

void configuration_file_device_free(struct configuration_file_device *device)
{
	for (size_t i = 0; i < device->reading_count; i++) {
		free(device->readings[i].name);
		free(device->readings[i].value);
		free(device->readings[i].unit);
	}
	free(device->readings);
	free(device->serial);
	free(device->vendor);
	free(device->type);
}

void configuration_file_free(struct configuration_file *file)
{
	for (size_t i = 0; i < file->value_count; i++) {
		free(file->values[i].name);
		free(file->values[i].text);
	}
	for (size_t i = 0; i < file->table_count; i++) {
		free(file->tables[i].path);
		free(file->tables[i].numbers);
	}
	for (size_t i = 0; i < file->device_count; i++)
		configuration_file_device_free(&file->devices[i]);
	free(file->values);
	free(file->tables);
	free(file->devices);
	memset(file, 0, sizeof(*file));
}
