// SPDX-License-Identifier: GPL-2.0-or-later
// Judges a connection request that has come by HTTP.
#pragma once

#include "agent/connection-request.h"

// What is answered to a request.
struct connection_request_answer {
	const char *status;			       // code and phrase
	char headers[2 * (DIGEST_CHALLENGE_MAX + 32)]; // each with its line end
	bool last;				       // the connection ends with it
};

// Judges the whole request that is in a slot: counts it, says in slot->granted whether it is to be followed, logs what
// is refused for its credentials, and fills in the answer.
void connection_request_judge(struct connection_request_slot *slot, struct connection_request_answer *answer);
