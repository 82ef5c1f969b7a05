/* SPDX-License-Identifier: BSD-2-Clause */
/* An address with its port, of either family. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/** Room for "[IPv6 address]:65535" and its NUL */
#define ENDPOINT_TEXT_SIZE 56

/** Family AF_UNSPEC: none */
union endpoint {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

/** endpoint_make() - from an address's bytes in network order (4, or 16 for AF_INET6) and a port of the host's order */
union endpoint endpoint_make(int family, const void *bytes, uint16_t port);

/** endpoint_length() - bytes of the socket address */
socklen_t endpoint_length(const union endpoint *endpoint);

/** endpoint_port(), endpoint_set_port() - the port, in the host's order */
uint16_t endpoint_port(const union endpoint *endpoint);
void endpoint_set_port(union endpoint *endpoint, uint16_t port);

/** endpoint_bytes() - the address's bytes, *length of them; NULL for none */
const uint8_t *endpoint_bytes(const union endpoint *endpoint, size_t *length);

/** endpoint_same() - whether address and port are the same; endpoint_same_host() - whether the address is */
bool endpoint_same(const union endpoint *a, const union endpoint *b);
bool endpoint_same_host(const union endpoint *a, const union endpoint *b);

/** endpoint_text() - "192.0.2.1:7547" or "[2001:db8::1]:7547", "" for none */
void endpoint_text(char text[ENDPOINT_TEXT_SIZE], const union endpoint *endpoint);

/** endpoint_unmap() - turns an IPv4 address in an IPv6 one (::ffff:192.0.2.1) into a plain one */
void endpoint_unmap(union endpoint *endpoint);
