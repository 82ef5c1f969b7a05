/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the crash test share: the rows' contents, and what the processes count. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "shm/espalier.h"

enum { CRASH_READERS = 2, CRASH_TEXT_MAXIMUM = 20000, CRASH_BUFFER = 2 * CRASH_TEXT_MAXIMUM };

enum crash_object { CRASH_SINGLE, CRASH_TABLE };

/** Parameters of both objects. */
enum crash_parameter {
	CRASH_NUMBER, /* counts updates, over all writers */
	CRASH_INSTANCE,
	CRASH_WIDE,
	CRASH_SIGNED,
	CRASH_FLAG,
	CRASH_SHORT, /* a text that fits in the row */
	CRASH_LONG,  /* one that at times does not */
	CRASH_CHECKSUM,
	CRASH_PARAMETERS,
};

extern const struct espalier_object crash_objects[];

/** What one reader counts. Each has one writer, and is read when that has ended or for a look. */
struct crash_counts {
	uint32_t reads;
	uint32_t torn;	/* the checksum in the row is another one than the row's */
	uint32_t stuck; /* -EAGAIN */
	uint32_t wrong; /* an older row than before, another instance's, or an error that must not be */
};

/** In memory that all processes share. */
struct crash_shared {
	uint32_t number; /* of the newest update begun */
	uint32_t stop;
	struct crash_counts counts[CRASH_READERS + 1]; /* the last: of the parent */
};

/** Fills a row with the contents of update `number`. 0 or -errno. */
int crash_fill(struct espalier_writer *writer, struct espalier_row row, uint32_t instance, uint32_t number);

/** Reads a node's row and checks all of it; counts. Returns its number, or 0 when the row is gone. */
uint32_t crash_check(const struct espalier_node *node, struct crash_counts *counts);

/** Writes at full speed until it is killed. Ends by itself with status 1 when something fails. */
_Noreturn void crash_write(const char *folder, struct crash_shared *shared, unsigned int seed);

/** Reads at full speed until `stop`. */
_Noreturn void crash_read(const char *folder, struct crash_shared *shared, uint32_t number);
