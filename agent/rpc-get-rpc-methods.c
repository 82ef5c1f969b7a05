/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GetRPCMethods: the names of the table of methods, and those that owners have declared. */
#include <errno.h>
#include <string.h>

#include "agent/rpc.h"
#include "agent/vendor-method.h"

struct method_list {
	struct rpc_call *call;
	const char **names;
	size_t count, room;
};

/* A method that several owners declare is listed once. */
static int add_vendor_method(const char *name, size_t length, void *context)
{
	struct method_list *list = context;
	char *copy;

	for (size_t i = 0; i < list->count; i++) {
		if (strlen(list->names[i]) == length && !memcmp(list->names[i], name, length))
			return 0;
	}
	copy = rpc_allocate(list->call, length + 1);
	if (!copy || list->count == list->room)
		return -ENOMEM;
	memcpy(copy, name, length);
	list->names[list->count++] = copy;
	return 0;
}

int rpc_get_rpc_methods(struct rpc_call *call)
{
	struct soap_methods_body *response = rpc_allocate(call, sizeof(*response));
	struct method_list list = {.call = call, .room = rpc_methods_count + VENDOR_METHODS_MAXIMUM};

	list.names = rpc_allocate(call, list.room * sizeof(*list.names));
	if (!response || !list.names)
		return -ENOMEM;
	for (size_t i = 0; i < rpc_methods_count; i++) {
		if (rpc_methods[i].since <= call->version)
			list.names[list.count++] = rpc_methods[i].soap->name;
	}
	/* What is more than there is room for can be called all the same. */
	vendor_method_each(call->rpc->tree, add_vendor_method, &list);
	soap_methods_init(response, list.names, list.count);
	rpc_answer(call, &response->body);
	return 0;
}
