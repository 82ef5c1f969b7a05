/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ParameterList with values: from rows in shared memory straight into the buffer that is sent.
 *
 * What lies between two values of a row, from </Value> to the row's path in the next Name, is put together once a row;
 * from the last component of the name to the type, once a parameter of the schema. So one parameter costs two copies of
 * constant length and the conversion of its value.
 */
#include <errno.h>

#include "agent/soap-encode.h"
#include "agent/soap-text.h"

#define STRUCT_END	  "</Value></ParameterValueStruct>"
#define STRUCT_BEGIN	  "<ParameterValueStruct><Name>"
#define STRUCT_END_LENGTH (sizeof(STRUCT_END) - 1)
#define JOINT_LENGTH	  (sizeof(STRUCT_END STRUCT_BEGIN) - 1)
#define JOINT_SIZE	  (JOINT_LENGTH + SOAP_ESCAPE_MAXIMUM * TREE_WRITTEN_MAXIMUM + SOAP_TEXT_SLACK + TREE_BLOCK)

/* A writer that publishes a row faster than it can be encoded must be read by a copy; most writers never get there. */
#define READ_IN_PLACE_TRIES 4

#define WARM_DIGITS 200 /* parameters of a message from which on soap_warm_digits() pays */

enum phase {
	PHASE_BEGIN,
	PHASE_ENTRIES,
	PHASE_END,
};

/* What a row's entries begin and end with. */
struct joint {
	size_t length;
	char text[JOINT_SIZE];
};

/* Some parameters of a row, to be written. */
struct part {
	const struct espalier_node *node;
	const struct tree_object *object;
	uint32_t first, last; /* the one behind the last */
	const struct joint *joint;
	size_t constant_size; /* room for all but the texts' bytes */
};

/* Both sides have TREE_BLOCK bytes behind the end: whole blocks cost less than exact lengths. */
static inline void copy_blocks(char *to, const char *from, size_t length)
{
	size_t at = 0;

	do {
		memcpy(to + at, from + at, TREE_BLOCK);
		at += TREE_BLOCK;
	} while (__builtin_expect(at < length, 0));
}

static inline char *put_otherwise(char *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length);
	return at + length;
}

static size_t text_size(size_t length)
{
	return SOAP_ESCAPE_MAXIMUM * length + SOAP_TEXT_SLACK;
}

/*
 * Writes the parameters of a row from one of its slots. What it reads may change meanwhile; then the caller does it
 * again. Returns the end, or NULL when `room` is too small for the texts: then *needed is more than that.
 */
static char *put_slot(const struct part *part, const uint32_t *slot, char *start, size_t room, size_t *needed)
{
	const struct tree_parameter *parameter = &part->object->parameters[part->first];
	const uint32_t last = part->last;
	/* Copies, as every byte that is written might be part of the structures for all that the compiler knows. */
	const char *const constants = part->object->text;
	const char *joint = part->joint->text + STRUCT_END_LENGTH;
	size_t joint_length = part->joint->length - STRUCT_END_LENGTH;
	size_t texts = 0;
	char *at = start;

	for (uint32_t i = part->first; i < last; i++, parameter++) {
		const uint32_t *value = slot + parameter->offset;
		const char *constant = constants + parameter->text;
		size_t constant_length = parameter->length;
		uint32_t length;

		copy_blocks(at, joint, joint_length);
		at += joint_length;
		joint = part->joint->text;
		joint_length = part->joint->length;
		copy_blocks(at, constant, constant_length);
		at += constant_length;
		if (__builtin_expect(parameter->encoding <= TREE_UNSIGNED_64, 1)) {
			uint64_t number = espalier_load(value);
			char *end;

			if (parameter->encoding == TREE_UNSIGNED_64)
				number |= (uint64_t)espalier_load(value + 1) << 32;
			end = soap_put_digits(at, number);
			/* The digits have spoiled the end of the constant. */
			constant += constant_length - SOAP_DIGITS_BEFORE;
			memcpy(at - SOAP_DIGITS_BEFORE, constant, SOAP_DIGITS_BEFORE);
			at = end;
			continue;
		}
		switch ((enum tree_encoding)parameter->encoding) {
		case TREE_UNSIGNED_32:
		case TREE_UNSIGNED_64:
			break;
		case TREE_SIGNED_32:
			at = soap_put_signed(at, (int32_t)espalier_load(value));
			break;
		case TREE_SIGNED_64:
			at = soap_put_signed(at, (int64_t)espalier_load64(value));
			break;
		case TREE_BOOLEAN:
			*at++ = espalier_load(value) ? '1' : '0';
			break;
		case TREE_TEXT:
			value = espalier_text_words(part->node, slot, i, &length);
			if (!value || !length) {
				at = put_otherwise(at, parameter->otherwise);
				break;
			}
			texts += text_size(length);
			if (part->constant_size + texts > room) {
				*needed = part->constant_size + texts;
				return NULL;
			}
			at = soap_put_shared_text(at, value, length);
			break;
		case TREE_CONSTANT:
			at = put_otherwise(at, parameter->otherwise);
			break;
		}
	}
	memcpy(at, STRUCT_END, STRUCT_END_LENGTH);
	return at + STRUCT_END_LENGTH;
}

/* Reads a row in place. Returns 0, -EAGAIN when its writer is too fast, -ESTALE when it is gone, -ENOMEM. */
static int write_in_place(struct soap_writer *writer, const struct part *part)
{
	const struct espalier_node *node = part->node;
	size_t needed = part->constant_size;

	for (int tries = 0; tries < READ_IN_PLACE_TRIES;) {
		uint32_t version = espalier_row_begin(node->row);
		uint32_t generation = espalier_load(node->row + 1);
		char *at, *end;

		/* 0: the row has been removed, and its last values are still there. */
		if (generation != node->generation && generation != 0)
			return -ESTALE;
		at = soap_writer_reserve(writer, needed);
		if (!at)
			return -ENOMEM;
		end = put_slot(part, espalier_row_slot(node->row, version, node->object->slot_words), at,
			       (size_t)(writer->end - at), &needed);
		if (espalier_row_changed(node->row, version)) {
			tries++;
			continue;
		}
		if (end) {
			soap_writer_advance(writer, end);
			return 0;
		}
	}
	return -EAGAIN;
}

static void write_value(struct soap_writer *writer, const struct tree_parameter *parameter,
			const struct espalier_value *value)
{
	switch ((enum tree_encoding)parameter->encoding) {
	case TREE_UNSIGNED_32:
	case TREE_UNSIGNED_64:
	case TREE_BOOLEAN:
		soap_write_unsigned(writer, value->number);
		return;
	case TREE_SIGNED_32:
	case TREE_SIGNED_64:
		soap_write_signed(writer, value->integer);
		return;
	case TREE_TEXT:
		if (value->length) {
			soap_write_text(writer, value->text, value->length);
			return;
		}
		break;
	case TREE_CONSTANT:
		break;
	}
	soap_write(writer, parameter->otherwise, strlen(parameter->otherwise));
}

/* The same from a private copy, or the defaults of the types. */
static void write_copy(struct soap_writer *writer, const struct part *part, const struct espalier_value *values)
{
	size_t skip = STRUCT_END_LENGTH;

	for (uint32_t i = part->first; i < part->last; i++, skip = 0) {
		const struct tree_parameter *parameter = &part->object->parameters[i];

		soap_write(writer, part->joint->text + skip, part->joint->length - skip);
		soap_write(writer, part->object->text + parameter->text, parameter->length);
		if (values)
			write_value(writer, parameter, &values[i]);
		else
			soap_write(writer, parameter->otherwise, strlen(parameter->otherwise));
	}
	soap_write_literal(writer, STRUCT_END);
}

/* The path of a row that does not simply have its numbers. */
static __attribute__((noinline)) char *put_written_path(char *at, struct tree *tree, uint32_t index,
							const struct tree_form *form)
{
	char path[TREE_WRITTEN_MAXIMUM + 1];

	return soap_put_text(at, path, tree_write_path(tree, index, form, path));
}

/* Some parameters of one row. */
static int write_row(struct soap_writer *writer, struct tree *tree, uint32_t index, const struct tree_form *form,
		     uint32_t first, uint32_t last)
{
	uint32_t node_count;
	const struct espalier_node *node = &tree_nodes(tree, &node_count)[index];
	struct joint joint;
	struct part part = {
		.node = node, .object = tree_prepare(tree, node), .first = first, .last = last, .joint = &joint};
	char *end;
	int error;

	if (!part.object)
		return -ENOMEM;
	memcpy(joint.text, STRUCT_END STRUCT_BEGIN, JOINT_LENGTH);
	end = form ? put_written_path(joint.text + JOINT_LENGTH, tree, index, form)
		   : soap_put_text(joint.text + JOINT_LENGTH, node->path, node->path_length);
	joint.length = (size_t)(end - joint.text);
	part.constant_size = part.object->constant_size + (last - first) * (joint.length + SOAP_NUMBER_SIZE) +
			     STRUCT_END_LENGTH + 3 * TREE_BLOCK;
	error = write_in_place(writer, &part);
	if (error == -EAGAIN)
		write_copy(writer, &part, tree_read_row(tree, node));
	else if (error == -ESTALE)
		write_copy(writer, &part, NULL);
	return writer->error;
}

/* The next row of the present reference; when there is none, goes on to the next reference. */
static int write_reference(struct soap_values_body *values, struct soap_writer *writer)
{
	const struct tree_reference *reference = &values->references[values->position];
	uint32_t node_count;
	const struct espalier_node *nodes = tree_nodes(values->tree, &node_count);

	if (reference->parameter != TREE_PARTIAL) {
		values->position++;
		return write_row(writer, values->tree, reference->node, reference->form, reference->parameter,
				 reference->parameter + 1);
	}
	if (values->node == values->end) {
		values->node = reference->node;
		values->end = tree_end(values->tree, reference->node);
	}
	while (values->node < values->end) {
		const struct espalier_node *node = &nodes[values->node++];
		bool has_row = node->kind == ESPALIER_NODE_ROW && node->object->parameter_count;

		if (values->node == values->end)
			values->position++;
		if (has_row)
			return write_row(writer, values->tree, (uint32_t)(node - nodes), reference->form, 0,
					 node->object->parameter_count);
	}
	return 0;
}

static uint64_t count_parameters(const struct soap_values_body *values)
{
	uint64_t count = 0;

	for (size_t i = 0; i < values->count; i++)
		count += tree_count(values->tree, values->references[i]);
	return count;
}

static int values_next(struct soap_body *body, struct soap_writer *writer)
{
	struct soap_values_body *values = (struct soap_values_body *)body;
	uint64_t count;
	int error;

	switch ((enum phase)values->phase) {
	case PHASE_BEGIN:
		count = count_parameters(values);
		if (count >= WARM_DIGITS)
			soap_warm_digits();
		if (!values->inform)
			soap_open(writer, "cwmp:GetParameterValuesResponse");
		soap_open_array(writer, "ParameterList", "cwmp:ParameterValueStruct", count);
		values->phase = PHASE_ENTRIES;
		return 1;
	case PHASE_ENTRIES:
		while (values->position < values->count) {
			error = write_reference(values, writer);
			if (error || !soap_writer_room(writer))
				return error ? error : 1;
		}
		values->phase = PHASE_END;
		return 1;
	case PHASE_END:
		break;
	}
	soap_close(writer, "ParameterList");
	if (!values->inform)
		soap_close(writer, "cwmp:GetParameterValuesResponse");
	return 0;
}

static void values_rewind(struct soap_body *body)
{
	struct soap_values_body *values = (struct soap_values_body *)body;

	values->position = 0;
	values->node = 0;
	values->end = 0;
	values->phase = PHASE_BEGIN;
}

void soap_values_init(struct soap_values_body *values, struct tree *tree, const struct tree_reference *references,
		      size_t count)
{
	*values = (struct soap_values_body){
		.body = {.next = values_next, .rewind = values_rewind},
		.tree = tree,
		.references = references,
		.count = count,
	};
}
