/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GetParameterNames: what there is at and below a path. */
#include <errno.h>

#include "agent/rpc.h"

#define FAULT_ARGUMENTS 9003u

int rpc_get_parameter_names(struct rpc_call *call)
{
	const struct get_parameter_names_request *request = call->request;
	struct soap_names_body *names = rpc_allocate(call, sizeof(*names));
	struct tree_reference *references;
	size_t count = 0;
	int result;

	if (!names)
		return -ENOMEM;
	result = rpc_resolve(call, &request->parameter_path, 1, &references, &count);
	if (result)
		return result < 0 ? result : 0;
	if (request->next_level && count && references->parameter != TREE_PARTIAL)
		return rpc_fault(call, FAULT_ARGUMENTS,
				 "NextLevel is not allowed with the full name of a parameter: %.*s",
				 (int)request->parameter_path.length, request->parameter_path.data);
	if (request->next_level && !request->parameter_path.length)
		soap_names_init_root(names, call->rpc->tree);
	else
		soap_names_init(names, call->rpc->tree, references, count, request->next_level);
	rpc_answer(call, &names->body);
	return 0;
}
