/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths with `*` in place of instance numbers, also mixed with `[alias]`. */
#include "agent/tree.h"

#include <errno.h>
#include <string.h>

struct search {
	struct tree *tree;
	const struct espalier_node *nodes;
	int (*found)(struct tree *tree, struct tree_reference reference, void *context);
	void *context;
	int result;
};

static int matched(const struct espalier_node *node, uint32_t parameter, void *context)
{
	struct search *search = context;
	struct tree_reference reference = {.node = (uint32_t)(node - search->nodes), .parameter = parameter};

	search->result = search->found(search->tree, reference, search->context);
	return search->result ? 1 : 0;
}

_Static_assert(TREE_PARTIAL == UINT32_MAX, "espalier_resolve() says so that an object has matched");

/* Whether a component of a path stands for an instance: `*`, an alias, or a number where the schema has {i}. */
static bool is_instance(const char *component, size_t length)
{
	if (length && (*component == '[' || (length == 1 && *component == '*')))
		return true;
	for (size_t i = 0; i < length; i++) {
		if (component[i] < '0' || component[i] > '9')
			return false;
	}
	return length;
}

/*
 * Compares a path with an object's, component by component. Returns what is left of the path: all of it matched for 0,
 * a parameter's name for more; -ENOENT when it is none of this object's.
 */
static ssize_t match_object(const struct espalier_object_view *object, const char *path, size_t length)
{
	const char *schema = object->path;

	while (*schema && length) {
		size_t wanted = strcspn(schema, ".");
		size_t given = tree_component(path, length);

		if (given == length)
			return -ENOENT;
		if (wanted == strlen("{i}") && !memcmp(schema, "{i}", wanted)) {
			if (!is_instance(path, given))
				return -ENOENT;
		} else if (wanted != given || memcmp(schema, path, given) != 0) {
			return -ENOENT;
		}
		schema += wanted + 1;
		path += given + 1;
		length -= given + 1;
	}
	/* A path that ends within the object's names an object on the way to it. */
	return *schema || !length ? 0 : (ssize_t)length;
}

static bool has_parameter(const struct espalier_object_view *object, const char *name, size_t length)
{
	for (uint32_t i = 0; i < object->parameter_count; i++) {
		if (strlen(object->parameters[i].name) == length && !memcmp(object->parameters[i].name, name, length))
			return true;
	}
	return false;
}

/* Whether the schema has what the path names, so that only the instances are missing. */
static bool in_schema(struct tree *tree, const char *path, size_t length)
{
	struct espalier_reader *reader = tree_reader(tree);
	const struct espalier_object_view *object;
	uint32_t segments;

	espalier_reader_segments(reader, &segments);
	for (uint32_t i = 0; i < segments; i++) {
		for (uint32_t j = 0; (object = espalier_reader_object(reader, i, j)) != NULL; j++) {
			ssize_t left = match_object(object, path, length);

			if (object->flags & ESPALIER_OPERATION)
				continue;
			if (!left || (left > 0 && has_parameter(object, path + length - left, (size_t)left)))
				return true;
		}
	}
	return false;
}

static int resolve_numbers(struct tree *tree, const char *path, size_t length,
			   int (*found)(struct tree *tree, struct tree_reference reference, void *context),
			   void *context)
{
	const char *star = length ? memchr(path, '*', length) : NULL;
	struct search search = {.tree = tree, .found = found, .context = context};
	struct tree_reference reference;
	uint32_t count;
	int error;

	if (!star) {
		error = tree_resolve(tree, path, length, &reference);
		return error ? error : found(tree, reference, context);
	}
	/* What stands before the first `*` must be there, in particular the root object. */
	error = length > ESPALIER_PATH_MAXIMUM ? -ENOENT : tree_resolve(tree, path, (size_t)(star - path), &reference);
	if (error || reference.parameter != TREE_PARTIAL || star == path)
		return -ENOENT;
	search.nodes = tree_nodes(tree, &count);
	if (espalier_resolve(tree_reader(tree), path, length, matched, &search) >= 0)
		return search.result;
	return in_schema(tree, path, length) ? 0 : -ENOENT;
}

/* The first `*` with an alias behind it, whose row depends on the instance that `*` stands for. Returns NULL without.
 */
static const char *star_before_alias(const char *path, size_t length)
{
	const char *star = NULL;

	for (size_t at = 0, size; at < length; at += size + 1) {
		size = tree_component(path + at, length - at);
		if (size && path[at] == '[' && star)
			return star;
		if (size == 1 && path[at] == '*' && !star)
			star = path + at;
	}
	return NULL;
}

static int resolve_aliases(struct tree *tree, const char *path, size_t length,
			   int (*found)(struct tree *tree, struct tree_reference reference, void *context),
			   void *context)
{
	char buffer[TREE_WRITTEN_MAXIMUM + ESPALIER_PATH_MAXIMUM + 1];
	const char *star = star_before_alias(path, length), *rest;
	const struct espalier_node *nodes;
	struct tree_reference table;
	size_t unknown, rest_length;
	ssize_t filled = tree_canonical(tree, path, star ? (size_t)(star - path) : length, buffer, &unknown);
	uint32_t count, end;
	int result = 0;

	if (filled < 0)
		return -ENOENT;
	if (!star)
		return resolve_numbers(tree, buffer, (size_t)filled, found, context);
	if (tree_resolve(tree, buffer, (size_t)filled, &table) || table.parameter != TREE_PARTIAL ||
	    !in_schema(tree, path, length))
		return -ENOENT;
	rest = star + strlen("*.");
	rest_length = length - (size_t)(rest - path);
	nodes = tree_nodes(tree, &count);
	end = tree_end(tree, table.node);
	for (uint32_t node = tree_next_instance(tree, table.node, table.node);
	     node < end && (!result || result == -ENOENT); node = tree_next_instance(tree, table.node, node)) {
		if (nodes[node].path_length + rest_length >= sizeof(buffer))
			continue;
		memcpy(buffer, nodes[node].path, nodes[node].path_length);
		memcpy(buffer + nodes[node].path_length, rest, rest_length);
		/* An alias that only some of the instances have is no error. */
		result = resolve_aliases(tree, buffer, nodes[node].path_length + rest_length, found, context);
	}
	return result == -ENOENT ? 0 : result;
}

int tree_resolve_each(struct tree *tree, const char *path, size_t length,
		      int (*found)(struct tree *tree, struct tree_reference reference, void *context), void *context)
{
	if (length && memchr(path, '[', length))
		return resolve_aliases(tree, path, length, found, context);
	return resolve_numbers(tree, path, length, found, context);
}
