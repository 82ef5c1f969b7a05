/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths with `[alias]` in place of instance numbers. */
#include "agent/tree.h"

#include <errno.h>
#include <string.h>

#define ALIAS "Alias"

/* Characters of a written path that are kept for the name of a parameter behind it. */
#define NAME_ROOM 64

size_t tree_component(const char *path, size_t length)
{
	const char *bracket = length && *path == '[' ? memchr(path, ']', length) : NULL;
	size_t begun = bracket ? (size_t)(bracket - path) : 0;
	const char *dot = memchr(path + begun, '.', length - begun);

	return dot ? (size_t)(dot - path) : length;
}

static bool is_alias(const char *path, size_t length)
{
	return length > 2 && *path == '[' && memchr(path, ']', length) == path + length - 1;
}

static bool is_number(const char *path, size_t length)
{
	return length && *path >= '1' && *path <= '9';
}

size_t tree_alias(struct tree *tree, const char *path, size_t length, char buffer[TREE_ALIAS_SIZE])
{
	char name[ESPALIER_PATH_MAXIMUM + sizeof(ALIAS)];
	struct espalier_value value;
	uint32_t parameter, count;
	int64_t node;

	*buffer = '\0';
	if (length > ESPALIER_PATH_MAXIMUM)
		return 0;
	memcpy(name, path, length);
	memcpy(name + length, ALIAS, sizeof(ALIAS) - 1);
	node = espalier_find_parameter(tree_reader(tree), name, length + sizeof(ALIAS) - 1, &parameter);
	if (node < 0 ||
	    espalier_read(&tree_nodes(tree, &count)[node], parameter, &value, buffer, TREE_ALIAS_SIZE - 1)) {
		*buffer = '\0';
		return 0;
	}
	/* An alias is a string for every owner; one that is not has no text in the buffer. */
	if (value.type != ESPALIER_STRING)
		value.length = 0;
	buffer[value.length] = '\0';
	return value.length;
}

uint32_t tree_next_instance(struct tree *tree, uint32_t table, uint32_t node)
{
	uint32_t count, end = tree_end(tree, table);
	const struct espalier_node *nodes = tree_nodes(tree, &count);
	size_t length = nodes[table].path_length;

	node = node == table ? table + 1 : tree_end(tree, node);
	while (node < end && !nodes[node].instance)
		/* Another segment may have an object in the table's place. */
		node = nodes[node].path_length == length ? node + 1 : tree_end(tree, node);
	return node;
}

int64_t tree_find_alias(struct tree *tree, const char *table, size_t table_length, const char *alias, size_t length)
{
	int64_t at = espalier_find_object(tree_reader(tree), table, table_length);
	char found[TREE_ALIAS_SIZE];
	const struct espalier_node *nodes;
	uint32_t count, end;

	nodes = tree_nodes(tree, &count);
	if (at < 0 || !table_length)
		return -ENOENT;
	end = tree_end(tree, (uint32_t)at);
	for (uint32_t node = tree_next_instance(tree, (uint32_t)at, (uint32_t)at); node < end;
	     node = tree_next_instance(tree, (uint32_t)at, node)) {
		if (tree_alias(tree, nodes[node].path, nodes[node].path_length, found) == length &&
		    !memcmp(found, alias, length))
			return node;
	}
	return -ENOENT;
}

ssize_t tree_canonical(struct tree *tree, const char *path, size_t length, char *buffer, size_t *unknown)
{
	size_t at = 0, filled = 0;

	while (at < length) {
		size_t size = tree_component(path + at, length - at), dot = at + size < length;
		const char *from = path + at;
		size_t copied = size;

		if (size && *from == '[') {
			uint32_t count;
			int64_t node = is_alias(from, size) && dot
					       ? tree_find_alias(tree, buffer, filled, from + 1, size - 2)
					       : -ENOENT;

			if (node < 0) {
				if (is_alias(from, size) && dot)
					*unknown = at;
				return -ENOENT;
			}
			from = tree_nodes(tree, &count)[node].path + filled;
			copied = strcspn(from, ".");
		}
		if (filled + copied + dot > ESPALIER_PATH_MAXIMUM)
			return -ENOENT;
		memcpy(buffer + filled, from, copied);
		filled += copied;
		if (dot)
			buffer[filled++] = '.';
		at += size + dot;
	}
	buffer[filled] = '\0';
	return (ssize_t)filled;
}

static size_t characters(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

size_t tree_write_path(struct tree *tree, uint32_t node, const struct tree_form *form, char *buffer)
{
	uint32_t count;
	const char *path = tree_nodes(tree, &count)[node].path;
	size_t length = tree_nodes(tree, &count)[node].path_length, filled = 0, used = 0, at = 0, given_at = 0;
	char alias[TREE_ALIAS_SIZE];

	while (at < length && form) {
		const char *given = form->length > given_at ? form->given + given_at : NULL;
		size_t size = tree_component(path + at, length - at), end = at + size + 1;
		size_t given_size = given ? tree_component(given, form->length - given_at) : 0, alias_length = 0;
		bool expanded = !given || (given_size == 1 && *given == '*');

		given_at += given ? given_size + 1 : 0;
		if (given && is_alias(given, given_size)) {
			alias_length = given_size - 2;
			memcpy(alias, given + 1, alias_length < sizeof(alias) ? alias_length : 0);
		} else if (expanded && form->alias && is_number(path + at, size)) {
			alias_length = tree_alias(tree, path, end, alias);
		}
		if (alias_length && alias_length < sizeof(alias) && !memchr(alias, ']', alias_length) &&
		    used + characters(alias, alias_length) + 3 + (length - end) + NAME_ROOM <= ESPALIER_PATH_MAXIMUM) {
			buffer[filled++] = '[';
			memcpy(buffer + filled, alias, alias_length);
			filled += alias_length;
			buffer[filled++] = ']';
			used += characters(alias, alias_length) + 2;
		} else {
			memcpy(buffer + filled, path + at, size);
			filled += size;
			used += size;
		}
		buffer[filled++] = '.';
		used++;
		at = end;
	}
	memcpy(buffer + filled, path + at, length - at);
	filled += length - at;
	buffer[filled] = '\0';
	return filled;
}
