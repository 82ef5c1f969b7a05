/* SPDX-License-Identifier: BSD-2-Clause */
/* URLs, and HTTP/1.1 GET requests on the event loop: one at a time, on a connection that is kept. */
#include "zwave/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- URLs --------------------------------------------------------------------------------------------------- */

static bool take_part(const char *text, const struct http_parser_url *parts, int field, char *to, size_t size)
{
	if (!(parts->field_set & 1u << field))
		return false;
	if (parts->field_data[field].len >= size)
		return false;
	memcpy(to, text + parts->field_data[field].off, parts->field_data[field].len);
	to[parts->field_data[field].len] = '\0';
	return true;
}

int url_parse(const char *text, const char *port, struct url *url)
{
	struct http_parser_url parts;
	size_t length = strlen(text);

	memset(url, 0, sizeof(*url));
	http_parser_url_init(&parts);
	for (size_t i = 0; i < length; i++) {
		if (text[i] <= ' ' || text[i] == 0x7f)
			return -EINVAL;
	}
	if (http_parser_parse_url(text, length, 0, &parts) ||
	    parts.field_set & (1u << UF_USERINFO | 1u << UF_QUERY | 1u << UF_FRAGMENT) ||
	    !take_part(text, &parts, UF_SCHEMA, url->scheme, sizeof(url->scheme)) ||
	    !take_part(text, &parts, UF_HOST, url->host, sizeof(url->host)))
		return -EINVAL;
	if (!take_part(text, &parts, UF_PORT, url->port, sizeof(url->port)))
		snprintf(url->port, sizeof(url->port), "%s", port);
	if (!take_part(text, &parts, UF_PATH, url->path, sizeof(url->path))) {
		if (parts.field_set & 1u << UF_PATH)
			return -EINVAL;
		snprintf(url->path, sizeof(url->path), "/");
	}
	return 0;
}

bool http_escape(char *target, size_t size, const char *text, size_t length)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t used = strlen(target);

	for (size_t i = 0; i < length; i++) {
		int wrote;

		if (text[i] && strchr(plain, text[i]))
			wrote = snprintf(target + used, size - used, "%c", text[i]);
		else
			wrote = snprintf(target + used, size - used, "%%%02X", (unsigned char)text[i]);
		if (wrote < 0 || (size_t)wrote >= size - used)
			return false;
		used += (size_t)wrote;
	}
	return true;
}

/* ---- Exchanges ---------------------------------------------------------------------------------------------- */

static void finish(struct http_client *client, const char *why)
{
	struct http_user user = client->user;

	if (!client->busy)
		return;
	client->busy = false;
	loop_disarm(client->loop, &client->timer);
	free(client->request);
	client->request = NULL;
	user.done(why, user.context);
}

static int on_header(struct http_parser *parser, const char *bytes, size_t length)
{
	struct http_client *client = parser->data;

	(void)bytes;
	client->header_length += (uint32_t)length;
	return client->header_length > HTTP_HEADER_MAXIMUM ? -1 : 0;
}

static int on_headers_complete(struct http_parser *parser)
{
	struct http_client *client = parser->data;

	if (parser->status_code != 200) {
		snprintf(client->why, sizeof(client->why), "the answer is HTTP %u", (unsigned int)parser->status_code);
		return -1;
	}
	return 0;
}

static int on_body(struct http_parser *parser, const char *bytes, size_t length)
{
	struct http_client *client = parser->data;

	client->received += length;
	if (client->received > HTTP_BODY_MAXIMUM) {
		snprintf(client->why, sizeof(client->why), "the answer is too large");
		return -1;
	}
	return client->user.body(bytes, length, client->user.context) < 0 ? -1 : 0;
}

static int on_message_complete(struct http_parser *parser)
{
	struct http_client *client = parser->data;

	client->complete = true;
	/* What follows would be the answer to nothing. */
	http_parser_pause(parser, 1);
	return 0;
}

static const struct http_parser_settings settings = {
	.on_header_field = on_header,
	.on_header_value = on_header,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

static void send_request(struct http_client *client)
{
	http_parser_init(&client->parser, HTTP_RESPONSE);
	client->parser.data = client;
	client->received = 0;
	client->header_length = 0;
	client->complete = false;
	client->why[0] = '\0';
	stream_send(&client->stream, client->request, client->request_length);
	loop_arm(client->loop, &client->timer, client->silence_ms);
}

static void opened(void *context)
{
	send_request(context);
}

static void received(const unsigned char *bytes, size_t length, void *context)
{
	struct http_client *client = context;
	size_t taken;

	if (!client->busy) {
		stream_close(&client->stream);
		return;
	}
	client->reused = false;
	loop_arm(client->loop, &client->timer, client->silence_ms);
	taken = http_parser_execute(&client->parser, &settings, (const char *)bytes, length);
	if (client->complete) {
		if (taken < length || !http_should_keep_alive(&client->parser))
			stream_close(&client->stream);
		finish(client, NULL);
	} else if (HTTP_PARSER_ERRNO(&client->parser) != HPE_OK) {
		char why[sizeof(client->why)];

		snprintf(why, sizeof(why), "%s",
			 client->why[0] ? client->why : http_errno_description(HTTP_PARSER_ERRNO(&client->parser)));
		stream_close(&client->stream);
		finish(client, why);
	}
}

static int connect_stream(struct http_client *client);

static void closed(const char *why, void *context)
{
	struct http_client *client = context;

	if (!client->busy)
		return;
	/* The server may end a kept connection in the moment that it is used again. */
	if (client->reused) {
		client->reused = false;
		if (connect_stream(client) == 0)
			return;
	} else {
		http_parser_execute(&client->parser, &settings, NULL, 0);
		if (client->complete)
			why = NULL;
	}
	finish(client, why);
}

static int connect_stream(struct http_client *client)
{
	const struct stream_user user = {.opened = opened, .received = received, .closed = closed, .context = client};

	http_parser_init(&client->parser, HTTP_RESPONSE);
	client->parser.data = client;
	client->complete = false;
	return stream_connect(&client->stream, client->loop, client->url.host, client->url.port, &user);
}

static void silent(void *context)
{
	struct http_client *client = context;

	stream_close(&client->stream);
	finish(client, "no answer in time");
}

void http_open(struct http_client *client, struct loop *loop, const struct url *url)
{
	memset(client, 0, sizeof(*client));
	client->loop = loop;
	client->url = *url;
	client->timer = (struct loop_timer){.due = silent, .context = client};
}

void http_close(struct http_client *client)
{
	if (!client->loop)
		return;
	stream_close(&client->stream);
	loop_disarm(client->loop, &client->timer);
	free(client->request);
	memset(client, 0, sizeof(*client));
}

int http_get(struct http_client *client, const char *target, int silence_ms, const struct http_user *user)
{
	bool bracket = strchr(client->url.host, ':') != NULL;
	int length;

	if (client->busy)
		return -EBUSY;
	if (strlen(target) > HTTP_TARGET_MAXIMUM)
		return -E2BIG;
	for (const char *at = target; *at; at++) {
		if (*at <= ' ' || *at >= 0x7f)
			return -EINVAL;
	}
	length = asprintf(&client->request,
			  "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nUser-Agent: espalier-zwave/" ESPALIER_VERSION
			  "\r\nAccept: application/json\r\n\r\n",
			  target, bracket ? "[" : "", client->url.host, bracket ? "]" : "", client->url.port);
	if (length < 0) {
		client->request = NULL;
		return -ENOMEM;
	}
	client->request_length = (size_t)length;
	client->silence_ms = silence_ms;
	client->user = *user;
	client->busy = true;
	client->reused = client->stream.open;
	if (client->stream.open) {
		send_request(client);
		return 0;
	}
	if (connect_stream(client)) {
		client->busy = false;
		free(client->request);
		client->request = NULL;
		return -ENOMEM;
	}
	return 0;
}
