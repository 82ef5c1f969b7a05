/* SPDX-License-Identifier: BSD-2-Clause */
/* A WebSocket client (RFC 6455) on a stream: the opening handshake, then frames by wslay, handed on as they arrive. */
#include "zwave/websocket.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define GUID	   "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_RANDOM 16

void websocket_accept(const char key[WEBSOCKET_KEY_SIZE], char accept[WEBSOCKET_ACCEPT_SIZE])
{
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx hash;

	sha1_init(&hash);
	sha1_update(&hash, strlen(key), (const uint8_t *)key);
	sha1_update(&hash, strlen(GUID), (const uint8_t *)GUID);
	sha1_digest(&hash, sizeof(digest), digest);
	base64_encode_raw(accept, sizeof(digest), digest);
	accept[WEBSOCKET_ACCEPT_SIZE - 1] = '\0';
}

static void fail(struct websocket *websocket, const char *why)
{
	struct websocket_user user = websocket->user;
	char copy[sizeof(websocket->why)];

	snprintf(copy, sizeof(copy), "%s", why);
	websocket_close(websocket);
	user.closed(copy, user.context);
}

/* ---- The opening handshake ---------------------------------------------------------------------------------- */

static int on_field(struct http_parser *parser, const char *bytes, size_t length)
{
	static const char name[] = "Sec-WebSocket-Accept";
	struct websocket *websocket = parser->data;

	websocket->header_length += (uint32_t)length;
	websocket->accept_header = length == sizeof(name) - 1 && strncasecmp(bytes, name, length) == 0;
	return websocket->header_length > HTTP_HEADER_MAXIMUM ? -1 : 0;
}

static int on_value(struct http_parser *parser, const char *bytes, size_t length)
{
	struct websocket *websocket = parser->data;

	websocket->header_length += (uint32_t)length;
	if (websocket->accept_header) {
		if (length > WEBSOCKET_ACCEPT_SIZE - websocket->accept_length)
			return -1;
		memcpy(websocket->accept + websocket->accept_length, bytes, length);
		websocket->accept_length += length;
	}
	return websocket->header_length > HTTP_HEADER_MAXIMUM ? -1 : 0;
}

static int on_complete(struct http_parser *parser)
{
	struct websocket *websocket = parser->data;
	char wanted[WEBSOCKET_ACCEPT_SIZE];

	websocket_accept(websocket->key, wanted);
	if (parser->status_code != 101) {
		snprintf(websocket->why, sizeof(websocket->why), "the answer is HTTP %u, not 101",
			 (unsigned int)parser->status_code);
		return -1;
	}
	if (strcmp(wanted, websocket->accept) != 0) {
		snprintf(websocket->why, sizeof(websocket->why), "the server's Sec-WebSocket-Accept is wrong");
		return -1;
	}
	websocket->upgraded = true;
	http_parser_pause(parser, 1);
	return 0;
}

/* A field name in two pieces would be taken for another: such a header makes the handshake fail, no more. */
static const struct http_parser_settings settings = {
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_complete,
};

static void opened(void *context)
{
	struct websocket *websocket = context;
	bool bracket = strchr(websocket->url.host, ':') != NULL;
	char request[URL_HOST_SIZE + URL_PATH_SIZE + 256];
	int length = snprintf(request, sizeof(request),
			      "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			      "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
			      websocket->url.path, bracket ? "[" : "", websocket->url.host, bracket ? "]" : "",
			      websocket->url.port, websocket->key);

	stream_send(&websocket->stream, request, (size_t)length);
}

/* ---- Frames ------------------------------------------------------------------------------------------------- */

static ssize_t receive_bytes(wslay_event_context_ptr frames, uint8_t *to, size_t length, int flags, void *context)
{
	struct websocket *websocket = context;

	(void)flags;
	if (websocket->in_length == 0) {
		wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (length > websocket->in_length)
		length = websocket->in_length;
	memcpy(to, websocket->in, length);
	websocket->in += length;
	websocket->in_length -= length;
	return (ssize_t)length;
}

static ssize_t send_bytes(wslay_event_context_ptr frames, const uint8_t *bytes, size_t length, int flags, void *context)
{
	struct websocket *websocket = context;

	(void)flags;
	if (stream_send(&websocket->stream, bytes, length)) {
		wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
		return -1;
	}
	return (ssize_t)length;
}

static int make_mask(wslay_event_context_ptr frames, uint8_t *to, size_t length, void *context)
{
	(void)frames;
	(void)context;
	return getrandom(to, length, 0) == (ssize_t)length ? 0 : -1;
}

static void stop_with(struct websocket *websocket, int error)
{
	if (error < 0) {
		websocket->broken = true;
		wslay_event_set_error(websocket->frames, WSLAY_ERR_CALLBACK_FAILURE);
		snprintf(websocket->why, sizeof(websocket->why), "a message can't be taken: %s", strerror(-error));
	}
}

static void frame_started(wslay_event_context_ptr frames, const struct wslay_event_on_frame_recv_start_arg *frame,
			  void *context)
{
	struct websocket *websocket = context;

	(void)frames;
	websocket->in_message = !wslay_is_ctrl_frame(frame->opcode);
	if (frame->opcode == WSLAY_BINARY_FRAME)
		stop_with(websocket, -EPROTO);
	else if (frame->opcode == WSLAY_TEXT_FRAME)
		stop_with(websocket, websocket->user.begin(websocket->user.context));
}

static void frame_chunk(wslay_event_context_ptr frames, const struct wslay_event_on_frame_recv_chunk_arg *chunk,
			void *context)
{
	struct websocket *websocket = context;

	(void)frames;
	if (websocket->in_message && !websocket->broken)
		stop_with(websocket, websocket->user.piece((const char *)chunk->data, chunk->data_length,
							   websocket->user.context));
}

static void message_ended(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *message,
			  void *context)
{
	struct websocket *websocket = context;

	(void)frames;
	if (message->opcode == WSLAY_TEXT_FRAME && !websocket->broken)
		stop_with(websocket, websocket->user.end(websocket->user.context));
}

static const struct wslay_event_callbacks callbacks = {
	.recv_callback = receive_bytes,
	.send_callback = send_bytes,
	.genmask_callback = make_mask,
	.on_frame_recv_start_callback = frame_started,
	.on_frame_recv_chunk_callback = frame_chunk,
	.on_msg_recv_callback = message_ended,
};

static void start_frames(struct websocket *websocket)
{
	if (wslay_event_context_client_init(&websocket->frames, &callbacks, websocket)) {
		websocket->frames = NULL;
		fail(websocket, "no memory");
		return;
	}
	wslay_event_config_set_no_buffering(websocket->frames, 1);
	wslay_event_config_set_max_recv_msg_length(websocket->frames, WEBSOCKET_MESSAGE_MAXIMUM);
	loop_arm(websocket->loop, &websocket->timer, WEBSOCKET_PING_MS);
	websocket->user.opened(websocket->user.context);
}

/* The user's callbacks run in here, and may not end the connection themselves: they return an error for that. */
static void take_frames(struct websocket *websocket)
{
	int error;

	websocket->busy = true;
	error = wslay_event_recv(websocket->frames);
	if (!error && !websocket->broken)
		error = wslay_event_send(websocket->frames);
	websocket->busy = false;
	if (websocket->broken || error)
		fail(websocket, websocket->why[0] ? websocket->why : "a frame breaks RFC 6455");
	else if (wslay_event_get_close_received(websocket->frames) || !wslay_event_get_read_enabled(websocket->frames))
		fail(websocket, "the server ends the connection");
}

static void received(const unsigned char *bytes, size_t length, void *context)
{
	struct websocket *websocket = context;

	websocket->heard = true;
	websocket->asked = false;
	if (!websocket->upgraded) {
		size_t taken = http_parser_execute(&websocket->parser, &settings, (const char *)bytes, length);

		if (!websocket->upgraded) {
			if (HTTP_PARSER_ERRNO(&websocket->parser) != HPE_OK)
				fail(websocket,
				     websocket->why[0] ? websocket->why : "the answer is no opening handshake");
			return;
		}
		/* The parser stops on the last byte of the header. */
		while (taken < length && bytes[taken] != '\n')
			taken++;
		taken += taken < length;
		bytes += taken;
		length -= taken;
		start_frames(websocket);
		if (!websocket->frames)
			return;
	}
	websocket->in = bytes;
	websocket->in_length = length;
	if (length > 0)
		take_frames(websocket);
}

static void closed(const char *why, void *context)
{
	fail(context, why);
}

static void quiet(void *context)
{
	static const struct wslay_event_msg ping = {.opcode = WSLAY_PING};
	struct websocket *websocket = context;

	if (!websocket->upgraded || websocket->asked) {
		fail(websocket, "the server says nothing");
		return;
	}
	if (!websocket->heard) {
		websocket->asked = true;
		if (wslay_event_queue_msg(websocket->frames, &ping) || wslay_event_send(websocket->frames)) {
			fail(websocket, "a ping can't be sent");
			return;
		}
	}
	websocket->heard = false;
	loop_arm(websocket->loop, &websocket->timer, WEBSOCKET_PING_MS);
}

/* ---- Life --------------------------------------------------------------------------------------------------- */

int websocket_open(struct websocket *websocket, struct loop *loop, const struct url *url,
		   const struct websocket_user *user)
{
	const struct stream_user stream = {
		.opened = opened, .received = received, .closed = closed, .context = websocket};
	uint8_t random[KEY_RANDOM];
	int error;

	memset(websocket, 0, sizeof(*websocket));
	websocket->url = *url;
	websocket->user = *user;
	websocket->timer = (struct loop_timer){.due = quiet, .context = websocket};
	http_parser_init(&websocket->parser, HTTP_RESPONSE);
	websocket->parser.data = websocket;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EAGAIN;
	base64_encode_raw(websocket->key, sizeof(random), random);
	websocket->key[WEBSOCKET_KEY_SIZE - 1] = '\0';
	error = stream_connect(&websocket->stream, loop, url->host, url->port, &stream);
	if (!error) {
		websocket->loop = loop;
		loop_arm(loop, &websocket->timer, WEBSOCKET_PING_MS);
	}
	return error;
}

int websocket_send(struct websocket *websocket, const char *text, size_t length)
{
	const struct wslay_event_msg message = {
		.opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)text, .msg_length = length};
	int error;

	if (!websocket->frames)
		return -EPIPE;
	if (wslay_event_get_queued_msg_length(websocket->frames) + length > STREAM_OUT_MAXIMUM / 2)
		return -ENOBUFS;
	error = wslay_event_queue_msg(websocket->frames, &message);
	if (error)
		return error == WSLAY_ERR_NOMEM ? -ENOMEM : -EPIPE;
	/* Inside a callback of wslay it is sent when that has returned. */
	if (websocket->busy)
		return 0;
	return wslay_event_send(websocket->frames) ? -EPIPE : 0;
}

void websocket_close(struct websocket *websocket)
{
	if (!websocket->loop)
		return;
	stream_close(&websocket->stream);
	loop_disarm(websocket->loop, &websocket->timer);
	if (websocket->frames)
		wslay_event_context_free(websocket->frames);
	websocket->frames = NULL;
	websocket->loop = NULL;
}
