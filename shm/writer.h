/* SPDX-License-Identifier: BSD-2-Clause */
/* What an owner's process knows about its segment beside what lies in it. */
#pragma once

#include "shm/map.h"
#include "shm/segment.h"

struct service;
struct watch_item;

/** A row, at the same index as its directory entry. */
struct writer_slot {
	uint32_t generation; /* 0: free */
	uint32_t object;
	uint32_t parent; /* slot + 1 */
	uint32_t instance;
	uint32_t row;			      /* offset in the heap */
	uint32_t first_child, next, previous; /* slot + 1 */
	bool visible;
	bool updating; /* between begin and commit */
	bool texts;    /* a text of it lies outside the row */
	struct watch_item *watches;
};

/** Memory that waits to be used again: a queue, oldest first. */
struct writer_queue {
	struct writer_free {
		uint32_t slot, row;
		uint64_t since; /* ms */
	} * items;
	uint32_t first, count, capacity;
};

enum {
	WRITER_TEXT_CLASSES = 17, /* texts outside rows: 2^k bytes, to 2^16 */
	WRITER_QUARANTINE_MS = 1000,
};

struct espalier_writer {
	char name[ESPALIER_NAME_MAXIMUM + 1];
	int folder; /* descriptor */
	int lock;   /* of the name */
	mode_t mode;
	bool published;
	struct schema schema;
	struct segment segment;
	struct segment_size size;
	struct writer_slot *slots;
	uint32_t entries;    /* slots used so far */
	uint32_t heap_used;  /* bytes */
	uint32_t generation; /* last one given */
	struct map rows;     /* (object, parent, instance) to slot + 1 */
	struct map counts;   /* (object, parent, 0) to the number of instances + 1 */
	struct writer_queue free_slots;
	struct writer_queue *free_rows; /* for each object: rows of its size */
	struct {
		uint32_t *offsets;
		uint32_t count, capacity;
	} free_texts[WRITER_TEXT_CLASSES];
	struct service *service;
};

/** The slot of a row, or NULL when the row is gone. */
struct writer_slot *writer_slot(struct espalier_writer *writer, struct espalier_row row);

/** The row of a slot. */
struct espalier_row writer_row(const struct espalier_writer *writer, const struct writer_slot *slot);

/** The words of a slot's row in the segment. */
static inline uint32_t *writer_words(const struct espalier_writer *writer, const struct writer_slot *slot)
{
	return (uint32_t *)(writer->segment.heap + slot->row);
}

/** Milliseconds of CLOCK_MONOTONIC. */
uint64_t writer_now(void);

/** Makes room for `bytes` more in the heap and `rows` more slots by publishing a larger segment, if there is none. */
int writer_make_room(struct espalier_writer *writer, uint32_t rows, uint32_t bytes);

/** Gives a place in the heap for a text of `length` bytes. -ENOSPC, -EFBIG, -ENOMEM. */
int writer_text_allocate(struct espalier_writer *writer, uint32_t length, uint32_t *offset);

/**
 * The words of a text of `length` bytes in a slot, `value` being that of its length and `capacity` what the row keeps
 * of it; NULL when they are none that this writer stored: others who may write to the file can have changed them.
 */
const uint32_t *writer_text_words(const struct espalier_writer *writer, const uint32_t *value, uint32_t length,
				  uint32_t capacity);

/** Takes a text's place back: after the version that no longer shows it was published. */
void writer_text_free(struct espalier_writer *writer, uint32_t offset, uint32_t length);

/** Takes the texts outside the row back that only the copy before the published one has: after a publication. */
void writer_row_texts_free(struct espalier_writer *writer, struct writer_slot *slot);

/** Removes a row with all below it. */
void writer_remove(struct espalier_writer *writer, struct writer_slot *slot);
