/* SPDX-License-Identifier: BSD-2-Clause */
/* One update of a row: begin, set, commit. What a source says wrongly leaves the former value as it is. */
#pragma once

#include "shm/espalier.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct update {
	struct espalier_writer *writer;
	struct espalier_row row;
	const struct espalier_parameter *parameters; /* of the row's object */
	int error;
};

/** update_begin() - starts it; every setter below is allowed after a failure too */
struct update update_begin(struct espalier_writer *writer, struct espalier_row row,
			   const struct espalier_parameter *parameters);

void update_unsigned(struct update *update, uint32_t parameter, uint64_t value);
void update_signed(struct update *update, uint32_t parameter, int64_t value);
void update_boolean(struct update *update, uint32_t parameter, bool value);

/** update_text() - any bytes, made clean and as short as the schema wants them; lists and times are taken as they are
 */
void update_text(struct update *update, uint32_t parameter, const char *text, size_t length);
/** update_string() - the same of a NUL-terminated text; NULL is empty */
void update_string(struct update *update, uint32_t parameter, const char *text);
/** update_time() - seconds since 1970; 0 is the unknown time */
void update_time(struct update *update, uint32_t parameter, int64_t seconds);
void update_decimal(struct update *update, uint32_t parameter, double number);
/** update_nothing() - what a parameter has before it is known: zero, false, empty, the unknown time, home id 0 */
void update_nothing(struct update *update, uint32_t parameter);

/** update_end() - publishes it, or gives it up where the row is gone or there is no room. Returns 0 or -errno. */
int update_end(struct update *update);
