// SPDX-License-Identifier: GPL-2.0-or-later
// Sends one HTTP request: the body is produced straight into registered buffers, and framed where it lies.
#include "agent/http-sender.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FRAMING_ROOM 64 // for "Transfer-Encoding: chunked", the empty line and a chunk's size before the body
#define CHUNK_ROOM   16 // for a chunk's size and line end
#define TAIL_ROOM    16 // for the end of a chunk and the last chunk

static_assert(HTTP_CONNECTION_HEADROOM + HTTP_REQUEST_HEADER_MAX + FRAMING_ROOM + TAIL_ROOM + HTTP_BODY_ROOM_MIN <=
		      RING_BUFFER_SIZE,
	      "the room promised to produce() is there beside the largest header");
static_assert(HTTP_CONNECTION_HEADROOM + CHUNK_ROOM + TAIL_ROOM + HTTP_BODY_ROOM_MIN <= RING_COPIED_SIZE,
	      "and in a piece that is copied");

char *http_sender_take(struct http_sender *sender, struct http_connection *connection)
{
	http_sender_release(sender);
	memset(sender, 0, sizeof(*sender));
	sender->connection = connection;
	sender->buffer = ring_buffer_take(connection->transport.ring);
	return sender->buffer ? sender->buffer->data + HTTP_CONNECTION_HEADROOM : NULL;
}

void http_sender_release(struct http_sender *sender)
{
	if (sender->buffer)
		ring_buffer_give(sender->buffer);
	sender->buffer = NULL;
}

// Fills the room with as much of the body as fits. Returns the bytes, with sender->ended set at the body's end.
static ssize_t produce(struct http_sender *sender, char *start, size_t room)
{
	size_t filled = 0;

	while (!sender->ended && filled < room) {
		ssize_t result =
			sender->body ? sender->body->produce(sender->body->context, start + filled, room - filled) : 0;

		if (result == -ENOBUFS && filled > 0)
			break;
		if (result < 0)
			return result;
		assert((size_t)result <= room - filled);
		filled += (size_t)result;
		sender->ended = result == 0;
	}
	return (ssize_t)filled;
}

// Writes the end of a chunk, and the last chunk when the body has ended. Returns the bytes written.
static size_t end_chunk(const struct http_sender *sender, char *end)
{
	const char *tail = sender->ended ? "\r\n0\r\n\r\n" : "\r\n";

	memcpy(end, tail, strlen(tail));
	return strlen(tail);
}

// Produces the next piece of a body of known length and sends it. Returns 1 when there is none.
static int send_piece(struct http_sender *sender)
{
	size_t room = transport_send_size(&sender->connection->transport, sender->buffer);
	char *data = sender->buffer->data + HTTP_CONNECTION_HEADROOM;
	ssize_t length = produce(sender, data, room - HTTP_CONNECTION_HEADROOM);

	if (length <= 0)
		return length ? (int)length : 1;
	return http_connection_send(sender->connection, sender->buffer, data, (size_t)length);
}

// Produces the next chunk and sends it. The first piece had the whole buffer, so that all that fits in it has a
// Content-Length; those that follow are as large as is best.
static int send_chunk(struct http_sender *sender)
{
	size_t room = transport_send_size(&sender->connection->transport, sender->buffer);
	char *data = sender->buffer->data + HTTP_CONNECTION_HEADROOM + CHUNK_ROOM, size[CHUNK_ROOM];
	ssize_t length = produce(sender, data, room - HTTP_CONNECTION_HEADROOM - CHUNK_ROOM - TAIL_ROOM);
	size_t size_length, tail;

	if (length < 0)
		return (int)length;
	if (length == 0)
		return http_connection_send(sender->connection, sender->buffer, memcpy(data, "0\r\n\r\n", 5), 5);
	size_length = (size_t)snprintf(size, sizeof(size), "%zx\r\n", (size_t)length);
	tail = end_chunk(sender, data + length);
	return http_connection_send(sender->connection, sender->buffer, memcpy(data - size_length, size, size_length),
				    size_length + (size_t)length + tail);
}

int http_sender_start(struct http_sender *sender, size_t length, const struct http_body *body, int64_t known)
{
	struct ring_buffer *buffer = sender->buffer;
	char framing[FRAMING_ROOM], *header = buffer->data + HTTP_CONNECTION_HEADROOM,
				    *data = header + length + FRAMING_ROOM;
	ssize_t filled;
	size_t tail = 0;
	int framing_length;

	assert(length <= HTTP_REQUEST_HEADER_MAX);
	sender->body = body;
	filled = produce(sender, data, RING_BUFFER_SIZE - HTTP_CONNECTION_HEADROOM - length - FRAMING_ROOM - TAIL_ROOM);
	if (filled < 0)
		return (int)filled;
	sender->sized = !sender->ended && known >= 0;
	sender->chunked = !sender->ended && known < 0;
	if (!sender->chunked) {
		framing_length = snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n\r\n",
					  sender->sized ? (size_t)known : (size_t)filled);
	} else {
		framing_length =
			snprintf(framing, sizeof(framing), "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", (size_t)filled);
		tail = end_chunk(sender, data + filled);
	}
	// The length is known only now: the header moves up to the framing, and the body stays where it was produced.
	memcpy(data - framing_length, framing, (size_t)framing_length);
	return http_connection_send(sender->connection, buffer, memmove(data - framing_length - length, header, length),
				    length + (size_t)framing_length + (size_t)filled + tail);
}

bool http_sender_at_end(const struct http_sender *sender)
{
	return sender->ended;
}

int http_sender_continue(struct http_sender *sender)
{
	if (!sender->ended) {
		int result = sender->sized ? send_piece(sender) : send_chunk(sender);

		if (result != 1)
			return result;
	}
	sender->done = true;
	return 1;
}
