// SPDX-License-Identifier: GPL-2.0-or-later
// The device's own address as the ACS reaches it: that of the configured interface, or the one from which the
// way to the ACS leads. Follows changes of addresses and routes.
#pragma once

#include "agent/address-watch.h"
#include "agent/alarm.h"
#include "agent/transport.h"

#define DEVICE_ADDRESS_SIZE	     48 // bytes of a literal with brackets and NUL
#define DEVICE_ADDRESS_GRACE_SECONDS 10 // an address that is gone may come back this long, before there is none

struct agent;

// Zero it, and set changed(). Only `host` may be read.
struct device_address {
	struct agent *agent;
	void (*changed)(struct device_address *address);
	char host[DEVICE_ADDRESS_SIZE]; // as it stands in a URL; "": there is none
	union transport_address acs;	// with which the last session was; family 0: unknown
	struct address_watch watch;
	struct alarm settle; // when to look, after something has changed
	struct alarm grace;  // when there is no address any more
};

// Begins to watch, with the address of the last time. After the store is open, before the ring runs.
void device_address_open(struct device_address *address, struct agent *agent);

// A connection with the ACS stands, between these two.
void device_address_learn(struct device_address *address, const union transport_address *local,
			  const union transport_address *acs);

// Finds out the address anew: the configured interface is another, say.
void device_address_look(struct device_address *address);

// After ring_close().
void device_address_free(struct device_address *address);
