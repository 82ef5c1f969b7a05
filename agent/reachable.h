// SPDX-License-Identifier: GPL-2.0-or-later
// How an ACS reaches the device: the address for each way, and what is published of them.
//
// The one door: whoever finds out that the device is reached by some way at another address, or no more, says so by
// reachable_set(). What follows from it in the tree, and so for notifications, is decided here.
#pragma once

#include <stdbool.h>

#define REACHABLE_ADDRESS_SIZE 3072 // bytes with NUL: as long as a Jabber ID can be
#define REACHABLE_HOST_MAXIMUM 127  // bytes of a "host:port"

enum reachable_way {
	REACHABLE_HTTP,	   // "host:port" of the listener on the device itself
	REACHABLE_MAPPING, // "host:port" that a router in front of the device forwards to it
	REACHABLE_UDP,	   // "host:port" for datagrams
	REACHABLE_XMPP,	   // a Jabber ID
	REACHABLE_WAYS
};

struct agent;

// Zero it, and set `agent` and `path`; the rest is private.
struct reachable {
	struct agent *agent;
	const char *path; // of ConnectionRequestURL
	char addresses[REACHABLE_WAYS][REACHABLE_ADDRESS_SIZE];
	bool supported[REACHABLE_WAYS];
};

// The device is reached by this way at `address`, or by this way no more (""). ConnectionRequestURL has the mapped
// address where there is one that leads here, else the device's own, and is empty while nothing listens. A change wakes
// whoever watches the parameter, and so leads to one notification.
void reachable_set(struct reachable *reachable, enum reachable_way way, const char *address);

// What reachable_set() was told last.
const char *reachable_address(const struct reachable *reachable, enum reachable_way way);

// Whether the way can be used as such, with or without an address now: SupportedConnReqMethods. HTTP always can.
void reachable_support(struct reachable *reachable, enum reachable_way way, bool supported);
