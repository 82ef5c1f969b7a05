// SPDX-License-Identifier: GPL-2.0-or-later
// The check of a connection request that came by UDP (TR-069 Annex G; ). Never answered, whatever it is.
#pragma once

#include "agent/rate-limit.h"
#include "shm/reach-request.h"

#define UDP_REQUEST_STATE_SIZE 48 // characters of the text of udp_request_state()

enum udp_request_verdict {
	UDP_REQUEST_GRANTED,
	UDP_REQUEST_MALFORMED,
	UDP_REQUEST_WRONG_USER,
	UDP_REQUEST_WRONG_SIGNATURE,
	UDP_REQUEST_OLD,      // before the last good one
	UDP_REQUEST_REPEATED, // the last good one again: servers send three copies
	UDP_REQUEST_LIMITED,  // good, but there were too many
	UDP_REQUEST_UNSEEN,   // not looked at, in a flood
	UDP_REQUEST_VERDICTS
};

// Zero it before its first use. `counts` may be read.
struct udp_request {
	bool any; // there was a good one
	uint64_t last_time, last_id;
	struct rate_limit limit;
	unsigned burst, interval_ms; // of it; set by the owner
	uint64_t counts[UDP_REQUEST_VERDICTS];
};

// Judges a datagram at `now` (nanoseconds of CLOCK_BOOTTIME; the time in the request is the server's, and only compared
// with that of others). Without a user name or a password nothing is granted.
enum udp_request_verdict udp_request_check(struct udp_request *state, const char *datagram, size_t length,
					   const char *user, const char *password, int64_t now);

// The HMAC-SHA1 of a request as 40 lower-case hexadecimal digits. Returns 0 or -EINVAL.
int udp_request_sign(const struct reach_request *request, const char *password,
		     char signature[REACH_SIGNATURE_DIGITS + 1]);

// What has to outlive the process, so that a request can't be sent once more to the next one; and back. A text that is
// none is passed over.
void udp_request_state(const struct udp_request *state, char text[UDP_REQUEST_STATE_SIZE]);
void udp_request_load(struct udp_request *state, const char *text);

// Other credentials: what the former server's clock said no longer counts.
void udp_request_forget(struct udp_request *state);
