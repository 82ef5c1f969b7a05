/* SPDX-License-Identifier: BSD-2-Clause */
/* An address with its port, of either family. */
#include "netlink/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

union endpoint endpoint_make(int family, const void *bytes, uint16_t port)
{
	union endpoint endpoint;

	memset(&endpoint, 0, sizeof(endpoint));
	if (family == AF_INET) {
		endpoint.ipv4.sin_family = AF_INET;
		endpoint.ipv4.sin_port = htons(port);
		memcpy(&endpoint.ipv4.sin_addr, bytes, sizeof(endpoint.ipv4.sin_addr));
	} else if (family == AF_INET6) {
		endpoint.ipv6.sin6_family = AF_INET6;
		endpoint.ipv6.sin6_port = htons(port);
		memcpy(&endpoint.ipv6.sin6_addr, bytes, sizeof(endpoint.ipv6.sin6_addr));
	}
	return endpoint;
}

socklen_t endpoint_length(const union endpoint *endpoint)
{
	return endpoint->any.sa_family == AF_INET6 ? sizeof(endpoint->ipv6) : sizeof(endpoint->ipv4);
}

uint16_t endpoint_port(const union endpoint *endpoint)
{
	return ntohs(endpoint->any.sa_family == AF_INET6 ? endpoint->ipv6.sin6_port : endpoint->ipv4.sin_port);
}

void endpoint_set_port(union endpoint *endpoint, uint16_t port)
{
	if (endpoint->any.sa_family == AF_INET6)
		endpoint->ipv6.sin6_port = htons(port);
	else
		endpoint->ipv4.sin_port = htons(port);
}

const uint8_t *endpoint_bytes(const union endpoint *endpoint, size_t *length)
{
	*length = 0;
	if (endpoint->any.sa_family == AF_INET) {
		*length = sizeof(endpoint->ipv4.sin_addr);
		return (const uint8_t *)&endpoint->ipv4.sin_addr;
	}
	if (endpoint->any.sa_family == AF_INET6) {
		*length = sizeof(endpoint->ipv6.sin6_addr);
		return endpoint->ipv6.sin6_addr.s6_addr;
	}
	return NULL;
}

bool endpoint_same_host(const union endpoint *a, const union endpoint *b)
{
	size_t length, other;
	const uint8_t *mine = endpoint_bytes(a, &length), *theirs = endpoint_bytes(b, &other);

	return length == other && (!length || !memcmp(mine, theirs, length));
}

bool endpoint_same(const union endpoint *a, const union endpoint *b)
{
	return endpoint_same_host(a, b) && endpoint_port(a) == endpoint_port(b);
}

void endpoint_text(char text[ENDPOINT_TEXT_SIZE], const union endpoint *endpoint)
{
	char host[INET6_ADDRSTRLEN];
	size_t length;
	const uint8_t *bytes = endpoint_bytes(endpoint, &length);

	*text = '\0';
	if (!bytes || !inet_ntop(endpoint->any.sa_family, bytes, host, sizeof(host)))
		return;
	snprintf(text, ENDPOINT_TEXT_SIZE, endpoint->any.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
		 endpoint_port(endpoint));
}

void endpoint_unmap(union endpoint *endpoint)
{
	if (endpoint->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&endpoint->ipv6.sin6_addr))
		*endpoint =
			endpoint_make(AF_INET, endpoint->ipv6.sin6_addr.s6_addr + 12, ntohs(endpoint->ipv6.sin6_port));
}
