// SPDX-License-Identifier: GPL-2.0-or-later
// A TCP connection as a stream of bytes on the ring. http-connection.h has it with TLS, for the HTTP client.
#pragma once

#include "agent/ring.h"

#include <netinet/in.h>

#define TRANSPORT_RECEIVE_SIZE (16 * 1024) // bytes taken in at a time

union transport_address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

struct transport;

struct transport_events {
	// The connection stands (0), or failed (-errno; closed() follows after transport_close()).
	void (*connected)(struct transport *transport, int result);
	// Bytes have come; 0: the peer has ended its stream; -errno: the connection is broken. Nothing more comes after
	// the last two. `data` is gone after the call.
	void (*received)(struct transport *transport, const char *data, int length);
	// The last transport_send() is done: all bytes are handed to the kernel and the buffer is free again; or
	// -errno.
	void (*sent)(struct transport *transport, int result);
	// After transport_close(): nothing is in flight any more, and transport_open() may be called.
	void (*closed)(struct transport *transport);
};

enum transport_state {
	TRANSPORT_CLOSED,
	TRANSPORT_CONNECTING,
	TRANSPORT_OPEN,
	TRANSPORT_CLOSING,
};

struct transport {
	struct ring *ring;
	const struct transport_events *events;
	enum transport_state state;
	int descriptor;
	bool over_network; // the peer is not on this machine, so that SEND_ZC may pay
	union transport_address address;
	struct ring_operation connecting, receiving, sending;
	char received[TRANSPORT_RECEIVE_SIZE];
};

// Prepares a closed transport.
void transport_prepare(struct transport *transport, struct ring *ring, const struct transport_events *events);

// Starts to connect; connected() follows, and then received() whenever bytes come. Returns 0 or -errno (still closed).
int transport_open(struct transport *transport, const union transport_address *address);

// Sends bytes from inside a registered buffer, which must stay as it is until sent(). One at a time. Returns 0 or
// -errno.
int transport_send(struct transport *transport, const struct ring_buffer *buffer, const char *data, size_t length);

// The same for bytes anywhere.
int transport_send_memory(struct transport *transport, const char *data, size_t length);

// How much of a buffer is best sent at once when there is more to come, as ring_send_size().
size_t transport_send_size(const struct transport *transport, const struct ring_buffer *buffer);

// Sends bytes right before transport_close(), as many as the kernel takes at once; no send may be in flight.
void transport_send_last(struct transport *transport, const char *data, size_t length);

// Ends the connection from any state; closed() is called from the ring when nothing is in flight, or at once when
// nothing is. No other event comes after this call, and the buffer of a send in flight is free only then.
void transport_close(struct transport *transport);

// Bytes of an address.
socklen_t transport_address_length(const union transport_address *address);
