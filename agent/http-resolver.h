// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses of a server: name resolution without blocking the ring, and the order in which they are tried.
#pragma once

#include "agent/transport.h"
#include "agent/url.h"
#include "agent/worker.h"

#define HTTP_ADDRESSES_MAX 16 // addresses of one name that are kept

// Private fields, but `addresses` and `count` may be read after done() or a return of 1. Zeroed memory with `worker`
// and done() set is ready for use. A name's last answer is kept, and used again when the name service fails.
struct http_resolver {
	struct worker *worker;
	void (*done)(struct http_resolver *resolver, int result);

	char host[URL_HOST_MAX + 1];
	union transport_address addresses[HTTP_ADDRESSES_MAX];
	unsigned count;
	union transport_address last_good;
	bool waiting; // somebody wants done()
	uint16_t port;

	struct worker_job job;
	char asked[URL_HOST_MAX + 1]; // this and the next are the worker's while the job is pending
	union transport_address answer[HTTP_ADDRESSES_MAX];
	unsigned answer_count;
	int answer_error;
};

// Finds the addresses of the URL's host. Returns 1 when they are there at once (an address literal), 0 when done() will
// be called with 0 or -errno (-EHOSTUNREACH: no such name; -EAGAIN: the name service does not answer).
int http_resolver_start(struct http_resolver *resolver, const struct url *url);

// Gives up waiting; done() is not called. Returns true when the last answer for this host can be used in its place.
bool http_resolver_give_up(struct http_resolver *resolver, const struct url *url);

// Puts the addresses in the order to try: the one that worked last, then the others at random.
void http_resolver_order(struct http_resolver *resolver);

// Remembers an address that accepted a connection.
void http_resolver_worked(struct http_resolver *resolver, const union transport_address *address);
