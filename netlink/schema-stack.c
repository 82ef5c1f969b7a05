/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of Device. and Device.InterfaceStack.{i}. */
#include "netlink/schema.h"

const struct espalier_parameter schema_device[] = {
	[DEVICE_STACK_ENTRIES] = {.name = "InterfaceStackNumberOfEntries",
				  .type = ESPALIER_UNSIGNED_INT,
				  .description = "Rows of InterfaceStack."},
	{.name = NULL},
};

const struct espalier_parameter schema_stack[] = {
	[STACK_ALIAS] = {.name = "Alias",
			 .type = ESPALIER_STRING,
			 .flags = ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
			 .maximum_length = SCHEMA_ALIAS_MAXIMUM,
			 .reserve = 12,
			 .description = "A name that the manager may give to the row."},
	[STACK_HIGHER] = {.name = "HigherLayer",
			  .type = ESPALIER_STRING,
			  .flags = ESPALIER_STRONG_REFERENCE | ESPALIER_UNIQUE_KEY,
			  .maximum_length = SCHEMA_REFERENCE_MAXIMUM,
			  .reserve = 28,
			  .description = "The interface on top."},
	[STACK_LOWER] = {.name = "LowerLayer",
			 .type = ESPALIER_STRING,
			 .flags = ESPALIER_STRONG_REFERENCE | ESPALIER_UNIQUE_KEY,
			 .maximum_length = SCHEMA_REFERENCE_MAXIMUM,
			 .reserve = 32,
			 .description = "The interface below it."},
	[STACK_HIGHER_ALIAS] = {.name = "HigherAlias",
				.type = ESPALIER_STRING,
				.maximum_length = SCHEMA_ALIAS_MAXIMUM,
				.reserve = 12,
				.description = "The Alias of the interface on top."},
	[STACK_LOWER_ALIAS] = {.name = "LowerAlias",
			       .type = ESPALIER_STRING,
			       .maximum_length = SCHEMA_ALIAS_MAXIMUM,
			       .reserve = 12,
			       .description = "The Alias of the interface below."},
	{.name = NULL},
};
