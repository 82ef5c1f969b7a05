/* SPDX-License-Identifier: BSD-2-Clause */
/* One STUN request until its answer: random id, retransmission, and the check where the answer comes from. */
#pragma once

#include "netlink/loop.h"
#include "netlink/stun-message.h"

/** Which framing requests have */
enum stun_framing {
	STUN_EITHER, /* not known yet what the server answers: both, in turns */
	STUN_RFC3489,
	STUN_RFC8489,
};

struct stun_socket;
struct stun_transaction;

/** The transactions in flight, and what they need. Zero it, and set `loop`. */
struct stun_transactions {
	struct loop *loop;
	struct stun_transaction *first;
	uint64_t sent, received, retransmitted, timed_out, foreign; /* messages; requests without an answer */
};

/** Embedded in its user's structure; zeroed before its first use. Private, but `round_trip` may be read in done(). */
struct stun_transaction {
	struct stun_transactions *all;
	struct stun_transaction *next;
	struct loop_timer timer;
	int descriptor; /* that it is sent from */
	union endpoint server;
	union endpoint from; /* that the answer must come from */
	enum stun_framing framing;
	struct stun_request request;
	uint8_t identifiers[2][STUN_IDENTIFIER_SIZE]; /* without and with the magic cookie */
	int64_t sent_at[2];
	unsigned int sends, most;
	int64_t wait;	    /* until the next transmission, nanoseconds */
	int64_t round_trip; /* of the answer, nanoseconds; 0 where it was sent more than once (which one is answered?)
			     */
	bool active;
	/**
	 * The end: 0 with the answer and the descriptor that it came in at; -ETIMEDOUT; or what sending said. The
	 * transaction can be started again.
	 */
	void (*done)(struct stun_transaction *transaction, int error, const struct stun_response *response,
		     int descriptor);
};

/**
 * stun_start() - sends the request, and again as the framing's RFC says until it is answered
 * @from: where the answer must come from; NULL: from the server itself
 * @most: transmissions at most, 0: as many as the RFC says
 *
 * The request's texts stay the caller's until done(). Returns 0 or -errno: then done() is not called.
 */
int stun_start(struct stun_transactions *all, struct stun_transaction *transaction, int descriptor,
	       const union endpoint *server, const union endpoint *from, enum stun_framing framing,
	       const struct stun_request *request, unsigned int most);

/** stun_cancel() - ends it without done(); allowed at any time */
void stun_cancel(struct stun_transaction *transaction);

/** stun_take() - gives a message that has come to its transaction; what belongs to none is counted as foreign */
void stun_take(struct stun_transactions *all, int descriptor, const union endpoint *from, const uint8_t *message,
	       size_t length);
