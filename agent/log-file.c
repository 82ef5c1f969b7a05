// SPDX-License-Identifier: GPL-2.0-or-later
// The log files that the ACS can have, Device.DeviceInfo.VendorLogFile.{i}.: those of the configuration.
#include "agent/log-file.h"

#include "agent/agent.h"
#include "shm/log.h"
#include "shm/value.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TABLE		   "Device.DeviceInfo.VendorLogFile."
#define NAME_CHARACTERS	   64
#define NUMBER_SIZE	   12
#define PERSISTENT_JOURNAL "/var/log/journal" // without it the journal is in memory

_Static_assert(LOG_FILES_MAXIMUM == 8 && LOG_FILE_PATH_SIZE == 1024, "the texts below say so");

enum { VENDOR_LOG_FILE_NAME, VENDOR_LOG_FILE_MAXIMUM_SIZE, VENDOR_LOG_FILE_PERSISTENT };

const struct espalier_parameter vendor_log_file_parameters[] = {
	[VENDOR_LOG_FILE_NAME] = {"Name", ESPALIER_STRING, .maximum_length = NAME_CHARACTERS,
				  .description = "Path of the log file, or journal; of a long one the end"},
	[VENDOR_LOG_FILE_MAXIMUM_SIZE] = {"MaximumSize", ESPALIER_UNSIGNED_INT,
					  .description = "Bytes that it can have; 0: not known"},
	[VENDOR_LOG_FILE_PERSISTENT] = {"Persistent", ESPALIER_BOOLEAN,
					.description = "Whether a reboot of the device leaves it"},
	{0},
};

bool log_file_is_journal(const struct log_file *file)
{
	return *file->path != '/';
}

// What Name says: the path, or the end of it that fits.
static const char *name_of(const struct log_file *file)
{
	const char *name = file->path;

	// A character of several bytes is left out as a whole.
	while (value_characters(name, strlen(name)) > NAME_CHARACTERS || ((unsigned char)*name & 0xc0) == 0x80)
		name++;
	return name;
}

// Fills in the paths of a list, at most LOG_FILES_MAXIMUM. Returns NULL, or what is wrong with it.
static const char *parse(const char *list, struct log_file *files, size_t *count)
{
	for (*count = 0;; list++) {
		struct log_file *file = &files[*count];
		size_t length;

		list += strspn(list, " \t");
		length = strcspn(list, ",");
		if (*count == LOG_FILES_MAXIMUM)
			return "more than 8 log files";
		if (length >= sizeof(file->path))
			return "the path of a log file is longer than 1023 bytes";
		*file = (struct log_file){0};
		memcpy(file->path, list, length);
		while (length && (file->path[length - 1] == ' ' || file->path[length - 1] == '\t'))
			file->path[--length] = 0;
		if (*file->path != '/' && strcmp(file->path, LOG_FILE_JOURNAL) != 0)
			return "neither absolute paths nor journal, separated by commas";
		for (size_t i = 0; i < *count; i++) {
			if (!strcmp(name_of(&files[i]), name_of(file)))
				return "two log files have the same name, or the same last 64 characters of it";
		}
		++*count;
		list += strcspn(list, ",");
		if (!*list)
			return NULL;
	}
}

const char *log_files_wrong(const char *list)
{
	struct log_file files[LOG_FILES_MAXIMUM];
	size_t count;

	return parse(list, files, &count);
}

static struct log_file *find(struct log_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++) {
		if (!strcmp(files->files[i].path, path))
			return &files->files[i];
	}
	return NULL;
}

const struct log_file *log_files_find(const struct log_files *files, uint32_t number)
{
	for (size_t i = 0; i < files->count; i++) {
		if (!number || files->files[i].number == number)
			return &files->files[i];
	}
	return NULL;
}

// Whether what is in the file is there after a reboot. A file that is not there yet will be where its folder is.
static bool persistent(const struct log_file *file)
{
	char folder[LOG_FILE_PATH_SIZE];
	struct statfs status;

	if (log_file_is_journal(file))
		return access(PERSISTENT_JOURNAL, F_OK) == 0;
	snprintf(folder, sizeof(folder), "%s", file->path);
	if (statfs(folder, &status)) {
		strrchr(folder, '/')[1] = 0;
		if (statfs(folder, &status))
			return false;
	}
	return status.f_type != TMPFS_MAGIC && status.f_type != RAMFS_MAGIC;
}

static int publish(struct espalier_writer *writer, struct log_file *file)
{
	bool new = !file->row.slot;
	int error = 0;

	if (new)
		error = espalier_instance_add(writer, OWN_VENDOR_LOG_FILE, (struct espalier_row){0}, file->number,
					      &file->row);
	if (!error)
		error = espalier_begin(writer, file->row);
	if (error)
		return error;
	espalier_set_string(writer, file->row, VENDOR_LOG_FILE_NAME, name_of(file));
	espalier_set_unsigned(writer, file->row, VENDOR_LOG_FILE_MAXIMUM_SIZE, 0);
	espalier_set_boolean(writer, file->row, VENDOR_LOG_FILE_PERSISTENT, persistent(file));
	error = espalier_commit(writer, file->row);
	return error || !new ? error : espalier_instance_publish(writer, file->row);
}

static void publish_all(struct log_files *files)
{
	struct own *own = &files->agent->own;
	char text[NUMBER_SIZE];

	while (files->gone_count)
		espalier_instance_remove(own->writer, files->gone[--files->gone_count]);
	for (size_t i = 0; i < files->count; i++) {
		int error = publish(own->writer, &files->files[i]);

		if (error)
			log_error("the log file %s can't be shown: %s", files->files[i].path, strerror(-error));
	}
	snprintf(text, sizeof(text), "%zu", files->count);
	own_set(own, OWN_DEVICE_INFO, DEVICE_INFO_VENDOR_LOG_FILE_NUMBER_OF_ENTRIES, text);
}

static void put_number(struct store_transaction *transaction, enum store_kind kind, const char *name, uint32_t number)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRIu32, number);
	store_put_string(transaction, kind, name, text);
}

// Puts the configuration's files in place of those before: what stays keeps number and row, what is gone loses both.
static void follow(struct log_files *files, struct store_transaction *transaction)
{
	const char *list = files->agent->configuration.log_file;
	struct log_files former = *files;
	size_t count;

	parse(*list ? list : LOG_FILE_JOURNAL, files->files, &count);
	files->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct log_file *file = &files->files[files->count];
		const struct log_file *known = find(&former, files->files[i].path);

		*file = files->files[i];
		if (log_file_is_journal(file) && access(LOG_FILE_JOURNAL_PROGRAM, X_OK)) {
			if (*list)
				log_warning("there is no journal: %s is not there", LOG_FILE_JOURNAL_PROGRAM);
			continue;
		}
		files->count++;
		if (known) {
			*file = *known;
			continue;
		}
		file->number = ++files->highest;
		put_number(transaction, STORE_LOG_FILE, file->path, file->number);
	}
	if (files->highest != former.highest)
		put_number(transaction, STORE_NUMBER, TABLE, files->highest);
	for (size_t i = 0; i < former.count; i++) {
		if (find(files, former.files[i].path))
			continue;
		store_delete(transaction, STORE_LOG_FILE, former.files[i].path);
		// Fewer than there is room for: not more than that can have been shown.
		if (former.files[i].row.slot)
			files->gone[files->gone_count++] = former.files[i].row;
	}
}

static int load(const char *name, const char *value, size_t length, void *context)
{
	struct log_files *files = context;
	struct log_file *file = &files->files[files->count];

	(void)length;
	if (files->count == LOG_FILES_MAXIMUM || strlen(name) >= sizeof(file->path))
		return 0;
	*file = (struct log_file){.number = (uint32_t)strtoul(value, NULL, 10)};
	memcpy(file->path, name, strlen(name) + 1);
	if (file->number && file->number <= files->highest)
		files->count++;
	return 0;
}

int log_files_open(struct log_files *files, struct agent *agent)
{
	struct store_transaction *transaction = store_begin(agent->store);
	char number[NUMBER_SIZE];
	int error;

	files->agent = agent;
	if (!transaction)
		return -ENOMEM;
	if (store_get(agent->store, STORE_NUMBER, TABLE, number, sizeof(number)) > 0)
		files->highest = (uint32_t)strtoul(number, NULL, 10);
	error = store_each(agent->store, STORE_LOG_FILE, load, files);
	if (error) {
		store_abandon(transaction);
		return error;
	}
	follow(files, transaction);
	agent_commit(transaction);
	publish_all(files);
	return 0;
}

static void stored(int error, void *context)
{
	struct log_files *files = context;

	if (error)
		log_warning("the numbers of log files are not durable: %s", strerror(-error));
	publish_all(files);
}

void log_files_reload(struct log_files *files)
{
	struct store_transaction *transaction = store_begin(files->agent->store);

	if (!transaction) {
		log_error("no memory for the log files: they stay as they were");
		return;
	}
	follow(files, transaction);
	if (!store_empty(transaction)) {
		store_commit(transaction, stored, files);
		return;
	}
	store_abandon(transaction);
	publish_all(files);
}
