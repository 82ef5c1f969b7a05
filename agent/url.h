// SPDX-License-Identifier: GPL-2.0-or-later
// http and https URLs (RFC 3986), checked and taken apart.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_LENGTH_MAX 2048 // characters: ManagementServer.URL is string(2048)
#define URL_HOST_MAX   253  // characters of a host name (RFC 1035)

struct url {
	bool secure; // https
	bool ipv6_literal;
	uint16_t port;
	char host[URL_HOST_MAX + 1];	 // lower case, an IPv6 address without brackets
	char target[URL_LENGTH_MAX + 1]; // path and query, as in a request line
};

// Takes `text` (`length` bytes, no NUL needed) apart. A fragment is dropped; user information, spaces, control
// characters and anything outside ASCII are refused, so that what comes out can be put in a request. Returns 0, -EINVAL
// for what is no URL, -EPROTONOSUPPORT for another scheme, -ENAMETOOLONG.
int url_parse(struct url *url, const char *text, size_t length);

// Makes the URL of a host alone: a name, or an address without brackets. Returns false when it is none.
bool url_of_host(struct url *url, const char *host, size_t length);

// Resolves a Location, absolute or relative, against `base` (RFC 3986, 5.2). `url` and `base` may be the same.
int url_resolve(struct url *url, const struct url *base, const char *reference, size_t length);

// Writes the value of the Host header: brackets around an IPv6 address, the port where it is not the scheme's own
// . Returns its length, or -ENAMETOOLONG when `size` is too small.
int url_host_header(const struct url *url, char *buffer, size_t size);

// Whether both are the same scheme, host and port, so that one connection serves both.
bool url_same_server(const struct url *a, const struct url *b);
