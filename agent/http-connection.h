// SPDX-License-Identifier: GPL-2.0-or-later
// A connection below HTTP, plain or with TLS: the calls and events of transport.h, and what TLS adds.
#pragma once

#include "agent/tls-stream.h"
#include "agent/transport.h"

// Bytes in front of the data of http_connection_send() that must be in its buffer too: records of TLS are larger than
// what is in them, and are made in place.
#define HTTP_CONNECTION_HEADROOM (4 * 1024)

struct http_connection;

// As in struct transport_events. With TLS connected() comes after the handshake, received(0) only after a close_notify:
// a stream that ends without one is broken (-ECONNABORTED).
struct http_connection_events {
	void (*connected)(struct http_connection *connection, int result);
	void (*received)(struct http_connection *connection, const char *data, int length);
	void (*sent)(struct http_connection *connection, int result);
	void (*closed)(struct http_connection *connection);
};

// All members are private.
struct http_connection {
	struct transport transport;
	const struct http_connection_events *events;
	struct tls_stream *tls; // NULL: plain
	bool handshaking;
	size_t output_sending;		   // bytes of the stream's output that are on their way
	bool data_sending;		   // the caller's data are on their way
	const struct ring_buffer *waiting; // encrypted data that go when the output before them is sent, or NULL
	const char *waiting_data;
	size_t waiting_length, waiting_behind; // bytes, of the data and of the output before them
	bool again;
	char reason[TLS_REASON_SIZE];
};

// Where to, and whether with TLS. `host` as in the URL, only for TLS.
struct http_connection_target {
	const union transport_address *address;
	struct tls *tls; // NULL: plain
	const char *host;
	uint16_t port;
};

// Prepares a closed connection.
void http_connection_prepare(struct http_connection *connection, struct ring *ring,
			     const struct http_connection_events *events);

// Starts to connect, as transport_open(). Returns 0 or -errno (still closed).
int http_connection_open(struct http_connection *connection, const struct http_connection_target *target);

// Sends bytes from inside a registered buffer, at least HTTP_CONNECTION_HEADROOM behind its start, as transport_send().
// With TLS the buffer is written to.
int http_connection_send(struct http_connection *connection, struct ring_buffer *buffer, char *data, size_t length);

// Ends the connection, as transport_close(). With TLS a close_notify goes first, if the kernel takes it at once.
void http_connection_close(struct http_connection *connection);

// Frees what a connection holds, in place of http_connection_close() after ring_close().
void http_connection_free(struct http_connection *connection);

// What the connection is doing; with TLS it is connecting until the handshake is done.
enum transport_state http_connection_state(const struct http_connection *connection);

// Whether TCP stands and the TLS handshake is under way.
bool http_connection_handshaking(const struct http_connection *connection);

// Whether the buffer of the last http_connection_send() is still in use.
bool http_connection_sending(const struct http_connection *connection);

// Why TLS has failed, as printable ASCII, or "" when it was not TLS. Since the last http_connection_open().
const char *http_connection_reason(const struct http_connection *connection);

// Whether a handshake has failed that may do better when it is tried anew, after connected(-errno): once for a session
// that was not resumed.
bool http_connection_again(const struct http_connection *connection);

// Tell the addresses of the connection's two ends. Return 0, or -ENOTCONN.
int http_connection_local_address(const struct http_connection *connection, union transport_address *address);
int http_connection_peer_address(const struct http_connection *connection, union transport_address *address);
