// SPDX-License-Identifier: GPL-2.0-or-later
// ChangeDUState: answered at once; the results follow in DUStateChangeComplete.
#include "agent/agent.h"
#include "agent/rpc-durable.h"

#include <errno.h>
#include <string.h>

static bool known(struct soap_string type)
{
	return type.data && (!strcmp(type.data, "InstallOpStruct") || !strcmp(type.data, "UpdateOpStruct") ||
			     !strcmp(type.data, "UninstallOpStruct"));
}

static void stored(struct agent *agent, int error)
{
	du_changes_stored(&agent->du_changes, error);
}

int rpc_change_du_state(struct rpc_call *call)
{
	const struct change_du_state_request *request = call->request;
	struct agent *agent = call->rpc->agent;
	struct store_transaction *transaction;
	int error;

	for (size_t i = 0; i < request->operations_count; i++) {
		if (!known(request->operations[i].type))
			return rpc_fault(call, ESPALIER_FAULT_ARGUMENTS,
					 "operation %zu: its xsi:type is neither InstallOpStruct, UpdateOpStruct nor "
					 "UninstallOpStruct",
					 i + 1);
	}
	transaction = store_begin(agent->store);
	if (!transaction)
		return -ENOMEM;
	error = du_changes_add(&agent->du_changes, transaction, request->operations, request->operations_count,
			       request->command_key.data ? request->command_key.data : "");
	if (error) {
		store_abandon(transaction);
		return error == -ENOSPC ? rpc_fault(call, ESPALIER_FAULT_RESOURCES,
						    "%d changes wait for their report already", DU_CHANGES_MAXIMUM)
					: error;
	}
	error = rpc_answer_durable(call, transaction, "ChangeDUStateResponse", stored);
	if (error)
		du_changes_stored(&agent->du_changes, error);
	return error;
}
