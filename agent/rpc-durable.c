// SPDX-License-Identifier: GPL-2.0-or-later
// Methods whose answer promises something that must be durable first.
#include "agent/rpc-durable.h"

#include "shm/espalier.h"

#include <stdlib.h>

struct waiting {
	struct agent *agent;
	struct rpc_call *call; // NULL: the session has ended
	const char *name;
	void (*stored)(struct agent *agent, int error);
};

void rpc_answer_stored(struct rpc_call *call, const char *name, int error)
{
	const char *text;
	int fault = store_fault(error, &text);

	if (fault)
		rpc_fault(call, (unsigned)fault, "%s", text);
	else if (rpc_answer_status(call, name, -1))
		rpc_fault(call, ESPALIER_FAULT_RESOURCES, "no memory");
}

static void done(int error, void *context)
{
	struct waiting *waiting = context;
	struct rpc_call *call = waiting->call;

	waiting->stored(waiting->agent, error);
	if (call) {
		call->abandon = NULL;
		rpc_answer_stored(call, waiting->name, error);
	}
	free(waiting);
}

static void abandon(struct rpc_call *call)
{
	struct waiting *waiting = call->state;

	waiting->call = NULL;
}

int rpc_answer_durable(struct rpc_call *call, struct store_transaction *transaction, const char *name,
		       void (*stored)(struct agent *agent, int error))
{
	struct waiting *waiting = malloc(sizeof(*waiting));

	if (!waiting) {
		store_abandon(transaction);
		return -ENOMEM;
	}
	*waiting = (struct waiting){call->rpc->agent, call, name, stored};
	call->state = waiting;
	call->abandon = abandon;
	store_commit(transaction, done, waiting);
	return 0;
}
