/* SPDX-License-Identifier: BSD-2-Clause */
/* What a set request comes to: one step for each link or address that it touches, checked as a whole, then done. */
#pragma once

#include "netlink/change.h"
#include "netlink/collector.h"

#include <stddef.h>

enum step_kind { STEP_LINK, STEP_ADDRESS, STEP_IPV6_OF_ALL };

struct step {
	enum step_kind kind;
	struct link *link;
	struct address *address;
	/* a link's */
	struct link_change change;
	bool set_ipv6, ipv6;
	bool set_rate, set_duplex, set_ethtool;
	int64_t rate; /* Mbit/s, -1: negotiated */
	bool duplex_negotiated;
	struct ethtool_settings ethtool;
	struct link_message before;
	struct ethtool_settings ethtool_before;
	/* an address's: how it shall be, and how it was */
	struct address target, address_before;
	bool set_lifetimes;
	bool done;
};

/** Where a change goes: what its row belongs to */
struct place {
	struct link *link;
	enum layer layer;	 /* of a link's row */
	struct address *address; /* of an address's row */
	struct lower *lower;	 /* of a row of InterfaceStack */
};

struct plan {
	struct step *steps;
	size_t count, capacity;
	size_t *step_of; /* of each change, SIZE_MAX: none */
};

/** plan_place() - finds what a row belongs to; false when the row is none of a link, address or stack */
bool plan_place(struct collector *collector, uint32_t object, struct espalier_row row, struct place *place);

/**
 * plan_make() - works a request out, and checks it
 * @undo: the values are former ones, so that an address may become unfinished again
 *
 * Marks the changes that can't be done. Returns ESPALIER_OK or the overall fault. plan_free() follows in any case.
 */
int plan_make(struct plan *plan, struct collector *collector, struct espalier_change *changes, size_t count, bool undo);

/** plan_do() - makes all changes in the kernel and the picture, or none. Marks what failed, returns as plan_make(). */
int plan_do(struct plan *plan, struct collector *collector, struct espalier_change *changes, size_t count);

/** plan_revert() - undoes what plan_do() did */
void plan_revert(struct plan *plan, struct collector *collector);

void plan_free(struct plan *plan);

/** plan_fault() - marks a change. Returns the fault. */
int plan_fault(struct espalier_change *change, int fault, const char *text);
