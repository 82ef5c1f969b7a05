// SPDX-License-Identifier: GPL-2.0-or-later
// The time limit of a transaction's steps, on the ring. It outlives the transactions that use it, one after the other.
#include "agent/transaction-timer.h"

static void rang(struct alarm *alarm)
{
	struct transaction_timer *timer =
		(struct transaction_timer *)((char *)alarm - offsetof(struct transaction_timer, alarm));

	if (timer->transaction)
		transaction_timeout(timer->transaction);
}

void transaction_timer_prepare(struct transaction_timer *timer, struct ring *ring)
{
	timer->alarm.ring = ring;
	timer->alarm.rang = rang;
}

void transaction_timer_set(struct transaction_timer *timer, struct transaction *transaction)
{
	timer->transaction = transaction;
	if (transaction)
		alarm_set(&timer->alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + TRANSACTION_TIMEOUT * 1000000ll);
	else
		alarm_clear(&timer->alarm);
}
