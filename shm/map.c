/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table from three numbers to one: open addressing, removal by moving the run back. */
#include "shm/map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct map_item {
	struct map_key key;
	uint32_t value; /* 0: free */
};

static uint32_t hash(struct map_key key)
{
	uint32_t hash = key.a * 0x9e3779b1u ^ key.b * 0x85ebca77u ^ key.c * 0xc2b2ae3du;

	hash = (hash ^ hash >> 15) * 0x2c1b3c6du;
	return hash ^ hash >> 13;
}

static bool same(struct map_key x, struct map_key y)
{
	return x.a == y.a && x.b == y.b && x.c == y.c;
}

static uint32_t place(const struct map *map, struct map_key key)
{
	uint32_t at = hash(key) & map->mask;

	while (map->items[at].value && !same(map->items[at].key, key))
		at = (at + 1) & map->mask;
	return at;
}

uint32_t map_find(const struct map *map, struct map_key key)
{
	return map->items ? map->items[place(map, key)].value : 0;
}

static int grow(struct map *map)
{
	uint32_t size = map->items ? 2 * (map->mask + 1) : 64;
	struct map larger = {.items = calloc(size, sizeof(*larger.items)), .mask = size - 1, .count = map->count};

	if (!larger.items)
		return -ENOMEM;
	for (uint32_t i = 0; map->items && i <= map->mask; i++)
		if (map->items[i].value)
			larger.items[place(&larger, map->items[i].key)] = map->items[i];
	free(map->items);
	*map = larger;
	return 0;
}

int map_set(struct map *map, struct map_key key, uint32_t value)
{
	uint32_t at;

	if (!map->items || 4 * (map->count + 1) > 3 * (map->mask + 1)) {
		int error = grow(map);

		if (error < 0)
			return error;
	}
	at = place(map, key);
	map->count += map->items[at].value == 0;
	map->items[at] = (struct map_item){key, value};
	return 0;
}

void map_remove(struct map *map, struct map_key key)
{
	uint32_t hole, at;

	if (!map->items)
		return;
	hole = place(map, key);
	if (!map->items[hole].value)
		return;
	map->count--;
	for (at = (hole + 1) & map->mask; map->items[at].value; at = (at + 1) & map->mask) {
		uint32_t home = hash(map->items[at].key) & map->mask;

		/* An item may move to the hole unless its home lies behind the hole. */
		if (((at - home) & map->mask) >= ((at - hole) & map->mask)) {
			map->items[hole] = map->items[at];
			hole = at;
		}
	}
	map->items[hole].value = 0;
}

void map_clear(struct map *map)
{
	free(map->items);
	*map = (struct map){0};
}
