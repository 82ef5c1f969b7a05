// SPDX-License-Identifier: GPL-2.0-or-later
// The time limit of a transaction's steps, on the ring. It outlives the transactions that use it, one after the other.
#pragma once

#include "agent/alarm.h"
#include "agent/transaction.h"

// Zeroed, and then prepared once.
struct transaction_timer {
	struct alarm alarm;
	struct transaction *transaction;
};

void transaction_timer_prepare(struct transaction_timer *timer, struct ring *ring);

// Counts TRANSACTION_TIMEOUT from now for this transaction; NULL: for none.
void transaction_timer_set(struct transaction_timer *timer, struct transaction *transaction);
