// SPDX-License-Identifier: GPL-2.0-or-later
// The check of a connection request that came by XMPP (TR-069 Annex K; R-113).
#pragma once

#include "agent/rate-limit.h"
#include "agent/xmpp-message.h"

// Zero it before its first use, and set the limit of good requests: so many in a row, and one each so many
// milliseconds. `counts` may be read.
struct xmpp_judge {
	unsigned burst, interval_ms;
	struct rate_limit limit;
	uint64_t counts[XMPP_VERDICTS];
};

// Whether a Jabber ID is one of a comma-separated list, or the list is empty: a bare one in the list stands for any
// resource, a full one for itself. Local and domain part are the same in any case (RFC 7622), the resource is not.
bool xmpp_sender_allowed(const char *list, const char *from);

// Judges a request at `now` (nanoseconds of CLOCK_BOOTTIME). `wanted`: it came by the connection that
// ConnReqXMPPConnection names. Without a user name or a password nothing is granted.
enum xmpp_verdict xmpp_judge_request(struct xmpp_judge *judge, const struct xmpp_request *request, bool wanted,
				     const char *allowed, const char *user, const char *password, int64_t now);
