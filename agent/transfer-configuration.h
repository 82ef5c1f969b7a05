// SPDX-License-Identifier: GPL-2.0-or-later
// The file types "3 Vendor Configuration File" (Download), "1 Vendor Configuration File" and "3 Vendor Configuration
// File 1" (Upload): applied to the tree all or nothing, and written from it (R-63, R-68).
#pragma once

#include "agent/alarm.h"
#include "agent/configuration-restore.h"
#include "agent/transfer-job.h"
#include "agent/transfer-type.h"
#include "agent/worker.h"

// All fields are private.
struct configuration_transfer {
	struct agent *agent;
	uint32_t wanted; // transfer that was given last, and its file
	char wanted_path[TRANSFER_PATH_SIZE];
	void (*start)(struct configuration_transfer *configuration);
	uint32_t active; // transfer that is worked on; 0: none, or it was given up
	char path[TRANSFER_PATH_SIZE];
	struct worker worker; // reads and writes files; started with the first
	bool working;	      // the worker runs
	struct worker_job job;
	int error; // of the job: 0 or -errno
	char problem[CONFIGURATION_FILE_PROBLEM_SIZE];
	struct configuration_file file;
	char *text; // that is to be written
	size_t length;
	struct configuration_restore restore;
	struct alarm again; // when something else has to end first
};

extern const struct transfer_file_type transfer_configuration_down, transfer_configuration_up,
	transfer_configuration_up_instance;

// Publishes Device.DeviceInfo.VendorConfigFile.1., before the store is started.
int transfer_configuration_open(struct agent *agent);

// After ring_close().
void transfer_configuration_close(struct configuration_transfer *configuration);
