// SPDX-License-Identifier: GPL-2.0-or-later
// A body that is in memory as a whole, for a server that wants to know its length before it comes.
#pragma once

#include "agent/http-sender.h"

#define HTTP_WHOLE_MAX ((size_t)256 * 1024 * 1024) // bytes of such a body: a larger one fails the message

// Zeroed memory holds none. All fields but `body` and `length` are private.
struct http_whole {
	struct http_body body;
	char *data;
	size_t size, length, at;
};

// Produces all of another body into memory, in place of what was there before. Returns 0, -EMSGSIZE for more than
// HTTP_WHOLE_MAX, -ENOMEM, or what the other's produce() returns.
int http_whole_begin(struct http_whole *whole, const struct http_body *body);

// Frees the memory.
void http_whole_end(struct http_whole *whole);
