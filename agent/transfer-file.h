// SPDX-License-Identifier: GPL-2.0-or-later
// The file of a download while it comes: `path`.part, with `path`.validator beside it, which tells whether a later try
// may go on where this one stopped; complete, synced and checked it becomes `path`.
#pragma once

#include "agent/transfer-job.h"

#include <stddef.h>

struct transfer_file {
	int descriptor;
	char path[TRANSFER_PATH_SIZE];
	char part[TRANSFER_PATH_SIZE + 16], validator_path[TRANSFER_PATH_SIZE + 16];
	uint64_t length;			 // bytes that are there
	char validator[TRANSFER_VALIDATOR_SIZE]; // of these bytes; "": unknown, they are of no use
};

// Opens `path`.part, waiting for the end of another process that still writes it, and finds out what of it can be used:
// nothing after a restart of the device, as its last pages may never have reached the disk. Returns 0 or -errno.
int transfer_file_open(struct transfer_file *file, const char *path);

// Drops what is there, and notes what identifies the bytes that come now ("": nothing does).
int transfer_file_restart(struct transfer_file *file, const char *validator);

// Appends. Returns 0 or -errno.
int transfer_file_write(struct transfer_file *file, const void *data, size_t length);

// Whether `more` bytes fit on the disk beside the reserve. Returns 0, -ENOSPC or -errno.
int transfer_file_room(const struct transfer_file *file, uint64_t more);

// The file is complete: it is synced and gets its name. Returns 0 or -errno.
int transfer_file_finish(struct transfer_file *file);

// Removes what came so far.
void transfer_file_drop(struct transfer_file *file);

// Removes `path` and all that may be beside it.
void transfer_file_remove(const char *path);

void transfer_file_close(struct transfer_file *file);
