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
		struct declared_device *device = &list->devices[i];

		for (size_t j = 0; j < device->reading_count; j++) {
			free(device->readings[j].name);
			free(device->readings[j].value);
			free(device->readings[j].unit);
		}
		free(device->readings);
		free(device->serial);
		free(device->vendor);
		free(device->type);
	}
	free(list->devices);
	list->devices = NULL;
	list->count = 0;
}

static struct declared_device *find_device(const struct declared_device_list *list, const char *serial)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!strcmp(list->devices[i].serial, serial))
			return &list->devices[i];
	}
	return NULL;
}

static struct declared_reading *find_reading(const struct declared_device *device, const char *name)
{
	for (size_t i = 0; device && i < device->reading_count; i++) {
		if (!strcmp(device->readings[i].name, name))
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
static int publish_reading(struct espalier_writer *writer, struct espalier_row parent, struct declared_reading *reading)
{
	bool new = !reading->row.slot;
	int error = 0;

	if (new)
		error = espalier_instance_add(writer, OWN_DECLARED_READING, parent, reading->number, &reading->row);
	if (!error)
		error = espalier_begin(writer, reading->row);
	if (error)
		return error;
	espalier_set_string(writer, reading->row, READING_NAME, reading->name);
	espalier_set_string(writer, reading->row, READING_VALUE, reading->value);
	espalier_set_string(writer, reading->row, READING_UNIT, reading->unit);
	error = espalier_commit(writer, reading->row);
	return error || !new ? error : espalier_instance_publish(writer, reading->row);
}

static int publish_device(struct espalier_writer *writer, struct declared_device *device)
{
	bool new = !device->row.slot;
	int error = 0;

	if (new)
		error = espalier_instance_add(writer, OWN_DECLARED_DEVICE, (struct espalier_row){0}, device->number,
					      &device->row);
	if (!error)
		error = espalier_begin(writer, device->row);
	if (error)
		return error;
	espalier_set_string(writer, device->row, SERIAL_NUMBER, device->serial);
	espalier_set_string(writer, device->row, VENDOR, device->vendor);
	espalier_set_string(writer, device->row, TYPE, device->type);
	espalier_set_unsigned(writer, device->row, READING_COUNT, device->reading_count);
	error = espalier_commit(writer, device->row);
	if (!error && new)
		error = espalier_instance_publish(writer, device->row);
	for (size_t i = 0; i < device->reading_count && !error; i++)
		error = publish_reading(writer, device->row, &device->readings[i]);
	return error;
}

static void publish_all(struct declared_devices *devices)
{
	for (size_t i = 0; i < devices->now.count; i++) {
		int error = publish_device(devices->agent->own.writer, &devices->now.devices[i]);

		if (error)
			log_error("the device %s can't be shown: %s", devices->now.devices[i].serial, strerror(-error));
	}
	publish_count(devices);
}

// Removes the rows of what the next list has no more, and hands the others over to it.
static void hand_rows_over(struct declared_devices *devices)
{
	struct espalier_writer *writer = devices->agent->own.writer;

	for (size_t i = 0; i < devices->now.count; i++) {
		struct declared_device *former = &devices->now.devices[i];
		struct declared_device *device = find_device(&devices->next, former->serial);

		for (size_t j = 0; j < former->reading_count; j++) {
			struct declared_reading *reading = find_reading(device, former->readings[j].name);

			if (reading)
				reading->row = former->readings[j].row;
			else if (former->readings[j].row.slot)
				espalier_instance_remove(writer, former->readings[j].row);
		}
		if (device)
			device->row = former->row;
		else if (former->row.slot)
			espalier_instance_remove(writer, former->row);
	}
}

// ---- A file's list

static int copy_text(char **to, const char *from)
{
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static int prepare_device(struct declared_device_list *next, const struct declared_device_list *now,
			  const struct configuration_file_device *from)
{
	struct declared_device *device = &next->devices[next->count++];
	const struct declared_device *former = find_device(now, from->serial);

	device->number = former ? former->number : ++next->highest;
	device->highest = former ? former->highest : 0;
	device->readings = calloc(from->reading_count + 1, sizeof(*device->readings));
	if (!device->readings || copy_text(&device->serial, from->serial) || copy_text(&device->vendor, from->vendor) ||
	    copy_text(&device->type, from->type))
		return -ENOMEM;
	for (size_t i = 0; i < from->reading_count; i++) {
		struct declared_reading *reading = &device->readings[device->reading_count++];
		const struct declared_reading *known = find_reading(former, from->readings[i].name);

		reading->number = known ? known->number : ++device->highest;
		if (copy_text(&reading->name, from->readings[i].name) ||
		    copy_text(&reading->value, from->readings[i].value) ||
		    copy_text(&reading->unit, from->readings[i].unit))
			return -ENOMEM;
	}
	return 0;
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

	json_object_object_add(record, "number", json_object_new_int64(device->number));
	json_object_object_add(record, "highest", json_object_new_int64(device->highest));
	json_object_object_add(record, "vendor", json_object_new_string(device->vendor));
	json_object_object_add(record, "type", json_object_new_string(device->type));
	json_object_object_add(record, "readings", readings);
	for (size_t i = 0; i < device->reading_count; i++) {
		const struct declared_reading *reading = &device->readings[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "number", json_object_new_int64(reading->number));
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

		store_put_string(transaction, STORE_DECLARED_DEVICE, devices->next.devices[i].serial,
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

	device->readings = calloc(count + 1, sizeof(*device->readings));
	if (!device->readings)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		json_object *one = json_object_array_get_idx(list, i);
		struct declared_reading *reading = &device->readings[device->reading_count++];

		reading->number = number_of(one, "number");
		if (copy_text(&reading->name, member(one, "name")) ||
		    copy_text(&reading->value, member(one, "value")) || copy_text(&reading->unit, member(one, "unit")))
			return -ENOMEM;
	}
	return 0;
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
	*device = (struct declared_device){.number = number_of(record, "number"),
					   .highest = number_of(record, "highest")};
	error = copy_text(&device->serial, name);
	if (!error)
		error = copy_text(&device->vendor, member(record, "vendor"));
	if (!error)
		error = copy_text(&device->type, member(record, "type"));
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
