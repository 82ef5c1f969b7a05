/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table from three numbers to one: which slot has this object, parent and instance. */
#pragma once

#include <stdint.h>

struct map_key {
	uint32_t a, b, c;
};

struct map_item;

/** Zero-initialised it is empty. */
struct map {
	struct map_item *items;
	uint32_t mask, count;
};

/** The value of a key, or 0, which is no value. */
uint32_t map_find(const struct map *map, struct map_key key);

/** Sets the value (not 0) of a key. -ENOMEM. */
int map_set(struct map *map, struct map_key key, uint32_t value);

/** Removes a key, if it is there. */
void map_remove(struct map *map, struct map_key key);

/** Frees the memory and empties it. */
void map_clear(struct map *map);
