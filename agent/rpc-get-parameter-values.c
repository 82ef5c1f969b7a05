/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GetParameterValues: values of parameters, or of all below partial paths. */
#include <errno.h>

#include "agent/rpc.h"

int rpc_get_parameter_values(struct rpc_call *call)
{
	const struct get_parameter_values_request *request = call->request;
	struct soap_values_body *values = rpc_allocate(call, sizeof(*values));
	struct tree_reference *references;
	size_t count = 0;
	int result;

	if (!values)
		return -ENOMEM;
	result = rpc_resolve(call, request->parameter_names, request->parameter_names_count, &references, &count);
	if (result)
		return result < 0 ? result : 0;
	soap_values_init(values, call->rpc->tree, references, count);
	rpc_answer(call, &values->body);
	return 0;
}
