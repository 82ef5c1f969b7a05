/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the values of port mappings: a line "NAME VALUE" sets one, an empty line begins the next mapping. What is
 * taken reads back as a value that is taken again, and all mappings together become JSON. */
#include "netlink/port-mapping.h"

#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define MAPPINGS 8

static void set(struct port_mapping *mapping, const char *line, size_t length)
{
	const char *value = memchr(line, ' ', length), *why;
	char text[PORT_MAPPING_VALUE_SIZE];
	struct espalier_value parsed;

	for (uint32_t i = 0; value && i < PORT_MAPPING_PARAMETERS; i++) {
		const struct espalier_parameter *parameter = &port_mapping_schema[i];

		if (strlen(parameter->name) != (size_t)(value - line) ||
		    memcmp(parameter->name, line, (size_t)(value - line)) ||
		    espalier_value_parse(parameter, value + 1, length - (size_t)(value - line) - 1, &parsed) ||
		    port_mapping_set(mapping, i, &parsed, 0, &why) != ESPALIER_OK)
			continue;
		port_mapping_text(text, mapping, i, 0);
		assert(!espalier_value_parse(parameter, text, strlen(text), &parsed));
		assert(port_mapping_set(mapping, i, &parsed, 0, &why) == ESPALIER_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct port_mapping mappings[MAPPINGS];
	const char *line = (const char *)data, *end = line + size;
	unsigned int count = 1, rules;
	struct json_object *json;
	char *commands;

	port_mapping_new(&mappings[0], 1);
	while (line < end && count < MAPPINGS) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((next ? next : end) - line);

		if (length == 0) {
			port_mapping_new(&mappings[count], count + 1);
			count++;
		} else {
			set(&mappings[count - 1], line, length);
		}
		line += length + 1;
	}
	/* As in a request: what does not go together is refused before there are commands. */
	for (unsigned int i = 0; i < count; i++) {
		if (port_mapping_check(&mappings[i]))
			mappings[i].enable = false;
	}
	commands = port_mapping_commands(mappings, count, &rules);
	json = commands ? json_tokener_parse(commands) : NULL;
	assert(json && rules <= 2 * count);
	json_object_put(json);
	free(commands);
	return 0;
}
