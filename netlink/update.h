/* SPDX-License-Identifier: BSD-2-Clause */
/* One update of a row: begin, set, commit, with the first error kept until the end. */
#pragma once

#include "shm/espalier.h"

#include <stdbool.h>
#include <stdint.h>

struct update {
	struct espalier_writer *writer;
	struct espalier_row row;
	int error;
};

static inline struct update update_begin(struct espalier_writer *writer, struct espalier_row row)
{
	struct update update = {.writer = writer, .row = row};

	update.error = espalier_begin(writer, row);
	return update;
}

static inline void update_unsigned(struct update *update, uint32_t parameter, uint64_t value)
{
	if (!update->error)
		update->error = espalier_set_unsigned(update->writer, update->row, parameter, value);
}

static inline void update_signed(struct update *update, uint32_t parameter, int64_t value)
{
	if (!update->error)
		update->error = espalier_set_signed(update->writer, update->row, parameter, value);
}

static inline void update_boolean(struct update *update, uint32_t parameter, bool value)
{
	if (!update->error)
		update->error = espalier_set_boolean(update->writer, update->row, parameter, value);
}

static inline void update_text(struct update *update, uint32_t parameter, const char *text)
{
	if (!update->error)
		update->error = espalier_set_string(update->writer, update->row, parameter, text);
}

/** Publishes it, or gives it up where something failed; logs that. Returns 0 or -errno. */
int update_end(struct update *update);
