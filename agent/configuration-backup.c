// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the tree's configuration as a vendor configuration file: what can be set, rows that can be added, devices.
#include "agent/configuration-backup.h"

#include "agent/agent.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct backup {
	FILE *out;
	char path[ESPALIER_PATH_MAXIMUM + 1];
	size_t values, tables, rows;
};

static bool is_full(const struct backup *backup)
{
	return ftell(backup->out) > (long)CONFIGURATION_FILE_SIZE_MAXIMUM ||
	       backup->values > CONFIGURATION_FILE_VALUES_MAXIMUM ||
	       backup->tables > CONFIGURATION_FILE_TABLES_MAXIMUM || backup->rows > CONFIGURATION_FILE_ROWS_MAXIMUM;
}

static void put_string(FILE *out, const char *text, size_t length)
{
	json_object *string = json_object_new_string_len(text, (int)length);

	fputs(json_object_to_json_string_ext(string, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE), out);
	json_object_put(string);
}

static int put_parameter(struct tree *tree, struct tree_reference reference, void *context)
{
	const struct espalier_parameter *parameter = tree_parameter_of(tree, reference);
	struct backup *backup = context;
	const struct espalier_value *values, *value;
	uint32_t count;

	// Secrets can't be read, and commands have no value.
	if (!(parameter->flags & ESPALIER_WRITABLE) || parameter->flags & (ESPALIER_HIDDEN | ESPALIER_COMMAND))
		return 0;
	values = tree_read_row(tree, &tree_nodes(tree, &count)[reference.node]);
	if (!values)
		return 0;
	value = &values[reference.parameter];
	tree_path(tree, reference, backup->path, sizeof(backup->path));
	fputs(backup->values++ ? ",\n\t\t" : "\n\t\t", backup->out);
	put_string(backup->out, backup->path, strlen(backup->path));
	fputs(": ", backup->out);
	switch (parameter->flags & ESPALIER_LIST ? ESPALIER_STRING : parameter->type) {
	case ESPALIER_INT:
	case ESPALIER_LONG:
		fprintf(backup->out, "%lld", (long long)value->integer);
		break;
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
		fprintf(backup->out, "%llu", (unsigned long long)value->number);
		break;
	case ESPALIER_BOOLEAN:
		fputs(value->number ? "true" : "false", backup->out);
		break;
	default:
		put_string(backup->out, value->text, value->length);
	}
	return is_full(backup);
}

// Whether the ACS can both add and delete rows of a table: only then which there are is configuration.
static bool is_configured(const struct espalier_node *node)
{
	uint32_t both = ESPALIER_CREATABLE | ESPALIER_DELETABLE;

	return node->kind == ESPALIER_NODE_TABLE &&
	       (node->object->flags & ESPALIER_WRITABLE || (node->object->flags & both) == both);
}

static void put_table(struct tree *tree, uint32_t table, struct backup *backup)
{
	uint32_t count, end = tree_end(tree, table);
	const struct espalier_node *nodes = tree_nodes(tree, &count);
	size_t rows = 0;

	fputs(backup->tables++ ? ",\n\t\t" : "\n\t\t", backup->out);
	put_string(backup->out, nodes[table].path, nodes[table].path_length);
	fputs(": [", backup->out);
	for (uint32_t node = tree_next_instance(tree, table, table); node < end;
	     node = tree_next_instance(tree, table, node))
		fprintf(backup->out, rows++ ? ", %lu" : "%lu",
			strtoul(nodes[node].path + nodes[table].path_length, NULL, 10));
	putc(']', backup->out);
	backup->rows += rows;
}

static int put_tables(struct tree *tree, struct backup *backup)
{
	uint32_t count;
	const struct espalier_node *nodes = tree_nodes(tree, &count);
	const char *last = "";

	for (uint32_t i = 0; i < count; i++) {
		// Several segments may have a part of one table.
		if (!is_configured(&nodes[i]) || !strcmp(nodes[i].path, last))
			continue;
		last = nodes[i].path;
		put_table(tree, (uint32_t)espalier_find_object(tree_reader(tree), last, nodes[i].path_length), backup);
		if (is_full(backup))
			return 1;
	}
	return 0;
}

static void put_member(FILE *out, const char *name, const char *text, const char *end)
{
	fprintf(out, "\"%s\": ", name);
	put_string(out, text, strlen(text));
	fputs(end, out);
}

static void put_devices(FILE *out, const struct declared_device_list *list)
{
	fputs("\t\"devices\": [", out);
	for (size_t i = 0; i < list->count; i++) {
		const struct configuration_file_device *device = &list->devices[i].what;

		fputs(i ? ",\n\t\t{ " : "\n\t\t{ ", out);
		put_member(out, "serial", device->serial, ", ");
		put_member(out, "vendor", device->vendor, ", ");
		put_member(out, "type", device->type, ", \"readings\": [");
		for (size_t j = 0; j < device->reading_count; j++) {
			fputs(j ? ",\n\t\t\t{ " : "\n\t\t\t{ ", out);
			put_member(out, "name", device->readings[j].name, ", ");
			put_member(out, "value", device->readings[j].value, ", ");
			put_member(out, "unit", device->readings[j].unit, " }");
		}
		fputs("] }", out);
	}
	fputs("\n\t]\n", out);
}

int configuration_backup(struct agent *agent, char **text, size_t *length)
{
	struct backup backup = {.out = open_memstream(text, length)};
	struct tree_reference all;
	int error = backup.out ? 0 : -ENOMEM, full = 0;

	if (error)
		return error;
	agent_look(agent);
	fputs("{\n\t\"parameters\": {", backup.out);
	if (!tree_resolve(agent->tree, "", 0, &all))
		full = tree_each_parameter(agent->tree, all, put_parameter, &backup);
	fputs("\n\t},\n\t\"tables\": {", backup.out);
	if (!full)
		full = put_tables(agent->tree, &backup);
	fputs("\n\t},\n", backup.out);
	put_devices(backup.out, declared_devices_list(&agent->declared_devices));
	fputs("}\n", backup.out);
	if (ferror(backup.out))
		error = -ENOMEM;
	if (fclose(backup.out))
		error = -ENOMEM;
	return full || *length > CONFIGURATION_FILE_SIZE_MAXIMUM ? -EFBIG : error;
}
