// SPDX-License-Identifier: GPL-2.0-or-later
// Vendor configuration files: read or written by a worker, applied to the tree or made from it.
#include "agent/transfer-configuration.h"

#include "agent/agent.h"
#include "agent/configuration-backup.h"
#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME	 "espalier.json"
#define INSTANCE	 1	      // the only one of VendorConfigFile
#define SECOND		 1000000000ll // nanoseconds
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
}

static void finish(struct configuration_transfer *configuration, enum transfer_outcome outcome, unsigned fault,
		   const char *text)
{
	// A queue that was discarded has it no more.
	struct transfer *transfer = transfers_find(configuration->agent, configuration->active);

	configuration->active = 0;
	clear(configuration);
	if (transfer)
		transfer_handled(configuration->agent, transfer, outcome, fault, text);
}

// Starts when what was given up before has ended.
static void start(struct configuration_transfer *configuration)
{
	if (configuration->job.pending || configuration->restore.running) {
		alarm_set(&configuration->again, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + SECOND);
		return;
	}
	configuration->active = configuration->wanted;
	memcpy(configuration->path, configuration->wanted_path, sizeof(configuration->path));
	configuration->start(configuration);
}

static void start_again(struct alarm *alarm)
{
	start((struct configuration_transfer *)((char *)alarm - offsetof(struct configuration_transfer, again)));
}

static void begin(struct agent *agent, const struct transfer *transfer, const char *path,
		  void (*run)(struct configuration_transfer *configuration))
{
	struct configuration_transfer *configuration = &agent->transfers.configuration;

	configuration->agent = agent;
	configuration->wanted = transfer->number;
	configuration->start = run;
	snprintf(configuration->wanted_path, sizeof(configuration->wanted_path), "%s", path);
	configuration->again.ring = &agent->ring;
	configuration->again.rang = start_again;
	start(configuration);
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

	if (transfer->number == configuration->active && configuration->restore.running)
		return -EBUSY;
	if (transfer->number == configuration->wanted)
		alarm_clear(&configuration->again);
	if (transfer->number != configuration->active)
		return 0;
	configuration->active = 0;
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

static void restored(struct configuration_restore *restore, unsigned fault, const char *text)
{
	struct configuration_transfer *configuration =
		(struct configuration_transfer *)((char *)restore - offsetof(struct configuration_transfer, restore));

	if (restore->decided)
		publish_date(configuration->agent, restore->date);
	finish(configuration, fault ? TRANSFER_REJECTED : TRANSFER_HANDLED, fault, text);
}

static void restore(struct configuration_transfer *configuration)
{
	const struct transfer *transfer = transfers_find(configuration->agent, configuration->active);

	configuration->restore.finished = restored;
	configuration->restore.local = transfer && transfer->origin == TRANSFER_LOCAL;
	if (!configuration_restore_start(&configuration->restore, configuration->agent, &configuration->file))
		return;
	configuration->start = restore;
	alarm_set(&configuration->again, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + SECOND);
}

static void was_read(struct worker_job *job)
{
	struct configuration_transfer *configuration = of_job(job);

	if (!configuration->active)
		clear(configuration);
	else if (configuration->error == -EINVAL)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_CORRUPTED, configuration->problem);
	else if (configuration->error)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_FAILURE, strerror(-configuration->error));
	else
		restore(configuration);
}

static void start_reading(struct configuration_transfer *configuration)
{
	start_job(configuration, read_file, was_read);
}

static void apply(struct agent *agent, struct transfer *transfer, uint32_t instance, const char *path)
{
	(void)instance;
	begin(agent, transfer, path, start_reading);
}

// --- a file that is to be sent ---

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

	if (!configuration->active)
		clear(configuration);
	else if (configuration->error)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_UPLOAD, strerror(-configuration->error));
	else
		finish(configuration, TRANSFER_HANDLED, 0, NULL);
}

static void start_writing(struct configuration_transfer *configuration)
{
	int error = configuration_backup(configuration->agent, &configuration->text, &configuration->length);

	if (error)
		finish(configuration, TRANSFER_REJECTED, TRANSFER_FAULT_UPLOAD,
		       error == -EFBIG ? "the configuration is too large for a file" : "there is no memory");
	else
		start_job(configuration, write_file, was_written);
}

static void produce(struct agent *agent, struct transfer *transfer, uint32_t instance, const char *path)
{
	(void)instance;
	begin(agent, transfer, path, start_writing);
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
	espalier_set_string(writer, row, VENDOR_CONFIG_FILE_DESCRIPTION, "What can be set, and rows that can be added");
	espalier_commit(writer, row);
	if (store_get(agent->store, STORE_STATE, CONFIGURATION_RESTORE_DATE, date, sizeof(date)) > 0)
		publish_date(agent, date);
	error = espalier_instance_publish(writer, row);
	return error ? error
		     : own_set(&agent->own, OWN_DEVICE_INFO, DEVICE_INFO_VENDOR_CONFIG_FILE_NUMBER_OF_ENTRIES, "1");
}

void transfer_configuration_close(struct configuration_transfer *configuration)
{
	if (!configuration->agent)
		return;
	configuration_restore_close(&configuration->restore);
	if (configuration->working)
		worker_close(&configuration->worker);
	clear(configuration);
}
