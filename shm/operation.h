/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that a schema declares: objects with ESPALIER_OPERATION. */
#pragma once

#include "shm/message.h"
#include "shm/schema.h"

/** The object that declares a command ("Device.X_EXAMPLE_Blink()"), or NULL. */
const struct schema_object *operation_find(const struct schema *schema, const char *command);

/**
 * Checks the arguments of a declared command: path is the name and text the value of each, NUL-terminated. Returns
 * ESPALIER_OK or the fault, and one static line about it.
 */
int operation_check(const struct schema_object *operation, const struct message_part *arguments, size_t count,
		    const char **text);
