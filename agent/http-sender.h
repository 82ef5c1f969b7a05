// SPDX-License-Identifier: GPL-2.0-or-later
// Sends one HTTP request: the body is produced straight into registered buffers, and framed where it lies.
#pragma once

#include "agent/http-connection.h"

#include <sys/types.h>

#define HTTP_REQUEST_HEADER_MAX (32 * 1024) // bytes of the request line and the headers that we write

// Where the bytes of a message come from.
struct http_body {
	// Writes at most `size` bytes to `buffer` and returns how many; 0 at the end; -ENOBUFS when `size` is too small
	// for the next indivisible piece (it is then called again with more room; HTTP_BODY_ROOM_MIN is always there);
	// another -errno fails the message. It need not fill the buffer.
	ssize_t (*produce)(void *context, char *buffer, size_t size);
	// Starts again from the first byte, for a message that must be sent again. Returns 0 or -errno.
	int (*rewind)(void *context);
	void *context;
};

#define HTTP_BODY_ROOM_MIN (RING_COPIED_SIZE - HTTP_CONNECTION_HEADROOM - HTTP_REQUEST_HEADER_MAX - 128)

// All fields are private, but `done` may be read: every byte has been handed to the kernel; and `chunked`.
struct http_sender {
	struct http_connection *connection;
	const struct http_body *body;
	struct ring_buffer *buffer; // held, or NULL
	bool ended;		    // the body
	bool done;
	bool sized;   // a Content-Length says where the body ends that does not fit the first buffer
	bool chunked; // or chunks do
};

// Takes a buffer of the ring for a message. Returns where the caller writes the header, up to HTTP_REQUEST_HEADER_MAX
// bytes, or NULL when none is free.
char *http_sender_take(struct http_sender *sender, struct http_connection *connection);

// Starts to send: the header is `length` bytes of request line and headers, each with its line end, without the empty
// line; Content-Length or Transfer-Encoding is added, according to whether the body (NULL: empty) fits the first
// buffer or its length is known (-1: it is not). Returns 0 or -errno.
int http_sender_start(struct http_sender *sender, size_t length, const struct http_body *body, int64_t known);

// Goes on after connection's sent(0). Returns 1 when all is sent, 0 when more is on its way, -errno.
int http_sender_continue(struct http_sender *sender);

// Whether the last piece is on its way or sent.
bool http_sender_at_end(const struct http_sender *sender);

// Gives the buffer back; no send may be in flight.
void http_sender_release(struct http_sender *sender);
