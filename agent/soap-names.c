/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GetParameterNamesResponse. */
#include <errno.h>

#include "agent/soap-encode.h"
#include "agent/soap-text.h"

#define STRUCT_END	  "</Writable></ParameterInfoStruct>"
#define STRUCT_BEGIN	  "<ParameterInfoStruct><Name>"
#define WRITABLE	  "</Name><Writable>"
#define STRUCT_END_LENGTH (sizeof(STRUCT_END) - 1)
#define JOINT_LENGTH	  (sizeof(STRUCT_END STRUCT_BEGIN) - 1)
#define JOINT_SIZE	  (JOINT_LENGTH + SOAP_ESCAPE_MAXIMUM * TREE_WRITTEN_MAXIMUM + SOAP_TEXT_SLACK)

enum phase {
	PHASE_BEGIN,
	PHASE_ENTRIES,
	PHASE_END,
};

/* What the entries of an object begin with: the end of the entry before, and the object's path in the next Name. */
struct joint {
	size_t length;
	char text[JOINT_SIZE];
};

static void make_joint(struct joint *joint, struct tree *tree, uint32_t index, const struct tree_form *form)
{
	uint32_t count;
	const struct espalier_node *node = &tree_nodes(tree, &count)[index];
	char written[TREE_WRITTEN_MAXIMUM + 1];
	const char *path = form ? written : node->path;
	size_t length = form ? tree_write_path(tree, index, form, written) : node->path_length;

	memcpy(joint->text, STRUCT_END STRUCT_BEGIN, JOINT_LENGTH);
	joint->length = (size_t)(soap_put_text(joint->text + JOINT_LENGTH, path, length) - joint->text);
}

static inline char *put(char *at, const char *from, size_t length)
{
	memcpy(at, from, length);
	return at + length;
}

/* One entry: the object itself for an empty name. */
static inline char *put_entry(char *at, const struct joint *joint, bool first, const char *name, size_t length,
			      bool writable)
{
	size_t skip = first ? STRUCT_END_LENGTH : 0;

	at = put(at, joint->text + skip, joint->length - skip);
	at = put(at, name, length);
	at = put(at, WRITABLE, sizeof(WRITABLE) - 1);
	*at++ = writable ? '1' : '0';
	return at;
}

/* Whether this node is the first of its path: another segment may add to the object. */
static bool is_first(const struct espalier_node *nodes, uint32_t index)
{
	const struct espalier_node *node = &nodes[index];

	return index == 0 || node[-1].path_length != node->path_length ||
	       memcmp(node[-1].path, node->path, node->path_length) != 0;
}

/* Whether instances can be added (a table) or this one be deleted, by any of the segments that have the object. */
static bool is_writable(struct tree *tree, uint32_t index)
{
	uint32_t count;
	const struct espalier_node *nodes = tree_nodes(tree, &count);
	uint32_t flags = ESPALIER_WRITABLE;

	if (nodes[index].kind == ESPALIER_NODE_TABLE)
		flags |= ESPALIER_CREATABLE;
	else if (nodes[index].instance)
		flags |= ESPALIER_DELETABLE;
	else
		return false;
	do {
		if (nodes[index].object && (nodes[index].object->flags & flags))
			return true;
		index++;
	} while (index < count && !is_first(nodes, index));
	return false;
}

static bool has_parameters(const struct espalier_node *node)
{
	return node->kind == ESPALIER_NODE_ROW && node->object->parameter_count;
}

/* The entries of one node: the object when `itself`, and its parameters when `parameters`. */
static int write_node(struct soap_writer *writer, struct tree *tree, uint32_t index, const struct tree_form *form,
		      bool itself, bool parameters)
{
	uint32_t count;
	const struct espalier_node *node = &tree_nodes(tree, &count)[index];
	const struct tree_object *object = NULL;
	struct joint joint;
	size_t size, entries = itself;
	bool first = true;
	char *at;

	if (parameters && has_parameters(node)) {
		object = tree_prepare(tree, node);
		if (!object)
			return -ENOMEM;
		entries += node->object->parameter_count;
	}
	if (!entries)
		return 0;
	make_joint(&joint, tree, index, form);
	size = entries * (joint.length + sizeof(WRITABLE)) + STRUCT_END_LENGTH + (object ? object->constant_size : 0);
	at = soap_writer_reserve(writer, size);
	if (!at)
		return -ENOMEM;
	if (itself) {
		at = put_entry(at, &joint, true, "", 0, is_writable(tree, index));
		first = false;
	}
	for (uint32_t i = 0; object && i < node->object->parameter_count; i++) {
		const struct tree_parameter *parameter = &object->parameters[i];

		at = put_entry(at, &joint, first, object->text + parameter->text, parameter->name_length,
			       parameter->writable);
		first = false;
	}
	soap_writer_advance(writer, put(at, STRUCT_END, STRUCT_END_LENGTH));
	return 0;
}

/* The entry of one parameter. */
static int write_parameter(struct soap_writer *writer, struct tree *tree, struct tree_reference reference)
{
	const char *name = tree_parameter_of(tree, reference)->name;
	char path[TREE_WRITTEN_MAXIMUM + 1];
	size_t length = tree_write_path(tree, reference.node, reference.form, path);

	soap_open(writer, "ParameterInfoStruct");
	soap_open(writer, "Name");
	soap_write_text(writer, path, length);
	soap_write_text(writer, name, strlen(name));
	soap_close(writer, "Name");
	soap_element_boolean(writer, "Writable", tree_parameter_of(tree, reference)->flags & ESPALIER_WRITABLE);
	soap_close(writer, "ParameterInfoStruct");
	return 0;
}

static uint64_t count_reference(const struct soap_names_body *names, struct tree_reference reference)
{
	uint32_t node_count, first = reference.node, end;
	const struct espalier_node *nodes = tree_nodes(names->tree, &node_count);
	uint64_t count = 0;

	if (reference.parameter != TREE_PARTIAL)
		return 1;
	end = tree_end(names->tree, first);
	for (uint32_t i = first; i < end;) {
		bool own = !names->next_level || i == first || !is_first(nodes, i);

		if (own && has_parameters(&nodes[i]))
			count += nodes[i].object->parameter_count;
		if (is_first(nodes, i) && (i != first || !names->next_level))
			count++;
		i = own ? i + 1 : tree_end(names->tree, i);
	}
	return count;
}

static uint64_t count_entries(const struct soap_names_body *names)
{
	uint64_t count = names->root;

	for (size_t i = 0; i < names->count; i++)
		count += count_reference(names, names->references[i]);
	return count;
}

/* The next node's entries; sets names->node behind it. */
static int write_next(struct soap_names_body *names, struct soap_writer *writer, struct tree_reference reference)
{
	uint32_t node_count, index = names->node;
	const struct espalier_node *nodes = tree_nodes(names->tree, &node_count);
	/* With NextLevel only the object's own nodes have parameters to list, and each child stands for all below it.
	 */
	bool own = !names->next_level || index == reference.node || !is_first(nodes, index);
	bool itself = is_first(nodes, index) && (index != reference.node || !names->next_level);

	names->node = own ? index + 1 : tree_end(names->tree, index);
	return write_node(writer, names->tree, index, reference.form, itself, own);
}

/* The next entries of the present reference; after its last ones, goes on to the next reference. */
static int write_reference(struct soap_names_body *names, struct soap_writer *writer)
{
	struct tree_reference reference = names->references[names->position];
	int error;

	if (reference.parameter != TREE_PARTIAL) {
		names->position++;
		return write_parameter(writer, names->tree, reference);
	}
	if (!names->begun)
		names->node = reference.node;
	names->begun = true;
	error = write_next(names, writer, reference);
	if (names->node >= tree_end(names->tree, reference.node)) {
		names->begun = false;
		names->position++;
	}
	return error;
}

static int write_entries(struct soap_names_body *names, struct soap_writer *writer)
{
	if (names->root)
		return write_node(writer, names->tree, (uint32_t)tree_root(names->tree), NULL, true, false);
	while (names->position < names->count) {
		int error = write_reference(names, writer);

		if (error || !soap_writer_room(writer))
			return error ? error : names->position < names->count;
	}
	return 0;
}

static int names_next(struct soap_body *body, struct soap_writer *writer)
{
	struct soap_names_body *names = (struct soap_names_body *)body;
	int result;

	switch ((enum phase)names->phase) {
	case PHASE_BEGIN:
		soap_open(writer, "cwmp:GetParameterNamesResponse");
		soap_open_array(writer, "ParameterList", "cwmp:ParameterInfoStruct", count_entries(names));
		names->phase = PHASE_ENTRIES;
		return 1;
	case PHASE_ENTRIES:
		result = write_entries(names, writer);
		if (result)
			return result;
		names->phase = PHASE_END;
		return 1;
	case PHASE_END:
		break;
	}
	soap_close(writer, "ParameterList");
	soap_close(writer, "cwmp:GetParameterNamesResponse");
	return 0;
}

static void names_rewind(struct soap_body *body)
{
	struct soap_names_body *names = (struct soap_names_body *)body;

	names->phase = PHASE_BEGIN;
	names->position = 0;
	names->begun = false;
}

void soap_names_init(struct soap_names_body *names, struct tree *tree, const struct tree_reference *references,
		     size_t count, bool next_level)
{
	*names = (struct soap_names_body){
		.body = {.next = names_next, .rewind = names_rewind},
		.tree = tree,
		.references = references,
		.count = count,
		.next_level = next_level,
	};
}

void soap_names_init_root(struct soap_names_body *names, struct tree *tree)
{
	soap_names_init(names, tree, NULL, 0, false);
	names->root = true;
}
