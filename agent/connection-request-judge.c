// SPDX-License-Identifier: GPL-2.0-or-later
// Judges a connection request that has come by HTTP: path, method, credentials, rate.
#include "agent/connection-request-judge.h"

#include "shm/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static void ask_for_credentials(const struct connection_request_slot *slot, bool stale,
				struct connection_request_answer *answer)
{
	static const enum digest_algorithm algorithms[] = {DIGEST_MD5, DIGEST_SHA256};
	struct connection_request *listener = slot->listener;
	size_t length = 0;
	int64_t now = ring_clock(CLOCK_BOOTTIME);

	for (unsigned i = 0; i < (listener->settings.sha256 ? 2 : 1); i++) {
		char challenge[DIGEST_CHALLENGE_MAX];

		if (digest_server_challenge(&listener->digest, algorithms[i], stale, now, challenge,
					    sizeof(challenge)) < 0) {
			*answer =
				(struct connection_request_answer){.status = "500 Internal Server Error", .last = true};
			return;
		}
		length += (size_t)snprintf(answer->headers + length, sizeof(answer->headers) - length,
					   "WWW-Authenticate: %s\r\n", challenge);
	}
	answer->status = "401 Unauthorized";
}

static void log_refused(const struct connection_request_slot *slot, enum digest_verdict verdict,
			const struct digest_answer *given)
{
	struct connection_request *listener = slot->listener;
	char text[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in6 peer = {0};
	socklen_t length = sizeof(peer);

	if (!rate_limit_allows(&listener->logged, CONNECTION_REQUEST_LOG_BURST, CONNECTION_REQUEST_LOG_INTERVAL,
			       ring_clock(CLOCK_BOOTTIME)))
		return;
	if (getpeername(slot->descriptor, (struct sockaddr *)&peer, &length) == 0) {
		if (peer.sin6_family == AF_INET6)
			inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof(text));
		else
			inet_ntop(AF_INET, &((struct sockaddr_in *)&peer)->sin_addr, text, sizeof(text));
	}
	log_notice("connection request from %s refused: %s (realm \"%s\", user \"%s\")", text,
		   digest_verdict_text(verdict), given->realm, given->user);
}

// Checks the credentials. Returns false when the answer is 401.
static bool authorized(const struct connection_request_slot *slot, struct connection_request_answer *answer)
{
	struct connection_request *listener = slot->listener;
	const struct connection_request_settings *settings = &listener->settings;
	struct digest_answer given;
	enum digest_verdict verdict;

	if (settings->open_access)
		return true;
	if (!settings->user || !settings->user[0] || !settings->password || !settings->password[0]) {
		listener->counters.wrong_credentials++;
		ask_for_credentials(slot, false, answer);
		return false;
	}
	verdict = digest_server_check(&listener->digest, slot->authorization_given ? slot->authorization : NULL,
				      slot->authorization_length, "GET", slot->target, settings->user,
				      settings->password, ring_clock(CLOCK_BOOTTIME), &given);
	switch (verdict) {
	case DIGEST_GRANTED:
		return true;
	case DIGEST_NO_CREDENTIALS:
		listener->counters.no_credentials++;
		break;
	case DIGEST_STALE:
		listener->counters.stale++;
		break;
	case DIGEST_REPLAYED:
		listener->counters.replayed++;
		log_refused(slot, verdict, &given);
		break;
	case DIGEST_MALFORMED:
	case DIGEST_WRONG_ALGORITHM:
	case DIGEST_WRONG_REALM:
	case DIGEST_WRONG_USER:
	case DIGEST_WRONG_URI:
	case DIGEST_WRONG_RESPONSE:
	case DIGEST_VERDICTS:
		listener->counters.wrong_credentials++;
		log_refused(slot, verdict, &given);
		break;
	}
	ask_for_credentials(slot, verdict == DIGEST_STALE || verdict == DIGEST_REPLAYED, answer);
	return false;
}

void connection_request_judge(struct connection_request_slot *slot, struct connection_request_answer *answer)
{
	struct connection_request *listener = slot->listener;
	const struct connection_request_settings *settings = &listener->settings;

	*answer = (struct connection_request_answer){.last = !slot->parser.keep_alive};
	slot->granted = false;
	if (!slot->right_path) {
		listener->counters.wrong_path++;
		answer->status = "404 Not Found";
	} else if (!slot->method_get) {
		listener->counters.wrong_method++;
		answer->status = "405 Method Not Allowed";
		snprintf(answer->headers, sizeof(answer->headers), "Allow: GET\r\n");
	} else if (!authorized(slot, answer)) {
		return;
	} else if (!rate_limit_allows(&listener->requests, settings->burst, settings->interval_ms,
				      ring_clock(CLOCK_BOOTTIME))) {
		listener->counters.limited++;
		answer->status = "503 Service Unavailable";
	} else {
		listener->counters.granted++;
		slot->granted = true;
		answer->status = "200 OK";
	}
}
