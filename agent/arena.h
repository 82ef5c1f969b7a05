/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that lives as long as one message: taken piece by piece, given back all at once. */
#pragma once

#include <stddef.h>

struct arena_chunk;

/**
 * struct arena - chunks of memory, used in order
 *
 * One owner, one thread. Pieces are aligned for any type. After the first messages the chunks are there already, and
 * nothing is allocated any more.
 */
struct arena {
	struct arena_chunk *first;
	struct arena_chunk *current;
	size_t size; /* bytes of all chunks */
	size_t chunk_size;
	size_t retained_maximum;
	size_t size_maximum;
};

/**
 * arena_init() - an arena without memory yet
 * @arena: to be initialised; arena_exit() frees it
 * @chunk_size: bytes of the smallest chunk
 * @retained_maximum: arena_reset() frees all but the first chunk when there are more bytes than this
 * @size_maximum: bytes of all chunks together, never exceeded
 */
void arena_init(struct arena *arena, size_t chunk_size, size_t retained_maximum, size_t size_maximum);

/** arena_exit() - frees all memory; the arena is then as after arena_init() */
void arena_exit(struct arena *arena);

/** arena_reset() - takes all pieces back, keeps the chunks for the next message */
void arena_reset(struct arena *arena);

/**
 * arena_allocate() - takes a piece
 * @size: bytes
 *
 * Returns zeroed memory that lives until arena_reset(), or NULL when the arena or the system has no more.
 */
void *arena_allocate(struct arena *arena, size_t size);

/**
 * arena_resize() - makes a piece larger or smaller
 * @piece: from this arena, or NULL
 * @size: its bytes so far
 * @new_size: bytes wanted; bytes beyond @size are not initialised
 *
 * The last piece taken stays where it is if its chunk has room; another one is copied, and its old place is lost until
 * arena_reset(). Returns the piece, or NULL (the old piece stays valid) when there is no more memory.
 */
void *arena_resize(struct arena *arena, void *piece, size_t size, size_t new_size);
