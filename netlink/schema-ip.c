/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of Device.IP., its interfaces and their addresses. */
#include "netlink/schema-common.h"

static const char *const stack_status[] = {"Disabled", "Enabled", "Error", NULL};
static const char *const interface_types[] = {"Normal", "Loopback", "Tunnel", "Tunneled", NULL};
static const char *const address_status[] = {"Disabled", "Enabled", "Error_Misconfigured", "Error", NULL};
static const char *const addressing_types[] = {"DHCP", "IKEv2", "AutoIP", "IPCP", "Static", NULL};
static const char *const ipv6_address_status[] = {
	"Preferred", "Deprecated", "Invalid", "Inaccessible", "Unknown", "Tentative", "Duplicate", "Optimistic", NULL};
static const char *const ipv6_origins[] = {"AutoConfigured", "DHCPv6", "IKEv2", "MAP", "WellKnown", "Static", NULL};

const struct espalier_parameter schema_ip[] = {
	[IP_IPV4_CAPABLE] = {.name = "IPv4Capable",
			     .type = ESPALIER_BOOLEAN,
			     .description = "Whether the kernel has IPv4."},
	[IP_IPV4_ENABLE] = {.name = "IPv4Enable",
			    .type = ESPALIER_BOOLEAN,
			    .flags = ESPALIER_WRITABLE,
			    .description = "Whether IPv4 is in use; Linux can't turn it off."},
	[IP_IPV4_STATUS] = {.name = "IPv4Status",
			    .type = ESPALIER_STRING,
			    .reserve = 8,
			    .enumeration = stack_status,
			    .description = "The state of IPv4."},
	[IP_IPV6_CAPABLE] = {.name = "IPv6Capable",
			     .type = ESPALIER_BOOLEAN,
			     .description = "Whether the kernel has IPv6."},
	[IP_IPV6_ENABLE] = {.name = "IPv6Enable",
			    .type = ESPALIER_BOOLEAN,
			    .flags = ESPALIER_WRITABLE,
			    .description = "Whether IPv6 is in use: the opposite of net.ipv6.conf.all.disable_ipv6."},
	[IP_IPV6_STATUS] = {.name = "IPv6Status",
			    .type = ESPALIER_STRING,
			    .reserve = 8,
			    .enumeration = stack_status,
			    .description = "The state of IPv6."},
	[IP_INTERFACE_ENTRIES] = {.name = "InterfaceNumberOfEntries",
				  .type = ESPALIER_UNSIGNED_INT,
				  .description = "Rows of Interface."},
	{.name = NULL},
};

const struct espalier_parameter schema_ip_interface[] = {
	SCHEMA_COMMON_PARAMETERS,
	[IP_INTERFACE_IPV4_ENABLE] = {.name = "IPv4Enable",
				      .type = ESPALIER_BOOLEAN,
				      .flags = ESPALIER_WRITABLE,
				      .description = "Whether the interface uses IPv4; Linux can't turn it off."},
	[IP_INTERFACE_IPV6_ENABLE] = {.name = "IPv6Enable",
				      .type = ESPALIER_BOOLEAN,
				      .flags = ESPALIER_WRITABLE,
				      .description =
					      "Whether the interface uses IPv6: the opposite of its disable_ipv6."},
	[IP_INTERFACE_MTU] = {.name = "MaxMTUSize",
			      .type = ESPALIER_UNSIGNED_INT,
			      .flags = ESPALIER_WRITABLE,
			      .range = "64:65535",
			      .description = "Bytes of the largest packet."},
	[IP_INTERFACE_TYPE] = {.name = "Type",
			       .type = ESPALIER_STRING,
			       .reserve = 8,
			       .enumeration = interface_types,
			       .description = "Loopback or Normal."},
	[IP_INTERFACE_LOOPBACK] = {.name = "Loopback",
				   .type = ESPALIER_BOOLEAN,
				   .flags = ESPALIER_WRITABLE,
				   .description = "Whether it is a loopback; that can't be changed."},
	[IP_INTERFACE_IPV4_ENTRIES] = {.name = "IPv4AddressNumberOfEntries",
				       .type = ESPALIER_UNSIGNED_INT,
				       .description = "Rows of IPv4Address."},
	[IP_INTERFACE_IPV6_ENTRIES] = {.name = "IPv6AddressNumberOfEntries",
				       .type = ESPALIER_UNSIGNED_INT,
				       .description = "Rows of IPv6Address."},
	{.name = NULL},
};

#define ADDRESS_COMMON_PARAMETERS(length)                                                                              \
	[ADDRESS_ENABLE] = {.name = "Enable",                                                                          \
			    .type = ESPALIER_BOOLEAN,                                                                  \
			    .flags = ESPALIER_WRITABLE,                                                                \
			    .description = "Whether the kernel has the address."},                                     \
	[ADDRESS_STATUS] = {.name = "Status",                                                                          \
			    .type = ESPALIER_STRING,                                                                   \
			    .reserve = 20,                                                                             \
			    .enumeration = address_status,                                                             \
			    .description = "Error_Misconfigured while address or mask are missing."},                  \
	[ADDRESS_ALIAS] = {.name = "Alias",                                                                            \
			   .type = ESPALIER_STRING,                                                                    \
			   .flags = ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,                                           \
			   .maximum_length = SCHEMA_ALIAS_MAXIMUM,                                                     \
			   .reserve = 12,                                                                              \
			   .description = "A name that the manager may give to the row."},                             \
	[ADDRESS_IP] = {.name = "IPAddress",                                                                           \
			.type = ESPALIER_STRING,                                                                       \
			.flags = ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,                                              \
			.maximum_length = (length),                                                                    \
			.reserve = (length) < 40 ? 16 : 40,                                                            \
			.description = "The address."}

const struct espalier_parameter schema_ipv4_address[] = {
	ADDRESS_COMMON_PARAMETERS(15),
	[IPV4_MASK] = {.name = "SubnetMask",
		       .type = ESPALIER_STRING,
		       .flags = ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
		       .maximum_length = 15,
		       .reserve = 16,
		       .description = "The mask of its network."},
	[IPV4_TYPE] = {.name = "AddressingType",
		       .type = ESPALIER_STRING,
		       .reserve = 8,
		       .enumeration = addressing_types,
		       .description =
			       "Where it comes from, as far as the kernel can tell: DHCP when its lifetime ends."},
	{.name = NULL},
};

const struct espalier_parameter schema_ipv6_address[] = {
	ADDRESS_COMMON_PARAMETERS(45),
	[IPV6_IP_STATUS] = {.name = "IPAddressStatus",
			    .type = ESPALIER_STRING,
			    .reserve = 12,
			    .enumeration = ipv6_address_status,
			    .description = "Whether the address can be used (RFC 4293)."},
	[IPV6_ORIGIN] = {.name = "Origin",
			 .type = ESPALIER_STRING,
			 .reserve = 16,
			 .enumeration = ipv6_origins,
			 .description = "Where the address comes from, as far as the kernel can tell."},
	[IPV6_PREFERRED] = {.name = "PreferredLifetime",
			    .type = ESPALIER_DATE_TIME,
			    .flags = ESPALIER_WRITABLE,
			    .reserve = 20,
			    .description = "When it stops being preferred, UTC."},
	[IPV6_VALID] = {.name = "ValidLifetime",
			.type = ESPALIER_DATE_TIME,
			.flags = ESPALIER_WRITABLE,
			.reserve = 20,
			.description = "When it stops being valid, UTC."},
	[IPV6_ANYCAST] = {.name = "Anycast",
			  .type = ESPALIER_BOOLEAN,
			  .flags = ESPALIER_WRITABLE,
			  .description = "Whether it is an anycast address; those of the kernel are not listed here."},
	{.name = NULL},
};
