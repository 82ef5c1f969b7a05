// SPDX-License-Identifier: GPL-2.0-or-later
// A method of a vendor: its arguments go to the program that has declared it, and the results come back.
#include "agent/rpc.h"

#include "agent/agent.h"
#include "agent/soap-writer.h"
#include "agent/vendor-method.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLISECOND 1000000ll // nanoseconds

// The answer. Everything is in the call's memory.
struct vendor_response {
	struct soap_body body;
	const char *namespace; // URI; NULL: the ACS has used none
	const char *name;      // of the method
	size_t count;
	struct vendor_result {
		const char *name;
		const char *value; // NULL: the owner has not given it
	} results[];		   // in the order of the schema
};

// A call, until its owner has answered: that may be after the session.
struct vendor_call {
	struct agent *agent;
	struct rpc_call *call; // NULL: nobody waits any more
	struct vendor_response *response;
};

static void forget(struct vendor_call *vendor)
{
	struct vendor_methods *methods = &vendor->agent->vendor_methods;

	if (methods->current != vendor)
		return;
	methods->current = NULL;
	alarm_clear(&methods->alarm);
}

// Takes the call that is to be answered now.
static struct rpc_call *end_call(struct vendor_call *vendor)
{
	struct rpc_call *call = vendor->call;

	vendor->call = NULL;
	call->abandon = NULL;
	return call;
}

static void abandon(struct rpc_call *call)
{
	struct vendor_call *vendor = call->state;

	end_call(vendor);
	forget(vendor);
}

static int next(struct soap_body *body, struct soap_writer *writer)
{
	const struct vendor_response *response = (const struct vendor_response *)body;
	const char *prefix = response->namespace ? "vendor:" : "";

	soap_write_literal(writer, "<");
	soap_write(writer, prefix, strlen(prefix));
	soap_write(writer, response->name, strlen(response->name));
	soap_write_literal(writer, "Response");
	if (response->namespace) {
		soap_write_literal(writer, " xmlns:vendor=\"");
		soap_write_text(writer, response->namespace, strlen(response->namespace));
		soap_write_literal(writer, "\"");
	}
	soap_write_literal(writer, ">");
	for (size_t i = 0; i < response->count; i++) {
		if (response->results[i].value)
			soap_element_string(writer, response->results[i].name, response->results[i].value);
	}
	soap_write_literal(writer, "</");
	soap_write(writer, prefix, strlen(prefix));
	soap_write(writer, response->name, strlen(response->name));
	soap_write_literal(writer, "Response>");
	return 0;
}

static char *copy(struct rpc_call *call, const char *text, size_t length)
{
	char *to = rpc_allocate(call, length + 1);

	if (to)
		memcpy(to, text, length);
	return to;
}

// What the owner names and has not declared is left out.
static int take_results(struct vendor_call *vendor, const struct espalier_result *result)
{
	struct vendor_response *response = vendor->response;

	for (uint32_t i = 0; i < result->value_count; i++) {
		const struct espalier_operation_value *value = &result->values[i];

		for (size_t j = 0; j < response->count; j++) {
			if (strcmp(response->results[j].name, value->name) != 0)
				continue;
			response->results[j].value = copy(vendor->call, value->value, strlen(value->value));
			if (!response->results[j].value)
				return -ENOMEM;
		}
	}
	return 0;
}

// The faults of single parameters have no place here; nor has an owner's "no such command", since it has declared it.
static unsigned fault_of(int fault)
{
	if (fault >= ESPALIER_FAULT_OWN_FIRST && fault <= ESPALIER_FAULT_OWN_LAST)
		return (unsigned)fault;
	switch (fault) {
	case ESPALIER_FAULT_DENIED:
	case ESPALIER_FAULT_ARGUMENTS:
	case ESPALIER_FAULT_RESOURCES:
		return (unsigned)fault;
	case ESPALIER_FAULT_NAME:
	case ESPALIER_FAULT_TYPE:
	case ESPALIER_FAULT_VALUE:
	case ESPALIER_FAULT_READ_ONLY:
		return ESPALIER_FAULT_ARGUMENTS;
	default:
		return ESPALIER_FAULT_INTERNAL;
	}
}

static void fail(struct vendor_call *vendor, unsigned code, const char *text)
{
	struct rpc_call *call = end_call(vendor);

	rpc_fault(call, code, "%s: %s", vendor->response->name, text && *text ? text : soap_fault_text(code));
}

static void answered(const struct espalier_result *result, void *context)
{
	struct vendor_call *vendor = context;

	forget(vendor);
	if (vendor->call) {
		if (result->error)
			fail(vendor, ESPALIER_FAULT_INTERNAL, "the program that has this method has ended");
		else if (result->fault)
			fail(vendor, fault_of(result->fault), result->text);
		else if (take_results(vendor, result))
			fail(vendor, ESPALIER_FAULT_RESOURCES, NULL);
		else
			rpc_answer(end_call(vendor), &vendor->response->body);
	}
	free(vendor);
}

static void too_late(struct alarm *alarm)
{
	struct vendor_methods *methods =
		(struct vendor_methods *)((char *)alarm - offsetof(struct vendor_methods, alarm));
	struct vendor_call *vendor = methods->current;

	if (!vendor)
		return;
	methods->current = NULL;
	// What the owner answers after that is for nobody.
	fail(vendor, ESPALIER_FAULT_INTERNAL, "the program that has this method does not answer");
}

static struct vendor_response *prepare(struct rpc_call *call, const struct espalier_object_view *object)
{
	const struct soap_message *message = call->message;
	struct vendor_response *response;
	size_t count = object->parameter_count;

	response = rpc_allocate(call, sizeof(*response) + count * sizeof(*response->results));
	if (!response)
		return NULL;
	response->body.next = next;
	response->namespace = message->vendor_namespace.data;
	response->name = message->method_name.data;
	for (uint32_t i = 0; i < object->parameter_count; i++) {
		const struct espalier_parameter *parameter = &object->parameters[i];

		if (parameter->flags & ESPALIER_WRITABLE)
			continue;
		// The schema may be gone when the owner answers.
		response->results[response->count].name = copy(call, parameter->name, strlen(parameter->name));
		if (!response->results[response->count++].name)
			return NULL;
	}
	return response;
}

static int ask_owner(struct vendor_call *vendor, const struct espalier_object_view *object, const char *segment)
{
	const struct vendor_request *request = vendor->call->request;
	struct espalier_entry *entries = rpc_allocate(vendor->call, (request->arguments_count + 1) * sizeof(*entries));
	char command[ESPALIER_PATH_MAXIMUM + 2];

	if (!entries)
		return -ENOMEM;
	snprintf(command, sizeof(command), "%.*s()", (int)strlen(object->path) - 1, object->path);
	entries[0] = (struct espalier_entry){.path = command, .value = ""};
	for (size_t i = 0; i < request->arguments_count; i++) {
		if (request->arguments[i].value.length > ESPALIER_VALUE_MAXIMUM)
			return -E2BIG;
		entries[i + 1] = (struct espalier_entry){
			.path = request->arguments[i].name.data,
			.value = request->arguments[i].value.data ? request->arguments[i].value.data : "",
			.length = (uint32_t)request->arguments[i].value.length,
		};
	}
	return espalier_request_send(tree_reader(vendor->agent->tree), segment, ESPALIER_OPERATE, entries,
				     request->arguments_count + 1, answered, vendor);
}

int rpc_vendor_method(struct rpc_call *call)
{
	struct agent *agent = call->rpc->agent;
	struct vendor_methods *methods = &agent->vendor_methods;
	const char *segment = "";
	const struct espalier_object_view *object =
		vendor_method_find(agent->tree, call->message->method_name, &segment);
	struct vendor_call *vendor = calloc(1, sizeof(*vendor));
	int error;

	if (!vendor)
		return -ENOMEM;
	*vendor = (struct vendor_call){.agent = agent, .call = call, .response = prepare(call, object)};
	if (!vendor->response) {
		free(vendor);
		return -ENOMEM;
	}
	error = ask_owner(vendor, object, segment);
	if (error) {
		if (error == -E2BIG)
			fail(vendor, ESPALIER_FAULT_ARGUMENTS, "an argument is too long");
		else if (error == -ENOMEM || error == -EMSGSIZE)
			fail(vendor, ESPALIER_FAULT_RESOURCES, NULL);
		else
			fail(vendor, ESPALIER_FAULT_INTERNAL, "the program that has this method does not run");
		free(vendor);
		return 0;
	}
	call->state = vendor;
	call->abandon = abandon;
	methods->current = vendor;
	methods->alarm.ring = &agent->ring;
	methods->alarm.rang = too_late;
	alarm_set(&methods->alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + VENDOR_METHOD_TIME * MILLISECOND);
	return 0;
}
