// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a certificate is for a host (R-14, RFC 6125).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_host {
	const char *name;     // as in the URL, without brackets; lower or upper case
	uint8_t address[16];  // in network order, when it is a literal
	size_t address_bytes; // 4, 16, or 0: a DNS name
};

// Fills in what a URL's host is. `name` stays the caller's.
void tls_host_set(struct tls_host *host, const char *name);

// Whether a dNSName or common name (`length` bytes, any content) is for the host. A wildcard is the whole left label
// and stands for one label; at least two labels follow it. Never for an address.
bool tls_host_is_name(const struct tls_host *host, const char *pattern, size_t length);

// Whether an iPAddress (`length` bytes) is the host's.
bool tls_host_is_address(const struct tls_host *host, const void *address, size_t length);
