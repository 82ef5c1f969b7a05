/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that a schema declares: objects with ESPALIER_OPERATION. */
#include "shm/operation.h"

#include <string.h>

const struct schema_object *operation_find(const struct schema *schema, const char *command)
{
	size_t length = strlen(command);

	if (length < 2 || strcmp(command + length - 2, "()") != 0)
		return NULL;
	length -= 2;
	for (uint32_t i = 0; i < schema->count; i++) {
		const struct espalier_object_view *view = &schema->objects[i].view;

		/* The path ends in a dot where the command has its parentheses. */
		if (view->flags & ESPALIER_OPERATION && strlen(view->path) == length + 1 &&
		    memcmp(view->path, command, length) == 0)
			return &schema->objects[i];
	}
	return NULL;
}

int operation_check(const struct schema_object *operation, const struct message_part *arguments, size_t count,
		    const char **text)
{
	bool given[ESPALIER_PARAMETERS_MAXIMUM] = {false};

	for (size_t i = 0; i < count; i++) {
		int index = schema_find_parameter(operation, arguments[i].path, arguments[i].path_length);
		struct espalier_value value;

		if (index < 0 || !(operation->parameters[index].flags & ESPALIER_WRITABLE)) {
			*text = "an argument has a name that the command does not know";
			return ESPALIER_FAULT_ARGUMENTS;
		}
		if (given[index]) {
			*text = "an argument is given twice";
			return ESPALIER_FAULT_ARGUMENTS;
		}
		given[index] = true;
		if (espalier_value_parse(&operation->parameters[index], arguments[i].text, arguments[i].text_length,
					 &value) < 0) {
			*text = "an argument has a value that its type or limits exclude";
			return ESPALIER_FAULT_VALUE;
		}
	}
	return ESPALIER_OK;
}

const char *espalier_argument(const struct espalier_value *arguments, size_t count, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < count; i++) {
		if (arguments[i].length > length && memcmp(arguments[i].text, name, length) == 0 &&
		    arguments[i].text[length] == '=')
			return arguments[i].text + length + 1;
	}
	return NULL;
}
