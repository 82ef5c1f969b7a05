// SPDX-License-Identifier: GPL-2.0-or-later
// http and https URLs (RFC 3986), checked and taken apart.
#include "agent/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// Control characters would end the request line; the others are what RFC 3986 leaves out and nobody sends by intent.
static bool is_target_character(unsigned char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' && c != '`';
}

static bool is_host_character(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int parse_port(struct url *url, const char *text, size_t length)
{
	unsigned port = 0;

	if (length == 0)
		return 0;
	if (length > 5)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return -EINVAL;
	url->port = (uint16_t)port;
	return 0;
}

static int parse_authority(struct url *url, const char *text, size_t length)
{
	const char *host = text, *end, *limit = text + length;
	struct in6_addr address;

	url->port = url->secure ? 443 : 80;
	url->ipv6_literal = length > 0 && text[0] == '[';
	if (url->ipv6_literal) {
		host++;
		end = memchr(host, ']', length - 1);
		if (!end || (end + 1 < limit && end[1] != ':'))
			return -EINVAL;
	} else {
		end = memchr(host, ':', length);
		if (!end)
			end = limit;
		for (const char *p = host; p < end; p++) {
			if (!is_host_character((unsigned char)*p))
				return -EINVAL;
		}
	}
	if (end == host)
		return -EINVAL;
	if (end - host > URL_HOST_MAX)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < (size_t)(end - host); i++)
		url->host[i] = lower(host[i]);
	url->host[end - host] = '\0';
	// A NUL inside would hide what follows it from inet_pton().
	if (url->ipv6_literal &&
	    (strlen(url->host) != (size_t)(end - host) || inet_pton(AF_INET6, url->host, &address) != 1))
		return -EINVAL;
	if (url->ipv6_literal)
		end++;
	if (end < limit)
		return parse_port(url, end + 1, (size_t)(limit - end - 1));
	return 0;
}

static int set_target(struct url *url, const char *path, size_t length)
{
	size_t slash = length == 0 || path[0] != '/';

	if (length + slash > URL_LENGTH_MAX)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < length; i++) {
		if (!is_target_character((unsigned char)path[i]))
			return -EINVAL;
	}
	memmove(url->target + slash, path, length);
	if (slash)
		url->target[0] = '/';
	url->target[length + slash] = '\0';
	return 0;
}

static size_t without_fragment(const char *text, size_t length)
{
	const char *fragment = memchr(text, '#', length);

	return fragment ? (size_t)(fragment - text) : length;
}

// Length of the authority at the start of `text`.
static size_t authority_length(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length && text[i] != '/' && text[i] != '?'; i++)
		;
	return i;
}

int url_parse(struct url *url, const char *text, size_t length)
{
	size_t authority;
	int result;

	if (length > URL_LENGTH_MAX)
		return -ENAMETOOLONG;
	length = without_fragment(text, length);
	if (length >= 7 && strncasecmp(text, "http://", 7) == 0) {
		url->secure = false;
		text += 7;
		length -= 7;
	} else if (length >= 8 && strncasecmp(text, "https://", 8) == 0) {
		url->secure = true;
		text += 8;
		length -= 8;
	} else {
		const char *colon = memchr(text, ':', length);

		return colon && colon + 2 < text + length && colon[1] == '/' && colon[2] == '/' ? -EPROTONOSUPPORT
												: -EINVAL;
	}
	authority = authority_length(text, length);
	result = parse_authority(url, text, authority);
	if (result != 0)
		return result;
	return set_target(url, text + authority, length - authority);
}

// Whether the reference starts with a scheme: letters, digits, + - . up to a colon.
static bool has_scheme(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == ':')
			return i > 0;
		if (!is_host_character((unsigned char)text[i]) && text[i] != '+')
			return false;
	}
	return false;
}

// Removes "." and ".." from a path in place (RFC 3986, 5.2.4); what follows '?' stays as it is. The path starts with
// '/'.
static void remove_dot_segments(char *path)
{
	size_t end = strcspn(path, "?"), written = 0, i = 0;

	while (i < end) {
		size_t next = i + 1;

		while (next < end && path[next] != '/')
			next++;
		if (next - i == 3 && path[i + 1] == '.' && path[i + 2] == '.') {
			while (written > 0 && path[--written] != '/')
				;
			if (next == end)
				path[written++] = '/';
		} else if (next - i == 2 && path[i + 1] == '.') {
			if (next == end)
				path[written++] = '/';
		} else {
			memmove(path + written, path + i, next - i);
			written += next - i;
		}
		i = next;
	}
	if (written == 0)
		path[written++] = '/';
	memmove(path + written, path + end, strlen(path + end) + 1);
}

// Merges a relative path with the base's (RFC 3986, 5.2.3) into `target`.
static int merge(struct url *url, const char *reference, size_t length)
{
	size_t kept = strcspn(url->target, "?");

	if (length > 0 && reference[0] != '?') {
		while (kept > 0 && url->target[kept - 1] != '/')
			kept--;
	} else if (length == 0) {
		kept = strlen(url->target);
	}
	if (kept + length > URL_LENGTH_MAX)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < length; i++) {
		if (!is_target_character((unsigned char)reference[i]))
			return -EINVAL;
	}
	memcpy(url->target + kept, reference, length);
	url->target[kept + length] = '\0';
	return 0;
}

int url_resolve(struct url *url, const struct url *base, const char *reference, size_t length)
{
	size_t authority;
	int result;

	if (has_scheme(reference, length))
		return url_parse(url, reference, length);
	if (length > URL_LENGTH_MAX)
		return -ENAMETOOLONG;
	length = without_fragment(reference, length);
	if (url != base)
		*url = *base;
	if (length >= 2 && reference[0] == '/' && reference[1] == '/') {
		reference += 2;
		length -= 2;
		authority = authority_length(reference, length);
		result = parse_authority(url, reference, authority);
		if (result == 0)
			result = set_target(url, reference + authority, length - authority);
	} else if (length > 0 && reference[0] == '/') {
		result = set_target(url, reference, length);
	} else {
		result = merge(url, reference, length);
	}
	if (result == 0)
		remove_dot_segments(url->target);
	return result;
}

int url_host_header(const struct url *url, char *buffer, size_t size)
{
	const char *open = url->ipv6_literal ? "[" : "", *close = url->ipv6_literal ? "]" : "";
	int length;

	if (url->port == (url->secure ? 443 : 80))
		length = snprintf(buffer, size, "%s%s%s", open, url->host, close);
	else
		length = snprintf(buffer, size, "%s%s%s:%u", open, url->host, close, (unsigned)url->port);
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : length;
}

bool url_same_server(const struct url *a, const struct url *b)
{
	return a->secure == b->secure && a->port == b->port && strcmp(a->host, b->host) == 0;
}

bool url_of_host(struct url *url, const char *host, size_t length)
{
	char text[URL_HOST_MAX + 16];
	int written;

	if (length > URL_HOST_MAX)
		return false;
	written = snprintf(text, sizeof(text), memchr(host, ':', length) ? "http://[%.*s]" : "http://%.*s", (int)length,
			   host);
	return written > 0 && !url_parse(url, text, (size_t)written) && strlen(url->host) == length &&
	       !strcmp(url->target, "/");
}
