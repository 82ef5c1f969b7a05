/* SPDX-License-Identifier: BSD-2-Clause */
/* URLs, and HTTP/1.1 GET requests on the event loop: one at a time, on a connection that is kept. */
#pragma once

#include "zwave/stream.h"

#include <http_parser.h>

/** Bounds: a URL's parts, a request's target, a response's header, its body, and the time that it may be silent */
#define URL_HOST_SIZE	    256
#define URL_PATH_SIZE	    256
#define HTTP_TARGET_MAXIMUM ((size_t)8192)
#define HTTP_HEADER_MAXIMUM 16384u
#define HTTP_BODY_MAXIMUM   ((uint64_t)64 * 1024 * 1024)

/** Where a source is */
struct url {
	char scheme[8], host[URL_HOST_SIZE], port[8], path[URL_PATH_SIZE];
};

/**
 * url_parse() - splits "scheme://host[:port][/path]"
 * @port: for a URL without one
 *
 * Returns 0, or -EINVAL: user names, queries and control characters are not taken.
 */
int url_parse(const char *text, const char *port, struct url *url);

/** What came of a request. `body` is called for each piece; `done` once, with `why` NULL for a complete answer 200. */
struct http_user {
	/** An answer below 0 ends the exchange. */
	int (*body)(const char *bytes, size_t length, void *context);
	void (*done)(const char *why, void *context);
	void *context;
};

struct http_client {
	struct loop *loop;
	struct url url;
	struct stream stream;
	struct http_parser parser;
	struct http_user user;
	struct loop_timer timer;
	char *request; /* of the exchange under way */
	size_t request_length;
	int silence_ms;
	uint64_t received;
	uint32_t header_length;
	bool busy, reused, complete;
	char why[96];
};

void http_open(struct http_client *client, struct loop *loop, const struct url *url);
void http_close(struct http_client *client);

/**
 * http_get() - asks for a target, an origin-form with its query
 * @silence_ms: how long the server may say nothing
 *
 * Returns 0, -EBUSY while another is under way, -E2BIG, -EINVAL for bytes that a target can't have, -ENOMEM.
 */
int http_get(struct http_client *client, const char *target, int silence_ms, const struct http_user *user);

/** http_escape() - appends a text to a target, percent-encoded (RFC 3986); false when there is no room */
bool http_escape(char *target, size_t size, const char *text, size_t length);
