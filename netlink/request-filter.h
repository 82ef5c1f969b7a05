/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is cheap to see of a UDP connection request, before the agent is asked to verify it.
 *
 * What comes from the STUN server's host, as an ACS behind a NAT that filters has to send, is told apart from what
 * comes from anywhere else: the agent has a share of its time for either, so the one never locks out the other.
 */
#pragma once

#include "netlink/endpoint.h"
#include "shm/reach-message.h"

#include <stdint.h>

enum request_verdict { REQUEST_FORWARDED, REQUEST_MALFORMED, REQUEST_WRONG_USER, REQUEST_LIMITED, REQUEST_VERDICTS };

/** Zero it, and set forward(). */
struct request_filter {
	void (*forward)(struct request_filter *filter, bool expected, const char *datagram, size_t length);
	char username[REACH_NAME_MAXIMUM + 1]; /* "": nothing passes */
	union endpoint trusted;		       /* host whose requests are expected */
	uint64_t counts[REQUEST_VERDICTS];
};

/** request_filter_take() - judges a datagram, and forwards it when nothing is wrong */
enum request_verdict request_filter_take(struct request_filter *filter, const union endpoint *from,
					 const char *datagram, size_t length);

/** request_filter_lost() - requests that were forwarded did not get through: the agent has too many */
void request_filter_lost(struct request_filter *filter, unsigned int count);
