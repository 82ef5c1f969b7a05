/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree as text, JSON or CSV. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shm/format.h"
#include "shm/shmdump.h"

/** A listing on its way. */
struct listing {
	struct shmdump *shmdump;
	struct selection selection;
	const struct espalier_node *nodes;
	uint32_t node_count;
	enum shmdump_form form;
	bool colour;
	bool first; /* nothing has been printed yet */
	struct espalier_value *values;
};

static void missing(const char *path)
{
	size_t length = strlen(path);

	if (length && path[length - 1] != '.')
		shmdump_complain("no such path: %s (an object's path ends with a dot)", path);
	else
		shmdump_complain("no such path: %s", path);
}

/** True when a node of the same path before this one has a parameter of this name: JSON must not say it twice. */
static bool said_before(const struct listing *listing, uint32_t index, const char *name)
{
	const struct espalier_node *node = &listing->nodes[index];

	while (index-- > 0) {
		const struct espalier_node *before = &listing->nodes[index];

		if (before->path_length != node->path_length ||
		    memcmp(before->path, node->path, node->path_length) != 0)
			break;
		for (uint32_t i = 0; before->kind == ESPALIER_NODE_ROW && i < before->object->parameter_count; i++)
			if (strcmp(before->object->parameters[i].name, name) == 0)
				return true;
	}
	return false;
}

static void put_path(const struct espalier_node *node, const char *name)
{
	fwrite_unlocked(node->path, 1, node->path_length, stdout);
	fwrite_unlocked(name, 1, strlen(name), stdout);
}

static void put_colour(const struct listing *listing, const char *sequence)
{
	if (listing->colour)
		fputs_unlocked(sequence, stdout);
}

static void put_text(const struct listing *listing, const struct espalier_node *node,
		     const struct espalier_parameter *parameter, const struct espalier_value *value)
{
	put_colour(listing, "\033[36m");
	put_path(node, parameter->name);
	put_colour(listing, "\033[m");
	fwrite_unlocked(" = ", 1, 3, stdout);
	format_value(stdout, parameter, value);
	putc_unlocked('\n', stdout);
}

static void put_long(const struct listing *listing, const struct espalier_node *node,
		     const struct espalier_parameter *parameter, const struct espalier_value *value, const char *age)
{
	char type[32];

	snprintf(type, sizeof(type), "%s%s", espalier_type_name(parameter->type),
		 parameter->flags & ESPALIER_LIST ? ",list" : "");
	printf("%-17s  %s  ", type, parameter->flags & ESPALIER_WRITABLE ? "rw" : "ro");
	format_escaped(stdout, espalier_node_program(node), strlen(espalier_node_program(node)));
	printf("  %5s  ", age);
	put_text(listing, node, parameter, value);
}

static void put_json(struct listing *listing, uint32_t index, const struct espalier_parameter *parameter,
		     const struct espalier_value *value)
{
	if (said_before(listing, index, parameter->name))
		return;
	fputs_unlocked(listing->first ? "\n  \"" : ",\n  \"", stdout);
	listing->first = false;
	/* Names of the tree are letters, digits, dots, '-' and '_': nothing in them needs an escape. */
	put_path(&listing->nodes[index], parameter->name);
	fwrite_unlocked("\": ", 1, 3, stdout);
	format_json_value(stdout, parameter, value);
}

static void put_csv(const struct espalier_node *node, const struct espalier_parameter *parameter,
		    const struct espalier_value *value)
{
	put_path(node, parameter->name);
	putc_unlocked(',', stdout);
	fputs_unlocked(espalier_type_name(parameter->type), stdout);
	putc_unlocked(',', stdout);
	format_csv_value(stdout, parameter, value);
	fwrite_unlocked("\r\n", 1, 2, stdout);
}

static int put_row(struct listing *listing, uint32_t index)
{
	const struct espalier_node *node = &listing->nodes[index];
	const struct espalier_object_view *object = node->object;
	char age_text[FORMAT_SHORT_SIZE];
	uint64_t age;
	int error = shmdump_read_row(listing->shmdump, node, listing->values, &age);

	if (error == -ENOMEM)
		return error;
	if (error < 0) {
		/* A row that went while we were on our way to it is no error. */
		if (error != -ESTALE)
			shmdump_complain("%s of segment %s cannot be read: %s", node->path, espalier_node_segment(node),
					 strerror(-error));
		return 0;
	}
	format_age(age_text, age);
	for (uint32_t i = 0; i < object->parameter_count; i++) {
		const struct espalier_parameter *parameter = &object->parameters[i];

		if (!selection_has(&listing->selection, index, i))
			continue;
		switch (listing->form) {
		case SHMDUMP_TEXT:
			put_text(listing, node, parameter, &listing->values[i]);
			break;
		case SHMDUMP_LONG:
			put_long(listing, node, parameter, &listing->values[i], age_text);
			break;
		case SHMDUMP_JSON:
			put_json(listing, index, parameter, &listing->values[i]);
			break;
		case SHMDUMP_CSV:
			put_csv(node, parameter, &listing->values[i]);
			break;
		}
	}
	return 0;
}

static int put_rows(struct listing *listing)
{
	for (uint32_t i = 0; i < listing->node_count; i++) {
		int error;

		if (listing->nodes[i].kind != ESPALIER_NODE_ROW || !selection_has_node(&listing->selection, i))
			continue;
		error = put_row(listing, i);
		if (error < 0)
			return error;
		if (ferror_unlocked(stdout))
			break;
	}
	return 0;
}

int shmdump_list(struct shmdump *shmdump, enum shmdump_form form)
{
	struct listing listing = {.shmdump = shmdump, .form = form, .first = true};
	int count = selection_make(&listing.selection, shmdump, missing), error = -ENOMEM, status;

	listing.values = malloc(ESPALIER_PARAMETERS_MAXIMUM * sizeof(*listing.values));
	listing.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	listing.nodes = espalier_reader_nodes(shmdump->reader, &listing.node_count);
	if (count < 0 || !listing.values)
		goto end;
	if (form == SHMDUMP_JSON)
		fputs_unlocked("{", stdout);
	else if (form == SHMDUMP_CSV)
		fputs_unlocked("path,type,value\r\n", stdout);
	error = put_rows(&listing);
	if (form == SHMDUMP_JSON)
		fputs_unlocked(listing.first ? "}\n" : "\n}\n", stdout);
end:
	free(listing.values);
	selection_clear(&listing.selection);
	status = shmdump_flush();
	if (error < 0) {
		shmdump_complain("%s", strerror(-error));
		return SHMDUMP_OUTPUT;
	}
	if (status != SHMDUMP_OK)
		return status;
	return count < shmdump->path_count ? SHMDUMP_NO_PATH : SHMDUMP_OK;
}
