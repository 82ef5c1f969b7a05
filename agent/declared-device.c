// SPDX-License-Identifier: GPL-2.0-or-later
// Devices behind the gateway that a vendor configuration file declares: their rows, numbers and records.
#include "agent/declared-device.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_PATH  "Device.X_ESPALIER_Device."
#define NUMBER_SIZE 12 // bytes of a number as text

enum { SERIAL_NUMBER, VENDOR, TYPE, READING_COUNT };
enum { READING_NAME, READING_VALUE, READING_UNIT };

const struct espalier_parameter declared_device_parameters[] = {
	[SERIAL_NUMBER] = {"SerialNumber", ESPALIER_STRING, ESPALIER_UNIQUE_KEY,
			   .maximum_length = CONFIGURATION_FILE_TEXT_MAXIMUM, .reserve = 32,
			   .description = "Serial number of the device"},
	[VENDOR] = {"Vendor", ESPALIER_STRING, .maximum_length = CONFIGURATION_FILE_TEXT_MAXIMUM, .reserve = 32,
		    .description = "Who made it"},
	[TYPE] = {"Type", ESPALIER_STRING, .maximum_length = CONFIGURATION_FILE_TEXT_MAXIMUM, .reserve = 32,
		  .description = "What it is, such as a meter or a sensor"},
	[READING_COUNT] = {"ReadingNumberOfEntries", ESPALIER_UNSIGNED_INT,
			   .description = "Number of entries in the Reading table"},
	{0},
};

const struct espalier_parameter declared_reading_parameters[] = {
	[READING_NAME] = {"Name", ESPALIER_STRING, ESPALIER_UNIQUE_KEY,
			  .maximum_length = CONFIGURATION_FILE_TEXT_MAXIMUM, .reserve = 32,
			  .description = "What was read"},
	[READING_VALUE] = {"Value", ESPALIER_STRING, .maximum_length = CONFIGURATION_FILE_TEXT_MAXIMUM, .reserve = 32,
			   .description = "The value, as the file has it"},
	[READING_UNIT] = {"Unit", ESPALIER_STRING, .maximum_length = CONFIGURATION_FILE_TEXT_MAXIMUM, .reserve = 16,
			  .description = "Its unit; empty: none"},
	{0},
};

// ---- Lists

static void free_list(struct declared_device_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		configuration_file_device_free(&list->devices[i].what);
		free(list->devices[i].readings);
	}
	free(list->devices);
	list->devices = NULL;
	list->count = 0;
}

static struct declared_device *find_device(const struct declared_device_list *list, const char *serial)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!strcmp(list->devices[i].what.serial, serial))
			return &list->devices[i];
	}
	return NULL;
}

static struct declared_place *find_reading(const struct declared_device *device, const char *name)
{
	for (size_t i = 0; device && i < device->what.reading_count; i++) {
		if (!strcmp(device->what.readings[i].name, name))
			return &device->readings[i];
	}
	return NULL;
}

// ---- Rows

static void publish_count(struct declared_devices *devices)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%zu", devices->now.count);
	own_set(&devices->agent->own, OWN_DEVICE, DEVICE_DECLARED_DEVICE_NUMBER_OF_ENTRIES, text);
}

// Makes the row, or takes the former one, and fills it.
static int publish_reading(struct espalier_writer *writer, struct espalier_row parent,
			   const struct configuration_file_reading *reading, struct declared_place *place)
{
	bool new = !place->row.slot;
	int error = 0;

	if (new)
		error = espalier_instance_add(writer, OWN_DECLARED_READING, parent, place->number, &place->row);
	if (!error)
		error = espalier_begin(writer, place->row);
	if (error)
		return error;
	espalier_set_string(writer, place->row, READING_NAME, reading->name);
	espalier_set_string(writer, place->row, READING_VALUE, reading->value);
	espalier_set_string(writer, place->row, READING_UNIT, reading->unit);
	error = espalier_commit(writer, place->row);
	return error || !new ? error : espalier_instance_publish(writer, place->row);
}

static int publish_device(struct espalier_writer *writer, struct declared_device *device)
{
	const struct configuration_file_device *what = &device->what;
	struct declared_place *place = &device->place;
	bool new = !place->row.slot;
	int error = 0;

	if (new)
		error = espalier_instance_add(writer, OWN_DECLARED_DEVICE, (struct espalier_row){0}, place->number,
					      &place->row);
	if (!error)
		error = espalier_begin(writer, place->row);
	if (error)
		return error;
	espalier_set_string(writer, place->row, SERIAL_NUMBER, what->serial);
	espalier_set_string(writer, place->row, VENDOR, what->vendor);
	espalier_set_string(writer, place->row, TYPE, what->type);
	espalier_set_unsigned(writer, place->row, READING_COUNT, what->reading_count);
	error = espalier_commit(writer, place->row);
	if (!error && new)
		error = espalier_instance_publish(writer, place->row);
	for (size_t i = 0; i < what->reading_count && !error; i++)
		error = publish_reading(writer, place->row, &what->readings[i], &device->readings[i]);
	return error;
}

static void publish_all(struct declared_devices *devices)
{
	for (size_t i = 0; i < devices->now.count; i++) {
		int error = publish_device(devices->agent->own.writer, &devices->now.devices[i]);

		if (error)
			log_error("the device %s can't be shown: %s", devices->now.devices[i].what.serial,
				  strerror(-error));
	}
	publish_count(devices);
}

// Removes the rows of what the next list has no more, and hands the others over to it.
static void hand_rows_over(struct declared_devices *devices)
{
	struct espalier_writer *writer = devices->agent->own.writer;

	for (size_t i = 0; i < devices->now.count; i++) {
		struct declared_device *former = &devices->now.devices[i];
		struct declared_device *device = find_device(&devices->next, former->what.serial);

		for (size_t j = 0; j < former->what.reading_count; j++) {
			struct declared_place *place = find_reading(device, former->what.readings[j].name);

			if (place)
				place->row = former->readings[j].row;
			else if (former->readings[j].row.slot)
				espalier_instance_remove(writer, former->readings[j].row);
		}
		if (device)
			device->place.row = former->place.row;
		else if (former->place.row.slot)
			espalier_instance_remove(writer, former->place.row);
	}
}

// ---- A file's list

static int copy_text(char **to, const char *from)
{
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static int make_readings(struct declared_device *device, size_t count)
{
	device->what.readings = calloc(count + 1, sizeof(*device->what.readings));
	device->readings = calloc(count + 1, sizeof(*device->readings));
	return device->what.readings && device->readings ? 0 : -ENOMEM;
}

static int take_reading(struct declared_device *device, uint32_t number, const char *name, const char *value,
			const char *unit)
{
	size_t at = device->what.reading_count++;
	struct configuration_file_reading *reading = &device->what.readings[at];

	device->readings[at].number = number;
	return copy_text(&reading->name, name) || copy_text(&reading->value, value) || copy_text(&reading->unit, unit)
		       ? -ENOMEM
		       : 0;
}

static int take_texts(struct declared_device *device, const char *serial, const char *vendor, const char *type)
{
	struct configuration_file_device *what = &device->what;

	return copy_text(&what->serial, serial) || copy_text(&what->vendor, vendor) || copy_text(&what->type, type)
		       ? -ENOMEM
		       : 0;
}

static int prepare_device(struct declared_device_list *next, const struct declared_device_list *now,
			  const struct configuration_file_device *from)
{
	struct declared_device *device = &next->devices[next->count++];
	const struct declared_device *former = find_device(now, from->serial);
	int error;

	device->place.number = former ? former->place.number : ++next->highest;
	device->highest = former ? former->highest : 0;
	error = take_texts(device, from->serial, from->vendor, from->type);
	if (!error)
		error = make_readings(device, from->reading_count);
	for (size_t i = 0; i < from->reading_count && !error; i++) {
		const struct configuration_file_reading *reading = &from->readings[i];
		const struct declared_place *known = find_reading(former, reading->name);

		error = take_reading(device, known ? known->number : ++device->highest, reading->name, reading->value,
				     reading->unit);
	}
	return error;
}

int declared_devices_prepare(struct declared_devices *devices, const struct configuration_file *file)
{
	struct declared_device_list *next = &devices->next;
	int error = 0;

	free_list(next);
	next->highest = devices->now.highest;
	next->devices = calloc(file->device_count + 1, sizeof(*next->devices));
	if (!next->devices)
		return -ENOMEM;
	for (size_t i = 0; i < file->device_count && !error; i++)
		error = prepare_device(next, &devices->now, &file->devices[i]);
	if (error)
		free_list(next);
	return error;
}

static json_object *record_of(const struct declared_device *device)
{
	json_object *record = json_object_new_object(), *readings = json_object_new_array();

	json_object_object_add(record, "number", json_object_new_int64(device->place.number));
	json_object_object_add(record, "highest", json_object_new_int64(device->highest));
	json_object_object_add(record, "vendor", json_object_new_string(device->what.vendor));
	json_object_object_add(record, "type", json_object_new_string(device->what.type));
	json_object_object_add(record, "readings", readings);
	for (size_t i = 0; i < device->what.reading_count; i++) {
		const struct configuration_file_reading *reading = &device->what.readings[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "number", json_object_new_int64(device->readings[i].number));
		json_object_object_add(one, "name", json_object_new_string(reading->name));
		json_object_object_add(one, "value", json_object_new_string(reading->value));
		json_object_object_add(one, "unit", json_object_new_string(reading->unit));
		json_object_array_add(readings, one);
	}
	return record;
}

void declared_devices_store(const struct declared_devices *devices, struct store_transaction *transaction)
{
	char number[NUMBER_SIZE];

	store_delete_all(transaction, STORE_DECLARED_DEVICE);
	for (size_t i = 0; i < devices->next.count; i++) {
		json_object *record = record_of(&devices->next.devices[i]);

		store_put_string(transaction, STORE_DECLARED_DEVICE, devices->next.devices[i].what.serial,
				 json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN));
		json_object_put(record);
	}
	snprintf(number, sizeof(number), "%" PRIu32, devices->next.highest);
	store_put_string(transaction, STORE_NUMBER, TABLE_PATH, number);
}

void declared_devices_take(struct declared_devices *devices)
{
	hand_rows_over(devices);
	free_list(&devices->now);
	devices->now = devices->next;
	memset(&devices->next, 0, sizeof(devices->next));
	publish_all(devices);
}

void declared_devices_abandon(struct declared_devices *devices)
{
	free_list(&devices->next);
}

const struct declared_device_list *declared_devices_list(const struct declared_devices *devices)
{
	return &devices->now;
}

// ---- At the start

static const char *member(json_object *object, const char *name)
{
	json_object *value = json_object_object_get(object, name);

	return json_object_get_type(value) == json_type_string ? json_object_get_string(value) : "";
}

static uint32_t number_of(json_object *object, const char *name)
{
	int64_t number = json_object_get_int64(json_object_object_get(object, name));

	return number > 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
}

static int load_readings(struct declared_device *device, json_object *list)
{
	size_t count = json_object_get_type(list) == json_type_array ? json_object_array_length(list) : 0;
	int error = make_readings(device, count);

	for (size_t i = 0; i < count && !error; i++) {
		json_object *one = json_object_array_get_idx(list, i);

		error = take_reading(device, number_of(one, "number"), member(one, "name"), member(one, "value"),
				     member(one, "unit"));
	}
	return error;
}

static int load(const char *name, const char *value, size_t length, void *context)
{
	struct declared_device_list *list = context;
	struct declared_device *device;
	json_object *record;
	void *larger;
	int error;

	(void)length;
	larger = realloc(list->devices, (list->count + 1) * sizeof(*list->devices));
	if (!larger)
		return -ENOMEM;
	list->devices = larger;
	record = json_tokener_parse(value);
	if (json_object_get_type(record) != json_type_object || !number_of(record, "number")) {
		log_warning("the record of the device %s is not understood", name);
		json_object_put(record);
		return 0;
	}
	device = &list->devices[list->count++];
	*device = (struct declared_device){.place.number = number_of(record, "number"),
					   .highest = number_of(record, "highest")};
	error = take_texts(device, name, member(record, "vendor"), member(record, "type"));
	if (!error)
		error = load_readings(device, json_object_object_get(record, "readings"));
	json_object_put(record);
	return error;
}

int declared_devices_open(struct declared_devices *devices, struct agent *agent)
{
	char number[NUMBER_SIZE];
	int error;

	devices->agent = agent;
	if (store_get(agent->store, STORE_NUMBER, TABLE_PATH, number, sizeof(number)) > 0)
		devices->now.highest = (uint32_t)strtoul(number, NULL, 10);
	error = store_each(agent->store, STORE_DECLARED_DEVICE, load, &devices->now);
	if (!error)
		publish_all(devices);
	return error;
}

void declared_devices_free(struct declared_devices *devices)
{
	free_list(&devices->now);
	free_list(&devices->next);
}
