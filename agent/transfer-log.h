// SPDX-License-Identifier: GPL-2.0-or-later
// The file types "2 Vendor Log File", which is the first of the device's log files, and "4 Vendor Log File <i>", by
// their instance: the end of the file, or of the system's journal.
#pragma once

#include "agent/child.h"
#include "agent/log-file.h"
#include "agent/transfer-job.h"
#include "agent/transfer-type.h"

#define TRANSFER_LOG_SECONDS 60	       // that the program has
#define TRANSFER_LOG_SIZE    (4 << 20) // bytes of the file's end

// Zeroed memory is ready. All fields are private.
struct log_program {
	struct child child;
	struct agent *agent;
	struct transfer *transfer; // NULL: none waits for it
	struct log_file file;	   // that is read
	char path[TRANSFER_PATH_SIZE];
	bool stale; // what runs is of a transfer that was cancelled
};

extern const struct transfer_file_type transfer_log, transfer_log_instance;

// After ring_close(): ends the program.
void transfer_log_close(struct log_program *program);
