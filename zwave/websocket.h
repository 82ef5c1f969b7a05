/* SPDX-License-Identifier: BSD-2-Clause */
/* A WebSocket client (RFC 6455) on a stream: the opening handshake, then frames by wslay, handed on as they arrive. */
#pragma once

#include "zwave/http.h"

#include <wslay/wslay.h>

#define WEBSOCKET_KEY_SIZE	  25 /* base64 of 16 bytes */
#define WEBSOCKET_ACCEPT_SIZE	  29 /* base64 of a SHA-1 hash */
/** The longest message, and how often a silent server is asked whether it lives, in milliseconds */
#define WEBSOCKET_MESSAGE_MAXIMUM ((uint64_t)64 * 1024 * 1024)
#define WEBSOCKET_PING_MS	  20000

struct websocket_user {
	void (*opened)(void *context);
	/** A text message: begins, comes in pieces, ends. An answer below 0 ends the connection. */
	int (*begin)(void *context);
	int (*piece)(const char *bytes, size_t length, void *context);
	int (*end)(void *context);
	/** Comes last, once */
	void (*closed)(const char *why, void *context);
	void *context;
};

struct websocket {
	struct loop *loop;
	struct url url;
	struct websocket_user user;
	struct stream stream;
	struct http_parser parser;
	struct loop_timer timer;
	wslay_event_context_ptr frames;
	const unsigned char *in; /* what is being read */
	size_t in_length;
	char key[WEBSOCKET_KEY_SIZE], accept[WEBSOCKET_ACCEPT_SIZE + 1];
	size_t accept_length;
	uint32_t header_length;
	bool upgraded, accept_header, in_message, heard, asked, busy, broken;
	char why[96];
};

/** websocket_open() - Returns 0 or -errno; the answer is `opened` or `closed`. */
int websocket_open(struct websocket *websocket, struct loop *loop, const struct url *url,
		   const struct websocket_user *user);

/** websocket_send() - a text message. 0, -EPIPE when not open, -ENOBUFS when too much waits already, -ENOMEM. */
int websocket_send(struct websocket *websocket, const char *text, size_t length);

/** websocket_close() - without a word to the user; one of zeros is allowed */
void websocket_close(struct websocket *websocket);

/** websocket_accept() - what a server answers to a key (RFC 6455 section 4.2.2) */
void websocket_accept(const char key[WEBSOCKET_KEY_SIZE], char accept[WEBSOCKET_ACCEPT_SIZE]);
