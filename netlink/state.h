/* SPDX-License-Identifier: BSD-2-Clause */
/* What managers have set and the kernel does not keep: aliases, addresses, the rows that they made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Bounds of the file: records, and bytes of a path and of a value, NUL included */
#define STATE_RECORDS_MAXIMUM 65536u
#define STATE_PATH_SIZE	      128
#define STATE_VALUE_SIZE      1100

/** What a record says of its path */
enum state_kind {
	STATE_ALIAS,   /* the row's Alias */
	STATE_ADDRESS, /* an address row that a manager made or changed: "ADDRESS/PREFIX enabled|disabled" */
	STATE_VALUE,   /* a parameter of a row that a manager made */
	STATE_KINDS
};

struct state_record {
	enum state_kind kind;
	char *path;
	char *value;
};

struct state {
	char *file;
	struct state_record *records;
	size_t count, capacity;
	bool changed;
};

/**
 * state_open() - reads the file, which need not be there yet
 *
 * Lines that can't be understood are logged and left out. Returns 0 or -errno.
 */
int state_open(struct state *state, const char *file);

/** state_close() - frees all without saving; a state of zeros is allowed */
void state_close(struct state *state);

/** state_get() - the value of a path, NULL when there is none; lives until the next change */
const char *state_get(const struct state *state, enum state_kind kind, const char *path);

/** state_set() - sets it; NULL removes it. Returns 0, -ENOMEM, -ENOSPC, or -EINVAL for line breaks in it. */
int state_set(struct state *state, enum state_kind kind, const char *path, const char *value);

/** state_remove_below() - removes all records of a row and of what is below it; the path ends in a dot */
void state_remove_below(struct state *state, const char *path);

/** state_save() - makes it durable (fsync and rename) when it changed. Returns 0 or -errno. */
int state_save(struct state *state);
