/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs on top of what: LowerLayers of each layer, and the rows of InterfaceStack that mirror them.
 *
 *	IP.Interface       over its own Ethernet.Link; nothing for loopbacks and for links without Ethernet frames
 *	Ethernet.Link      over its own Ethernet.Interface where it has one, else
 *	  of a bridge, bond   over the Ethernet.Interface (or Link) of each port
 *	  of a VLAN           over the Ethernet.Link whose frames it tags
 *	  of a macvlan        over the Ethernet.Interface (or Link) that it shares
 *	Ethernet.Interface over nothing
 */
#include "netlink/collector.h"
#include "netlink/update.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest item of a list of SCHEMA_LOWER_LAYERS_LENGTH characters is "Device.IP.Interface.1," */
#define LOWERS_MAXIMUM 48u

struct wanted {
	struct lower lowers[LOWERS_MAXIMUM + 1];
	size_t count;
	size_t text_length;
};

static const char table_of_stack[] = "Device.InterfaceStack.";

static bool has(const struct link *link, enum layer layer)
{
	return link->number[layer] != 0;
}

bool stack_depends(const struct link *link)
{
	switch (link->kernel.kind) {
	case LINK_BRIDGE:
	case LINK_BOND:
	case LINK_VLAN:
	case LINK_MACVLAN:
		return true;
	default:
		return false;
	}
}

/* A list longer than TR-181 allows ends early. */
static void want(struct wanted *wanted, enum layer higher, const struct link *link, enum layer layer)
{
	char path[ROW_PATH_SIZE];
	size_t length;

	if (!link || !has(link, layer) || wanted->count == LOWERS_MAXIMUM)
		return;
	publish_path(path, link, layer, false);
	length = wanted->text_length + (wanted->text_length > 0) + strlen(path);
	if (length > SCHEMA_LOWER_LAYERS_LENGTH)
		return;
	wanted->text_length = length;
	wanted->lowers[wanted->count++] = (struct lower){
		.higher = higher, .layer = layer, .index = link->kernel.index, .number = link->number[layer]};
}

static void want_port(struct wanted *wanted, const struct link *port)
{
	if (port)
		want(wanted, LAYER_LINK, port, has(port, LAYER_INTERFACE) ? LAYER_INTERFACE : LAYER_LINK);
}

static void want_below_link(struct collector *collector, const struct link *link, struct wanted *wanted)
{
	if (has(link, LAYER_INTERFACE)) {
		want(wanted, LAYER_LINK, link, LAYER_INTERFACE);
		return;
	}
	switch (link->kernel.kind) {
	case LINK_BRIDGE:
	case LINK_BOND:
		for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
			const struct link *port = collector->links[slot];

			if (port && port != link && port->kernel.master == link->kernel.index)
				want_port(wanted, port);
		}
		break;
	case LINK_VLAN:
		want(wanted, LAYER_LINK, links_find(collector, link->kernel.parent), LAYER_LINK);
		break;
	case LINK_MACVLAN:
		want_port(wanted, links_find(collector, link->kernel.parent));
		break;
	default:
		break;
	}
}

/* The key of a row's number: what it relates, which the numbers of both sides tell for ever. */
static void stack_key(char key[NUMBERS_KEY_SIZE], const struct lower *lower)
{
	static const char *const names[LAYERS] = {"Interface", "Link", "IP"};

	snprintf(key, NUMBERS_KEY_SIZE, "%s.%" PRIu32 "/%s.%" PRIu32, names[lower->higher], lower->higher_number,
		 names[lower->layer], lower->number);
}

static void drop(struct collector *collector, struct lower *lower)
{
	char key[NUMBERS_KEY_SIZE], path[ROW_PATH_SIZE];

	if (lower->row.slot)
		espalier_instance_remove(collector->writer, lower->row);
	stack_key(key, lower);
	numbers_forget(&collector->numbers, table_of_stack, key);
	snprintf(path, sizeof(path), "%s%" PRIu32 ".", table_of_stack, lower->stack_number);
	state_remove_below(&collector->state, path);
}

static bool same(const struct lower *one, const struct lower *other)
{
	return one->higher == other->higher && one->layer == other->layer && one->number == other->number;
}

void stack_relate(struct collector *collector, struct link *link)
{
	struct wanted wanted = {.count = 0};
	struct lower *lowers;

	if (has(link, LAYER_LINK)) {
		want(&wanted, LAYER_IP, link, LAYER_LINK);
		/* The limit of a list's length is each list's own. */
		wanted.text_length = 0;
		want_below_link(collector, link, &wanted);
	}
	lowers = calloc(wanted.count + 1, sizeof(*lowers));
	if (!lowers) {
		log_error("the layers below %s are left as they were: %s", link->key, strerror(ENOMEM));
		return;
	}
	memcpy(lowers, wanted.lowers, wanted.count * sizeof(*lowers));
	for (size_t i = 0; i < link->lower_count; i++) {
		size_t at = 0;

		while (at < wanted.count && !same(&lowers[at], &link->lowers[i]))
			at++;
		if (at == wanted.count) {
			drop(collector, &link->lowers[i]);
			continue;
		}
		lowers[at].row = link->lowers[i].row;
		lowers[at].stack_number = link->lowers[i].stack_number;
	}
	for (size_t i = 0; i < wanted.count; i++) {
		char key[NUMBERS_KEY_SIZE];

		lowers[i].higher_number = link->number[lowers[i].higher];
		if (lowers[i].stack_number)
			continue;
		stack_key(key, &lowers[i]);
		if (numbers_get(&collector->numbers, table_of_stack, key, &lowers[i].stack_number))
			lowers[i].stack_number = 0;
	}
	free(link->lowers);
	link->lowers = lowers;
	link->lower_count = wanted.count;
}

void stack_text(const struct link *link, enum layer layer, char text[SCHEMA_LOWER_LAYERS_LENGTH + 1])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < link->lower_count; i++) {
		const struct lower *lower = &link->lowers[i];

		if (lower->higher == layer)
			length +=
				(size_t)snprintf(text + length, SCHEMA_LOWER_LAYERS_LENGTH + 1 - length, "%s%s%" PRIu32,
						 length ? "," : "", collector_tables[lower->layer], lower->number);
	}
}

static void fill(struct collector *collector, const struct link *link, const struct lower *lower)
{
	const struct link *below = links_find(collector, lower->index);
	struct update update = update_begin(collector->writer, lower->row);
	char path[ROW_PATH_SIZE], alias[SCHEMA_ALIAS_MAXIMUM * 4 + 1];

	snprintf(path, sizeof(path), "%s%" PRIu32 ".", table_of_stack, lower->stack_number);
	publish_alias(alias, state_get(&collector->state, STATE_ALIAS, path), lower->stack_number);
	update_text(&update, STACK_ALIAS, alias);
	publish_path(path, link, lower->higher, false);
	update_text(&update, STACK_HIGHER, path);
	publish_alias(alias, link->alias[lower->higher], link->number[lower->higher]);
	update_text(&update, STACK_HIGHER_ALIAS, alias);
	snprintf(path, sizeof(path), "%s%" PRIu32, collector_tables[lower->layer], lower->number);
	update_text(&update, STACK_LOWER, path);
	publish_alias(alias, below ? below->alias[lower->layer] : NULL, lower->number);
	update_text(&update, STACK_LOWER_ALIAS, alias);
	update_end(&update);
}

void stack_publish(struct collector *collector, struct link *link)
{
	const struct espalier_row none = {0, 0};

	for (size_t i = 0; i < link->lower_count; i++) {
		struct lower *lower = &link->lowers[i];
		int error;

		if (lower->row.slot || !lower->stack_number)
			continue;
		error = espalier_instance_add(collector->writer, OBJECT_INTERFACE_STACK, none, lower->stack_number,
					      &lower->row);
		if (error) {
			log_error("%s%" PRIu32 " can't be added: %s", table_of_stack, lower->stack_number,
				  strerror(-error));
			continue;
		}
		fill(collector, link, lower);
		espalier_instance_publish(collector->writer, lower->row);
	}
}

void stack_remove(struct collector *collector, struct link *link)
{
	for (size_t i = 0; i < link->lower_count; i++)
		drop(collector, &link->lowers[i]);
	link->lower_count = 0;
}

void stack_alias_changed(struct collector *collector, const struct link *link, enum layer layer)
{
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		const struct link *other = collector->links[slot];

		for (size_t i = 0; other && i < other->lower_count; i++) {
			const struct lower *lower = &other->lowers[i];
			bool is_higher = other == link && lower->higher == layer;
			bool is_lower = lower->index == link->kernel.index && lower->layer == layer;

			if (lower->row.slot && (is_higher || is_lower))
				fill(collector, other, lower);
		}
	}
}
