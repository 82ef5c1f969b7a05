/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of links: found by the kernel's index, known by the name that their numbers are kept under. */
#include "netlink/collector.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_SLOTS 16u

uint32_t links_slot(const struct collector *collector, int index)
{
	uint32_t at = collector->hash ? collector->hash[(uint32_t)index & collector->hash_mask] : 0;

	while (at > 0 && collector->slots[at - 1].index != index)
		at = collector->slots[at - 1].next;
	return at;
}

struct link *links_find(struct collector *collector, int index)
{
	uint32_t at = links_slot(collector, index);

	return at > 0 ? collector->links[at - 1] : NULL;
}

static void hash_in(struct collector *collector, uint32_t slot)
{
	uint32_t *head = &collector->hash[(uint32_t)collector->slots[slot].index & collector->hash_mask];

	collector->slots[slot].next = *head;
	*head = slot + 1;
}

static int grow(struct collector *collector)
{
	uint32_t size = collector->hash ? (collector->hash_mask + 1) * 2 : FIRST_SLOTS;
	struct slot *slots = realloc(collector->slots, size * sizeof(*slots));
	struct counters *counters;
	struct link **links;
	uint32_t *hash;

	if (!slots)
		return -ENOMEM;
	collector->slots = slots;
	counters = realloc(collector->counters, size * sizeof(*counters));
	if (!counters)
		return -ENOMEM;
	collector->counters = counters;
	links = realloc(collector->links, size * sizeof(struct link *));
	if (!links)
		return -ENOMEM;
	collector->links = links;
	hash = calloc(size, sizeof(*hash));
	if (!hash)
		return -ENOMEM;
	free(collector->hash);
	collector->hash = hash;
	collector->hash_mask = size - 1;
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		if (collector->slots[slot].index)
			hash_in(collector, slot);
	}
	return 0;
}

/* A free slot, as many slots as there are buckets at most. UINT32_MAX: no memory. */
static uint32_t take_slot(struct collector *collector)
{
	if (collector->link_count < collector->slot_count) {
		for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
			if (!collector->links[slot])
				return slot;
		}
	}
	if ((!collector->hash || collector->slot_count > collector->hash_mask) && grow(collector))
		return UINT32_MAX;
	return collector->slot_count++;
}

void collector_mark(struct collector *collector, struct link *link, unsigned int dirty)
{
	if (!link->dirty) {
		link->dirty_next = NULL;
		*collector->dirty_end = link;
		collector->dirty_end = &link->dirty_next;
	}
	link->dirty |= dirty;
}

static bool is_wireless(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/phy80211", name);
	return access(path, F_OK) == 0;
}

struct link *links_add(struct collector *collector, const struct link_message *kernel)
{
	struct link *link = calloc(1, sizeof(*link));
	uint32_t slot = link ? take_slot(collector) : UINT32_MAX;

	if (slot == UINT32_MAX) {
		free(link);
		log_error("interface %s is left out: %s", kernel->name, strerror(ENOMEM));
		return NULL;
	}
	link->slot = slot;
	link->kernel = *kernel;
	snprintf(link->key, sizeof(link->key), "%s", kernel->name);
	link->wireless = is_wireless(kernel->name);
	for (int layer = 0; layer < LAYERS; layer++)
		link->status[layer] = STATUS_ERROR;
	collector->slots[slot].index = kernel->index;
	collector->links[slot] = link;
	memset(&collector->counters[slot], 0, sizeof(collector->counters[slot]));
	hash_in(collector, slot);
	collector->link_count++;
	collector->hardware.links_changed = true;
	collector->relations_changed = true;
	return link;
}

static void unhash(struct collector *collector, uint32_t slot)
{
	uint32_t *at = &collector->hash[(uint32_t)collector->slots[slot].index & collector->hash_mask];

	while (*at != slot + 1)
		at = &collector->slots[*at - 1].next;
	*at = collector->slots[slot].next;
	collector->slots[slot].index = 0;
}

void links_free(struct link *link)
{
	while (link->addresses) {
		struct address *address = link->addresses;

		link->addresses = address->next;
		free(address->alias);
		free(address);
	}
	for (int layer = 0; layer < LAYERS; layer++)
		free(link->alias[layer]);
	free(link->lowers);
	free(link);
}

void links_remove(struct collector *collector, struct link *link)
{
	struct link **at;

	log_info("interface %s (%d) is gone", link->kernel.name, link->kernel.index);
	stack_remove(collector, link);
	while (link->addresses)
		address_remove(collector, link, link->addresses, false);
	for (int layer = 0; layer < LAYERS; layer++) {
		if (link->number[layer])
			numbers_release(&collector->numbers, collector_tables[layer], link->key);
		publish_remove(collector, link, (enum layer)layer);
	}
	for (at = &collector->dirty; link->dirty; at = &(*at)->dirty_next) {
		if (*at != link)
			continue;
		*at = link->dirty_next;
		if (collector->dirty_end == &link->dirty_next)
			collector->dirty_end = at;
		break;
	}
	unhash(collector, link->slot);
	collector->links[link->slot] = NULL;
	collector->link_count--;
	collector->hardware.links_changed = true;
	collector->relations_changed = true;
	links_free(link);
}

static struct link *find_key(struct collector *collector, const char *key)
{
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		if (collector->links[slot] && strcmp(collector->links[slot]->key, key) == 0)
			return collector->links[slot];
	}
	return NULL;
}

static void move_numbers(struct collector *collector, struct link *link, const char *key)
{
	for (int layer = 0; layer < LAYERS; layer++) {
		if (link->number[layer] && numbers_rename(&collector->numbers, collector_tables[layer], link->key, key))
			log_error("the number of %s can't be kept for %s", link->key, key);
	}
	snprintf(link->key, sizeof(link->key), "%s", key);
}

/* After lost notifications another link may still seem to have a name: its numbers wait elsewhere until its own new
 * name comes along. */
void links_clear_key(struct collector *collector, const char *name)
{
	struct link *holder = find_key(collector, name);
	char aside[IFNAMSIZ];

	if (!holder)
		return;
	/* No interface can have a name with a slash. */
	snprintf(aside, sizeof(aside), "/%d", holder->kernel.index);
	move_numbers(collector, holder, aside);
}

void links_rename(struct collector *collector, struct link *link, const char *name)
{
	links_clear_key(collector, name);
	log_info("interface %s (%d) is now %s", link->kernel.name, link->kernel.index, name);
	move_numbers(collector, link, name);
	link->wireless = is_wireless(name);
}
