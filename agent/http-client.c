// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's HTTP/1.1 client: connects, sends a message, judges the answer, and sends again where HTTP asks for it.
#include "agent/http-client.h"

#include "agent/http-response.h"
#include "shm/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define client_of(member_pointer, member)                                                                              \
	((struct http_client *)((char *)(member_pointer)-offsetof(struct http_client, member)))

static void attempt(struct http_client *client);
static void judge(struct http_client *client);
static void try_next_address(struct http_client *client);

// --- time ---

static int64_t nanoseconds(unsigned setting, unsigned fallback)
{
	return (int64_t)(setting ? setting : fallback) * 1000000;
}

static void arm_timer(struct http_client *client)
{
	int64_t deadline = client->deadline < client->exchange_deadline ? client->deadline : client->exchange_deadline;

	if (!client->timer.pending && ring_timer(client->ring, &client->timer, CLOCK_BOOTTIME, deadline) != 0)
		log_error("HTTP: the ring takes no timer");
}

// Counts the time allowed from now. The timer itself is moved only when it fires too early.
static void progress(struct http_client *client)
{
	client->deadline = ring_clock(CLOCK_BOOTTIME) + nanoseconds(client->settings.timeout_ms, HTTP_TIMEOUT_DEFAULT);
	arm_timer(client);
}

// --- the end of an exchange ---

// One of the server's addresses is of no use: the failure and its error have just been noted. Where TLS has failed at
// another one, that tells more than an address where nobody listens.
static void address_failed(struct http_client *client, const struct http_failure *before, int error)
{
	if (before->kind == HTTP_FAILURE_TLS &&
	    (client->failure.kind == HTTP_FAILURE_CONNECT || client->failure.kind == HTTP_FAILURE_CONNECT_TIME))
		client->failure = *before;
	else
		client->connect_error = error;
}

static void close_connection(struct http_client *client)
{
	client->reused = false;
	http_connection_close(&client->connection);
}

static void report(struct http_client *client)
{
	struct http_result result = client->result;

	client->step = HTTP_IDLE;
	client->events->finished(client->context, &result);
}

static void report_later(struct ring_operation *operation, int result, unsigned flags)
{
	struct http_client *client = client_of(operation, later);

	(void)result;
	(void)flags;
	if (client->step == HTTP_FINISHING)
		report(client);
}

static void finish(struct http_client *client, int error)
{
	client->result.error = error;
	client->step = HTTP_FINISHING;
	if (error) {
		client->result.failure = client->failure.kind;
		http_failure_text(&client->failure, &client->url, client->result.reason, sizeof(client->result.reason));
		close_connection(client);
	}
	if (!http_connection_sending(&client->connection))
		http_sender_release(&client->sender);
	if (!client->posting)
		report(client);
	else if (!client->later.pending && ring_timer(client->ring, &client->later, CLOCK_BOOTTIME, 0) != 0)
		log_error("HTTP: the ring takes no timer");
}

static int time_failure(struct http_client *client, int64_t now)
{
	int64_t waited = nanoseconds(client->settings.timeout_ms, HTTP_TIMEOUT_DEFAULT);

	if (client->step == HTTP_RESOLVING)
		return http_failure_set(&client->failure, HTTP_FAILURE_NAME_SERVICE, NULL);
	if (now >= client->exchange_deadline)
		return http_failure_set_seconds(
			&client->failure, HTTP_FAILURE_EXCHANGE_TIME,
			nanoseconds(client->settings.exchange_max_ms, HTTP_EXCHANGE_MAX_DEFAULT));
	if (http_parser_begun(&client->parser))
		return http_failure_set_seconds(&client->failure, HTTP_FAILURE_STALLED, waited);
	return http_failure_set_seconds(
		&client->failure, client->sender.done ? HTTP_FAILURE_ANSWER_TIME : HTTP_FAILURE_REQUEST_TIME, waited);
}

static void timed_out(struct ring_operation *operation, int result, unsigned flags)
{
	struct http_client *client = client_of(operation, timer);
	int64_t now = ring_clock(CLOCK_BOOTTIME);
	struct http_failure before = client->failure;

	(void)flags;
	// The cancelled timer of an ended session may come when a new one is under way, and then is wanted again.
	if (client->step == HTTP_IDLE || client->step == HTTP_FINISHING)
		return;
	if (result != 0 || (now < client->deadline && now < client->exchange_deadline)) {
		arm_timer(client);
		return;
	}
	if (client->step == HTTP_RESOLVING && http_resolver_give_up(&client->resolver, &client->url)) {
		client->resolver.done(&client->resolver, 0);
	} else if (client->step == HTTP_CONNECTING && now < client->exchange_deadline) {
		result = http_failure_set_seconds(&client->failure,
						  http_connection_handshaking(&client->connection)
							  ? HTTP_FAILURE_TLS_TIME
							  : HTTP_FAILURE_CONNECT_TIME,
						  nanoseconds(client->settings.timeout_ms, HTTP_TIMEOUT_DEFAULT));
		address_failed(client, &before, result);
		progress(client);
		http_resolver_failed(&client->resolver, &client->connection.transport.address);
		close_connection(client);
	} else {
		finish(client, time_failure(client, now));
	}
}

// --- the request ---

struct writer {
	char *buffer;
	size_t size, length;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(writer->buffer + writer->length, writer->size - writer->length, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= writer->size - writer->length)
		writer->full = true;
	else
		writer->length += (size_t)length;
}

static int put_authorization(struct http_client *client, struct writer *writer)
{
	int length;

	put(writer, "Authorization: ");
	length = authentication_write(&client->authentication, client->settings.user, client->settings.password, "POST",
				      client->url.target, writer->buffer + writer->length,
				      writer->size - writer->length);
	if (length == -EINVAL)
		return http_failure_set(&client->failure, HTTP_FAILURE_USER_NAME, client->settings.user);
	if (length < 0)
		return http_failure_set(&client->failure, HTTP_FAILURE_REQUEST_SIZE, NULL);
	writer->length += (size_t)length;
	put(writer, "\r\n");
	return 0;
}

static int put_cookies(struct http_client *client, struct writer *writer)
{
	size_t before = writer->length;
	int length;

	put(writer, "Cookie: ");
	length = cookie_jar_header(&client->cookies, &client->url, ring_clock(CLOCK_BOOTTIME) / 1000000000,
				   writer->buffer + writer->length, writer->size - writer->length);
	if (length < 0)
		return http_failure_set(&client->failure, HTTP_FAILURE_REQUEST_SIZE, NULL);
	if (length == 0) {
		writer->length = before;
		return 0;
	}
	writer->length += (size_t)length;
	put(writer, "\r\n");
	return 0;
}

// Writes the request line and the headers. Returns the bytes or -errno.
static int write_header(struct http_client *client, char *buffer)
{
	struct writer writer = {.buffer = buffer, .size = HTTP_REQUEST_HEADER_MAX};
	const char *compression = http_compression_name(client->settings.compression);
	char host[URL_HOST_MAX + 16];
	int result = url_host_header(&client->url, host, sizeof(host));

	if (result < 0)
		return http_failure_set_error(&client->failure, HTTP_FAILURE_REQUEST, result);
	put(&writer, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n", client->url.target, host,
	    client->settings.user_agent ? client->settings.user_agent : "Espalier/" ESPALIER_VERSION);
	if (client->body)
		put(&writer, "Content-Type: text/xml; charset=utf-8\r\nSOAPAction:\r\n");
	if (compression)
		put(&writer, "Accept-Encoding: %s\r\n", compression);
	if (client->coded)
		put(&writer, "Content-Encoding: %s\r\n", compression);
	if (client->authentication.current.scheme != AUTHENTICATION_NONE) {
		result = put_authorization(client, &writer);
		if (result < 0)
			return result;
	}
	result = put_cookies(client, &writer);
	if (result < 0)
		return result;
	return writer.full ? http_failure_set(&client->failure, HTTP_FAILURE_REQUEST_SIZE, NULL) : (int)writer.length;
}

static int send_message(struct http_client *client)
{
	const struct http_body *message = client->body;
	char *buffer;
	int length, result;

	if (client->produced && message) {
		result = message->rewind(message->context);
		if (result != 0)
			return http_failure_set_error(&client->failure, HTTP_FAILURE_REQUEST, result);
	}
	client->coded = message && client->settings.compression && !client->coding_refused;
	if (client->coded) {
		message = http_encoder_begin(&client->encoder, client->settings.compression, message);
		if (!message)
			return http_failure_set_error(&client->failure, HTTP_FAILURE_REQUEST, -ENOMEM);
	}
	if (message && client->no_chunks) {
		result = http_whole_begin(&client->whole, message);
		if (result != 0)
			return http_failure_set_error(&client->failure, HTTP_FAILURE_REQUEST, result);
		message = &client->whole.body;
	}
	buffer = http_sender_take(&client->sender, &client->connection);
	if (!buffer)
		return http_failure_set_error(&client->failure, HTTP_FAILURE_REQUEST, -ENOBUFS);
	length = write_header(client, buffer);
	if (length < 0)
		return length;
	client->response_complete = false;
	client->decoding = false;
	client->failure = (struct http_failure){0};
	client->result = (struct http_result){0};
	http_parser_reset(&client->parser);
	client->step = HTTP_EXCHANGING;
	client->produced = true;
	progress(client);
	result = http_sender_start(&client->sender, (size_t)length, message,
				   message == &client->whole.body ? (int64_t)client->whole.length : -1);
	return result == 0 ? 0 : http_failure_set_error(&client->failure, HTTP_FAILURE_REQUEST, result);
}

// --- the connection ---

static void sent(struct http_connection *connection, int result)
{
	struct http_client *client = client_of(connection, connection);

	if (client->step != HTTP_EXCHANGING) {
		http_sender_release(&client->sender);
		return;
	}
	// After a failed send the server's answer may still be readable; its absence is reported as the end of the
	// stream.
	if (result < 0 && !client->response_complete)
		return;
	progress(client);
	if (result == 0)
		result = http_sender_continue(&client->sender);
	if (result < 0)
		client->parser.keep_alive = false;
	if (client->response_complete && result != 0)
		judge(client);
	else if (result < 0)
		finish(client, http_failure_set_error(&client->failure, HTTP_FAILURE_REQUEST, result));
}

// Notes why the connection failed: TLS has words of its own. Returns the error.
static int connection_failure(struct http_client *client, enum http_failure_kind kind, int error)
{
	const char *reason = http_connection_reason(&client->connection);

	if (!*reason)
		return http_failure_set_error(&client->failure, kind, error);
	http_failure_set(&client->failure, HTTP_FAILURE_TLS, reason);
	return error;
}

static void connected(struct http_connection *connection, int result)
{
	struct http_client *client = client_of(connection, connection);
	struct http_failure before = client->failure;

	if (result != 0) {
		address_failed(client, &before, connection_failure(client, HTTP_FAILURE_CONNECT, result));
		if (http_connection_again(connection))
			client->address--;
		else
			http_resolver_failed(&client->resolver, &connection->transport.address);
		close_connection(client);
		return;
	}
	log_info("HTTP: connected to %s port %u", client->url.host, (unsigned)client->url.port);
	http_resolver_worked(&client->resolver, &connection->transport.address);
	result = authentication_new_connection(&client->authentication);
	if (result == 0 && client->events->connected)
		result = client->events->connected(client->context);
	if (result == HTTP_HOLD) {
		client->step = HTTP_HOLDING;
		return;
	}
	if (result != 0)
		http_failure_set_error(&client->failure, HTTP_FAILURE_REQUEST, result);
	else
		result = send_message(client);
	if (result != 0)
		finish(client, result);
}

static void closed(struct http_connection *connection)
{
	struct http_client *client = client_of(connection, connection);

	http_sender_release(&client->sender);
	if (client->step == HTTP_CLOSING_OLD)
		attempt(client);
	else if (client->step == HTTP_CONNECTING)
		try_next_address(client);
}

static void try_next_address(struct http_client *client)
{
	while (client->address < client->resolver.count) {
		struct http_connection_target target = {
			.address = &client->resolver.addresses[client->address++],
			.tls = client->url.secure ? client->settings.tls : NULL,
			.host = client->url.host,
			.port = client->url.port,
		};
		struct http_failure before = client->failure;
		int result = http_connection_open(&client->connection, &target);

		if (result == 0) {
			progress(client);
			return;
		}
		address_failed(client, &before, connection_failure(client, HTTP_FAILURE_CONNECT, result));
	}
	finish(client, client->connect_error);
}

static void resolved(struct http_resolver *resolver, int result)
{
	struct http_client *client = client_of(resolver, resolver);

	if (client->step != HTTP_RESOLVING)
		return;
	if (result != 0) {
		finish(client,
		       http_failure_set(&client->failure,
					result == -EHOSTUNREACH ? HTTP_FAILURE_NAME_UNKNOWN : HTTP_FAILURE_NAME_SERVICE,
					NULL));
		return;
	}
	client->resolved = true;
	client->step = HTTP_CONNECTING;
	client->address = 0;
	client->connect_error = http_failure_set(&client->failure, HTTP_FAILURE_NAME_UNKNOWN, NULL);
	http_resolver_order(resolver);
	try_next_address(client);
}

static void start_connecting(struct http_client *client)
{
	int result;

	client->step = HTTP_RESOLVING;
	progress(client);
	result = client->resolved ? 1 : http_resolver_start(&client->resolver, &client->url);
	if (result)
		resolved(&client->resolver, result > 0 ? 0 : result);
}

// Sends the message from its start, on the connection that stands, or on a new one.
static void attempt(struct http_client *client)
{
	int result;

	switch (http_connection_state(&client->connection)) {
	case TRANSPORT_OPEN:
		result = send_message(client);
		if (result != 0)
			finish(client, result);
		break;
	case TRANSPORT_CLOSED:
		start_connecting(client);
		break;
	case TRANSPORT_CONNECTING:
	case TRANSPORT_CLOSING:
		client->step = HTTP_CLOSING_OLD;
		break;
	}
}

// --- the response ---

// The whole response is there.
static void judge(struct http_client *client)
{
	unsigned status = client->parser.status;
	bool again = status == 401 || http_response_redirects(client) || (status == 415 && client->coded) ||
		     (status == 411 && client->sender.chunked);
	int result;

	client->response_complete = true;
	// R-02; RFC 9112, 6.1: chunks are for servers that are known to speak HTTP/1.1.
	if (client->parser.minor == 0 || status == 411)
		client->no_chunks = true;
	if (!client->sender.done) {
		// The answer came before the message's end. Where that is on its way, or the message must be sent again
		// anyway, sent() comes back here, and the connection stays usable; otherwise the rest is pointless.
		if (client->parser.keep_alive && (again || http_sender_at_end(&client->sender)))
			return;
		client->parser.keep_alive = false;
	}
	client->reused = true;
	client->resent = false;
	if (!client->parser.keep_alive)
		close_connection(client);
	result = http_response_judge(client);
	if (result == 1)
		attempt(client);
	else
		finish(client, result);
}

// The stream has ended (0) or broken (-errno).
static void connection_lost(struct http_client *client, int error)
{
	bool begun = http_parser_begun(&client->parser), reused = client->reused;

	if (client->step != HTTP_EXCHANGING) {
		close_connection(client);
		return;
	}
	if (client->response_complete) {
		client->parser.keep_alive = false;
		judge(client);
		return;
	}
	if (error == 0 && http_parser_end(&client->parser) == 1) {
		client->parser.keep_alive = false;
		judge(client);
	} else if (!begun && reused && !client->resent) {
		// the server closed between two messages, and this one crossed with that.
		client->resent = true;
		close_connection(client);
		attempt(client);
	} else if (error) {
		finish(client, connection_failure(client, HTTP_FAILURE_BROKEN, error));
	} else {
		finish(client,
		       http_failure_set(&client->failure, begun ? HTTP_FAILURE_CUT : HTTP_FAILURE_CLOSED, NULL));
	}
}

static void received(struct http_connection *connection, const char *data, int length)
{
	struct http_client *client = client_of(connection, connection);
	size_t consumed;
	int result;

	if (length <= 0) {
		connection_lost(client, length);
		return;
	}
	if (client->step != HTTP_EXCHANGING || client->response_complete) {
		log_warning("HTTP: %s sent something that nobody asked for", client->url.host);
		connection_lost(client, -EBADMSG);
		return;
	}
	progress(client);
	result = http_parser_feed(&client->parser, data, (size_t)length, &consumed);
	if (result < 0) {
		if (client->failure.kind == HTTP_FAILURE_NONE)
			client->failure = client->parser.failure;
		finish(client, result);
	} else if (result == 1) {
		if (consumed < (size_t)length)
			client->parser.keep_alive = false;
		judge(client);
	}
}

static const struct http_connection_events connection_events = {
	.connected = connected,
	.received = received,
	.sent = sent,
	.closed = closed,
};

// --- the session ---

void http_client_open(struct http_client *client, struct ring *ring, const struct http_settings *settings,
		      const struct http_client_events *events, void *context)
{
	memset(client, 0, sizeof(*client));
	client->ring = ring;
	client->settings = *settings;
	client->events = events;
	client->context = context;
	client->timer.done = timed_out;
	client->later.done = report_later;
	client->resolver.done = resolved;
	http_resolver_open(&client->resolver, ring);
	http_connection_prepare(&client->connection, ring, &connection_events);
	http_parser_open(&client->parser, false, &http_response_events, client->line, sizeof(client->line),
			 settings->body_max ? settings->body_max : HTTP_BODY_MAX_DEFAULT);
}

int http_client_begin(struct http_client *client, const char *url)
{
	struct url parsed;
	int result = url_parse(&parsed, url, strlen(url));

	if (result != 0)
		return result;
	if (parsed.secure && !client->settings.tls)
		return -EPROTONOSUPPORT;
	http_client_end(client);
	client->url = parsed;
	return 0;
}

int http_client_post(struct http_client *client, const struct http_body *body)
{
	if (client->step != HTTP_IDLE)
		return -EBUSY;
	client->body = body;
	client->produced = false;
	client->resent = false;
	client->redirects = 0;
	client->unauthorized = 0;
	client->result = (struct http_result){0};
	client->failure = (struct http_failure){0};
	client->exchange_deadline =
		ring_clock(CLOCK_BOOTTIME) + nanoseconds(client->settings.exchange_max_ms, HTTP_EXCHANGE_MAX_DEFAULT);
	client->posting = true;
	attempt(client);
	client->posting = false;
	return 0;
}

void http_client_go_on(struct http_client *client)
{
	// Where the connection was lost meanwhile there is a new one.
	if (client->step == HTTP_HOLDING)
		attempt(client);
}

void http_client_end(struct http_client *client)
{
	client->step = HTTP_IDLE;
	http_resolver_give_up(&client->resolver, &client->url);
	client->resolved = false;
	client->coding_refused = false;
	client->no_chunks = false;
	close_connection(client);
	if (http_connection_state(&client->connection) == TRANSPORT_CLOSED)
		http_sender_release(&client->sender);
	ring_cancel(client->ring, &client->timer);
	ring_cancel(client->ring, &client->later);
	cookie_jar_clear(&client->cookies);
	authentication_clear(&client->authentication);
	http_encoder_end(&client->encoder);
	http_decoder_end(&client->decoder);
	http_whole_end(&client->whole);
}

void http_client_close(struct http_client *client)
{
	http_resolver_close(&client->resolver);
	http_whole_end(&client->whole);
	http_encoder_end(&client->encoder);
	http_decoder_end(&client->decoder);
	http_connection_free(&client->connection);
}

int http_client_local_address(const struct http_client *client, union transport_address *address)
{
	return http_connection_local_address(&client->connection, address);
}

int http_client_peer_address(const struct http_client *client, union transport_address *address)
{
	return http_connection_peer_address(&client->connection, address);
}
