// SPDX-License-Identifier: GPL-2.0-or-later
// Vendor configuration files: applied to the tree, all or nothing, and made from it.
//
//	read (worker) -> check every name and value -> one set of what differs, and the devices with its decision
#include "agent/transfer-configuration.h"

#include "agent/agent.h"
#include "agent/clock.h"
#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME	 "espalier.json"
#define STATE_DATE	 "configuration-file-date"
#define INSTANCE	 1	      // the only one of VendorConfigFile
#define SECOND		 1000000000ll // nanoseconds
#define LOGGED_MAXIMUM	 100	      // bad entries that the log names
#define REPORT_SIZE	 256
#define UNKNOWN_INSTANCE 9003

enum { VENDOR_CONFIG_FILE_NAME, VENDOR_CONFIG_FILE_VERSION, VENDOR_CONFIG_FILE_DATE, VENDOR_CONFIG_FILE_DESCRIPTION };

const struct espalier_parameter vendor_config_file_parameters[] = {
	[VENDOR_CONFIG_FILE_NAME] = {"Name", ESPALIER_STRING, .maximum_length = 64,
				     .description = "Name of the vendor configuration file"},
	[VENDOR_CONFIG_FILE_VERSION] = {"Version", ESPALIER_STRING, .maximum_length = 16,
					.description = "Its version; empty: it has none"},
	[VENDOR_CONFIG_FILE_DATE] = {"Date", ESPALIER_DATE_TIME, .reserve = 32,
				     .description = "When one was last applied"},
	[VENDOR_CONFIG_FILE_DESCRIPTION] = {"Description", ESPALIER_STRING, .maximum_length = 256,
					    .description = "What it is"},
	{0},
};

static struct configuration_transfer *of_job(struct worker_job *job)
{
	return (struct configuration_transfer *)((char *)job - offsetof(struct configuration_transfer, job));
}

static void clear(struct configuration_transfer *configuration)
{
	configuration_file_free(&configuration->file);
	free(configuration->text);
	configuration->text = NULL;
	free(configuration->entries);
	configuration->entries = NULL;
	declared_devices_abandon(&configuration->agent->declared_devices);
	alarm_clear(&configuration->again);
}

static void finish(struct configuration_transfer *configuration, enum transfer_outcome outcome, unsigned fault,
		   const char *text)
{
	struct transfer *transfer = configuration->transfer;

	configuration->transfer = NULL;
	clear(configuration);
	if (transfer)
		transfer_handled(configuration->agent, transfer, outcome, fault, text);
}

static void start_job(struct configuration_transfer *configuration, void (*run)(struct worker_job *job),
		      void (*done)(struct worker_job *job))
{
	struct agent *agent = configuration->agent;
	int error = 0;

	if (!configuration->working)
		error = worker_open(&configuration->worker, &agent->ring, "configuration");
	if (error) {
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_FAILURE, "there is no memory for a thread");
		return;
	}
	configuration->working = true;
	configuration->job = (struct worker_job){.run = run, .done = done};
	worker_submit(&configuration->worker, &configuration->job);
}

static int cancel(struct agent *agent, struct transfer *transfer)
{
	struct configuration_transfer *configuration = &agent->transfers.configuration;

	(void)transfer;
	if (configuration->set)
		return -EBUSY;
	configuration->transfer = NULL;
	// What the thread works with is freed when it has ended.
	if (!configuration->job.pending)
		clear(configuration);
	return 0;
}

// --- a file that came ---

// On the worker's thread.
static void read_file(struct worker_job *job)
{
	struct configuration_transfer *configuration = of_job(job);
	char *bytes = malloc(CONFIGURATION_FILE_SIZE_MAXIMUM + 1);
	int descriptor = open(configuration->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t length = 0;
	ssize_t got = 1;

	configuration->error = bytes ? 0 : -ENOMEM;
	if (descriptor < 0)
		configuration->error = -errno;
	while (!configuration->error && got && length <= CONFIGURATION_FILE_SIZE_MAXIMUM) {
		got = read(descriptor, bytes + length, CONFIGURATION_FILE_SIZE_MAXIMUM + 1 - length);
		if (got < 0)
			configuration->error = -errno;
		else
			length += (size_t)got;
	}
	if (!configuration->error)
		configuration->error =
			configuration_file_read(&configuration->file, bytes, length, configuration->problem);
	if (descriptor >= 0)
		close(descriptor);
	free(bytes);
}

__attribute__((format(printf, 3, 4))) static void append(char *report, size_t *length, const char *format, ...)
{
	va_list arguments;
	int added;

	va_start(arguments, format);
	added = vsnprintf(report + *length, REPORT_SIZE - *length, format, arguments);
	va_end(arguments);
	// What does not fit is left out as a whole.
	if (added < 0 || (size_t)added >= REPORT_SIZE - *length)
		report[*length] = 0;
	else
		*length += (size_t)added;
}

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

// Every bad entry is in the log, and as many as fit in TransferComplete.
static void reject_entries(struct configuration_transfer *configuration, const char *text)
{
	char report[REPORT_SIZE] = "";
	size_t length = 0, bad = 0;

	for (size_t i = 0; i < configuration->count; i++)
		bad += configuration->entries[i].fault != 0;
	if (!bad) {
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_FAILURE,
		       text ? text : "the values could not be set");
		return;
	}
	append(report, &length, "%zu of %zu refused:", bad, configuration->file.value_count);
	for (size_t i = 0, logged = 0; i < configuration->count; i++) {
		const struct set_value *entry = &configuration->entries[i];

		if (!entry->fault)
			continue;
		append(report, &length, " %s (%s)", entry->name.data, reason(entry));
		if (logged++ < LOGGED_MAXIMUM)
			log_warning("configuration file: %s: %s", entry->name.data, reason(entry));
	}
	finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_CORRUPTED, report);
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

static void keep_different(struct configuration_transfer *configuration)
{
	size_t kept = 0;

	for (size_t i = 0; i < configuration->count; i++) {
		if (!is_so(configuration->agent->tree, &configuration->entries[i]))
			configuration->entries[kept++] = configuration->entries[i];
	}
	configuration->count = kept;
}

static void decided(struct store_transaction *transaction, void *context)
{
	struct configuration_transfer *configuration = context;

	if (configuration->file.has_devices)
		declared_devices_store(&configuration->agent->declared_devices, transaction);
	date_time_format_utc(clock_time(), configuration->date);
	store_put_string(transaction, STORE_STATE, STATE_DATE, configuration->date);
}

static void publish_date(struct agent *agent, const char *date)
{
	struct espalier_writer *writer = agent->own.writer;
	struct espalier_row row =
		espalier_instance_find(writer, OWN_VENDOR_CONFIG_FILE, (struct espalier_row){0}, INSTANCE);

	if (espalier_begin(writer, row))
		return;
	espalier_set_string(writer, row, VENDOR_CONFIG_FILE_DATE, date);
	espalier_commit(writer, row);
}

static void finished(struct set_values *set, int fault, const char *text, void *context)
{
	struct configuration_transfer *configuration = context;
	struct agent *agent = configuration->agent;

	configuration->set = NULL;
	if (fault) {
		reject_entries(configuration, text);
	} else {
		if (configuration->file.has_devices)
			declared_devices_take(&agent->declared_devices);
		publish_date(agent, configuration->date);
		log_notice("configuration file: %zu of %zu parameters were others", configuration->count,
			   configuration->file.value_count);
		finish(configuration, TRANSFER_HANDLED, 0, NULL);
	}
	set_values_free(set);
}

static void set(struct configuration_transfer *configuration)
{
	struct agent *agent = configuration->agent;
	const struct configuration_file *file = &configuration->file;
	int error;

	free(configuration->entries);
	configuration->count = file->value_count;
	configuration->entries = calloc(file->value_count + 1, sizeof(*configuration->entries));
	error = configuration->entries ? 0 : -ENOMEM;
	if (!error && file->has_devices)
		error = declared_devices_prepare(&agent->declared_devices, file);
	for (size_t i = 0; i < file->value_count && !error; i++) {
		struct set_value *entry = &configuration->entries[i];

		entry->name = (struct soap_string){file->values[i].name, strlen(file->values[i].name)};
		entry->value.text = (struct soap_string){file->values[i].text, strlen(file->values[i].text)};
	}
	if (error) {
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_FAILURE, "there is no memory");
		return;
	}
	agent_look(agent);
	if (set_values_check(agent, configuration->entries, configuration->count, NULL)) {
		reject_entries(configuration, NULL);
		return;
	}
	keep_different(configuration);
	error = set_values_start(
		&configuration->set, agent, configuration->entries, configuration->count, NULL,
		&(struct set_values_steps){.also = decided, .finished = finished, .context = configuration});
	if (error == -EBUSY)
		alarm_set(&configuration->again, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + SECOND);
	else if (error)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_FAILURE, "there is no memory");
}

static void set_again(struct alarm *alarm)
{
	set((struct configuration_transfer *)((char *)alarm - offsetof(struct configuration_transfer, again)));
}

static void was_read(struct worker_job *job)
{
	struct configuration_transfer *configuration = of_job(job);

	if (!configuration->transfer)
		clear(configuration);
	else if (configuration->error == -EINVAL)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_CORRUPTED, configuration->problem);
	else if (configuration->error)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_FAILURE, strerror(-configuration->error));
	else
		set(configuration);
}

static struct configuration_transfer *begin(struct agent *agent, struct transfer *transfer, const char *path)
{
	struct configuration_transfer *configuration = &agent->transfers.configuration;

	configuration->agent = agent;
	configuration->transfer = transfer;
	snprintf(configuration->path, sizeof(configuration->path), "%s", path);
	configuration->again.ring = &agent->ring;
	configuration->again.rang = set_again;
	return configuration;
}

static void apply(struct agent *agent, struct transfer *transfer, uint32_t instance, const char *path)
{
	(void)instance;
	start_job(begin(agent, transfer, path), read_file, was_read);
}

// --- a file that is to be sent ---

struct backup {
	FILE *out;
	char path[ESPALIER_PATH_MAXIMUM + 1];
	bool first;
};

static void put_string(FILE *out, const char *text, size_t length)
{
	json_object *string = json_object_new_string_len(text, (int)length);

	fputs(json_object_to_json_string_ext(string, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE), out);
	json_object_put(string);
}

static int put_parameter(struct tree *tree, struct tree_reference reference, void *context)
{
	const struct espalier_parameter *parameter = tree_parameter_of(tree, reference);
	struct backup *backup = context;
	const struct espalier_value *values, *value;
	uint32_t count;

	// Secrets can't be read, and commands have no value.
	if (!(parameter->flags & ESPALIER_WRITABLE) || parameter->flags & (ESPALIER_HIDDEN | ESPALIER_COMMAND))
		return 0;
	values = tree_read_row(tree, &tree_nodes(tree, &count)[reference.node]);
	if (!values)
		return 0;
	value = &values[reference.parameter];
	tree_path(tree, reference, backup->path, sizeof(backup->path));
	fputs(backup->first ? "\n\t\t" : ",\n\t\t", backup->out);
	backup->first = false;
	put_string(backup->out, backup->path, strlen(backup->path));
	fputs(": ", backup->out);
	switch (parameter->flags & ESPALIER_LIST ? ESPALIER_STRING : parameter->type) {
	case ESPALIER_INT:
	case ESPALIER_LONG:
		fprintf(backup->out, "%lld", (long long)value->integer);
		break;
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
		fprintf(backup->out, "%llu", (unsigned long long)value->number);
		break;
	case ESPALIER_BOOLEAN:
		fputs(value->number ? "true" : "false", backup->out);
		break;
	default:
		put_string(backup->out, value->text, value->length);
	}
	return ftell(backup->out) > (long)CONFIGURATION_FILE_SIZE_MAXIMUM;
}

static void put_member(FILE *out, const char *name, const char *text, const char *end)
{
	fprintf(out, "\"%s\": ", name);
	put_string(out, text, strlen(text));
	fputs(end, out);
}

static void put_devices(FILE *out, const struct declared_device_list *list)
{
	fputs("\t\"devices\": [", out);
	for (size_t i = 0; i < list->count; i++) {
		const struct configuration_file_device *device = &list->devices[i].what;

		fputs(i ? ",\n\t\t{ " : "\n\t\t{ ", out);
		put_member(out, "serial", device->serial, ", ");
		put_member(out, "vendor", device->vendor, ", ");
		put_member(out, "type", device->type, ", \"readings\": [");
		for (size_t j = 0; j < device->reading_count; j++) {
			fputs(j ? ",\n\t\t\t{ " : "\n\t\t\t{ ", out);
			put_member(out, "name", device->readings[j].name, ", ");
			put_member(out, "value", device->readings[j].value, ", ");
			put_member(out, "unit", device->readings[j].unit, " }");
		}
		fputs("] }", out);
	}
	fputs("\n\t]\n", out);
}

// Makes the text. Returns 0 or -errno (-EFBIG: the tree has more than a file can).
static int make_text(struct configuration_transfer *configuration)
{
	struct agent *agent = configuration->agent;
	struct backup backup = {.out = open_memstream(&configuration->text, &configuration->length), .first = true};
	struct tree_reference all;
	int error = backup.out ? 0 : -ENOMEM, large = 0;

	if (error)
		return error;
	agent_look(agent);
	fputs("{\n\t\"parameters\": {", backup.out);
	if (!tree_resolve(agent->tree, "", 0, &all))
		large = tree_each_parameter(agent->tree, all, put_parameter, &backup);
	fputs("\n\t},\n", backup.out);
	put_devices(backup.out, declared_devices_list(&agent->declared_devices));
	fputs("}\n", backup.out);
	if (ferror(backup.out))
		error = -ENOMEM;
	if (fclose(backup.out))
		error = -ENOMEM;
	return large || configuration->length > CONFIGURATION_FILE_SIZE_MAXIMUM ? -EFBIG : error;
}

// On the worker's thread.
static void write_file(struct worker_job *job)
{
	struct configuration_transfer *configuration = of_job(job);
	int descriptor = open(configuration->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t done = 0;

	configuration->error = descriptor < 0 ? -errno : 0;
	while (!configuration->error && done < configuration->length) {
		ssize_t put = write(descriptor, configuration->text + done, configuration->length - done);

		if (put < 0)
			configuration->error = -errno;
		else
			done += (size_t)put;
	}
	if (descriptor >= 0)
		close(descriptor);
}

static void was_written(struct worker_job *job)
{
	struct configuration_transfer *configuration = of_job(job);

	if (!configuration->transfer)
		clear(configuration);
	else if (configuration->error)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_UPLOAD, strerror(-configuration->error));
	else
		finish(configuration, TRANSFER_HANDLED, 0, NULL);
}

static void produce(struct agent *agent, struct transfer *transfer, uint32_t instance, const char *path)
{
	struct configuration_transfer *configuration = begin(agent, transfer, path);
	int error;

	(void)instance;
	error = make_text(configuration);
	if (error)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_UPLOAD,
		       error == -EFBIG ? "the configuration is too large for a file" : "there is no memory");
	else
		start_job(configuration, write_file, was_written);
}

// --- the types ---

static unsigned accept_upload(struct agent *agent, uint32_t instance, const char **text)
{
	(void)agent;
	if (instance == INSTANCE)
		return 0;
	*text = "there is no such vendor configuration file";
	return UNKNOWN_INSTANCE;
}

const struct transfer_file_type transfer_configuration_down = {
	.name = "3 Vendor Configuration File",
	.directions = TRANSFER_DOWN,
	.apply = apply,
	.cancel = cancel,
};

const struct transfer_file_type transfer_configuration_up = {
	.name = "1 Vendor Configuration File",
	.transfer_name = "3 Vendor Configuration File",
	.directions = TRANSFER_UP,
	.produce = produce,
	.cancel = cancel,
};

const struct transfer_file_type transfer_configuration_up_instance = {
	.name = "3 Vendor Configuration File",
	.directions = TRANSFER_UP,
	.numbered = true,
	.transfer_name_numbered = "6 Vendor Configuration File",
	.accept = accept_upload,
	.produce = produce,
	.cancel = cancel,
};

int transfer_configuration_open(struct agent *agent)
{
	struct espalier_writer *writer = agent->own.writer;
	char date[DATE_TIME_SIZE];
	struct espalier_row row;
	int error = espalier_instance_add(writer, OWN_VENDOR_CONFIG_FILE, (struct espalier_row){0}, INSTANCE, &row);

	if (!error)
		error = espalier_begin(writer, row);
	if (error)
		return error;
	espalier_set_string(writer, row, VENDOR_CONFIG_FILE_NAME, FILE_NAME);
	espalier_set_string(writer, row, VENDOR_CONFIG_FILE_DATE, DATE_TIME_UNKNOWN);
	espalier_set_string(writer, row, VENDOR_CONFIG_FILE_DESCRIPTION, "Values of all parameters that can be set");
	espalier_commit(writer, row);
	if (store_get(agent->store, STORE_STATE, STATE_DATE, date, sizeof(date)) > 0)
		publish_date(agent, date);
	error = espalier_instance_publish(writer, row);
	return error ? error
		     : own_set(&agent->own, OWN_DEVICE_INFO, DEVICE_INFO_VENDOR_CONFIG_FILE_NUMBER_OF_ENTRIES, "1");
}

void transfer_configuration_close(struct configuration_transfer *configuration)
{
	if (!configuration->agent)
		return;
	set_values_free(configuration->set);
	if (configuration->working)
		worker_close(&configuration->worker);
	clear(configuration);
}
