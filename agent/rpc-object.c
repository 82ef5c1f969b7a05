// SPDX-License-Identifier: GPL-2.0-or-later
// AddObject and DeleteObject: instances come and go at the owner of their table.
#include "agent/rpc.h"

#include "agent/agent.h"
#include "agent/set-values.h"
#include "agent/soap-writer.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One call, until it is answered; of its memory.
struct object_call {
	struct agent *agent;
	struct rpc_call *call;
	bool add;
	struct row_change *row;
	struct soap_string alias; // that the new instance gets; nothing: the owner's, or cpe-

	struct set_values *set;	   // ParameterKey, and what goes with it
	struct set_value *entries; // the new instance's alias, or references that become empty
	size_t count;
	unsigned int fault; // to be told when the instance is gone again
	const char *text;
};

static void end_call(struct object_call *object)
{
	object->call->abandon = NULL;
	notify_release(&object->agent->notify);
}

static void tell_fault(struct object_call *object)
{
	struct soap_string name = ((const struct object_request *)object->call->request)->object_name;

	end_call(object);
	rpc_fault(object->call, object->fault, "%.*s: %s", (int)name.length, name.data,
		  object->text && *object->text ? object->text : soap_fault_text(object->fault));
}

static void settled(void *context)
{
	tell_fault(context);
}

// An instance that was added is deleted again before the ACS is told.
static void fail(struct object_call *object, int fault, const char *text)
{
	object->fault = (unsigned int)fault;
	object->text = text ? rpc_allocate(object->call, strlen(text) + 1) : NULL;
	if (object->text)
		memcpy((char *)object->text, text, strlen(text));
	if (object->row)
		row_change_fail(object->row);
	object->row = NULL;
	row_changes_settle(&object->agent->row_changes, settled, object);
}

// ---- The answer

struct add_object_response {
	struct soap_call_body call;
	uint32_t instance;
};

static void write_add_object_response(struct soap_writer *writer, const void *context)
{
	const struct add_object_response *response = context;

	soap_element_unsigned(writer, "InstanceNumber", response->instance);
	soap_element_unsigned(writer, "Status", 0);
}

static void answer(struct object_call *object)
{
	struct rpc_call *call = object->call;
	struct add_object_response *response = object->add ? rpc_allocate(call, sizeof(*response)) : NULL;
	uint32_t instance = object->row->instance;

	row_change_kept(object->row);
	end_call(object);
	if (response) {
		response->instance = instance;
		soap_call_init(&response->call, "AddObjectResponse", write_add_object_response, response);
		rpc_answer(call, &response->call.body);
	} else if (object->add || rpc_answer_status(call, "DeleteObjectResponse", 0)) {
		rpc_fault(call, ESPALIER_FAULT_RESOURCES, "no memory");
	}
}

// ---- The decision

static void keep(struct object_call *object);

static void decided(struct store_transaction *transaction, void *context)
{
	struct object_call *object = context;

	row_change_keep(object->row, transaction);
	if (!object->add)
		alias_rows_forget(&object->agent->tables.aliases, object->row->path, transaction);
}

static void kept(struct set_values *set, int fault, const char *text, void *context)
{
	struct object_call *object = context;

	set_values_free(set);
	object->set = NULL;
	if (fault && object->count && !object->add) {
		log_warning("references to %s stay: %s", object->row->path, text ? text : "refused");
		object->count = 0;
		keep(object);
	} else if (fault) {
		fail(object, fault, text);
	} else {
		answer(object);
	}
}

// All that belongs to the call changes together, and is durable before the answer.
static void keep(struct object_call *object)
{
	const struct object_request *request = object->call->request;
	int error = set_values_start(&object->set, object->agent, object->entries, object->count,
				     request->parameter_key.data ? request->parameter_key.data : "",
				     &(struct set_values_steps){.also = decided, .finished = kept, .context = object});

	if (error)
		fail(object, ESPALIER_FAULT_RESOURCES, error == -EBUSY ? "another change is under way" : "no memory");
}

// ---- References that become empty

static int count_reference(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
			   void *context)
{
	struct object_call *object = context;

	(void)tree;
	(void)reference;
	(void)text;
	(void)length;
	object->count++;
	return 0;
}

static int take_reference(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
			  void *context)
{
	struct object_call *object = context;
	struct set_value *entry = &object->entries[object->count];
	char *path = rpc_allocate(object->call, ESPALIER_PATH_MAXIMUM + 1);
	char *copy = rpc_allocate(object->call, length + 1);

	if (!path || !copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	entry->name = (struct soap_string){
		.data = path, .length = (size_t)tree_path(tree, reference, path, ESPALIER_PATH_MAXIMUM + 1)};
	entry->value.text = (struct soap_string){.data = copy, .length = length};
	if (!set_values_check(object->agent, entry, 1, NULL))
		object->count++;
	return 0;
}

static void find_references(struct object_call *object)
{
	struct tree *tree = object->agent->tree;
	int error = references_each(tree, object->row->path, count_reference, object);

	if (!error && object->count) {
		object->entries = rpc_allocate(object->call, object->count * sizeof(*object->entries));
		object->count = 0;
		error = object->entries ? references_each(tree, object->row->path, take_reference, object) : -ENOMEM;
	}
	if (error)
		log_warning("%s: no memory for all references to it", object->row->path);
}

// ---- The alias of a new instance

// Whether no other row of the table has an alias.
static bool is_free(const struct object_call *object, const char *alias, size_t length)
{
	struct tree *tree = object->agent->tree;
	const char *row = object->row->path, *dot = memrchr(row, '.', strlen(row) - 1);
	int64_t node = tree_find_alias(tree, row, (size_t)(dot - row) + 1, alias, length);
	uint32_t count;

	return node < 0 || !strcmp(tree_nodes(tree, &count)[node].path, row);
}

static bool has_alias(const struct object_call *object)
{
	char alias[TREE_ALIAS_SIZE];
	size_t length = tree_alias(object->agent->tree, object->row->path, strlen(object->row->path), alias);

	return length && is_free(object, alias, length);
}

// A row never lacks an alias where it can have one, and has none that another row was given before.
static size_t free_alias(const struct object_call *object, char alias[TREE_ALIAS_SIZE])
{
	size_t length = alias_default(object->row->instance, alias), usual = length;

	for (unsigned int i = 2; !is_free(object, alias, length); i++)
		length = usual + (size_t)snprintf(alias + usual, TREE_ALIAS_SIZE - usual, "-%u", i);
	return length;
}

// The alias that the instance is to get becomes an entry of the set. Returns 0 or the fault.
static int set_alias(struct object_call *object, const char **text)
{
	const char *row = object->row->path;
	size_t length = strlen(row);
	struct set_value *entry = rpc_allocate(object->call, sizeof(*entry));
	char *path = rpc_allocate(object->call, length + sizeof(ALIAS_NAME));
	char *alias = rpc_allocate(object->call, TREE_ALIAS_SIZE);
	struct tree_reference reference;

	if (!entry || !path || !alias)
		return ESPALIER_FAULT_RESOURCES;
	memcpy(path, row, length);
	memcpy(path + length, ALIAS_NAME, sizeof(ALIAS_NAME));
	entry->name = (struct soap_string){.data = path, .length = length + strlen(ALIAS_NAME)};
	if (object->alias.length) {
		entry->value.text = object->alias;
	} else if (tree_resolve(object->agent->tree, path, entry->name.length, &reference) ||
		   !(tree_parameter_of(object->agent->tree, reference)->flags & ESPALIER_WRITABLE) ||
		   has_alias(object)) {
		return ESPALIER_OK;
	} else {
		entry->value.text = (struct soap_string){.data = alias, .length = free_alias(object, alias)};
	}
	object->entries = entry;
	object->count = 1;
	if (!set_values_check(object->agent, entry, 1, NULL))
		return ESPALIER_OK;
	*text = entry->text;
	return entry->fault == ESPALIER_FAULT_NAME ? ESPALIER_FAULT_NAME : ESPALIER_FAULT_ARGUMENTS;
}

static void done(struct row_change *change, int fault, const char *text, void *context)
{
	struct object_call *object = context;

	(void)change;
	if (fault) {
		object->row = NULL;
		fail(object, fault, text);
		return;
	}
	if (object->add)
		fault = set_alias(object, &text);
	else
		find_references(object);
	if (fault)
		fail(object, fault, text);
	else
		keep(object);
}

static void abandon(struct rpc_call *call)
{
	struct object_call *object = call->state;

	end_call(object);
	row_changes_settle(&object->agent->row_changes, NULL, NULL);
	set_values_free(object->set);
	if (object->row)
		row_change_abandon(object->row);
}

// Takes `[alias]` from the end of the name of an AddObject. Returns 0, or the fault.
static int take_alias(struct object_call *object, struct soap_string *name, const char **text)
{
	static const struct espalier_parameter schema = {ALIAS_NAME, ESPALIER_STRING, ESPALIER_WRITABLE,
							 .maximum_length = ALIAS_CHARACTERS};
	struct espalier_value value;
	size_t at = 0, size = 0;
	char *alias;

	while (at + size < name->length) {
		at += size;
		size = tree_component(name->data + at, name->length - at) + 1;
	}
	if (at + size != name->length || size < sizeof("[].") || name->data[at] != '[' ||
	    name->data[name->length - 2] != ']')
		return ESPALIER_OK;
	size -= strlen("[].");
	alias = rpc_allocate(object->call, size + 1);
	if (!alias)
		return ESPALIER_FAULT_RESOURCES;
	memcpy(alias, name->data + at + 1, size);
	*text = NULL;
	if (espalier_value_parse(&schema, alias, size, &value) || alias_check(&value, text))
		return ESPALIER_FAULT_ARGUMENTS;
	object->alias = (struct soap_string){.data = alias, .length = size};
	name->length = at;
	return ESPALIER_OK;
}

static int refuse(struct object_call *object, unsigned int fault, const char *text)
{
	struct soap_string name = ((const struct object_request *)object->call->request)->object_name;

	return rpc_fault(object->call, fault, "%.*s: %s", (int)name.length, name.data ? name.data : "",
			 text ? text : soap_fault_text(fault));
}

static int handle(struct rpc_call *call, bool add)
{
	const struct object_request *request = call->request;
	struct agent *agent = call->rpc->agent;
	struct object_call *object = rpc_allocate(call, sizeof(*object));
	struct soap_string name = request->object_name;
	char path[ESPALIER_PATH_MAXIMUM + 1];
	const char *text = NULL;
	size_t unknown;
	ssize_t length;
	int result;

	if (!object || agent->redo.transaction)
		return -ENOMEM;
	*object = (struct object_call){.agent = agent, .call = call, .add = add};
	if (rpc_hides(call, name))
		return refuse(object, ESPALIER_FAULT_NAME, NULL);
	result = add && name.length ? take_alias(object, &name, &text) : ESPALIER_OK;
	if (result)
		return refuse(object, (unsigned int)result, text);
	length = tree_canonical(agent->tree, name.data, name.length, path, &unknown);
	if (length < 0)
		return refuse(object, ESPALIER_FAULT_NAME, NULL);
	if (object->alias.length &&
	    tree_find_alias(agent->tree, path, (size_t)length, object->alias.data, object->alias.length) >= 0)
		return refuse(object, agent_existing_alias_faults[agent->configuration.existing_alias_fault],
			      "there is an instance with this alias");
	if (add)
		result = row_add(agent, path, (size_t)length, done, object, &object->row);
	else
		result = row_delete(agent, path, (size_t)length,
				    request->parameter_key.data ? request->parameter_key.data : "", done, object,
				    &object->row);
	if (result == -ENOENT)
		return refuse(object, ESPALIER_FAULT_NAME,
			      add ? "no table to add an instance to" : "no instance that can be deleted");
	if (result)
		return result;
	call->state = object;
	call->abandon = abandon;
	// Nothing that was decided before is applied meanwhile: that would keep ParameterKey from being set.
	notify_hold(&agent->notify);
	return 0;
}

int rpc_add_object(struct rpc_call *call)
{
	return handle(call, true);
}

int rpc_delete_object(struct rpc_call *call)
{
	return handle(call, false);
}
