/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment's file and memory as its owner sees it. */
#pragma once

#include <sys/types.h>

#include "shm/layout.h"
#include "shm/schema.h"

/** A segment that this process writes. Zero-initialised it holds nothing, once `fd` is -1. */
struct segment {
	int fd; /* holds the lock that says that the owner lives */
	uint8_t *map;
	uint32_t size;
	struct layout_header *header; /* = map */
	struct layout_entry *directory;
	uint8_t *heap;
	uint32_t heap_size, directory_count;
	int guard; /* of shm/guard.h */
};

/** How large a segment is. */
struct segment_size {
	uint32_t directory_count; /* rows */
	uint32_t heap;		  /* bytes */
};

/** Endings of the files of a segment's name in the run folder. */
#define SEGMENT_SUFFIX	      ".seg"
#define SEGMENT_SOCKET_SUFFIX ".sock"

/** Largest segment: offsets are 32-bit words. */
#define SEGMENT_SIZE_MAXIMUM 0xfffff000u

/** True for a name that may be a segment's: letters, digits, '-' and '_', bounded. */
bool segment_name_valid(const char *name);

/**
 * Makes the one process that may write segments of this name: takes a lock in the folder that lasts as long as the
 * returned descriptor. -EBUSY when another process has it.
 */
int segment_own(int folder, const char *name);

/** Gives the name up again: removes the lock's file and closes it. */
void segment_disown(int folder, const char *name, int lock);

/**
 * Creates a segment under a name that no reader looks at, allocated in full, locked, mapped, with its header and schema
 * written. -ENOSPC, -EFBIG beyond the format's 4 GiB, and what the system says.
 */
int segment_create(struct segment *segment, int folder, const char *name, const struct schema *schema,
		   struct segment_size size, mode_t mode);

/**
 * Gives the created segment the name of the present one, which it replaces: the one that readers look for when that is
 * published. On an error its file is gone, and the present one is as it was.
 */
int segment_complete(int folder, const char *name, bool published);

/** Makes the completed segment visible by rename, in place of what has the name. */
int segment_publish(int folder, const char *name);

/** Removes the present segment's file. */
void segment_remove(int folder, const char *name, bool published);

/** Tells readers that the segment is over (enum layout_state) and that its rows are not to be read by handle. */
void segment_retire(struct segment *segment, uint32_t state);

/** Unmaps and closes it. The file stays. */
void segment_release(struct segment *segment);

/** Ends a row for readers that hold its handle: its generation becomes 0, its last values stay readable. */
void segment_end_row(uint32_t *row);
