// SPDX-License-Identifier: GPL-2.0-or-later
// A connection below HTTP, plain or with TLS.
#include "agent/http-connection.h"

#include "shm/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define connection_of(member_pointer)                                                                                  \
	((struct http_connection *)((char *)(member_pointer)-offsetof(struct http_connection, transport)))
#define HEADROOM_OUTPUT 1024 // of HTTP_CONNECTION_HEADROOM, for output that goes with the data

static_assert(HTTP_CONNECTION_HEADROOM >= HEADROOM_OUTPUT + (RING_BUFFER_SIZE / TLS_RECORD_SIZE + 1) * TLS_RECORD_EXTRA,
	      "the largest data and short output fit");

// ---- To the peer

static int send_output(struct http_connection *connection)
{
	size_t length;
	const char *output = tls_stream_output(connection->tls, &length);
	int result = 0;

	if (connection->waiting && length > connection->waiting_behind)
		length = connection->waiting_behind;
	if (length == 0 || connection->output_sending || connection->data_sending)
		return 0;
	result = transport_send_memory(&connection->transport, output, length);
	if (result == 0)
		connection->output_sending = length;
	return result;
}

static int send_waiting(struct http_connection *connection)
{
	const struct ring_buffer *buffer = connection->waiting;
	int result =
		transport_send(&connection->transport, buffer, connection->waiting_data, connection->waiting_length);

	connection->waiting = NULL;
	connection->data_sending = result == 0;
	return result;
}

static void transport_sent(struct transport *transport, int result)
{
	struct http_connection *connection = connection_of(transport);
	bool was_data = connection->data_sending, had_waiting = connection->waiting;

	if (!connection->tls) {
		connection->events->sent(connection, result);
		return;
	}
	connection->data_sending = false;
	if (connection->output_sending && result == 0) {
		tls_stream_output_sent(connection->tls, connection->output_sending);
		connection->waiting_behind -= had_waiting ? connection->output_sending : 0;
	}
	connection->output_sending = 0;
	if (result == 0)
		result = had_waiting && connection->waiting_behind == 0 ? send_waiting(connection)
									: send_output(connection);
	// A handshake that cannot be sent shows as the end of the stream, or as the time that it may take.
	if (was_data || (had_waiting && result != 0)) {
		connection->waiting = NULL;
		connection->events->sent(connection, result);
	}
}

int http_connection_send(struct http_connection *connection, struct ring_buffer *buffer, char *data, size_t length)
{
	size_t output_length, front = 0;
	const char *output;
	ssize_t encrypted;
	char *start;

	assert(data - buffer->data >= HTTP_CONNECTION_HEADROOM && !http_connection_sending(connection));
	if (!connection->tls)
		return transport_send(&connection->transport, buffer, data, length);
	output = tls_stream_output(connection->tls, &output_length);
	start = data - HTTP_CONNECTION_HEADROOM;
	if (!connection->output_sending && output_length <= HEADROOM_OUTPUT) {
		// The end of the handshake goes with the first request.
		memcpy(start, output, output_length);
		front = output_length;
		tls_stream_output_sent(connection->tls, front);
	}
	encrypted = tls_stream_send(connection->tls, start + front, data, length);
	if (encrypted < 0) {
		snprintf(connection->reason, sizeof(connection->reason), "%s", tls_stream_reason(connection->tls));
		return (int)encrypted;
	}
	connection->waiting = buffer;
	connection->waiting_data = start;
	connection->waiting_length = front + (size_t)encrypted;
	tls_stream_output(connection->tls, &connection->waiting_behind);
	return connection->waiting_behind ? send_output(connection) : send_waiting(connection);
}

// ---- From the peer

static void stream_established(void *context)
{
	struct http_connection *connection = context;

	connection->handshaking = false;
	log_info("TLS: %s, %s%s", tls_stream_version(connection->tls), tls_stream_cipher(connection->tls),
		 tls_stream_resumed(connection->tls) ? ", resumed" : "");
	connection->events->connected(connection, 0);
}

static void stream_plain(void *context, const char *data, int length)
{
	struct http_connection *connection = context;

	connection->events->received(connection, data, length);
}

static const struct tls_stream_events stream_events = {stream_established, stream_plain};

// The stream has failed, or its peer has ended it before the handshake was done.
static void stream_failed(struct http_connection *connection, int error)
{
	snprintf(connection->reason, sizeof(connection->reason), "%s", tls_stream_reason(connection->tls));
	connection->again = connection->handshaking && tls_stream_offered(connection->tls);
	if (connection->handshaking)
		connection->events->connected(connection, error);
	else
		connection->events->received(connection, NULL, error);
}

static void stream_broken(struct http_connection *connection, int error)
{
	snprintf(connection->reason, sizeof(connection->reason),
		 connection->handshaking
			 ? "the server ended the connection within the handshake%s%s"
			 : "the connection ended without a close_notify, so something may be missing%s%s",
		 error == 0 ? "" : ": ", error == 0 ? "" : strerror(-error));
	if (connection->handshaking)
		connection->events->connected(connection, -ECONNRESET);
	else
		connection->events->received(connection, NULL, -ECONNABORTED);
}

static void transport_received(struct transport *transport, const char *data, int length)
{
	struct http_connection *connection = connection_of(transport);
	struct tls_stream *stream = connection->tls;
	int result;

	if (!stream) {
		connection->events->received(connection, data, length);
		return;
	}
	if (length <= 0) {
		stream_broken(connection, length);
		return;
	}
	result = tls_stream_receive(stream, data, (size_t)length);
	// The events may have closed the connection, and opened another one.
	if (connection->tls != stream)
		return;
	if (result == TLS_GOING_ON && !connection->waiting)
		result = send_output(connection);
	if (result < 0)
		stream_failed(connection, result);
	else if (result == TLS_ENDED)
		connection->events->received(connection, NULL, 0);
}

// ---- The connection

static void transport_connected(struct transport *transport, int result)
{
	struct http_connection *connection = connection_of(transport);

	if (result == 0 && connection->tls) {
		result = send_output(connection);
		if (result == 0)
			return;
	}
	connection->events->connected(connection, result);
}

static void transport_closed(struct transport *transport)
{
	struct http_connection *connection = connection_of(transport);

	connection->output_sending = 0;
	connection->data_sending = false;
	connection->waiting = NULL;
	// A send in flight has read from the stream's output until now.
	tls_stream_close(connection->tls);
	connection->tls = NULL;
	connection->events->closed(connection);
}

static const struct transport_events transport_events = {
	.connected = transport_connected,
	.received = transport_received,
	.sent = transport_sent,
	.closed = transport_closed,
};

void http_connection_prepare(struct http_connection *connection, struct ring *ring,
			     const struct http_connection_events *events)
{
	memset(connection, 0, sizeof(*connection));
	connection->events = events;
	transport_prepare(&connection->transport, ring, &transport_events);
}

int http_connection_open(struct http_connection *connection, const struct http_connection_target *target)
{
	char message[TLS_MESSAGE_SIZE];
	int result = 0;

	*connection->reason = '\0';
	connection->again = false;
	if (target->tls) {
		result = tls_ready(target->tls, message);
		if (result != 0) {
			snprintf(connection->reason, sizeof(connection->reason), "%.*s", TLS_REASON_SIZE - 1, message);
			return result;
		}
		result = tls_stream_open(&connection->tls, target->tls, target->host, target->port, &stream_events,
					 connection);
		if (result != 0)
			return result;
	}
	connection->handshaking = target->tls;
	result = transport_open(&connection->transport, target->address);
	if (result != 0) {
		tls_stream_close(connection->tls);
		connection->tls = NULL;
	}
	return result;
}

void http_connection_close(struct http_connection *connection)
{
	size_t length;
	const char *output;

	if (connection->tls && connection->transport.state == TRANSPORT_OPEN) {
		tls_stream_end(connection->tls);
		output = tls_stream_output(connection->tls, &length);
		if (length > 0 && !connection->output_sending && !connection->data_sending && !connection->waiting)
			transport_send_last(&connection->transport, output, length);
	}
	transport_close(&connection->transport);
}

void http_connection_free(struct http_connection *connection)
{
	tls_stream_close(connection->tls);
	connection->tls = NULL;
}

enum transport_state http_connection_state(const struct http_connection *connection)
{
	if (connection->transport.state == TRANSPORT_OPEN && connection->tls && connection->handshaking)
		return TRANSPORT_CONNECTING;
	return connection->transport.state;
}

bool http_connection_handshaking(const struct http_connection *connection)
{
	return connection->transport.state == TRANSPORT_OPEN && connection->tls && connection->handshaking;
}

bool http_connection_sending(const struct http_connection *connection)
{
	if (!connection->tls)
		return connection->transport.sending.pending;
	return connection->data_sending || connection->waiting;
}

const char *http_connection_reason(const struct http_connection *connection)
{
	return connection->reason;
}

bool http_connection_again(const struct http_connection *connection)
{
	return connection->again;
}

int http_connection_local_address(const struct http_connection *connection, union transport_address *address)
{
	socklen_t length = sizeof(*address);

	if (http_connection_state(connection) != TRANSPORT_OPEN ||
	    getsockname(connection->transport.descriptor, &address->any, &length) != 0)
		return -ENOTCONN;
	return 0;
}

int http_connection_peer_address(const struct http_connection *connection, union transport_address *address)
{
	socklen_t length = sizeof(*address);

	if (http_connection_state(connection) != TRANSPORT_OPEN ||
	    getpeername(connection->transport.descriptor, &address->any, &length) != 0)
		return -ENOTCONN;
	return 0;
}
