// SPDX-License-Identifier: GPL-2.0-or-later
// A traffic generator for tests of what listens: its parts.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_MAXIMUM	    4096u  // bytes of one request
#define PAYLOADS_MAXIMUM    65536u // requests that are sent in turn
#define CONNECTIONS_MAXIMUM 1024u

struct payload {
	const char *bytes;
	size_t length;
};

struct plan {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} to, from;
	socklen_t length; // of both addresses; from.any.sa_family is 0 where any will do
	uint64_t rate;	  // requests a second
	uint64_t seconds;
	unsigned connections;	 // TCP: at a time
	unsigned per_connection; // TCP: requests in a row on one
	unsigned drip;		 // TCP: milliseconds between two bytes, 0: all at once
	const struct payload *payloads;
	size_t payload_count;
};

// Requests that may have been sent since `start`, so that the rate holds.
uint64_t plan_due(const struct plan *plan, uint64_t start);

// Nanoseconds of CLOCK_MONOTONIC.
uint64_t flood_now(void);

// Send as the plan says, and print what became of it as one JSON object. Return 0, or -errno when they can't begin.
int flood_udp(const struct plan *plan);
int flood_tcp(const struct plan *plan);
