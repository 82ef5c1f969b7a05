// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a certificate is for a host (R-14, RFC 6125).
#include "agent/tls-name.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

void tls_host_set(struct tls_host *host, const char *name)
{
	*host = (struct tls_host){.name = name};
	if (inet_pton(AF_INET, name, host->address) == 1)
		host->address_bytes = 4;
	else if (inet_pton(AF_INET6, name, host->address) == 1)
		host->address_bytes = 16;
}

bool tls_host_is_name(const struct tls_host *host, const char *pattern, size_t length)
{
	const char *name = host->name;
	size_t name_length = strlen(name);

	if (host->address_bytes || memchr(pattern, '\0', length))
		return false;
	// A dot at the end says only that the name is complete.
	if (name_length > 1 && name[name_length - 1] == '.')
		name_length--;
	if (length > 1 && pattern[length - 1] == '.')
		length--;
	if (length > 2 && pattern[0] == '*' && pattern[1] == '.') {
		const char *rest = memchr(name, '.', name_length);

		if (!rest || rest == name || !memchr(pattern + 2, '.', length - 2))
			return false;
		name_length -= (size_t)(rest - name);
		name = rest;
		pattern++;
		length--;
	}
	return length > 0 && length == name_length && !memchr(pattern, '*', length) &&
	       strncasecmp(pattern, name, length) == 0;
}

bool tls_host_is_address(const struct tls_host *host, const void *address, size_t length)
{
	return length > 0 && length == host->address_bytes && memcmp(host->address, address, length) == 0;
}
