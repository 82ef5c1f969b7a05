// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP server: connections from agents, their requests in, responses out as the plan says.

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/acs/authenticate.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"
#include "tests/acs/response.h"
#include "tests/acs/server.h"
#include "tests/acs/session.h"
#include "tests/acs/tls.h"

enum {
	CONNECTIONS_MAX = 4096,
	READ_SIZE = 1 << 20,
	DISCARD_MIN = 65536,
	READS_IN_A_ROW = 16,
};

static struct source listener = {.fd = -1};
static struct connection *connections[CONNECTIONS_MAX];
static unsigned connection_number;
static char input[READ_SIZE];

static void connection_close(struct connection *connection, bool reset)
{
	struct linger linger = {.l_onoff = 1};

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections[i] == connection)
			connections[i] = NULL;
	loop_remove(&connection->source);
	timer_clear(&connection->timer);
	if (reset)
		setsockopt(connection->source.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	tls_end(connection->tls);
	close(connection->source.fd);
	session_connection_closed(connection);
	print_exchange("-- connection %u closed", connection->number);
	record_end(&connection->record, false);
	message_reader_free(connection->reader);
	inflater_end(&connection->inflater);
	http_free(&connection->request);
	plan_free(&connection->plan);
	buffer_free(&connection->xml);
	buffer_free(&connection->rest);
	buffer_free(&connection->piece);
	buffer_free(&connection->output);
	buffer_free(&connection->inform);
	free(connection);
}

static void next_request(struct connection *connection)
{
	http_reset(&connection->request);
	message_reader_free(connection->reader);
	connection->reader = NULL;
	plan_free(&connection->plan);
	connection->plan = (struct plan){0};
	connection->planned = false;
	connection->busy = false;
	connection->described = false;
	buffer_clear(&connection->xml);
	buffer_clear(&connection->inform);
	loop_change(&connection->source, EPOLLIN | EPOLLRDHUP);
}

static ssize_t send_bytes(struct connection *connection, const char *data, size_t length)
{
	return connection->tls ? tls_send(connection->tls, data, length)
			       : send(connection->source.fd, data, length, MSG_NOSIGNAL);
}

/* As recv(); `discard` bytes are dropped unseen when it is not 0. */
static ssize_t receive_bytes(struct connection *connection, size_t discard)
{
	char text[120];
	ssize_t length;

	// with MSG_TRUNC the kernel drops the bytes of a TCP stream in place of copying them
	if (!connection->tls)
		return recv(connection->source.fd, input, discard ? discard : sizeof(input), discard ? MSG_TRUNC : 0);
	length = tls_receive(connection->tls, input, sizeof(input));
	if (!connection->described_tls && *tls_describe(connection->tls, text, sizeof(text))) {
		connection->described_tls = true;
		print_exchange("-- connection %u speaks %s", connection->number, text);
	}
	return length;
}

/* Sends what is due. Returns false when the connection was closed. */
static bool send_output(struct connection *connection)
{
	while (connection->sent < connection->output.length) {
		size_t length = connection->output.length - connection->sent;
		ssize_t sent;

		if (connection->plan.drip_ms)
			length = 1;
		sent = send_bytes(connection, connection->output.data + connection->sent, length);
		if (sent < 0 && errno == EAGAIN) {
			loop_change(&connection->source, EPOLLOUT | EPOLLRDHUP);
			return true;
		}
		if (sent < 0) {
			connection_close(connection, false);
			return false;
		}
		connection->sent += (size_t)sent;
		if (connection->plan.drip_ms && connection->sent < connection->output.length) {
			timer_set(&connection->timer, connection->plan.drip_ms);
			return true;
		}
	}
	if (connection->close_after) {
		connection_close(connection, connection->plan.reset);
		return false;
	}
	next_request(connection);
	return true;
}

static void connection_feed(struct connection *connection, const char *data, size_t length);

static void send_and_go_on(struct connection *connection)
{
	struct buffer rest;

	if (!send_output(connection) || connection->busy || !connection->rest.length)
		return;
	rest = connection->rest;
	connection->rest = (struct buffer){0};
	connection_feed(connection, rest.data, rest.length);
	buffer_free(&rest);
}

static void connection_timer(struct timer *timer)
{
	send_and_go_on(container_of(timer, struct connection, timer));
}

void server_respond(struct connection *connection, int status, const struct buffer *headers, const struct buffer *body)
{
	struct plan *plan = &connection->plan;

	if (status == 200 && (options.compress == COMPRESS_GZIP || options.compress == COMPRESS_DEFLATE)) {
		enum coding coding = options.compress == COMPRESS_GZIP ? CODING_GZIP : CODING_DEFLATE;

		if (http_header_has(&connection->request, "Accept-Encoding", coding_name(coding)))
			plan->coding = coding;
	}
	buffer_clear(&connection->output);
	connection->sent = 0;
	connection->close_after = response_build(&connection->output, plan, connection->number, status, headers, body);
	if (http_header_has(&connection->request, "Connection", "close"))
		connection->close_after = true;
	loop_change(&connection->source, EPOLLRDHUP);
	if (plan->silent)
		return;
	// the timer, so that the connection outlives the caller's use of it
	timer_set(&connection->timer, plan->delay_ms);
}

/* Answers what the plan or authentication decides alone. Returns false when the session is to answer. */
static bool answered_without_session(struct connection *connection)
{
	struct plan *plan = &connection->plan;
	struct buffer headers = {0};
	enum coding coding = coding_find(http_header(&connection->request, "Content-Encoding", 0));
	int status = plan->status;

	if (!status && (coding == CODING_UNKNOWN || (coding && options.compress == COMPRESS_REFUSE)))
		status = 415;
	if (!status && strcmp(connection->request.first[0], "POST"))
		status = 405;
	if (status && plan->challenge)
		authentication_challenge(&headers, false);
	if (!status && !authenticate(&connection->request, &headers))
		status = 401;
	if (status) {
		print_exchange("-> status %d", status);
		server_respond(connection, status, &headers, NULL);
	} else {
		buffer_append(&plan->headers, buffer_string(&headers), headers.length);
	}
	buffer_free(&headers);
	return status;
}

static void request_complete(struct connection *connection)
{
	const struct message *message = connection->reader ? message_finish(connection->reader) : NULL;

	connection->busy = true;
	if (!inflater_end(&connection->inflater)) {
		print_result("error the compressed request has no end");
		session_protocol_error();
	}
	record_end(&connection->record, true);
	if (output_options.xml && connection->xml.length) {
		print_raw(connection->xml.data, connection->xml.length);
		print_raw("\n", 1);
	}
	if (!answered_without_session(connection))
		session_request(connection, message);
}

static int request_head(struct http_reader *request)
{
	struct connection *connection = container_of(request, struct connection, request);

	record_begin(&connection->record, true, connection->number, request->raw_head.data, request->raw_head.length);
	if (output_options.heads)
		print_raw(request->raw_head.data, request->raw_head.length);
	inflater_begin(&connection->inflater, coding_find(http_header(request, "Content-Encoding", 0)));
	session_find(connection);
	return 0;
}

static int request_body(struct http_reader *request, const char *data, size_t length)
{
	struct connection *connection = container_of(request, struct connection, request);
	int error = 0;

	if (connection->inflater.coding) {
		buffer_clear(&connection->piece);
		error = inflater_feed(&connection->inflater, data, length, &connection->piece);
		data = buffer_string(&connection->piece);
		length = connection->piece.length;
	}
	record_body(&connection->record, data, length);
	if (output_options.xml)
		buffer_append(&connection->xml, data, length);
	if (!connection->reader)
		connection->reader = message_reader_new(session_item, connection);
	message_feed(connection->reader, data, length);
	return error;
}

static void begin_request(struct connection *connection)
{
	misbehave_plan(&connection->plan);
	connection->planned = true;
	connection->request_started = now_ns();
	connection->request_bytes = 0;
}

/* Takes bytes from the agent: up to one request, more is kept. May free the connection. */
static void connection_feed(struct connection *connection, const char *data, size_t length)
{
	struct plan *plan = &connection->plan;
	ssize_t taken;

	if (connection->busy) {
		buffer_append(&connection->rest, data, length);
		return;
	}
	if (!connection->planned)
		begin_request(connection);
	if (plan->request_limit >= 0 && connection->request_bytes + length >= (uint64_t)plan->request_limit)
		length = (size_t)((uint64_t)plan->request_limit - connection->request_bytes);
	taken = http_feed(&connection->request, data, length);
	if (taken < 0) {
		print_result("error the request is not HTTP: %s", strerror((int)-taken));
		session_protocol_error();
		connection_close(connection, false);
		return;
	}
	connection->request_bytes += (uint64_t)taken;
	if (connection->request.state == HTTP_DONE) {
		buffer_append(&connection->rest, data + taken, length - (size_t)taken);
		request_complete(connection);
	} else if (plan->request_limit >= 0 && connection->request_bytes >= (uint64_t)plan->request_limit) {
		if (plan->stop_reading)
			loop_change(&connection->source, 0);
		else
			connection_close(connection, false);
	}
}

/* The rest of the body that nobody will look at, 0 when it is little. */
static size_t to_discard(const struct connection *connection)
{
	const struct http_reader *request = &connection->request;
	bool in_body = request->state == HTTP_BODY || request->state == HTTP_CHUNK_DATA;

	if (!in_body || request->remaining < DISCARD_MIN || !connection->reader ||
	    !message_enough(connection->reader) || connection->record.number || output_options.xml)
		return 0;
	// what is compressed or encrypted must be read to its end
	if (connection->inflater.coding || connection->tls)
		return 0;
	return request->remaining < READ_SIZE ? (size_t)request->remaining : READ_SIZE;
}

/* False when the connection is gone (its memory may serve another one) or has a whole request. */
static bool still_reading(const struct connection *connection, unsigned number)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections[i] == connection)
			return connection->number == number && !connection->busy;
	return false;
}

static void connection_ready(struct source *source, uint32_t events)
{
	struct connection *connection = container_of(source, struct connection, source);

	if (events & EPOLLOUT) {
		send_and_go_on(connection);
		return;
	}
	if (connection->busy || (events & (EPOLLERR | EPOLLHUP))) {
		connection_close(connection, false);
		return;
	}
	for (int i = 0; i < READS_IN_A_ROW; i++) {
		size_t discard = to_discard(connection);
		ssize_t length = receive_bytes(connection, discard);
		unsigned number = connection->number;

		connection->received = now_ns();

		if (length < 0 && errno == EAGAIN)
			return;
		if (length <= 0) {
			if (connection->planned)
				print_exchange("-- connection %u ended within a request", number);
			connection_close(connection, false);
			return;
		}
		if (discard) {
			connection->request_bytes += (uint64_t)length;
			http_skip(&connection->request, (uint64_t)length);
			if (connection->request.state != HTTP_DONE)
				continue;
			request_complete(connection);
			return;
		}
		connection_feed(connection, input, (size_t)length);
		if (length < READ_SIZE || !still_reading(connection, number))
			return;
	}
}

static void listener_ready(struct source *source, uint32_t events)
{
	struct connection *connection;
	size_t slot = 0;
	int one = 1, fd;

	(void)events;
	fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	while (slot < CONNECTIONS_MAX && connections[slot])
		slot++;
	if (slot == CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	connection = zalloc(sizeof(*connection));
	connection->source.fd = fd;
	connection->tls = tls_accept(fd);
	connection->source.ready = connection_ready;
	connection->timer.fire = connection_timer;
	connection->number = ++connection_number;
	connection->request.head = request_head;
	connection->request.body = request_body;
	connections[slot] = connection;
	loop_add(&connection->source, EPOLLIN | EPOLLRDHUP);
	print_exchange("-- connection %u opened", connection->number);
}

void server_peer(const struct connection *connection, char *text, size_t size)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);

	*text = '\0';
	if (getpeername(connection->source.fd, (struct sockaddr *)&peer, &length) ||
	    getnameinfo((struct sockaddr *)&peer, length, text, (socklen_t)size, NULL, 0, NI_NUMERICHOST))
		*text = '\0';
}

int server_listen(const char *address, unsigned port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
	struct sockaddr *own = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	socklen_t length = is_six ? sizeof(six) : sizeof(four);
	int one = 1, result;

	if (!is_six && inet_pton(AF_INET, address, &four.sin_addr) != 1)
		return -EINVAL;
	listener.fd = socket(own->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener.fd < 0)
		return -errno;
	setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener.fd, own, length) < 0 || listen(listener.fd, SOMAXCONN) < 0 ||
	    getsockname(listener.fd, own, &length) < 0)
		return -errno;
	listener.ready = listener_ready;
	result = loop_add(&listener, EPOLLIN);
	return result < 0 ? result : ntohs(is_six ? six.sin6_port : four.sin_port);
}

void server_close(void)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (connections[i])
			connection_close(connections[i], false);
	if (listener.fd >= 0)
		close(listener.fd);
	listener.fd = -1;
}
