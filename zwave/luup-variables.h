/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of Luup services, and what they are in the model. */
#pragma once

#include "zwave/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How a variable's text becomes a parameter's value */
enum luup_form { LUUP_NUMBER, LUUP_SIGNED, LUUP_BOOLEAN, LUUP_TEXT, LUUP_TIME, LUUP_LIST, LUUP_HEX_LIST };

/** A variable that is a parameter */
struct luup_variable {
	const char *service; /* what follows "serviceId:" */
	const char *name;
	uint32_t parameter;
	enum luup_form form;
};

/** A variable that is a row of Value.{i}. */
struct luup_value {
	const char *service, *name;
	uint16_t command_class;
	const char *unit;	       /* "T": that of temperatures */
	const char *action, *argument; /* that set it, or NULL */
	enum value_type type;
};

/** luup_service() - the part of a service id after "serviceId:", in the text itself; NULL when there is none */
const char *luup_service(const char *text, size_t length, size_t *service_length);

/** luup_node_variable(), luup_network_variable(), luup_polling_variable(), luup_value() - the entry, or NULL */
const struct luup_variable *luup_node_variable(const char *service, const char *name);
const struct luup_variable *luup_network_variable(const char *name);
const struct luup_variable *luup_polling_variable(const char *name);
const struct luup_value *luup_value(const char *service, const char *name);

/** luup_polling_name() - the variable of an enum polling_parameter */
const char *luup_polling_name(uint32_t parameter);

/** luup_take() - sets the parameter from the text; what has another form is left as it was */
void luup_take(struct update *update, const struct luup_variable *variable, const char *text, size_t length);

/** What Capabilities says: six numbers of the Serial API, letters, command classes */
struct luup_capabilities {
	uint8_t byte[6];
	bool listening; /* the letter L, or bit 7 of the first number */
	uint8_t classes[256];
	size_t class_count;
};

/** luup_capabilities() - false for a text of another form */
bool luup_capabilities(const char *text, size_t length, struct luup_capabilities *capabilities);

/** luup_home_id() - the eight hexadecimal digits in a text. False when there are none. */
bool luup_home_id(const char *text, size_t length, uint32_t *home_id);
