// SPDX-License-Identifier: GPL-2.0-or-later
// An incremental parser of HTTP/1.1 responses and requests (RFC 9112), for the client and the listener. What it reads
// is hostile: every bound is in this header.
#pragma once

#include "agent/http-failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX	     8192  // bytes of a start line, a header with its continuations, a chunk's line, a trailer
#define HTTP_HEADERS_MAX     128   // headers and trailers of one message
#define HTTP_HEADER_SIZE_MAX 32768 // bytes of all of them
#define HTTP_EMPTY_LINES_MAX 4	   // before a start line
#define HTTP_INTERIM_MAX     16	   // 1xx responses before the final one
#define HTTP_METHOD_MAX	     31	   // characters

struct http_parser;

// What the parser's user wants to know. Every function may return a negative errno, which ends the parsing and comes
// back from http_parser_feed(). Strings end in NUL and are gone after the call.
struct http_parser_events {
	// A final response's status, or a request's method and target, has been read.
	int (*started)(struct http_parser *parser, const char *method, const char *target);
	// One header: name without spaces, value without spaces at both ends. Trailers are not reported.
	int (*header)(struct http_parser *parser, const char *name, const char *value, size_t length);
	// All headers are read; the parser's public fields hold. May be NULL.
	int (*headers_ended)(struct http_parser *parser);
	// A piece of the body, with its transfer coding removed. Points into what was fed.
	int (*body)(struct http_parser *parser, const char *data, size_t length);
};

enum http_parser_state {
	HTTP_START_LINE,
	HTTP_HEADERS,
	HTTP_BODY_LENGTH,
	HTTP_BODY_UNTIL_CLOSE,
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_END,
	HTTP_TRAILERS,
	HTTP_COMPLETE,
};

struct http_parser {
	// For the user to read, from headers_ended() on (keep_alive: once complete)
	unsigned status; // of a response
	bool keep_alive; // the peer will take another message on this connection
	bool chunked;
	bool has_length;
	uint64_t length; // Content-Length
	uint64_t body_received;
	struct http_failure failure; // after an error of the parser itself

	// Set by http_parser_open()
	bool request;
	uint64_t body_max;
	char *line; // room for one line
	size_t line_size;
	const struct http_parser_events *events;

	// Private
	enum http_parser_state state;
	size_t line_used, pending, header_bytes;
	unsigned headers, empty_lines, interim;
	unsigned minor;
	uint64_t left; // of the body or the chunk
	bool interim_response, connection_close, connection_keep_alive, has_transfer_coding;
};

// Prepares for one message. `line` (at most HTTP_LINE_MAX bytes are used) bounds the length of a line and stays the
// caller's; `body_max` bounds the body. The parser does not allocate.
void http_parser_open(struct http_parser *parser, bool request, const struct http_parser_events *events, char *line,
		      size_t line_size, uint64_t body_max);

// Prepares for the next message on the same connection.
void http_parser_reset(struct http_parser *parser);

// Parses `length` bytes. Stops behind the message's last byte: *consumed tells how many were taken. Returns 1 when the
// message is complete, 0 when more is needed, -EBADMSG for what is not HTTP, -EMSGSIZE where a bound was passed,
// -EPROTONOSUPPORT for an HTTP version or a transfer coding that is not known, or what an event function returned.
// `failure` tells the former in detail.
int http_parser_feed(struct http_parser *parser, const char *data, size_t length, size_t *consumed);

// Tells that the peer has closed. Returns 1 when that completes the message (a body without a length), -ENODATA when no
// byte of the message had come, -EBADMSG when it is cut off.
int http_parser_end(struct http_parser *parser);

// Whether a byte of the message has come.
bool http_parser_begun(const struct http_parser *parser);

// Whether a comma-separated list holds this token, in any case.
bool http_has_token(const char *list, const char *token);
