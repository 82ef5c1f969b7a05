/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GetParameterAttributes: notification and access list of parameters, or of all below partial paths. */
#include <errno.h>

#include "agent/rpc.h"

/* The attributes as the session's version can tell them. */
static void lookup(struct tree *tree, struct tree_reference reference, struct soap_attributes *attributes,
		   void *context)
{
	struct rpc_call *call = context;

	call->rpc->attributes(tree, reference, attributes, call->rpc->attributes_context);
	attributes->notification = cwmp_version_notification(call->version, attributes->notification);
}

int rpc_get_parameter_attributes(struct rpc_call *call)
{
	const struct get_parameter_attributes_request *request = call->request;
	struct soap_attributes_body *list = rpc_allocate(call, sizeof(*list));
	struct tree_reference *references;
	size_t count = 0;
	int result;

	if (!list)
		return -ENOMEM;
	result = rpc_resolve(call, request->parameter_names, request->parameter_names_count, &references, &count);
	if (result)
		return result < 0 ? result : 0;
	soap_attributes_init(list, call->rpc->tree, references, count, lookup, call);
	rpc_answer(call, &list->body);
	return 0;
}
