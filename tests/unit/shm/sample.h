/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small segment with everything in it: each type, tables in tables, texts inside and outside the row. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "shm/espalier.h"

enum sample_object { SAMPLE_ROOT, SAMPLE_TABLE, SAMPLE_STATS, SAMPLE_PART };

/** Parameters of SAMPLE_TABLE. */
enum sample_table {
	SAMPLE_ENABLE,
	SAMPLE_STATUS,
	SAMPLE_NAME,
	SAMPLE_RATE,
	SAMPLE_LIST,
	SAMPLE_COUNT,
	SAMPLE_SECRET,
	SAMPLE_TABLE_PARAMETERS,
};

extern const struct espalier_object sample_objects[];

/** Opens a writer of the sample's schema, not published. Returns what espalier_writer_open() returns. */
int sample_open(struct espalier_writer **writer, const char *name);

/** Adds, fills and publishes one instance of SAMPLE_TABLE with `length` bytes of list, and a part below it. */
int sample_add(struct espalier_writer *writer, uint32_t instance, uint32_t length, struct espalier_row *row);

/** An image of a published sample segment of three instances: malloc'ed, *size bytes. NULL on any error. */
uint8_t *sample_image(const char *folder, size_t *size);

/** Writes an image as the segment `name` in place of what is there, by rename as owners do. 0 or -errno. */
int sample_write(const char *folder, const char *name, const uint8_t *image, size_t size);
