// SPDX-License-Identifier: GPL-2.0-or-later
// The other end of a connection in unit tests: a thread with ordinary blocking sockets.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer {
	int listener;
	uint16_t port;
	pthread_t thread;
	void (*script)(struct peer *peer);
	void *context;
	unsigned connections;
};

// One request as the peer read it; the body with its chunks put together.
struct peer_request {
	char head[65536];
	char *body;
	size_t body_length;
	bool chunked;
};

// Listens on a free port of 127.0.0.1 and runs the script on a thread of its own.
void peer_start(struct peer *peer, void (*script)(struct peer *peer), void *context);

// Waits for the script to end.
void peer_stop(struct peer *peer);

int peer_accept(struct peer *peer);

// Reads one request. Returns false at the end of the stream. The body must be freed by peer_request_free().
bool peer_read(int descriptor, struct peer_request *request);
void peer_request_free(struct peer_request *request);

// Copies the value of a header, or "" where there is none.
void peer_header(const struct peer_request *request, const char *name, char *value, size_t size);

void peer_write(int descriptor, const char *text);

// Connects to 127.0.0.1, writes the text, and reads until the peer closes or `size` is used up. Returns the bytes read.
size_t peer_ask(uint16_t port, const char *text, char *answer, size_t size);

// Connects to 127.0.0.1.
int peer_connect(uint16_t port);
