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

// One call, until its owner has answered: that may be after the session.
struct object_call {
	struct agent *agent;
	struct rpc_call *call; // NULL: nobody waits any more
	bool add;
	char path[ESPALIER_PATH_MAXIMUM + 16]; // of the table, then with the number of the new instance
	char segment[ESPALIER_NAME_MAXIMUM + 1];
	uint32_t instance; // that was added

	struct set_values *set;	      // ParameterKey, and references that become empty
	struct set_value *references; // of the call's memory
	size_t count;
};

static void forget(struct object_call *object)
{
	if (object->agent->object_call != object)
		return;
	object->agent->object_call = NULL;
	alarm_clear(&object->agent->object_alarm);
}

static void free_object(struct object_call *object)
{
	forget(object);
	set_values_free(object->set);
	free(object);
}

// Takes the call that is to be answered now.
static struct rpc_call *end_call(struct object_call *object)
{
	struct rpc_call *call = object->call;

	object->call = NULL;
	call->abandon = NULL;
	notify_release(&object->agent->notify);
	return call;
}

static void fail(struct object_call *object, unsigned int code, const char *text)
{
	struct rpc_call *call = end_call(object);

	rpc_fault(call, code, "%s: %s", object->path, text && *text ? text : soap_fault_text(code));
}

// ---- An instance that nobody will use

static void taken_back(const struct espalier_result *result, void *context)
{
	struct object_call *object = context;

	if (result->error || result->fault)
		log_warning("%s was added, but its ACS does not know", object->path);
	free_object(object);
}

// Frees the call, when its instance is gone.
static void take_back(struct object_call *object)
{
	struct espalier_entry entry = {.path = object->path, .value = ""};

	if (!object->add || !object->instance ||
	    espalier_request_send(tree_reader(object->agent->tree), object->segment, ESPALIER_DELETE, &entry, 1,
				  taken_back, object))
		free_object(object);
}

// ---- References that become empty

// Removes what refers to `path` from a value: all of it, or items of a list. Returns whether there was anything.
static bool without(const struct espalier_value *value, bool list, const char *path, char *kept, size_t *length)
{
	size_t path_length = strlen(path), at = 0;
	bool found = false;

	*length = 0;
	while (at < value->length) {
		const char *item = value->text + at, *comma = list ? memchr(item, ',', value->length - at) : NULL;
		size_t size = comma ? (size_t)(comma - item) : value->length - at;

		at += size + 1;
		// A reference has the dot at its end, or not; what lies below the instance goes with it.
		if (size + 1 >= path_length && !memcmp(item, path, path_length - 1) &&
		    (size + 1 == path_length || item[path_length - 1] == '.')) {
			found = true;
			continue;
		}
		if (*length)
			kept[(*length)++] = ',';
		memcpy(kept + *length, item, size);
		*length += size;
	}
	kept[*length] = 0;
	return found;
}

static bool is_reference(const struct espalier_parameter *parameter)
{
	return (parameter->flags & ESPALIER_STRONG_REFERENCE) && (parameter->flags & ESPALIER_WRITABLE) &&
	       (parameter->type == ESPALIER_STRING || parameter->flags & ESPALIER_LIST);
}

// Takes a reference to the deleted instance into the list; with object->references NULL it only counts.
static int take_reference(struct tree *tree, struct tree_reference reference, void *context)
{
	struct object_call *object = context;
	const struct espalier_parameter *parameter = tree_parameter_of(tree, reference);
	const struct espalier_value *value;
	struct set_value *entry;
	uint32_t nodes;
	size_t length;
	char *text, *path;

	if (!is_reference(parameter))
		return 0;
	value = tree_read_row(tree, &tree_nodes(tree, &nodes)[reference.node]);
	if (!value)
		return 0;
	value += reference.parameter;
	text = rpc_allocate(object->call, value->length + 1);
	if (!text)
		return -ENOMEM;
	if (!without(value, parameter->flags & ESPALIER_LIST, object->path, text, &length))
		return 0;
	if (!object->references) {
		object->count++;
		return 0;
	}
	path = rpc_allocate(object->call, ESPALIER_PATH_MAXIMUM + 1);
	if (!path)
		return -ENOMEM;
	entry = &object->references[object->count];
	entry->name.length = (size_t)tree_path(tree, reference, path, ESPALIER_PATH_MAXIMUM + 1);
	entry->name.data = path;
	entry->value.text = (struct soap_string){.data = text, .length = length};
	if (!set_values_check(object->agent, entry, 1))
		object->count++;
	return 0;
}

static void find_references(struct object_call *object)
{
	struct tree *tree = object->agent->tree;
	struct tree_reference root = {.parameter = TREE_PARTIAL};

	if (tree_resolve(tree, "", 0, &root) || tree_each_parameter(tree, root, take_reference, object) ||
	    !object->count)
		return;
	object->references = rpc_allocate(object->call, object->count * sizeof(*object->references));
	object->count = 0;
	if (object->references && tree_each_parameter(tree, root, take_reference, object))
		log_warning("%s: no memory for all references to it", object->path);
}

// ---- ParameterKey

// The answer to AddObject.
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

static int answer(struct object_call *object)
{
	struct add_object_response *response;

	if (!object->add) {
		struct rpc_call *call = end_call(object);

		if (rpc_answer_status(call, "DeleteObjectResponse", 0))
			rpc_fault(call, ESPALIER_FAULT_RESOURCES, "no memory");
		return 0;
	}
	response = rpc_allocate(object->call, sizeof(*response));
	if (!response)
		return -ENOMEM;
	response->instance = object->instance;
	soap_call_init(&response->call, "AddObjectResponse", write_add_object_response, response);
	rpc_answer(end_call(object), &response->call.body);
	return 0;
}

static void keep(struct object_call *object);

static void kept(struct set_values *set, int fault, const char *text, void *context)
{
	struct object_call *object = context;

	set_values_free(set);
	object->set = NULL;
	if (fault && object->count) {
		log_warning("references to %s stay: %s", object->path, text ? text : "refused");
		object->count = 0;
		keep(object);
		return;
	}
	if (!fault && answer(object)) {
		fault = ESPALIER_FAULT_RESOURCES;
		text = NULL;
	}
	if (fault) {
		fail(object, (unsigned int)fault, text);
		take_back(object);
	} else {
		free_object(object);
	}
}

// The references and ParameterKey change together, and are durable before the answer.
static void keep(struct object_call *object)
{
	const struct object_request *request = object->call->request;
	int error = set_values_start(&object->set, object->agent, object->references, object->count,
				     request->parameter_key.data ? request->parameter_key.data : "", kept, object);

	if (!error)
		return;
	fail(object, ESPALIER_FAULT_RESOURCES, error == -EBUSY ? "another change is under way" : "no memory");
	take_back(object);
}

// ---- The owner

static void answered(const struct espalier_result *result, void *context)
{
	struct object_call *object = context;
	size_t length = strlen(object->path);

	forget(object);
	if (object->add && !result->error && !result->fault) {
		object->instance = result->instance;
		snprintf(object->path + length, sizeof(object->path) - length, "%u.", (unsigned int)result->instance);
	}
	if (!object->call) {
		take_back(object);
		return;
	}
	if (result->error)
		fail(object, ESPALIER_FAULT_INTERNAL, "the owner does not answer");
	else if (result->fault)
		fail(object, (unsigned int)result->fault, result->text);
	if (!object->call) {
		free_object(object);
		return;
	}
	agent_refresh_tree(object->agent);
	if (!object->add)
		find_references(object);
	keep(object);
}

static void too_late(struct alarm *alarm)
{
	struct agent *agent = (struct agent *)((char *)alarm - offsetof(struct agent, object_alarm));
	struct object_call *object = agent->object_call;

	if (!object)
		return;
	agent->object_call = NULL;
	// An instance that is added after all is taken back.
	fail(object, ESPALIER_FAULT_INTERNAL, "the owner does not answer");
}

static void abandon(struct rpc_call *call)
{
	struct object_call *object = call->state;

	end_call(object);
	forget(object);
	if (object->set)
		free_object(object);
}

// The node of a table (add), or of an instance, that takes the request: of several with the path the first that does.
static const struct espalier_node *find_node(struct tree *tree, struct soap_string name, bool add)
{
	uint32_t allowed = ESPALIER_WRITABLE | (add ? ESPALIER_CREATABLE : ESPALIER_DELETABLE), count;
	struct tree_reference reference;
	const struct espalier_node *nodes;

	if (!name.length || name.data[name.length - 1] != '.' || tree_resolve(tree, name.data, name.length, &reference))
		return NULL;
	nodes = tree_nodes(tree, &count);
	for (uint32_t i = reference.node; i < count; i = nodes[i].following) {
		if (nodes[i].path_length != name.length || memcmp(nodes[i].path, name.data, name.length) != 0)
			return NULL;
		if (nodes[i].kind == (add ? ESPALIER_NODE_TABLE : ESPALIER_NODE_ROW) && (add || nodes[i].instance) &&
		    nodes[i].object->flags & allowed)
			return &nodes[i];
	}
	return NULL;
}

static int handle(struct rpc_call *call, bool add)
{
	const struct object_request *request = call->request;
	struct agent *agent = call->rpc->agent;
	const struct espalier_node *node = find_node(agent->tree, request->object_name, add);
	struct espalier_entry entry = {.value = ""};
	struct object_call *object;
	int error;

	if (!node)
		return rpc_fault(call, ESPALIER_FAULT_NAME, "%.*s: %s", (int)request->object_name.length,
				 request->object_name.data ? request->object_name.data : "",
				 add ? "no table to add an instance to" : "no instance that can be deleted");
	if (agent->redo.transaction)
		return -ENOMEM;
	object = calloc(1, sizeof(*object));
	if (!object)
		return -ENOMEM;
	*object = (struct object_call){.agent = agent, .call = call, .add = add};
	memcpy(object->path, node->path, node->path_length);
	snprintf(object->segment, sizeof(object->segment), "%s", espalier_node_segment(node));
	entry.path = object->path;
	call->state = object;
	call->abandon = abandon;
	// Nothing that was decided before is applied meanwhile: that would keep ParameterKey from being set.
	notify_hold(&agent->notify);
	error = espalier_request_send(tree_reader(agent->tree), object->segment, add ? ESPALIER_ADD : ESPALIER_DELETE,
				      &entry, 1, answered, object);
	if (error) {
		fail(object, ESPALIER_FAULT_INTERNAL, "the owner is not there");
		free_object(object);
		return 0;
	}
	agent->object_call = object;
	agent->object_alarm.ring = &agent->ring;
	agent->object_alarm.rang = too_late;
	alarm_set(&agent->object_alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + TRANSACTION_TIMEOUT * 1000000ll);
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
