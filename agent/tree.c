/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's view of the shared tree. */
#include "agent/tree.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/arena.h"
#include "agent/soap-text.h"

#define ARENA_CHUNK_SIZE    ((size_t)32 * 1024)
#define ARENA_RETAINED_SIZE ((size_t)1024 * 1024) /* kept from one structure to the next */
#define ARENA_SIZE_MAXIMUM  ((size_t)64 * 1024 * 1024)
#define OBJECTS_MINIMUM	    64u /* slots of the table of prepared objects; a power of two */
#define ROW_TEXT_MINIMUM    ((size_t)4096)
#define ROW_TEXT_MAXIMUM    ((size_t)ESPALIER_PARAMETERS_MAXIMUM * (ESPALIER_VALUE_MAXIMUM + 1))

static const char unknown_time[] = "0001-01-01T00:00:00Z";

struct tree {
	struct espalier_reader *reader;
	const struct espalier_node *nodes;
	uint32_t node_count;
	unsigned int holders;
	uint64_t structure;
	int64_t root; /* node index, or -ENOENT */
	size_t root_length;
	const char *base64_type;

	struct arena arena;		    /* prepared objects */
	const struct tree_object **objects; /* open addressing by the view's address; object_slots is a power of two */
	uint32_t object_slots, object_count;

	struct espalier_value *row_values; /* of tree_read_row() */
	char *row_text;
	size_t row_text_size;

	char root_path[]; /* with its dot */
};

/* Everything that the old structure's nodes were good for goes. */
static void take_nodes(struct tree *tree)
{
	tree->nodes = espalier_reader_nodes(tree->reader, &tree->node_count);
	tree->root = espalier_find_object(tree->reader, tree->root_path, tree->root_length);
	tree->structure++;
	arena_reset(&tree->arena);
	if (tree->object_slots)
		memset(tree->objects, 0, tree->object_slots * sizeof(*tree->objects));
	tree->object_count = 0;
}

int tree_open(struct tree **result, const struct tree_options *options)
{
	const char *root = options->root ? options->root : "Device";
	size_t length = strlen(root);
	struct tree *tree = calloc(1, sizeof(*tree) + length + 2);
	int error;

	if (!tree)
		return -ENOMEM;
	memcpy(tree->root_path, root, length);
	tree->root_path[length] = '.';
	tree->root_length = length + 1;
	tree->base64_type = options->base64_type ? options->base64_type : "xsd:base64Binary";
	arena_init(&tree->arena, ARENA_CHUNK_SIZE, ARENA_RETAINED_SIZE, ARENA_SIZE_MAXIMUM);
	tree->row_values = calloc(ESPALIER_PARAMETERS_MAXIMUM, sizeof(*tree->row_values));
	error = tree->row_values ? espalier_reader_open(&tree->reader, options->folder) : -ENOMEM;
	if (error) {
		tree_close(tree);
		return error;
	}
	take_nodes(tree);
	*result = tree;
	return 0;
}

void tree_close(struct tree *tree)
{
	if (!tree)
		return;
	if (tree->reader)
		espalier_reader_close(tree->reader);
	arena_exit(&tree->arena);
	free(tree->objects);
	free(tree->row_values);
	free(tree->row_text);
	free(tree);
}

struct espalier_reader *tree_reader(struct tree *tree)
{
	return tree->reader;
}

int tree_refresh(struct tree *tree)
{
	int found;

	if (tree->holders)
		return -EBUSY;
	found = espalier_reader_refresh(tree->reader);
	/* After an error the nodes may be new all the same. */
	if (found < 0 || (found & ESPALIER_NEW_STRUCTURE))
		take_nodes(tree);
	return found;
}

uint64_t tree_structure(const struct tree *tree)
{
	return tree->structure;
}

void tree_hold(struct tree *tree)
{
	tree->holders++;
}

void tree_release(struct tree *tree)
{
	assert(tree->holders > 0);
	tree->holders--;
}

bool tree_held(const struct tree *tree)
{
	return tree->holders > 0;
}

const struct espalier_node *tree_nodes(struct tree *tree, uint32_t *count)
{
	*count = tree->node_count;
	return tree->nodes;
}

int64_t tree_root(struct tree *tree)
{
	return tree->root;
}

static bool same_path(const struct espalier_node *one, const struct espalier_node *other)
{
	return one->path_length == other->path_length && !memcmp(one->path, other->path, one->path_length);
}

uint32_t tree_end(struct tree *tree, uint32_t node)
{
	uint32_t end = tree->nodes[node].following;

	while (end < tree->node_count && same_path(&tree->nodes[end], &tree->nodes[node]))
		end = tree->nodes[end].following;
	return end < tree->node_count ? end : tree->node_count;
}

int tree_resolve(struct tree *tree, const char *path, size_t length, struct tree_reference *reference)
{
	int64_t node;

	if (tree->root < 0)
		return -ENOENT;
	if (!length) {
		*reference = (struct tree_reference){.node = (uint32_t)tree->root, .parameter = TREE_PARTIAL};
		return 0;
	}
	if (length > ESPALIER_PATH_MAXIMUM || length < tree->root_length ||
	    memcmp(path, tree->root_path, tree->root_length) != 0 || memchr(path, '*', length))
		return -ENOENT;
	*reference = (struct tree_reference){.parameter = TREE_PARTIAL};
	if (path[length - 1] == '.')
		node = espalier_find_object(tree->reader, path, length);
	else
		node = espalier_find_parameter(tree->reader, path, length, &reference->parameter);
	if (node < 0)
		return -ENOENT;
	reference->node = (uint32_t)node;
	return 0;
}

const struct espalier_parameter *tree_parameter_of(struct tree *tree, struct tree_reference reference)
{
	return &tree->nodes[reference.node].object->parameters[reference.parameter];
}

ssize_t tree_path(struct tree *tree, struct tree_reference reference, char *buffer, size_t size)
{
	const struct espalier_node *node = &tree->nodes[reference.node];
	const char *name = "";
	size_t length;

	if (reference.parameter != TREE_PARTIAL)
		name = tree_parameter_of(tree, reference)->name;
	length = strlen(name);
	if (node->path_length + length + 1 > size)
		return -ENOSPC;
	memcpy(buffer, node->path, node->path_length);
	memcpy(buffer + node->path_length, name, length + 1);
	return (ssize_t)(node->path_length + length);
}

int tree_each_parameter(struct tree *tree, struct tree_reference reference,
			int (*found)(struct tree *tree, struct tree_reference reference, void *context), void *context)
{
	uint32_t end;

	if (reference.parameter != TREE_PARTIAL)
		return found(tree, reference, context);
	end = tree_end(tree, reference.node);
	for (uint32_t i = reference.node; i < end; i++) {
		const struct espalier_node *node = &tree->nodes[i];

		for (uint32_t j = 0; node->kind == ESPALIER_NODE_ROW && j < node->object->parameter_count; j++) {
			int result = found(tree, (struct tree_reference){.node = i, .parameter = j}, context);

			if (result)
				return result;
		}
	}
	return 0;
}

uint64_t tree_count(struct tree *tree, struct tree_reference reference)
{
	uint64_t count = 0;
	uint32_t end;

	if (reference.parameter != TREE_PARTIAL)
		return 1;
	end = tree_end(tree, reference.node);
	for (uint32_t i = reference.node; i < end; i++) {
		if (tree->nodes[i].kind == ESPALIER_NODE_ROW)
			count += tree->nodes[i].object->parameter_count;
	}
	return count;
}

static bool is_text(const struct espalier_parameter *parameter)
{
	if (parameter->flags & ESPALIER_LIST)
		return true;
	switch (parameter->type) {
	case ESPALIER_INT:
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_LONG:
	case ESPALIER_UNSIGNED_LONG:
	case ESPALIER_BOOLEAN:
		return false;
	case ESPALIER_STRING:
	case ESPALIER_DATE_TIME:
	case ESPALIER_BASE64:
	case ESPALIER_HEX_BINARY:
	case ESPALIER_DECIMAL:
		return true;
	}
	return true;
}

static enum tree_encoding encoding_of(const struct espalier_parameter *parameter)
{
	if (parameter->flags & (ESPALIER_HIDDEN | ESPALIER_COMMAND))
		return TREE_CONSTANT;
	if (is_text(parameter))
		return TREE_TEXT;
	switch (parameter->type) {
	case ESPALIER_INT:
		return TREE_SIGNED_32;
	case ESPALIER_LONG:
		return TREE_SIGNED_64;
	case ESPALIER_UNSIGNED_LONG:
		return TREE_UNSIGNED_64;
	case ESPALIER_BOOLEAN:
		return TREE_BOOLEAN;
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_STRING:
	case ESPALIER_DATE_TIME:
	case ESPALIER_BASE64:
	case ESPALIER_HEX_BINARY:
	case ESPALIER_DECIMAL:
		break;
	}
	return TREE_UNSIGNED_32;
}

static const char *default_of(const struct espalier_parameter *parameter)
{
	if (!is_text(parameter))
		return "0";
	if (!(parameter->flags & ESPALIER_LIST) && parameter->type == ESPALIER_DATE_TIME)
		return unknown_time;
	if (!(parameter->flags & ESPALIER_LIST) && parameter->type == ESPALIER_DECIMAL)
		return "0";
	return "";
}

/* Appends to a text when there is one; returns the length in any case. */
static size_t append(char *text, size_t length, const char *more)
{
	if (text)
		memcpy(text + length, more, strlen(more));
	return length + strlen(more);
}

/* NAME</Name><Value xsi:type="xsd:TYPE">: every value has its type. Without a text: the most bytes of it. */
static size_t put_constant(const struct tree *tree, const struct espalier_parameter *parameter, char *text,
			   size_t *name_length)
{
	size_t length = SOAP_ESCAPE_MAXIMUM * strlen(parameter->name) + SOAP_TEXT_SLACK;

	if (text)
		length = (size_t)(soap_put_text(text, parameter->name, strlen(parameter->name)) - text);
	*name_length = length;
	length = append(text, length, "</Name><Value xsi:type=\"");
	if (parameter->flags & ESPALIER_LIST) {
		length = append(text, length, "xsd:string");
	} else if (parameter->type == ESPALIER_BASE64) {
		length = append(text, length, tree->base64_type);
	} else {
		length = append(text, length, "xsd:");
		length = append(text, length, espalier_type_name(parameter->type));
	}
	return append(text, length, "\">");
}

static const struct tree_object *prepare(struct tree *tree, const struct espalier_object_view *view)
{
	struct tree_object *object = arena_allocate(&tree->arena, sizeof(*object));
	struct tree_parameter *parameters =
		arena_allocate(&tree->arena, view->parameter_count * sizeof(*parameters) + 1);
	size_t name_length, most = 0, size = 0;
	char *text;

	for (uint32_t i = 0; i < view->parameter_count; i++)
		most += put_constant(tree, &view->parameters[i], NULL, &name_length);
	text = arena_allocate(&tree->arena, most + TREE_BLOCK);
	if (!object || !parameters || !text)
		return NULL;
	size = 0;
	for (uint32_t i = 0; i < view->parameter_count; i++) {
		const struct espalier_parameter *parameter = &view->parameters[i];
		size_t length = put_constant(tree, parameter, text + size, &name_length);

		parameters[i] = (struct tree_parameter){
			.text = (uint32_t)size,
			.offset = view->offsets[i],
			.length = (uint16_t)length,
			.name_length = (uint16_t)name_length,
			.encoding = (uint8_t)encoding_of(parameter),
			.writable = (parameter->flags & ESPALIER_WRITABLE) != 0,
			.otherwise = default_of(parameter),
		};
		size += length;
	}
	text = arena_resize(&tree->arena, text, most + TREE_BLOCK, size + TREE_BLOCK);
	if (!text)
		return NULL;
	*object = (struct tree_object){
		.view = view, .parameters = parameters, .text = text, .constant_size = (uint32_t)size};
	return object;
}

static uint32_t slot_of(const struct tree *tree, const struct espalier_object_view *view)
{
	uint64_t hash = ((uintptr_t)view >> 4) * 0x9e3779b97f4a7c15ull;
	uint32_t slot = (uint32_t)(hash >> 32) & (tree->object_slots - 1);

	while (tree->objects[slot] && tree->objects[slot]->view != view)
		slot = (slot + 1) & (tree->object_slots - 1);
	return slot;
}

static int grow(struct tree *tree)
{
	const struct tree_object **former = tree->objects;
	uint32_t former_slots = tree->object_slots;
	uint32_t slots = former_slots ? former_slots * 2 : OBJECTS_MINIMUM;
	const struct tree_object **objects = calloc(slots, sizeof(*objects));

	if (!objects)
		return -ENOMEM;
	tree->objects = objects;
	tree->object_slots = slots;
	for (uint32_t i = 0; i < former_slots; i++) {
		if (former[i])
			tree->objects[slot_of(tree, former[i]->view)] = former[i];
	}
	free(former);
	return 0;
}

const struct tree_object *tree_prepare(struct tree *tree, const struct espalier_node *node)
{
	uint32_t slot;

	if (tree->object_count * 2 >= tree->object_slots && grow(tree))
		return NULL;
	slot = slot_of(tree, node->object);
	if (__builtin_expect(!tree->objects[slot], 0)) {
		tree->objects[slot] = prepare(tree, node->object);
		if (tree->objects[slot])
			tree->object_count++;
	}
	return tree->objects[slot];
}

const struct espalier_value *tree_read_row(struct tree *tree, const struct espalier_node *node)
{
	for (;;) {
		int result = espalier_read_row(node, tree->row_values, tree->row_text, tree->row_text_size, NULL);
		size_t size = tree->row_text_size ? tree->row_text_size * 2 : ROW_TEXT_MINIMUM;
		char *text;

		if (!result)
			return tree->row_values;
		if (result != -ENOSPC || size > 2 * ROW_TEXT_MAXIMUM)
			return NULL;
		text = realloc(tree->row_text, size);
		if (!text)
			return NULL;
		tree->row_text = text;
		tree->row_text_size = size;
	}
}
