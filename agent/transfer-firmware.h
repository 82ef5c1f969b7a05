// SPDX-License-Identifier: GPL-2.0-or-later
// The file type "1 Firmware Upgrade Image": handed to the configured program, and in effect after a restart.
#pragma once

#include "agent/child.h"
#include "agent/transfer-job.h"
#include "agent/transfer-type.h"

// Zeroed memory is ready. All fields are private.
struct firmware_program {
	struct child child;
	struct alarm wait; // for the end of a program that another run of the agent has started
	struct agent *agent;
	struct transfer *transfer;
	char path[TRANSFER_PATH_SIZE];
	int64_t until; // nanoseconds of CLOCK_BOOTTIME
};

extern const struct transfer_file_type transfer_firmware;

// After ring_close(). A program that writes an image is left at its work.
void transfer_firmware_close(struct firmware_program *program);
