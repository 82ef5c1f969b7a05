/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The methods that the ACS can call, and what all of them need: memory, answers and faults. */
#include "agent/rpc.h"

#include "agent/soap-transfer.h"
#include "agent/vendor-method.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARENA_CHUNK_SIZE    ((size_t)16 * 1024)
#define ARENA_RETAINED_SIZE ((size_t)128 * 1024)       /* kept from one call to the next */
#define ARENA_SIZE_MAXIMUM  ((size_t)32 * 1024 * 1024) /* of one call: else fault 9004 */

#define FAULT_NOT_SUPPORTED 9000u
#define FAULT_INTERNAL	    9002u
#define FAULT_RESOURCES	    9004u
#define FAULT_NAME	    9005u

/* In the order in which GetRPCMethods lists them. */
const struct rpc_method rpc_methods[] = {
	{&soap_method_get_rpc_methods, CWMP_1_0, rpc_get_rpc_methods},
	{&soap_method_set_parameter_values, CWMP_1_0, rpc_set_parameter_values},
	{&soap_method_get_parameter_values, CWMP_1_0, rpc_get_parameter_values},
	{&soap_method_get_parameter_names, CWMP_1_0, rpc_get_parameter_names},
	{&soap_method_set_parameter_attributes, CWMP_1_0, rpc_set_parameter_attributes},
	{&soap_method_get_parameter_attributes, CWMP_1_0, rpc_get_parameter_attributes},
	{&soap_method_add_object, CWMP_1_0, rpc_add_object},
	{&soap_method_delete_object, CWMP_1_0, rpc_delete_object},
	{&soap_method_reboot, CWMP_1_0, rpc_reboot},
	{&soap_method_factory_reset, CWMP_1_0, rpc_factory_reset},
	{&soap_method_schedule_inform, CWMP_1_0, rpc_schedule_inform},
	{&soap_method_change_du_state, CWMP_1_2, rpc_change_du_state},
	{&soap_method_download, CWMP_1_0, rpc_download},
	{&soap_method_upload, CWMP_1_0, rpc_upload},
	{&soap_method_schedule_download, CWMP_1_2, rpc_schedule_download},
	{&soap_method_cancel_transfer, CWMP_1_2, rpc_cancel_transfer},
	{&soap_method_get_queued_transfers, CWMP_1_0, rpc_get_queued_transfers},
	{&soap_method_get_all_queued_transfers, CWMP_1_1, rpc_get_all_queued_transfers},
};
const size_t rpc_methods_count = sizeof(rpc_methods) / sizeof(rpc_methods[0]);

void rpc_init(struct rpc *rpc)
{
	arena_init(&rpc->arena, ARENA_CHUNK_SIZE, ARENA_RETAINED_SIZE, ARENA_SIZE_MAXIMUM);
	rpc->call = (struct rpc_call){.rpc = rpc};
}

void rpc_exit(struct rpc *rpc)
{
	rpc_end(rpc);
	arena_exit(&rpc->arena);
}

void *rpc_allocate(struct rpc_call *call, size_t size)
{
	return arena_allocate(&call->rpc->arena, size);
}

void rpc_answer(struct rpc_call *call, struct soap_body *body)
{
	struct rpc *rpc = call->rpc;

	assert(call->active && !call->answered);
	call->answered = true;
	soap_encoder_start(rpc->encoder, &call->envelope, body);
	rpc->ready(call, rpc->context);
}

int rpc_answer_status(struct rpc_call *call, const char *name, int status)
{
	struct soap_status_body *response = rpc_allocate(call, sizeof(*response));

	if (!response)
		return -ENOMEM;
	soap_status_init(response, name, status);
	rpc_answer(call, &response->body);
	return 0;
}

static void answer_fault(struct rpc_call *call, unsigned int code, const char *text,
			 const struct soap_fault_entry *entries, size_t count)
{
	call->fault_code = code;
	soap_fault_init(&call->fault, code, text, entries, count);
	rpc_answer(call, &call->fault.body);
}

int rpc_fault(struct rpc_call *call, unsigned int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(call->fault_text, sizeof(call->fault_text), format, arguments);
	va_end(arguments);
	answer_fault(call, code, call->fault_text, NULL, 0);
	return 0;
}

int rpc_fault_entries(struct rpc_call *call, unsigned int code, const struct soap_fault_entry *entries, size_t count)
{
	answer_fault(call, code, NULL, entries, count);
	return 0;
}

/* References as they are found: counted first, and then written to memory that has room for them. */
struct reference_list {
	const struct tree_form *form;	   /* of the name they are found for, or NULL */
	struct tree_reference *references; /* NULL: only count */
	size_t count;
};

static int add_reference(struct tree *tree, struct tree_reference reference, void *context)
{
	struct reference_list *list = context;

	(void)tree;
	reference.form = list->form;
	if (list->references)
		list->references[list->count] = reference;
	list->count++;
	return 0;
}

static bool has_alias(struct soap_string name)
{
	return name.length && memchr(name.data, '[', name.length);
}

bool rpc_hides(const struct rpc_call *call, struct soap_string name)
{
	return !cwmp_version_has_aliases(call->version) && has_alias(name);
}

/* Whether an answer has paths that are not simply made of instance numbers. */
static bool needs_forms(const struct rpc_call *call, const struct soap_string *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (call->rpc->instance_alias || has_alias(names[i]))
			return true;
	}
	return false;
}

int rpc_resolve(struct rpc_call *call, const struct soap_string *names, size_t count,
		struct tree_reference **references, size_t *found)
{
	struct tree *tree = call->rpc->tree;
	struct reference_list list = {0};
	struct tree_form *forms = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!rpc_hides(call, names[i]) &&
		    !tree_resolve_each(tree, names[i].data, names[i].length, add_reference, &list))
			continue;
		rpc_fault(call, FAULT_NAME, "%s: %.*s", soap_fault_text(FAULT_NAME), (int)names[i].length,
			  names[i].data ? names[i].data : "");
		return 1;
	}
	list.references = *references = rpc_allocate(call, list.count * sizeof(**references) + 1);
	if (needs_forms(call, names, count))
		forms = rpc_allocate(call, count * sizeof(*forms));
	if (!list.references || (!forms && needs_forms(call, names, count)))
		return -ENOMEM;
	list.count = 0;
	for (size_t i = 0; i < count; i++) {
		if (forms) {
			forms[i] = (struct tree_form){names[i].data, names[i].length, call->rpc->instance_alias};
			list.form = &forms[i];
		}
		tree_resolve_each(tree, names[i].data, names[i].length, add_reference, &list);
	}
	*found = list.count;
	return 0;
}

/* Not in the table: which ones there are is up to the owners. */
static const struct rpc_method vendor_method = {&soap_method_vendor, CWMP_1_0, rpc_vendor_method};

static const struct rpc_method *find(struct rpc *rpc, const struct soap_message *message, enum cwmp_version version)
{
	const struct soap_method *soap = message->method;

	if (soap == &soap_method_vendor)
		return vendor_method_find(rpc->tree, message->method_name, NULL) ? &vendor_method : NULL;
	for (size_t i = 0; i < rpc_methods_count; i++) {
		if (rpc_methods[i].soap == soap)
			return rpc_methods[i].since <= version ? &rpc_methods[i] : NULL;
	}
	return NULL;
}

static void handle(struct rpc_call *call, const struct soap_message *message)
{
	int error;

	if (message->must_understand) {
		answer_fault(call, 0, NULL, NULL, 0);
		return;
	}
	call->method = find(call->rpc, message, call->version);
	if (!call->method) {
		rpc_fault(call, FAULT_NOT_SUPPORTED, "%s: %.*s", soap_fault_text(FAULT_NOT_SUPPORTED),
			  (int)message->method_name.length, message->method_name.data ? message->method_name.data : "");
		return;
	}
	if (message->fault_code) {
		rpc_fault(call, message->fault_code, "%s",
			  message->fault_text[0] ? message->fault_text : soap_fault_text(message->fault_code));
		return;
	}
	error = call->method->handle(call);
	if (error < 0 && call->active && !call->answered)
		answer_fault(call, error == -ENOMEM ? FAULT_RESOURCES : FAULT_INTERNAL, NULL, NULL, 0);
	assert(!call->active || call->answered || call->abandon);
}

void rpc_begin(struct rpc *rpc, const struct soap_message *message, enum cwmp_version version,
	       enum soap_namespace namespace)
{
	struct rpc_call *call = &rpc->call;

	assert(!call->active);
	*call = (struct rpc_call){
		.rpc = rpc,
		.message = message,
		.request = message->request,
		.envelope = {.namespace = namespace, .id = message->id.data, .id_length = message->id.length},
		.version = version,
		.active = true,
	};
	/* Who has to know that the structure is new compares tree_structure(); what failed is tried again next time. */
	tree_refresh(rpc->tree);
	handle(call, message);
}

void rpc_end(struct rpc *rpc)
{
	struct rpc_call *call = &rpc->call;

	if (!call->active)
		return;
	call->active = false;
	if (!call->answered && call->abandon)
		call->abandon(call);
	if (call->answered)
		soap_encoder_end(rpc->encoder);
	arena_reset(&rpc->arena);
}
