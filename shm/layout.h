/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format of a segment: what lies at which offset. Frozen for major version 1; docs/segment-format.md says how it
 * may grow. All words are in the writer's byte order, offsets are bytes from the start of what they name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum layout {
	LAYOUT_MAGIC = 0x4553504c,	   /* "ESPL" when read in the right byte order */
	LAYOUT_MAGIC_SWAPPED = 0x4c505345, /* the other byte order */
	LAYOUT_MAJOR = 1,
	LAYOUT_MINOR = 0,
	LAYOUT_HEADER_SIZE = 64,
	LAYOUT_INCOMPATIBLE_KNOWN = 0, /* feature bits that this reader understands */
	LAYOUT_SLOT_TIME_WORDS = 2,    /* a slot starts with the time of its publication, ms of CLOCK_MONOTONIC */
	LAYOUT_ROW_ALIGNMENT = 64,
	LAYOUT_SCHEMA_MAXIMUM = 64 << 20, /* bytes of a schema that a reader takes */
	LAYOUT_LIMITS_MAXIMUM = 4096,	  /* bytes of a parameter's range or item count */
	LAYOUT_ROWS_MAXIMUM = 4 << 20,	  /* entries that are used, and nodes that a reader makes of them */
};

/** Values of layout_header.state. */
enum layout_state {
	LAYOUT_LIVE = 1,
	LAYOUT_REPLACED, /* a larger one has taken its name */
	LAYOUT_CLOSED,	 /* the owner ended cleanly */
};

/** Values of layout_entry.state. */
enum layout_entry_state {
	LAYOUT_FREE = 0,
	LAYOUT_HIDDEN, /* being filled */
	LAYOUT_VISIBLE,
};

/** The first 64 bytes of a segment. */
struct layout_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t header_size;
	uint32_t incompatible, compatible;
	uint32_t size;
	uint32_t state;	    /* changes: enum layout_state */
	uint32_t structure; /* changes: counts instances that came or went */
	uint32_t schema;
	uint32_t directory, directory_stride, directory_count;
	uint32_t heap, heap_size;
	uint32_t heap_used; /* changes: for information */
	uint32_t entries;   /* changes: directory entries used so far; those behind it were never used */
};

_Static_assert(sizeof(struct layout_header) == LAYOUT_HEADER_SIZE, "the header is frozen");
_Static_assert(offsetof(struct layout_header, magic) == 0, "frozen");
_Static_assert(offsetof(struct layout_header, major) == 4, "frozen");
_Static_assert(offsetof(struct layout_header, minor) == 6, "frozen");
_Static_assert(offsetof(struct layout_header, header_size) == 8, "frozen");
_Static_assert(offsetof(struct layout_header, incompatible) == 12, "frozen");
_Static_assert(offsetof(struct layout_header, compatible) == 16, "frozen");
_Static_assert(offsetof(struct layout_header, size) == 20, "frozen");
_Static_assert(offsetof(struct layout_header, state) == 24, "frozen");
_Static_assert(offsetof(struct layout_header, structure) == 28, "frozen");
_Static_assert(offsetof(struct layout_header, schema) == 32, "frozen");
_Static_assert(offsetof(struct layout_header, directory) == 36, "frozen");
_Static_assert(offsetof(struct layout_header, directory_stride) == 40, "frozen");
_Static_assert(offsetof(struct layout_header, directory_count) == 44, "frozen");
_Static_assert(offsetof(struct layout_header, heap) == 48, "frozen");
_Static_assert(offsetof(struct layout_header, heap_size) == 52, "frozen");
_Static_assert(offsetof(struct layout_header, heap_used) == 56, "frozen");
_Static_assert(offsetof(struct layout_header, entries) == 60, "frozen");

/** At layout_header.schema. Never changes in a segment. Strings are offsets into `strings`; 0 is the empty one. */
struct layout_schema {
	uint32_t size; /* of all of it, from here */
	uint32_t objects, object_stride, object_count;
	uint32_t parameters, parameter_stride, parameter_count;
	uint32_t strings, strings_size;
	uint32_t program, version;
};

struct layout_object {
	uint32_t path, description;
	uint32_t flags;
	uint32_t first_parameter, parameter_count;
	uint32_t slot_words;
	uint32_t ancestor; /* index + 1 of the object whose instance a row of this one belongs to; 0: none */
};

struct layout_parameter {
	uint32_t name, description;
	uint32_t type, flags;
	uint32_t maximum_length;
	uint32_t capacity; /* texts: bytes in the row */
	uint32_t offset;   /* words from the slot's start */
	uint32_t range, items;
	uint32_t enumeration; /* values, each ended by a newline */
};

/** One row in the directory. Everything but `state` is constant from the moment it is not FREE until it is again. */
struct layout_entry {
	uint32_t state; /* stored last when a row comes, first when it goes */
	uint32_t generation;
	uint32_t object;
	uint32_t parent; /* entry + 1 of the row of the instance that this one belongs to; 0: none */
	uint32_t instance;
	uint32_t row; /* offset in the heap */
	uint32_t unused[2];
};

_Static_assert(sizeof(struct layout_entry) == 32, "frozen");

/*
 * A text in a slot: one word of length in bytes, then `capacity` bytes. A longer one lies elsewhere in the heap, and
 * the first word after the length is its offset there.
 */

/** True for parameters that are kept as text. */
bool layout_is_text(uint32_t type, uint32_t flags);

/** Words that a parameter takes in a slot. */
uint32_t layout_words(uint32_t type, uint32_t flags, uint32_t capacity);

/** Bytes of a row with its two slots, as it is kept in the heap. */
uint32_t layout_row_size(uint32_t slot_words);
