// SPDX-License-Identifier: GPL-2.0-or-later
// The file types "3 Vendor Configuration File" (Download), "1 Vendor Configuration File" and "3 Vendor Configuration
// File 1" (Upload): applied to the tree all or nothing, and written from it (R-63, R-68).
#pragma once

#include "agent/alarm.h"
#include "agent/configuration-file.h"
#include "agent/date-time.h"
#include "agent/set-values.h"
#include "agent/transfer-job.h"
#include "agent/transfer-type.h"
#include "agent/worker.h"

// All fields are private.
struct configuration_transfer {
	struct agent *agent;
	struct transfer *transfer; // NULL: given up, or none
	char path[TRANSFER_PATH_SIZE];
	struct worker worker; // reads and writes files; started with the first
	bool working;	      // the worker runs
	struct worker_job job;
	int error; // of the job: 0 or -errno
	char problem[CONFIGURATION_FILE_PROBLEM_SIZE];
	struct configuration_file file;
	char *text; // that is to be written
	size_t length;
	struct set_value *entries;
	size_t count;
	struct set_values *set;
	char date[DATE_TIME_SIZE]; // of the decision
	struct alarm again;	   // when another change is under way
};

extern const struct transfer_file_type transfer_configuration_down, transfer_configuration_up,
	transfer_configuration_up_instance;

// Publishes Device.DeviceInfo.VendorConfigFile.1., before the store is started.
int transfer_configuration_open(struct agent *agent);

// After ring_close().
void transfer_configuration_close(struct configuration_transfer *configuration);
