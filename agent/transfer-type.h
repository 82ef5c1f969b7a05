// SPDX-License-Identifier: GPL-2.0-or-later
// The file types of Download and Upload: what is done with a file that came, and where one that is to be
// sent comes from. A new type is a new file agent/transfer-NAME.c and its line in the table of transfer-type.c.
#pragma once

#include "agent/cwmp-version.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSFER_FILE_TYPE_SIZE (64 * 4 + 1) // 64 characters

struct agent;
struct transfer;

enum transfer_direction {
	TRANSFER_DOWN = 1 << 0, // Download, ScheduleDownload
	TRANSFER_UP = 1 << 1,	// Upload
};

// How a handler has ended.
enum transfer_outcome {
	TRANSFER_HANDLED,  // in effect; a file that is to be sent is complete
	TRANSFER_RESTART,  // takes effect with a restart of the device; after_restart() decides
	TRANSFER_REJECTED, // see the fault
};

struct transfer_file_type {
	// "1 Firmware Upgrade Image". The two directions have names of their own, so each has its line.
	const char *name;
	unsigned directions; // a set of enum transfer_direction
	bool numbered;	     // a number may follow, separated by a blank ("3 Vendor Configuration File 1"): an instance
	// Its names where one list of types is for both directions (TransferFileType in the schema of CWMP): without a
	// number and with one. NULL: its name.
	const char *transfer_name, *transfer_name_numbered;

	// Whether such a transfer can be accepted now. `instance` is the number, 0 without one. Returns 0, or the fault
	// with which the method is answered, with a static text. NULL: always.
	unsigned (*accept)(struct agent *agent, uint32_t instance, const char **text);

	// A download: checks the file at `path`, which is complete and on the disk, and applies it. Called when no
	// session runs. Says when it has finished by transfer_handled(), now or later, and must then have made durable
	// what it has done. After a restart of the agent in between it is called again for the same file, and must then
	// have the same effect as if it had been called once.
	void (*apply)(struct agent *agent, struct transfer *transfer, uint32_t instance, const char *path);

	// An upload: writes the file at `path`, which is not there yet (mode 0600), and then calls transfer_handled().
	// Called again for each new try of the transfer.
	void (*produce)(struct agent *agent, struct transfer *transfer, uint32_t instance, const char *path);

	// Gives an apply() or produce() up that has not finished: no transfer_handled() may come any more, except from
	// within. Returns 0, or -EBUSY when that is not possible (CancelTransfer is then answered with 9021). NULL:
	// never possible.
	int (*cancel)(struct agent *agent, struct transfer *transfer);

	// After TRANSFER_RESTART: `restarted` says that the device has restarted since. Returns -EAGAIN to wait on, 0
	// for success, or a fault with a static text.
	int (*after_restart)(struct agent *agent, const struct transfer *transfer, bool restarted, const char **text);
};

// The type of a FileType for a direction, with the instance's number; NULL when the device does not know it.
const struct transfer_file_type *transfer_type_find(const char *name, size_t length, enum transfer_direction direction,
						    uint32_t *instance);

// The name of a FileType, which the device need not know, in AutonomousTransferCompletePolicy.FileTypeFilter: without
// the instance's number. Static, or `name`.
const char *transfer_type_filter(const char *name, enum transfer_direction direction);

// The name of a FileType, which the device need not know, in GetAllQueuedTransfers and AutonomousTransferComplete. CWMP
// before 1.2 has no instances there.
void transfer_type_tell(const char *name, enum transfer_direction direction, enum cwmp_version version,
			char text[TRANSFER_FILE_TYPE_SIZE]);

// From a handler, on the ring's thread: it has finished. `fault` (9001 ..., for REJECTED) and `text` (copied; plain
// text, nothing secret; NULL: none) go into TransferComplete.
void transfer_handled(struct agent *agent, struct transfer *transfer, enum transfer_outcome outcome, unsigned fault,
		      const char *text);
