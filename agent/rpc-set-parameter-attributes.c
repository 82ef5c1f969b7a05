// SPDX-License-Identifier: GPL-2.0-or-later
// SetParameterAttributes: notification and access list of parameters, in order, all or nothing, durable.
#include "agent/rpc.h"

#include "agent/agent.h"
#include "agent/rpc-durable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_NOTIFICATION 9009u
#define RECORD_SIZE	   ((size_t)2 + (CWMP_ACCESS_LIST_CHARACTERS * 4 + 1) * CWMP_ACCESS_LIST_COUNT_MAXIMUM + 1)

// A change that waits for the disk.
struct change {
	struct agent *agent;
	struct attributes former;
	struct rpc_call *call; // NULL: nobody waits for the answer any more
};

static int find_deniable(struct tree *tree, struct tree_reference reference, void *context)
{
	const struct espalier_parameter *parameter = tree_parameter_of(tree, reference);

	if (!(parameter->flags & ESPALIER_NOTIFY_CAN_DENY))
		return 0;
	*(struct tree_reference *)context = reference;
	return 1;
}

// Answers with a fault for an entry that can't be accepted. Returns 1 when it has, 0 when it is good.
static int refuse(struct rpc_call *call, const struct set_parameter_attributes *entry)
{
	struct tree *tree = call->rpc->tree;
	struct tree_reference reference, denied;
	char path[ESPALIER_PATH_MAXIMUM + 1];

	if (tree_resolve(tree, entry->name.data, entry->name.length, &reference)) {
		rpc_fault(call, ESPALIER_FAULT_NAME, "%s: no such parameter or object", entry->name.data);
		return 1;
	}
	if (entry->notification_change &&
	    (entry->notification > ATTRIBUTE_NOTIFICATION_MAXIMUM ||
	     entry->notification != cwmp_version_notification(call->version, entry->notification))) {
		rpc_fault(call, ESPALIER_FAULT_ARGUMENTS, "%s: there is no notification %u", entry->name.data,
			  entry->notification);
		return 1;
	}
	// What changes all the time must not open a session, or send a datagram, each time.
	if (entry->notification_change &&
	    (attribute_by_inform((int)entry->notification) == ATTRIBUTE_ACTIVE ||
	     attribute_lightweight((int)entry->notification) == ATTRIBUTE_ACTIVE) &&
	    tree_each_parameter(tree, reference, find_deniable, &denied)) {
		if (tree_path(tree, denied, path, sizeof(path)) < 0)
			*path = 0;
		rpc_fault(call, FAULT_NOTIFICATION, "%s: no active notification of a value that changes by itself",
			  path);
		return 1;
	}
	for (size_t i = 0; entry->access_list_change && i < entry->access_list_count; i++) {
		const struct soap_string *name = &entry->access_list[i];

		if (name->length && !memchr(name->data, '\n', name->length))
			continue;
		rpc_fault(call, ESPALIER_FAULT_ARGUMENTS, "%s: an empty name in the access list", entry->name.data);
		return 1;
	}
	return 0;
}

// Names with aliases get instance numbers: those are what attributes are kept by. Returns the list, or NULL
// without memory; a name that is not known stays as it is.
static const struct set_parameter_attributes *with_numbers(struct rpc_call *call)
{
	const struct set_parameter_attributes_request *request = call->request;
	size_t count = request->parameter_list_count, unknown;
	struct set_parameter_attributes *list = rpc_allocate(call, (count + 1) * sizeof(*list));

	for (size_t i = 0; list && i < count; i++) {
		struct soap_string *name = &list[i].name;
		ssize_t length;
		char *path;

		list[i] = request->parameter_list[i];
		if (!name->length || !memchr(name->data, '[', name->length) || rpc_hides(call, *name))
			continue;
		path = rpc_allocate(call, ESPALIER_PATH_MAXIMUM + 1);
		if (!path)
			return NULL;
		length = tree_canonical(call->rpc->tree, name->data, name->length, path, &unknown);
		if (length >= 0)
			*name = (struct soap_string){.data = path, .length = (size_t)length};
	}
	return list;
}

static int apply(struct rpc_call *call, struct attributes *attributes, const struct set_parameter_attributes *entry)
{
	char *list = NULL, *at;
	size_t size = 1;

	if (entry->access_list_change) {
		for (size_t i = 0; i < entry->access_list_count; i++)
			size += entry->access_list[i].length + 1;
		list = rpc_allocate(call, size);
		if (!list)
			return -ENOMEM;
		at = list;
		for (size_t i = 0; i < entry->access_list_count; i++) {
			memcpy(at, entry->access_list[i].data, entry->access_list[i].length);
			at += entry->access_list[i].length + 1;
		}
	}
	return attributes_set(attributes, entry->name.data, entry->name.length,
			      entry->notification_change ? (int)entry->notification : -1, list, list ? size : 0);
}

static int store_all(struct store_transaction *transaction, const struct attributes *attributes)
{
	char *buffer = malloc(RECORD_SIZE);

	if (!buffer)
		return -ENOMEM;
	store_delete_all(transaction, STORE_ATTRIBUTE);
	for (size_t i = 0; i < attributes->count; i++) {
		long length = attribute_format(&attributes->entries[i], buffer, RECORD_SIZE);

		if (length > 0)
			store_put(transaction, STORE_ATTRIBUTE, attributes->entries[i].path, buffer, (size_t)length);
	}
	free(buffer);
	return 0;
}

// Goes back to what was before: what is on the disk.
static void revert(struct agent *agent, struct attributes *former)
{
	struct store_transaction *transaction = store_begin(agent->store);

	attributes_free(&agent->attributes);
	agent->attributes = *former;
	*former = (struct attributes){0};
	if (transaction)
		notify_rebuild(&agent->notify, transaction);
	agent_commit(transaction);
}

static void stored(int error, void *context)
{
	struct change *change = context;
	struct rpc_call *call = change->call;

	if (error)
		revert(change->agent, &change->former);
	attributes_free(&change->former);
	if (call) {
		call->abandon = NULL;
		rpc_answer_stored(call, "SetParameterAttributesResponse", error);
	}
	free(change);
}

static void abandon(struct rpc_call *call)
{
	struct change *change = call->state;

	change->call = NULL;
}

int rpc_set_parameter_attributes(struct rpc_call *call)
{
	const struct set_parameter_attributes_request *request = call->request;
	struct agent *agent = call->rpc->agent;
	struct store_transaction *transaction = NULL;
	const struct set_parameter_attributes *list = with_numbers(call);
	struct attributes attributes;
	struct change *change;
	int error;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < request->parameter_list_count; i++) {
		if (refuse(call, &list[i]))
			return 0;
	}
	if (attributes_copy(&attributes, &agent->attributes))
		return -ENOMEM;
	error = 0;
	for (size_t i = 0; i < request->parameter_list_count && !error; i++)
		error = apply(call, &attributes, &list[i]);
	change = calloc(1, sizeof(*change));
	transaction = store_begin(agent->store);
	if (!error && (!change || !transaction))
		error = -ENOMEM;
	if (!error)
		error = store_all(transaction, &attributes);
	if (error) {
		attributes_free(&attributes);
		store_abandon(transaction);
		free(change);
		return error == -ENOSPC ? -ENOMEM : error;
	}
	*change = (struct change){agent, agent->attributes, call};
	agent->attributes = attributes;
	// What gets notification now counts as reported with its present value, from the same commit on.
	error = notify_rebuild(&agent->notify, transaction);
	if (error) {
		store_abandon(transaction);
		revert(agent, &change->former);
		free(change);
		return error;
	}
	call->state = change;
	call->abandon = abandon;
	store_commit(transaction, stored, change);
	return 0;
}
