/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GetParameterAttributesResponse. */
#include <string.h>

#include "agent/soap-encode.h"

enum phase {
	PHASE_BEGIN,
	PHASE_ENTRIES,
	PHASE_END,
};

static int write_parameter(struct soap_attributes_body *list, struct soap_writer *writer,
			   struct tree_reference reference)
{
	struct soap_attributes attributes = {.notification = 0};
	const char *name = tree_parameter_of(list->tree, reference)->name;
	char path[TREE_WRITTEN_MAXIMUM + 1];
	size_t length = tree_write_path(list->tree, reference.node, reference.form, path);
	uint64_t count = 0;

	list->lookup(list->tree, reference, &attributes, list->context);
	for (const char *item = attributes.access_list; item && *item; item += strlen(item) + 1)
		count++;
	soap_open(writer, "ParameterAttributeStruct");
	soap_open(writer, "Name");
	soap_write_text(writer, path, length);
	soap_write_text(writer, name, strlen(name));
	soap_close(writer, "Name");
	soap_element_unsigned(writer, "Notification", attributes.notification);
	soap_open_array(writer, "AccessList", "xsd:string", count);
	for (const char *item = attributes.access_list; item && *item; item += strlen(item) + 1)
		soap_element_string(writer, "string", item);
	soap_close(writer, "AccessList");
	soap_close(writer, "ParameterAttributeStruct");
	return 0;
}

/* The next parameter of the present reference; when there is none, goes on to the next reference. */
static int write_next(struct soap_attributes_body *list, struct soap_writer *writer)
{
	const struct tree_reference *reference = &list->references[list->position];
	uint32_t node_count;
	const struct espalier_node *nodes = tree_nodes(list->tree, &node_count);

	if (reference->parameter != TREE_PARTIAL) {
		list->position++;
		return write_parameter(list, writer, *reference);
	}
	if (list->node == list->end) {
		list->node = reference->node;
		list->end = tree_end(list->tree, reference->node);
		list->parameter = 0;
	}
	while (list->node < list->end) {
		const struct espalier_node *node = &nodes[list->node];

		if (node->kind == ESPALIER_NODE_ROW && list->parameter < node->object->parameter_count)
			return write_parameter(list, writer,
					       (struct tree_reference){.node = list->node,
								       .parameter = list->parameter++,
								       .form = reference->form});
		list->parameter = 0;
		list->node++;
	}
	list->position++;
	return 0;
}

static int attributes_next(struct soap_body *body, struct soap_writer *writer)
{
	struct soap_attributes_body *list = (struct soap_attributes_body *)body;
	uint64_t count = 0;
	int error;

	switch ((enum phase)list->phase) {
	case PHASE_BEGIN:
		for (size_t i = 0; i < list->count; i++)
			count += tree_count(list->tree, list->references[i]);
		soap_open(writer, "cwmp:GetParameterAttributesResponse");
		soap_open_array(writer, "ParameterList", "cwmp:ParameterAttributeStruct", count);
		list->phase = PHASE_ENTRIES;
		return 1;
	case PHASE_ENTRIES:
		while (list->position < list->count) {
			error = write_next(list, writer);
			if (error || !soap_writer_room(writer))
				return error ? error : 1;
		}
		list->phase = PHASE_END;
		return 1;
	case PHASE_END:
		break;
	}
	soap_close(writer, "ParameterList");
	soap_close(writer, "cwmp:GetParameterAttributesResponse");
	return 0;
}

static void attributes_rewind(struct soap_body *body)
{
	struct soap_attributes_body *list = (struct soap_attributes_body *)body;

	list->position = 0;
	list->node = 0;
	list->end = 0;
	list->parameter = 0;
	list->phase = PHASE_BEGIN;
}

void soap_attributes_init(struct soap_attributes_body *list, struct tree *tree, const struct tree_reference *references,
			  size_t count, soap_attributes_lookup *lookup, void *context)
{
	*list = (struct soap_attributes_body){
		.body = {.next = attributes_next, .rewind = attributes_rewind},
		.tree = tree,
		.references = references,
		.count = count,
		.lookup = lookup,
		.context = context,
	};
}
