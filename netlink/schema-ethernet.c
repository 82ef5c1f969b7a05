/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of Device.Ethernet., its interfaces and its links. */
#include "netlink/schema-common.h"

static const char *const duplex_modes[] = {"Half", "Full", "Auto", NULL};

const struct espalier_parameter schema_ethernet[] = {
	[ETHERNET_INTERFACE_ENTRIES] = {.name = "InterfaceNumberOfEntries",
					.type = ESPALIER_UNSIGNED_INT,
					.description = "Rows of Interface."},
	[ETHERNET_LINK_ENTRIES] = {.name = "LinkNumberOfEntries",
				   .type = ESPALIER_UNSIGNED_INT,
				   .description = "Rows of Link."},
	{.name = NULL},
};

const struct espalier_parameter schema_ethernet_interface[] = {
	SCHEMA_COMMON_PARAMETERS,
	[INTERFACE_UPSTREAM] = {.name = "Upstream",
				.type = ESPALIER_BOOLEAN,
				.description = "Whether the port leads to the Internet, as the configuration says."},
	[INTERFACE_MAC] = {.name = "MACAddress",
			   .type = ESPALIER_STRING,
			   .maximum_length = 17,
			   .reserve = 20,
			   .description = "The address that the port was made with."},
	[INTERFACE_MAX_BIT_RATE] = {.name = "MaxBitRate",
				    .type = ESPALIER_INT,
				    .flags = ESPALIER_WRITABLE,
				    .range = "-1:",
				    .description =
					    "The bit rate set for the port in Mbit/s, -1 when it is negotiated."},
	[INTERFACE_CURRENT_BIT_RATE] = {.name = "CurrentBitRate",
					.type = ESPALIER_UNSIGNED_INT,
					.flags = ESPALIER_NOTIFY_CAN_DENY,
					.description = "The bit rate of the port in Mbit/s, 0 when it is not known."},
	[INTERFACE_DUPLEX] = {.name = "DuplexMode",
			      .type = ESPALIER_STRING,
			      .flags = ESPALIER_WRITABLE,
			      .reserve = 4,
			      .enumeration = duplex_modes,
			      .description = "The duplex mode set for the port; Auto when it is negotiated."},
	{.name = NULL},
};

const struct espalier_parameter schema_ethernet_link[] = {
	SCHEMA_COMMON_PARAMETERS,
	[LINK_MAC] = {.name = "MACAddress",
		      .type = ESPALIER_STRING,
		      .flags = ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
		      .maximum_length = 17,
		      .reserve = 20,
		      .description = "The address that the link sends from."},
	{.name = NULL},
};
