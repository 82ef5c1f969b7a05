// SPDX-License-Identifier: GPL-2.0-or-later
// ScheduleInform: an Inform after a delay, with a command key.
#include "agent/agent.h"
#include "agent/rpc-durable.h"

#include <errno.h>

static void stored(struct agent *agent, int error)
{
	if (error)
		schedule_inform_forget(&agent->schedule_inform);
}

int rpc_schedule_inform(struct rpc_call *call)
{
	const struct schedule_inform_request *request = call->request;
	struct agent *agent = call->rpc->agent;
	struct store_transaction *transaction;
	int error;

	if (!request->delay_seconds)
		return rpc_fault(call, ESPALIER_FAULT_ARGUMENTS, "DelaySeconds: 0 is no delay");
	transaction = store_begin(agent->store);
	if (!transaction)
		return -ENOMEM;
	if (schedule_inform_add(&agent->schedule_inform, transaction, request->delay_seconds,
				request->command_key.data)) {
		store_abandon(transaction);
		return rpc_fault(call, ESPALIER_FAULT_RESOURCES, "%d scheduled Informs wait already",
				 SCHEDULE_INFORM_MAXIMUM);
	}
	error = rpc_answer_durable(call, transaction, "ScheduleInformResponse", stored);
	if (error)
		schedule_inform_forget(&agent->schedule_inform);
	return error;
}
