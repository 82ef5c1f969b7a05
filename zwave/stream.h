/* SPDX-License-Identifier: BSD-2-Clause */
/* A byte stream on the event loop: a TCP connection or a serial line. Nothing here waits, and nothing grows. */
#pragma once

#include "zwave/loop.h"
#include "zwave/resolve.h"

#include <stddef.h>

/** The most that waits to be sent, and what one read takes, in bytes */
#define STREAM_OUT_MAXIMUM ((size_t)256 * 1024)
#define STREAM_IN_SIZE	   ((size_t)32 * 1024)
/** How long a connection may take to come about, in milliseconds */
#define STREAM_CONNECT_MS  10000

struct stream;

/** What a stream tells its user. `closed` comes last, once; the user may call stream_close() in any of them. */
struct stream_user {
	void (*opened)(void *context);
	void (*received)(const unsigned char *bytes, size_t length, void *context);
	void (*closed)(const char *why, void *context);
	void *context;
};

struct stream {
	struct loop *loop;
	struct stream_user user;
	struct loop_watch watch;
	struct loop_timer timer;
	struct resolve *resolve;
	struct addrinfo *addresses, *next_address;
	unsigned char *out;
	size_t out_length, out_size;
	bool connecting, open;
	uint32_t life; /* changes with each opening and closing */
};

/** stream_connect() - to a host by TCP; the answer is `opened` or `closed`. Returns 0, or -errno and nothing comes. */
int stream_connect(struct stream *stream, struct loop *loop, const char *host, const char *port,
		   const struct stream_user *user);

/** stream_take() - an open non-blocking descriptor, which the stream closes. Returns 0 or -errno. */
int stream_take(struct stream *stream, struct loop *loop, int fd, const struct stream_user *user);

/** stream_send() - all of it, now or when there is room. -ENOBUFS when too much waits already, -EPIPE when closed. */
int stream_send(struct stream *stream, const void *bytes, size_t length);

/** stream_close() - without a word to the user; a closed stream and one of zeros are allowed */
void stream_close(struct stream *stream);
