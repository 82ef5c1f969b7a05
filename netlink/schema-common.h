/* SPDX-License-Identifier: BSD-2-Clause */
/* The parameters that Ethernet.Interface, Ethernet.Link and IP.Interface have in common, for their tables. */
#pragma once

#include "netlink/schema.h"

#define SCHEMA_COMMON_PARAMETERS                                                                                       \
	[COMMON_ENABLE] = {.name = "Enable",                                                                           \
			   .type = ESPALIER_BOOLEAN,                                                                   \
			   .flags = ESPALIER_WRITABLE,                                                                 \
			   .description = "Whether the kernel's link is administratively up; one setting for all "     \
					  "layers of a link."},                                                        \
	[COMMON_STATUS] = {.name = "Status",                                                                           \
			   .type = ESPALIER_STRING,                                                                    \
			   .reserve = 16,                                                                              \
			   .enumeration = schema_interface_status,                                                     \
			   .description = "The operational state (RFC 2863)."},                                        \
	[COMMON_ALIAS] = {.name = "Alias",                                                                             \
			  .type = ESPALIER_STRING,                                                                     \
			  .flags = ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,                                            \
			  .maximum_length = SCHEMA_ALIAS_MAXIMUM,                                                      \
			  .reserve = 12,                                                                               \
			  .description = "A name that the manager may give to the row."},                              \
	[COMMON_NAME] = {.name = "Name",                                                                               \
			 .type = ESPALIER_STRING,                                                                      \
			 .flags = ESPALIER_UNIQUE_KEY,                                                                 \
			 .maximum_length = 64,                                                                         \
			 .reserve = 16,                                                                                \
			 .description = "The name of the kernel's link."},                                             \
	[COMMON_LAST_CHANGE] = {.name = "LastChange",                                                                  \
				.type = ESPALIER_UNSIGNED_INT,                                                         \
				.flags = ESPALIER_NOTIFY_CAN_DENY,                                                     \
				.description = "Seconds since Status took its present value, or since the collector "  \
					       "saw it first."},                                                       \
	[COMMON_LOWER_LAYERS] = {.name = "LowerLayers",                                                                \
				 .type = ESPALIER_STRING,                                                              \
				 .flags = ESPALIER_WRITABLE | ESPALIER_LIST | ESPALIER_STRONG_REFERENCE,               \
				 .reserve = 32,                                                                        \
				 .description = "The interfaces right below this one."}
