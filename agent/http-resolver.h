// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses of a server: how long they are known, and the order in which they are tried.
#pragma once

#include "agent/name-query.h"
#include "agent/transport.h"
#include "agent/url.h"

// Private fields, but `addresses` and `count` may be read after done() or a return of 1. Zeroed memory with done() set
// is ready for http_resolver_open().
//
// A name's answer is used for as long as its time to live says, and beyond that when the name service fails.
struct http_resolver {
	void (*done)(struct http_resolver *resolver, int result);

	char host[URL_HOST_MAX + 1];
	union transport_address addresses[NAME_ADDRESSES_MAX];
	unsigned count;
	int64_t good_until; // nanoseconds of CLOCK_BOOTTIME
	union transport_address last_good;
	uint16_t port;
	struct name_query query;
};

void http_resolver_open(struct http_resolver *resolver, struct ring *ring);

// Finds the addresses of the URL's host. Returns 1 when they are there at once, 0 when done() will be called with 0 or
// -errno, or that -errno at once (-EHOSTUNREACH: no such name; -EAGAIN: the name service does not answer; -ENOMEM).
int http_resolver_start(struct http_resolver *resolver, const struct url *url);

// Gives up waiting; done() is not called. Returns true when the last answer for this host can be used in its place.
bool http_resolver_give_up(struct http_resolver *resolver, const struct url *url);

// Puts the addresses in the order to try: the one that worked last, then the others at random.
void http_resolver_order(struct http_resolver *resolver);

// Remembers an address that accepted a connection.
void http_resolver_worked(struct http_resolver *resolver, const union transport_address *address);

// Forgets that an address once worked: it has not this time.
void http_resolver_failed(struct http_resolver *resolver, const union transport_address *address);

// Frees what a query under way holds. After ring_close().
void http_resolver_close(struct http_resolver *resolver);
