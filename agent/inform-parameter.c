// SPDX-License-Identifier: GPL-2.0-or-later
// Device.ManagementServer.InformParameter.{i}.: what the ACS wants in Informs beside the standard's parameters.
#include "agent/inform-parameter.h"

#include "agent/list-item.h"
#include "agent/session-inform.h"

#include <string.h>

#define EVENT_LIST_CHARACTERS 1024
#define TEXT_SIZE	      (EVENT_LIST_CHARACTERS * 4 + 1)

enum { ENABLE, ALIAS, PARAMETER_NAME, EVENT_LIST };

const struct espalier_parameter inform_parameter_parameters[] = {
	[ENABLE] = {"Enable", ESPALIER_BOOLEAN, ESPALIER_WRITABLE, .description = "Whether the row counts"},
	[ALIAS] = {ALIAS_NAME, ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
		   .maximum_length = ALIAS_CHARACTERS, .description = "A name that the ACS may give to the row"},
	[PARAMETER_NAME] = {"ParameterName", ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
			    .maximum_length = ESPALIER_PATH_MAXIMUM,
			    .description = "Full name of the parameter, where * stands for any instance"},
	[EVENT_LIST] = {"EventList", ESPALIER_STRING, ESPALIER_WRITABLE, .maximum_length = EVENT_LIST_CHARACTERS,
			.description = "Event codes by commas; empty: all but 4 VALUE CHANGE"},
	{0},
};

static bool is(const char *item, size_t length, const char *code)
{
	return length == strlen(code) && !memcmp(item, code, length);
}

static bool lists(const struct espalier_value *list, const char *code)
{
	const char *at = list->text, *end = list->text + list->length, *item;
	size_t length;

	while (list_item(&at, end, &item, &length)) {
		if (is(item, length, code))
			return true;
	}
	return false;
}

void inform_parameter_fill(struct espalier_writer *writer, struct espalier_row row, uint32_t number)
{
	char alias[TREE_ALIAS_SIZE];

	alias_default(number, alias);
	espalier_set_string(writer, row, ALIAS, alias);
}

int inform_parameter_check(uint32_t parameter, const struct espalier_value *value, const char **text)
{
	if (parameter == ALIAS)
		return alias_check(value, text);
	if (parameter == PARAMETER_NAME && value->length) {
		if (value->text[value->length - 1] == '.')
			*text = "a partial path is no parameter";
		else if (session_inform_forces(value->text, value->length))
			*text = "the parameter is in every Inform";
		else
			return ESPALIER_OK;
		return ESPALIER_FAULT_VALUE;
	}
	if (parameter == EVENT_LIST && value->length && lists(value, event_rules[EVENT_VALUE_CHANGE].code)) {
		*text = "4 VALUE CHANGE is not allowed here";
		return ESPALIER_FAULT_VALUE;
	}
	return ESPALIER_OK;
}

static bool wanted(const struct espalier_value *list, const struct events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct event *event = &events->entries[i];

		if (!event->informed)
			continue;
		if (list->length ? lists(list, event_code(event)) : event->kind != EVENT_VALUE_CHANGE)
			return true;
	}
	return false;
}

void inform_parameter_each(const struct own_tables *tables, const struct events *events,
			   void (*found)(const char *name, size_t length, void *context), void *context)
{
	const struct own_table_rows *rows = own_table_rows(tables, OWN_TABLE_INFORM_PARAMETER);
	struct espalier_writer *writer = tables->own->writer;
	char text[TEXT_SIZE];

	for (uint32_t i = 0; i < rows->count; i++) {
		struct espalier_row row = own_table_row(tables, OWN_TABLE_INFORM_PARAMETER, rows->keys[i]);
		struct espalier_value value;

		if (espalier_get(writer, row, ENABLE, &value, text, sizeof(text)) || !value.number)
			continue;
		if (espalier_get(writer, row, EVENT_LIST, &value, text, sizeof(text)) || !wanted(&value, events))
			continue;
		if (!espalier_get(writer, row, PARAMETER_NAME, &value, text, sizeof(text)) && value.length)
			found(value.text, value.length, context);
	}
}
