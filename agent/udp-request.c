// SPDX-License-Identifier: GPL-2.0-or-later
// The check of a connection request that came by UDP (TR-069 Annex G; ).
#include "agent/udp-request.h"

#include "agent/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int udp_request_sign(const struct reach_request *request, const char *password,
		     char signature[REACH_SIGNATURE_DIGITS + 1])
{
	_Static_assert(REACH_SIGNATURE_DIGITS == DIGEST_SHA1_DIGITS, "a signature is an HMAC-SHA1");
	return digest_keyed_sha1(password, (const char *const[]){request->ts, request->id, request->un, request->cn}, 4,
				 signature);
}

static enum udp_request_verdict judge(struct udp_request *state, const char *datagram, size_t length, const char *user,
				      const char *password, int64_t now)
{
	struct reach_request request;
	char signature[REACH_SIGNATURE_DIGITS + 1];
	uint64_t id;

	if (reach_request_read(datagram, length, &request))
		return UDP_REQUEST_MALFORMED;
	if (!*user || !*password || strcmp(request.un, user) != 0)
		return UDP_REQUEST_WRONG_USER;
	if (udp_request_sign(&request, password, signature) || !digest_equal(signature, request.sig))
		return UDP_REQUEST_WRONG_SIGNATURE;
	id = strtoull(request.id, NULL, 10);
	if (state->any && id == state->last_id)
		return UDP_REQUEST_REPEATED;
	if (state->any && request.time < state->last_time)
		return UDP_REQUEST_OLD;
	if (!rate_limit_allows(&state->limit, state->burst, state->interval_ms, now))
		return UDP_REQUEST_LIMITED;
	state->any = true;
	state->last_time = request.time;
	state->last_id = id;
	return UDP_REQUEST_GRANTED;
}

enum udp_request_verdict udp_request_check(struct udp_request *state, const char *datagram, size_t length,
					   const char *user, const char *password, int64_t now)
{
	enum udp_request_verdict verdict = judge(state, datagram, length, user, password, now);

	state->counts[verdict]++;
	return verdict;
}

void udp_request_state(const struct udp_request *state, char text[UDP_REQUEST_STATE_SIZE])
{
	snprintf(text, UDP_REQUEST_STATE_SIZE, "%" PRIu64 " %" PRIu64, state->last_time, state->last_id);
}

void udp_request_load(struct udp_request *state, const char *text)
{
	uint64_t time, id;

	if (sscanf(text, "%" SCNu64 " %" SCNu64, &time, &id) != 2)
		return;
	state->any = true;
	state->last_time = time;
	state->last_id = id;
}

void udp_request_forget(struct udp_request *state)
{
	state->any = false;
}
