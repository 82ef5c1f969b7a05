// SPDX-License-Identifier: GPL-2.0-or-later
// Reads HTTP/1.1 messages (RFC 9112) from pieces of a byte stream: head, Content-Length and chunked bodies.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/acs/buffer.h"

enum {
	HTTP_HEAD_MAX = 262144,
	HTTP_HEADERS_MAX = 200,
};

struct http_header {
	const char *name;
	const char *value;
};

enum http_state {
	HTTP_HEAD,
	HTTP_BODY,
	HTTP_BODY_TO_CLOSE,
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_DONE,
};

/*
 * One message at a time. `head` is called when the head is complete, `body` for each piece of the body with chunked
 * coding removed; a negative return of either ends the reading with that error.
 */
struct http_reader {
	int (*head)(struct http_reader *reader);
	int (*body)(struct http_reader *reader, const char *data, size_t length);
	bool response;
	enum http_state state;
	struct buffer raw_head;
	char *text;	// raw_head, cut into strings
	char *first[3]; // method, target, version; or version, status, reason
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t header_count;
	bool chunked;
	uint64_t remaining; // of the body, or of the present chunk
	uint64_t body_length;
	struct buffer line;
};

/* Makes the reader ready for the next message. */
void http_reset(struct http_reader *reader);

/* Frees what the reader holds. */
void http_free(struct http_reader *reader);

/*
 * Takes bytes up to the end of the present message (state HTTP_DONE). Returns how many were taken, -EBADMSG for what
 * is not HTTP, -E2BIG for a head beyond the limits, or what a callback returned.
 */
ssize_t http_feed(struct http_reader *reader, const char *data, size_t length);

/* Notes that `length` bytes of the body (of the present chunk) were taken elsewhere: at most reader->remaining. */
void http_skip(struct http_reader *reader, uint64_t length);

/* The value of the header field, compared without regard to case, or NULL. `index` counts fields of the same name. */
const char *http_header(const struct http_reader *reader, const char *name, size_t index);

/* True when a comma-separated header field holds the token. */
bool http_header_has(const struct http_reader *reader, const char *name, const char *token);

/* The standard reason phrase of a status. */
const char *http_reason(int status);
