/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that lives as long as one message: taken piece by piece, given back all at once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/arena.h"

struct arena_chunk {
	struct arena_chunk *next;
	size_t capacity;
	size_t used;
	_Alignas(max_align_t) unsigned char data[];
};

static size_t align_size(size_t size)
{
	const size_t alignment = _Alignof(max_align_t);

	return (size + alignment - 1) & ~(alignment - 1);
}

void arena_init(struct arena *arena, size_t chunk_size, size_t retained_maximum, size_t size_maximum)
{
	*arena = (struct arena){
		.chunk_size = chunk_size,
		.retained_maximum = retained_maximum,
		.size_maximum = size_maximum,
	};
}

static void free_chunks(struct arena *arena, struct arena_chunk *chunk)
{
	while (chunk) {
		struct arena_chunk *next = chunk->next;

		arena->size -= chunk->capacity;
		free(chunk);
		chunk = next;
	}
}

void arena_exit(struct arena *arena)
{
	free_chunks(arena, arena->first);
	arena->first = NULL;
	arena->current = NULL;
}

void arena_reset(struct arena *arena)
{
	if (!arena->first)
		return;
	if (arena->size > arena->retained_maximum) {
		free_chunks(arena, arena->first->next);
		arena->first->next = NULL;
	}
	/* The first chunk may itself be large, when the first piece ever taken was. */
	if (arena->size > arena->retained_maximum) {
		arena_exit(arena);
		return;
	}
	for (struct arena_chunk *chunk = arena->first; chunk; chunk = chunk->next)
		chunk->used = 0;
	arena->current = arena->first;
}

/* Makes a chunk with room for size bytes the current one. */
static struct arena_chunk *next_chunk(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->current ? arena->current->next : arena->first;
	size_t capacity = size > arena->chunk_size ? size : arena->chunk_size;

	if (chunk && chunk->capacity >= size) {
		arena->current = chunk;
		return chunk;
	}
	if (capacity > arena->size_maximum - arena->size)
		return NULL;
	chunk = malloc(sizeof(*chunk) + capacity);
	if (!chunk)
		return NULL;
	chunk->capacity = capacity;
	chunk->used = 0;
	if (arena->current) {
		chunk->next = arena->current->next;
		arena->current->next = chunk;
	} else {
		chunk->next = arena->first;
		arena->first = chunk;
	}
	arena->current = chunk;
	arena->size += capacity;
	return chunk;
}

static void *take(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->current;
	void *piece;

	if (size > arena->size_maximum)
		return NULL;
	size = align_size(size);
	if (!chunk || chunk->capacity - chunk->used < size) {
		chunk = next_chunk(arena, size);
		if (!chunk)
			return NULL;
	}
	piece = chunk->data + chunk->used;
	chunk->used += size;
	return piece;
}

void *arena_allocate(struct arena *arena, size_t size)
{
	void *piece = take(arena, size);

	if (piece)
		memset(piece, 0, size);
	return piece;
}

void *arena_resize(struct arena *arena, void *piece, size_t size, size_t new_size)
{
	struct arena_chunk *chunk = arena->current;
	void *moved;

	if (new_size > arena->size_maximum)
		return NULL;
	if (piece && (unsigned char *)piece + align_size(size) == chunk->data + chunk->used) {
		size_t start = chunk->used - align_size(size);

		if (chunk->capacity - start >= align_size(new_size)) {
			chunk->used = start + align_size(new_size);
			return piece;
		}
	} else if (piece && new_size <= size) {
		return piece;
	}
	moved = take(arena, new_size);
	if (moved && piece)
		memcpy(moved, piece, size < new_size ? size : new_size);
	return moved;
}
