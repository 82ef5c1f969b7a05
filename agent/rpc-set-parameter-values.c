// SPDX-License-Identifier: GPL-2.0-or-later
// SetParameterValues: all values or none, and every bad entry is named; instances that are named by an unknown alias
// may come with them.
#include "agent/rpc.h"

#include "agent/agent.h"
#include "agent/set-values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAXIMUM 256 // instances that one call may make
#define TWICE	     " is there twice"

// An instance that the call makes because its alias is that of none (AutoCreateInstances).
struct new_row {
	struct row_change *change;
	char table[ESPALIER_PATH_MAXIMUM + 1];
	struct soap_string alias;
};

struct call_state {
	struct rpc_call *call;
	struct set_values *set;
	struct set_value *entries;
	size_t count;	      // of the request
	size_t all;	      // with the aliases of new instances
	struct new_row *rows; // room for as many as there are aliases in the names
	size_t row_count, row_room;
	int fault; // to be told when new instances are gone again
	const char *text;
};

static int by_name(const void *left, const void *right)
{
	const struct set_value *a = *(const struct set_value *const *)left,
			       *b = *(const struct set_value *const *)right;

	return strcmp(a->name.data, b->name.data);
}

// The name that is there twice, or NULL. Returns 0 or -ENOMEM.
static int find_twice(struct call_state *state, const char **name)
{
	struct set_value **order = rpc_allocate(state->call, (state->all + 1) * sizeof(*order));

	*name = NULL;
	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < state->all; i++)
		order[i] = &state->entries[i];
	qsort(order, state->all, sizeof(*order), by_name);
	for (size_t i = 1; i < state->all && !*name; i++) {
		if (!strcmp(order[i - 1]->name.data, order[i]->name.data))
			*name = order[i]->name.data;
	}
	return 0;
}

// Details are for 9005 to 9008; another fault of an entry is the whole call's.
static int detail_of(int fault)
{
	return fault >= ESPALIER_FAULT_NAME && fault <= ESPALIER_FAULT_READ_ONLY;
}

// The name as the request had it.
static struct soap_string shown(const struct set_value *entry)
{
	return entry->given.data ? entry->given : entry->name;
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
			return rpc_fault(call, (unsigned int)entries[i].fault, "%s: %s", shown(&entries[i]).data,
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
			.path = shown(&entries[i]).data,
			.path_length = shown(&entries[i]).length,
			.code = (unsigned int)entries[i].fault,
			.text = entries[i].text,
		};
	}
	return rpc_fault_entries(call, ESPALIER_FAULT_ARGUMENTS, faults, bad);
}

static void end_call(struct call_state *state)
{
	struct agent *agent = state->call->rpc->agent;

	state->call->abandon = NULL;
	notify_release(&agent->notify);
}

static void tell_fault(void *context)
{
	struct call_state *state = context;

	end_call(state);
	if (answer_faults(state->call, state->entries, state->all, state->fault, state->text))
		rpc_fault(state->call, ESPALIER_FAULT_RESOURCES, "no memory");
}

// New instances are deleted again before the ACS is told.
static void fail(struct call_state *state, int fault, const char *text)
{
	struct agent *agent = state->call->rpc->agent;
	char *copy = text ? rpc_allocate(state->call, strlen(text) + 1) : NULL;

	if (copy)
		memcpy(copy, text, strlen(text));
	state->fault = fault;
	state->text = copy;
	for (size_t i = 0; i < state->row_count; i++)
		row_change_fail(state->rows[i].change);
	state->row_count = 0;
	row_changes_settle(&agent->row_changes, tell_fault, state);
}

static void decided(struct store_transaction *transaction, void *context)
{
	struct call_state *state = context;

	for (size_t i = 0; i < state->row_count; i++)
		row_change_keep(state->rows[i].change, transaction);
}

static void finished(struct set_values *set, int fault, const char *text, void *context)
{
	struct call_state *state = context;

	if (fault) {
		fail(state, fault, text);
	} else {
		for (size_t i = 0; i < state->row_count; i++)
			row_change_kept(state->rows[i].change);
		end_call(state);
		if (rpc_answer_status(state->call, "SetParameterValuesResponse", 0))
			rpc_fault(state->call, ESPALIER_FAULT_RESOURCES, "no memory");
	}
	state->set = NULL;
	set_values_free(set);
}

static void abandon(struct rpc_call *call)
{
	struct call_state *state = call->state;
	struct agent *agent = call->rpc->agent;

	end_call(state);
	row_changes_settle(&agent->row_changes, NULL, NULL);
	set_values_free(state->set);
	for (size_t i = 0; i < state->row_count; i++)
		row_change_abandon(state->rows[i].change);
}

// ---- Names with aliases

// Finds the instance that this call has made for an alias.
static const struct new_row *find_new(const struct call_state *state, const char *table, const char *alias,
				      size_t length)
{
	for (size_t i = 0; i < state->row_count; i++) {
		const struct new_row *row = &state->rows[i];

		if (!strcmp(row->table, table) && row->alias.length == length &&
		    !memcmp(row->alias.data, alias, length))
			return row;
	}
	return NULL;
}

// The name of an entry with instance numbers, or the alias that is that of no instance, in its table. Returns 0, 1 when
// there is such an alias, -ENOENT when there can be none, -ENOMEM.
static int resolve(struct call_state *state, struct set_value *entry, struct new_row *missing)
{
	struct tree *tree = state->call->rpc->tree;
	struct soap_string name = entry->given;
	char *path = rpc_allocate(state->call, ESPALIER_PATH_MAXIMUM + 1);

	if (!path)
		return -ENOMEM;
	for (;;) {
		const struct new_row *row;
		size_t unknown = SIZE_MAX, size, length;
		char *text;
		ssize_t filled = tree_canonical(tree, name.data, name.length, path, &unknown);

		if (filled >= 0) {
			entry->name = (struct soap_string){.data = path, .length = (size_t)filled};
			return 0;
		}
		if (unknown == SIZE_MAX || tree_canonical(tree, name.data, unknown, missing->table, &size) < 0)
			return -ENOENT;
		size = tree_component(name.data + unknown, name.length - unknown);
		missing->alias = (struct soap_string){.data = (char *)name.data + unknown + 1, .length = size - 2};
		row = find_new(state, missing->table, missing->alias.data, missing->alias.length);
		if (!row)
			return 1;
		// Its alias is not set yet: its number stands for it.
		length = strlen(row->change->path) - 1;
		text = rpc_allocate(state->call, length + name.length + 1);
		if (!text)
			return -ENOMEM;
		memcpy(text, row->change->path, length);
		memcpy(text + length, name.data + unknown + size, name.length - unknown - size);
		name = (struct soap_string){.data = text, .length = length + name.length - unknown - size};
	}
}

// ---- The set

static bool is_set(const struct call_state *state, const char *path)
{
	for (size_t i = 0; i < state->count; i++) {
		if (!strcmp(state->entries[i].name.data, path))
			return true;
	}
	return false;
}

// New instances get their aliases with the set, unless it gives them others.
static int add_aliases(struct call_state *state)
{
	state->all = state->count;
	for (size_t i = 0; i < state->row_count; i++) {
		struct new_row *row = &state->rows[i];
		size_t length = strlen(row->change->path);
		char *path = rpc_allocate(state->call, length + sizeof(ALIAS_NAME));
		char *alias = rpc_allocate(state->call, row->alias.length + 1);

		if (!path || !alias)
			return -ENOMEM;
		memcpy(path, row->change->path, length);
		memcpy(path + length, ALIAS_NAME, sizeof(ALIAS_NAME));
		memcpy(alias, row->alias.data, row->alias.length);
		if (is_set(state, path))
			continue;
		state->entries[state->all++] = (struct set_value){
			.name = {.data = path, .length = length + strlen(ALIAS_NAME)},
			.value.text = {.data = alias, .length = row->alias.length},
		};
	}
	return 0;
}

// All names are known: checks and sets.
static void set(struct call_state *state)
{
	struct rpc_call *call = state->call;
	const struct set_parameter_values_request *request = call->request;
	int error = add_aliases(state), fault;
	const char *twice;
	char *text;

	if (!error)
		error = find_twice(state, &twice);
	text = error || !twice ? NULL : rpc_allocate(call, strlen(twice) + sizeof(TWICE));
	if (error || (twice && !text)) {
		fail(state, ESPALIER_FAULT_RESOURCES, NULL);
		return;
	}
	if (twice) {
		memcpy(text, twice, strlen(twice));
		memcpy(text + strlen(twice), TWICE, sizeof(TWICE));
		fail(state, ESPALIER_FAULT_ARGUMENTS, text);
		return;
	}
	fault = set_values_check(call->rpc->agent, state->entries, state->all, NULL);
	if (fault) {
		fail(state, fault, NULL);
		return;
	}
	error = set_values_start(&state->set, call->rpc->agent, state->entries, state->all,
				 request->parameter_key.data ? request->parameter_key.data : "",
				 &(struct set_values_steps){.also = decided, .finished = finished, .context = state});
	if (error)
		fail(state, ESPALIER_FAULT_RESOURCES, error == -EBUSY ? "another change is under way" : NULL);
}

static void make_rows(struct call_state *state);

static void made(struct row_change *change, int fault, const char *text, void *context)
{
	struct call_state *state = context;

	(void)change;
	if (fault) {
		// This one is gone for us.
		state->row_count--;
		fail(state, fault, text);
	} else {
		make_rows(state);
	}
}

// Makes the next instance that is missing, or goes on to the set when there is none.
static void make_rows(struct call_state *state)
{
	struct agent *agent = state->call->rpc->agent;
	bool may_make = settings_boolean(&agent->settings, SETTING_AUTO_CREATE_INSTANCES);

	for (size_t i = 0; i < state->count; i++) {
		struct set_value *entry = &state->entries[i];
		struct new_row *row = &state->rows[state->row_count];
		int result;

		if (!entry->given.length || !memchr(entry->given.data, '[', entry->given.length) ||
		    rpc_hides(state->call, entry->given))
			continue;
		result = resolve(state, entry, row);
		if (result == 1 && may_make && state->row_count < state->row_room)
			result =
				row_add(agent, row->table, strlen(row->table), made, state, &row->change) ? -ENOENT : 2;
		if (result == 2) {
			state->row_count++;
			return;
		}
		if (result == -ENOMEM) {
			fail(state, ESPALIER_FAULT_RESOURCES, NULL);
			return;
		}
	}
	set(state);
}

// How many aliases there are in the names: each may be that of an instance that is to be made.
static size_t count_aliases(const struct set_parameter_values_request *request)
{
	size_t count = 0;

	for (size_t i = 0; i < request->parameter_list_count; i++) {
		const struct soap_string *name = &request->parameter_list[i].name;

		for (size_t k = 0; k < name->length; k++)
			count += name->data[k] == '[';
	}
	return count;
}

int rpc_set_parameter_values(struct rpc_call *call)
{
	const struct set_parameter_values_request *request = call->request;
	struct agent *agent = call->rpc->agent;
	struct call_state *state = rpc_allocate(call, sizeof(*state));

	if (!state)
		return -ENOMEM;
	*state = (struct call_state){
		.call = call, .count = request->parameter_list_count, .row_room = count_aliases(request)};
	if (state->row_room > ROWS_MAXIMUM)
		state->row_room = ROWS_MAXIMUM;
	state->entries = rpc_allocate(call, (state->count + state->row_room + 1) * sizeof(*state->entries));
	state->rows = rpc_allocate(call, (state->row_room + 1) * sizeof(*state->rows));
	if (!state->entries || !state->rows || agent->redo.transaction)
		return -ENOMEM;
	for (size_t i = 0; i < state->count; i++) {
		state->entries[i].given = state->entries[i].name = request->parameter_list[i].name;
		state->entries[i].value = request->parameter_list[i].value;
	}
	state->all = state->count;
	call->state = state;
	call->abandon = abandon;
	// Nothing that was decided before is applied meanwhile: that would keep the values from being set.
	notify_hold(&agent->notify);
	make_rows(state);
	return 0;
}
