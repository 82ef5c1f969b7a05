/* SPDX-License-Identifier: BSD-2-Clause */
/* One update of a row: begin, set, commit. What a source says wrongly leaves the former value as it is. */
#include "zwave/update.h"

#include "shm/log.h"
#include "zwave/schema.h"
#include "zwave/text.h"

#include <errno.h>
#include <string.h>

struct update update_begin(struct espalier_writer *writer, struct espalier_row row,
			   const struct espalier_parameter *parameters)
{
	struct update update = {.writer = writer, .row = row, .parameters = parameters};

	update.error = espalier_begin(writer, row);
	return update;
}

static void take(struct update *update, uint32_t parameter, int error)
{
	if (error == -ERANGE || error == -EINVAL)
		log_debug("a value for %s is outside its limits", update->parameters[parameter].name);
	else
		update->error = error;
}

void update_unsigned(struct update *update, uint32_t parameter, uint64_t value)
{
	if (!update->error)
		take(update, parameter, espalier_set_unsigned(update->writer, update->row, parameter, value));
}

void update_signed(struct update *update, uint32_t parameter, int64_t value)
{
	if (!update->error)
		take(update, parameter, espalier_set_signed(update->writer, update->row, parameter, value));
}

void update_boolean(struct update *update, uint32_t parameter, bool value)
{
	if (!update->error)
		take(update, parameter, espalier_set_boolean(update->writer, update->row, parameter, value));
}

void update_text(struct update *update, uint32_t parameter, const char *text, size_t length)
{
	char clean[SCHEMA_VALUE_MAXIMUM * 4 + 1];
	const struct espalier_parameter *schema = &update->parameters[parameter];

	if (update->error)
		return;
	if (schema->maximum_length && !(schema->flags & ESPALIER_LIST) && schema->type == ESPALIER_STRING) {
		length = text_clean(clean, sizeof(clean), schema->maximum_length, text, length);
		text = clean;
	}
	take(update, parameter, espalier_set_text(update->writer, update->row, parameter, text, length));
}

void update_string(struct update *update, uint32_t parameter, const char *text)
{
	update_text(update, parameter, text ? text : "", text ? strlen(text) : 0);
}

void update_time(struct update *update, uint32_t parameter, int64_t seconds)
{
	char text[TEXT_NUMBER_SIZE];

	text_time(text, seconds);
	update_string(update, parameter, text);
}

void update_decimal(struct update *update, uint32_t parameter, double number)
{
	char text[TEXT_NUMBER_SIZE];

	text_decimal(text, number);
	if (text[0])
		update_string(update, parameter, text);
}

void update_nothing(struct update *update, uint32_t parameter)
{
	switch (update->parameters[parameter].type) {
	case ESPALIER_BOOLEAN:
		update_boolean(update, parameter, false);
		break;
	case ESPALIER_INT:
	case ESPALIER_LONG:
		update_signed(update, parameter, 0);
		break;
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
		update_unsigned(update, parameter, 0);
		break;
	case ESPALIER_DATE_TIME:
		update_time(update, parameter, 0);
		break;
	case ESPALIER_HEX_BINARY:
		update_string(update, parameter, "00000000");
		break;
	case ESPALIER_DECIMAL:
		update_string(update, parameter, "0");
		break;
	case ESPALIER_STRING:
	case ESPALIER_BASE64:
		update_string(update, parameter, "");
		break;
	}
}

int update_end(struct update *update)
{
	int error = update->error;

	if (!error)
		error = espalier_commit(update->writer, update->row);
	else
		espalier_abandon(update->writer, update->row);
	if (error && error != -ESTALE)
		log_warning("a row can't be written: %s", strerror(-error));
	return error;
}
