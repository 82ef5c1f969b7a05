/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GetRPCMethods: the names of the table of methods. */
#include <errno.h>

#include "agent/rpc.h"

int rpc_get_rpc_methods(struct rpc_call *call)
{
	struct soap_methods_body *list = rpc_allocate(call, sizeof(*list));
	const char **names = rpc_allocate(call, rpc_methods_count * sizeof(*names));

	if (!list || !names)
		return -ENOMEM;
	for (size_t i = 0; i < rpc_methods_count; i++)
		names[i] = rpc_methods[i].soap->name;
	soap_methods_init(list, names, rpc_methods_count);
	rpc_answer(call, &list->body);
	return 0;
}
