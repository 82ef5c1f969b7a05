// SPDX-License-Identifier: GPL-2.0-or-later
// Reboot and FactoryReset: promised now, carried out after the session.
#include "agent/agent.h"
#include "agent/rpc-durable.h"

#include <errno.h>

static void reboot_stored(struct agent *agent, int error)
{
	if (error)
		reboot_forget(&agent->reboot);
	else
		reboot_after_session(&agent->reboot);
}

int rpc_reboot(struct rpc_call *call)
{
	const struct reboot_request *request = call->request;
	struct agent *agent = call->rpc->agent;
	struct store_transaction *transaction;
	int error;

	if (!reboot_possible(&agent->reboot))
		return rpc_fault(call, ESPALIER_FAULT_INTERNAL, "the device has no program that reboots it");
	transaction = store_begin(agent->store);
	if (!transaction)
		return -ENOMEM;
	if (reboot_promise(&agent->reboot, transaction, request->command_key.data)) {
		store_abandon(transaction);
		return rpc_fault(call, ESPALIER_FAULT_RESOURCES, "too many reboots wait already");
	}
	error = rpc_answer_durable(call, transaction, "RebootResponse", reboot_stored);
	if (error)
		reboot_forget(&agent->reboot);
	return error;
}

static void reset_stored(struct agent *agent, int error)
{
	if (!error)
		factory_reset_after_session(&agent->factory_reset);
}

int rpc_factory_reset(struct rpc_call *call)
{
	struct agent *agent = call->rpc->agent;
	struct store_transaction *transaction = store_begin(agent->store);

	if (!transaction)
		return -ENOMEM;
	factory_reset_promise(transaction);
	return rpc_answer_durable(call, transaction, "FactoryResetResponse", reset_stored);
}
