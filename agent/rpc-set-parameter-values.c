// SPDX-License-Identifier: GPL-2.0-or-later
// SetParameterValues: all values or none, and every bad entry is named.
#include "agent/rpc.h"

#include "agent/agent.h"
#include "agent/set-values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct call_state {
	struct set_values *set;
	struct set_value *entries;
	size_t count;
};

static int by_name(const void *left, const void *right)
{
	const struct set_value *a = *(const struct set_value *const *)left,
			       *b = *(const struct set_value *const *)right;

	return strcmp(a->name.data, b->name.data);
}

// Answers 9003 when a name is there twice. Returns 1 when it has answered, 0, or -ENOMEM.
static int refuse_twice(struct rpc_call *call, struct set_value *entries, size_t count)
{
	struct set_value **order = rpc_allocate(call, (count + 1) * sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		order[i] = &entries[i];
	qsort(order, count, sizeof(*order), by_name);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(order[i - 1]->name.data, order[i]->name.data))
			continue;
		rpc_fault(call, ESPALIER_FAULT_ARGUMENTS, "%s is there twice", order[i]->name.data);
		return 1;
	}
	return 0;
}

// Details are for 9005 to 9008; another fault of an entry is the whole call's.
static int detail_of(int fault)
{
	return fault >= ESPALIER_FAULT_NAME && fault <= ESPALIER_FAULT_READ_ONLY;
}

static int answer_faults(struct rpc_call *call, const struct set_value *entries, size_t count, int fault,
			 const char *text)
{
	struct soap_fault_entry *faults;
	size_t bad = 0;

	for (size_t i = 0; i < count; i++) {
		if (detail_of(entries[i].fault))
			bad++;
		else if (entries[i].fault)
			return rpc_fault(call, (unsigned int)entries[i].fault, "%s: %s", entries[i].name.data,
					 entries[i].text ? entries[i].text
							 : soap_fault_text((unsigned int)entries[i].fault));
	}
	if (!bad)
		return rpc_fault(call, (unsigned int)fault, "%s", text ? text : soap_fault_text((unsigned int)fault));
	faults = rpc_allocate(call, bad * sizeof(*faults));
	if (!faults)
		return -ENOMEM;
	bad = 0;
	for (size_t i = 0; i < count; i++) {
		if (!entries[i].fault)
			continue;
		faults[bad++] = (struct soap_fault_entry){
			.path = entries[i].name.data,
			.path_length = entries[i].name.length,
			.code = (unsigned int)entries[i].fault,
			.text = entries[i].text,
		};
	}
	return rpc_fault_entries(call, ESPALIER_FAULT_ARGUMENTS, faults, bad);
}

static void finished(struct set_values *set, int fault, const char *text, void *context)
{
	struct rpc_call *call = context;
	struct call_state *state = call->state;
	int error;

	call->abandon = NULL;
	if (fault)
		error = answer_faults(call, state->entries, state->count, fault, text);
	else
		error = rpc_answer_status(call, "SetParameterValuesResponse", 0);
	if (error)
		rpc_fault(call, ESPALIER_FAULT_RESOURCES, "no memory");
	set_values_free(set);
}

static void abandon(struct rpc_call *call)
{
	struct call_state *state = call->state;

	set_values_free(state->set);
}

int rpc_set_parameter_values(struct rpc_call *call)
{
	const struct set_parameter_values_request *request = call->request;
	struct agent *agent = call->rpc->agent;
	struct call_state *state = rpc_allocate(call, sizeof(*state));
	int result;

	if (!state)
		return -ENOMEM;
	state->count = request->parameter_list_count;
	state->entries = rpc_allocate(call, (state->count + 1) * sizeof(*state->entries));
	if (!state->entries)
		return -ENOMEM;
	for (size_t i = 0; i < state->count; i++) {
		state->entries[i].name = request->parameter_list[i].name;
		state->entries[i].value = request->parameter_list[i].value;
	}
	result = refuse_twice(call, state->entries, state->count);
	if (result)
		return result < 0 ? result : 0;
	if (set_values_check(agent, state->entries, state->count))
		return answer_faults(call, state->entries, state->count, ESPALIER_FAULT_ARGUMENTS, NULL);
	call->state = state;
	call->abandon = abandon;
	result = set_values_start(&state->set, agent, state->entries, state->count,
				  request->parameter_key.data ? request->parameter_key.data : "", finished, call);
	if (result) {
		call->abandon = NULL;
		return result == -EBUSY ? -ENOMEM : result;
	}
	return 0;
}
