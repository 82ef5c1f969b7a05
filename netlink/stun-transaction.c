/* SPDX-License-Identifier: BSD-2-Clause */
/* One STUN request until its answer: random id, retransmission, and the check where the answer comes from. */
#include "netlink/stun-transaction.h"

#include <errno.h>
#include <string.h>

#define MILLISECOND 1000000ll /* nanoseconds */

/* RFC 3489, 9.3: after 100 ms, doubled up to 1.6 s, nine times in all, and 1.6 s for the last one. */
#define OLD_FIRST   (100 * MILLISECOND)
#define OLD_LONGEST (1600 * MILLISECOND)
#define OLD_MOST    9u
/* RFC 8489, 6.2.1: RTO 500 ms doubled, Rc 7 times, and Rm (16) times RTO for the last one. */
#define NEW_FIRST   (500 * MILLISECOND)
#define NEW_LAST    (8000 * MILLISECOND)
#define NEW_MOST    7u

static int transmit(struct stun_transaction *transaction)
{
	unsigned int which =
		transaction->framing == STUN_EITHER ? transaction->sends & 1u : transaction->framing == STUN_RFC8489;
	uint8_t message[STUN_MESSAGE_MAXIMUM];
	int length = stun_write(message, transaction->identifiers[which], &transaction->request);

	if (length < 0)
		return length;
	if (transaction->sends)
		transaction->all->retransmitted++;
	transaction->sends++;
	transaction->all->sent++;
	transaction->sent_at[which] = loop_now();
	if (sendto(transaction->descriptor, message, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL,
		   &transaction->server.any, endpoint_length(&transaction->server)) < 0)
		return -errno;
	return 0;
}

static void finish(struct stun_transaction *transaction, int error, const struct stun_response *response,
		   int descriptor)
{
	stun_cancel(transaction);
	transaction->done(transaction, error, response, descriptor);
}

/* What a full queue or a peer that is not there says may pass; what the route says will not before the next try. */
static bool passing(int error)
{
	return error == -EAGAIN || error == -ENOBUFS || error == -ENOMEM || error == -ECONNREFUSED || error == -EPERM;
}

static void timer_rang(struct loop_timer *timer)
{
	struct stun_transaction *transaction = LOOP_OF(timer, struct stun_transaction, timer);
	bool last;
	int error;

	if (transaction->sends >= transaction->most) {
		transaction->all->timed_out++;
		finish(transaction, -ETIMEDOUT, NULL, -1);
		return;
	}
	error = transmit(transaction);
	if (error && !passing(error)) {
		finish(transaction, error, NULL, -1);
		return;
	}
	last = transaction->sends >= transaction->most;
	transaction->wait *= 2;
	if (transaction->framing != STUN_RFC8489 && transaction->wait > OLD_LONGEST)
		transaction->wait = OLD_LONGEST;
	if (transaction->framing == STUN_RFC8489 && last && transaction->wait > NEW_LAST)
		transaction->wait = NEW_LAST;
	loop_timer_set(transaction->all->loop, &transaction->timer, loop_now() + transaction->wait);
}

int stun_start(struct stun_transactions *all, struct stun_transaction *transaction, int descriptor,
	       const union endpoint *server, const union endpoint *from, enum stun_framing framing,
	       const struct stun_request *request, unsigned int most)
{
	int error;

	stun_cancel(transaction);
	error = stun_identifier(transaction->identifiers[0], false);
	if (!error)
		error = stun_identifier(transaction->identifiers[1], true);
	if (error)
		return error;
	transaction->all = all;
	transaction->descriptor = descriptor;
	transaction->server = *server;
	transaction->from = from ? *from : *server;
	transaction->framing = framing;
	transaction->request = *request;
	memset(transaction->sent_at, 0, sizeof(transaction->sent_at));
	transaction->sends = 0;
	transaction->round_trip = 0;
	transaction->most = most ? most : framing == STUN_RFC8489 ? NEW_MOST : OLD_MOST;
	transaction->wait = framing == STUN_RFC8489 ? NEW_FIRST : OLD_FIRST;
	transaction->timer.rang = timer_rang;
	error = transmit(transaction);
	if (error && !passing(error))
		return error;
	transaction->active = true;
	transaction->next = all->first;
	all->first = transaction;
	loop_timer_set(all->loop, &transaction->timer, loop_now() + transaction->wait);
	return 0;
}

void stun_cancel(struct stun_transaction *transaction)
{
	struct stun_transaction **at;

	if (!transaction->active)
		return;
	for (at = &transaction->all->first; *at != transaction; at = &(*at)->next)
		;
	*at = transaction->next;
	transaction->active = false;
	loop_timer_clear(transaction->all->loop, &transaction->timer);
}

static bool belongs(const struct stun_transaction *transaction, const union endpoint *from,
		    const struct stun_response *response, unsigned int *which)
{
	if (!endpoint_same(&transaction->from, from))
		return false;
	for (*which = 0; *which < 2; ++*which) {
		if (transaction->sent_at[*which] &&
		    !memcmp(transaction->identifiers[*which], response->identifier, STUN_IDENTIFIER_SIZE))
			return true;
	}
	return false;
}

void stun_take(struct stun_transactions *all, int descriptor, const union endpoint *from, const uint8_t *message,
	       size_t length)
{
	struct stun_response response;
	unsigned int which;

	if (!stun_read(message, length, &response)) {
		for (struct stun_transaction *at = all->first; at; at = at->next) {
			if (!belongs(at, from, &response, &which))
				continue;
			all->received++;
			if (at->sends == 1)
				at->round_trip = loop_now() - at->sent_at[which];
			if (at->framing == STUN_EITHER)
				at->framing = which ? STUN_RFC8489 : STUN_RFC3489;
			finish(at, 0, &response, descriptor);
			return;
		}
	}
	all->foreign++;
}
