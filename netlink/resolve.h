/* SPDX-License-Identifier: BSD-2-Clause */
/* Names to addresses without waiting: c-ares on the event loop. */
#pragma once

#include "netlink/endpoint.h"
#include "netlink/loop.h"

/** Addresses of one name that are kept */
#define RESOLVE_ADDRESSES_MAXIMUM 16u
/** Sockets that c-ares uses at a time */
#define RESOLVE_SOCKETS_MAXIMUM	  16u

struct ares_channeldata;

/** One name at a time. Zero it, and set `loop` and done(). */
struct resolve {
	struct loop *loop;
	/** The end: the addresses, with the port that was asked for; or an empty list with c-ares' words for why. */
	void (*done)(struct resolve *resolve, const union endpoint *addresses, unsigned int count, const char *problem);
	struct ares_channeldata *channel;
	struct resolve_socket {
		struct loop_source source;
		struct resolve *resolve;
		bool used;
	} sockets[RESOLVE_SOCKETS_MAXIMUM];
	struct loop_timer timer;
	uint16_t port;
	bool opened; /* the library */
};

/**
 * resolve_start() - looks up a name, or reads an address literal; gives up what was asked before
 *
 * done() may be called before it returns. Returns 0 or -errno (then done() is not called).
 */
int resolve_start(struct resolve *resolve, const char *name, uint16_t port);

/** resolve_stop() - gives up, and frees all */
void resolve_stop(struct resolve *resolve);
