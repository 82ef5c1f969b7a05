// SPDX-License-Identifier: GPL-2.0-or-later
// What a DHCP server says about the ACS: options 43 and 125 of DHCPv4, option 17 of DHCPv6.
#pragma once

#include "agent/url.h"

#include <stddef.h>

#define DHCP_LEASE_SIZE_MAX	   (16 * 1024) // bytes of the text that a DHCP client's script writes
#define DHCP_OPTION_SIZE_MAX	   4096	       // bytes of an option; DHCPv4 joins parts of 255 bytes (RFC 3396)
#define DHCP_PROVISIONING_CODE_MAX 64	       // characters: DeviceInfo.ProvisioningCode is string(64)

// Texts that the settings of these names can have; "" where the server said nothing.
struct dhcp_values {
	char url[URL_LENGTH_MAX + 1];
	char provisioning_code[DHCP_PROVISIONING_CODE_MAX + 1];
	char retry_minimum_wait[8], retry_multiplier[8];
};

// Reads what a DHCP client's script has written of a lease: lines "option43=HEX", "option125=HEX" (DHCPv4) and
// "option17=HEX" (DHCPv6), each at most once but the last, with the option's bytes as they came. `text` needs no NUL.
// An empty text is a lease without these options. Option 125 names the enterprise and is preferred to option 43.
//
// Returns 0, or -EBADMSG when an option is malformed or its URL none: then `values` has nothing. *remark becomes NULL,
// or a static text for the log: why, or what was left out.
int dhcp_lease_parse(struct dhcp_values *values, const char *text, size_t length, const char **remark);
