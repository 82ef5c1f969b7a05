/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is cheap to see of a UDP connection request, before the agent is asked to verify it.
 *
 * Two buckets limit what the agent gets: one for the STUN server's host, from which an ACS sends behind a NAT that
 * filters, one for all others. So a flood from anywhere else never locks out the ACS. Within a bucket the tokens come
 * one after the other and not in bursts, so a flood that can't be told apart leaves each datagram the same chance.
 */
#pragma once

#include "netlink/endpoint.h"
#include "shm/reach-message.h"

#include <stdint.h>

/** Requests a second that the agent gets at most, and how many at once */
#define REQUEST_TRUSTED_RATE  4000u
#define REQUEST_TRUSTED_BURST 64u
#define REQUEST_OTHER_RATE    1000u
#define REQUEST_OTHER_BURST   32u

enum request_verdict { REQUEST_FORWARDED, REQUEST_MALFORMED, REQUEST_WRONG_USER, REQUEST_LIMITED, REQUEST_VERDICTS };

struct request_bucket {
	int64_t full_at; /* nanoseconds at which the whole burst is there again */
};

/** Zero it, and set forward(). */
struct request_filter {
	void (*forward)(struct request_filter *filter, const char *datagram, size_t length);
	char username[REACH_NAME_MAXIMUM + 1]; /* "": nothing passes */
	union endpoint trusted;		       /* host whose requests have their own bucket */
	struct request_bucket buckets[2];
	uint64_t counts[REQUEST_VERDICTS];
};

/** request_filter_take() - judges a datagram that came at `now` (nanoseconds), and forwards it when nothing is wrong */
enum request_verdict request_filter_take(struct request_filter *filter, const union endpoint *from,
					 const char *datagram, size_t length, int64_t now);
