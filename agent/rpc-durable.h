// SPDX-License-Identifier: GPL-2.0-or-later
// Methods whose answer promises something that must be durable first.
#pragma once

#include "agent/rpc.h"
#include "agent/store.h"

struct agent;

// Answers a call when it is known whether what the answer promises is on the disk (`error`: 0 or -errno): with the
// empty <cwmp:NAME>, or with fault 9004 or 9002.
void rpc_answer_stored(struct rpc_call *call, const char *name, int error);

// Commits the transaction, then answers as rpc_answer_stored(). Before the answer, and also when the session has ended
// meanwhile, calls stored() with 0 or -errno. Returns 0, or -ENOMEM, when nothing is done and the transaction is freed.
int rpc_answer_durable(struct rpc_call *call, struct store_transaction *transaction, const char *name,
		       void (*stored)(struct agent *agent, int error));
