// SPDX-License-Identifier: GPL-2.0-or-later
// The log files that the ACS can have, Device.DeviceInfo.VendorLogFile.{i}.: those of the configuration.
//
// A file keeps its instance number as long as the configuration has it, over restarts and a factory reset; no number is
// given twice.
#pragma once

#include "shm/espalier.h"

#define LOG_FILES_MAXIMUM	 8
#define LOG_FILE_PATH_SIZE	 1024
#define LOG_FILE_LIST_SIZE	 2048 // of the configuration's text
#define LOG_FILE_JOURNAL	 "journal"
#define LOG_FILE_JOURNAL_PROGRAM "/usr/bin/journalctl"

struct agent;

struct log_file {
	char path[LOG_FILE_PATH_SIZE]; // absolute, or LOG_FILE_JOURNAL
	uint32_t number;	       // of the instance
	struct espalier_row row;
};

// Zero it. `files` may be read, in the configuration's order.
struct log_files {
	struct agent *agent;
	struct log_file files[LOG_FILES_MAXIMUM];
	size_t count;
	uint32_t highest;			     // number ever given
	struct espalier_row gone[LOG_FILES_MAXIMUM]; // shown still, until new ones can be
	size_t gone_count;
};

extern const struct espalier_parameter vendor_log_file_parameters[];

// Checks the configuration's list: absolute paths or LOG_FILE_JOURNAL, separated by commas. Returns NULL, or a static
// text that says what is wrong.
const char *log_files_wrong(const char *list);

// Shows the files of the configuration, before the store is started. Looks at the disk. Returns 0 or -errno.
int log_files_open(struct log_files *files, struct agent *agent);

// The configuration was read again: new files are shown as soon as their numbers are durable.
void log_files_reload(struct log_files *files);

// The file of an instance; 0: the first of the configuration. NULL: there is none.
const struct log_file *log_files_find(const struct log_files *files, uint32_t number);

// Whether it is the system's journal.
bool log_file_is_journal(const struct log_file *file);
