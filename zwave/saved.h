/* SPDX-License-Identifier: BSD-2-Clause */
/* What a manager has set and no source keeps: aliases, and which source is read. One "name value" a line of a file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Bounds of the file: records, and bytes of a name and of a value, NUL included */
#define SAVED_RECORDS_MAXIMUM 8192u
#define SAVED_NAME_SIZE	      64
#define SAVED_VALUE_SIZE      1088

struct saved_record {
	char *name, *value;
};

struct saved {
	char *file;
	struct saved_record *records;
	size_t count, capacity;
	bool changed;
};

/** saved_open() - reads the file, which need not be there yet; bad lines are logged and left out. 0 or -errno. */
int saved_open(struct saved *saved, const char *file);

/** saved_close() - frees all without saving; a structure of zeros is allowed */
void saved_close(struct saved *saved);

/** saved_get() - the value of a name, NULL when there is none; lives until the next change */
const char *saved_get(const struct saved *saved, const char *name);

/** saved_set() - sets it; NULL removes it. 0, -ENOMEM, -ENOSPC, or -EINVAL for what does not fit in a line. */
int saved_set(struct saved *saved, const char *name, const char *value);

/** saved_save() - makes it durable (fsync and rename) when it changed. Returns 0 or -errno. */
int saved_save(struct saved *saved);
