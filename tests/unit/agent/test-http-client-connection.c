// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP client against a scripted server: connections that end, servers that misbehave, and sessions given up.
#include "tests/unit/agent/http-client-fixture.h"

#include <poll.h>

static void serve_closing(struct peer *self)
{
	char value[100];

	for (int i = 0; i < 3; i++) {
		int descriptor = peer_accept(self);

		cr_assert(peer_read(descriptor, &request));
		peer_header(&request, "Cookie", value, sizeof(value));
		cr_assert_str_eq(value, i ? "c=1" : "");
		cr_assert(body_is_right());
		peer_request_free(&request);
		peer_write(descriptor, i == 1 ? "HTTP/1.1 200 x\r\n\r\n<until-close/>"
					      : "HTTP/1.1 200 x\r\nSet-Cookie: c=1\r\nContent-Length: 0\r\n\r\n");
		close(descriptor);
	}
}

Test(http_client, server_closes_between_messages)
{
	start(serve_closing);
	for (int i = 0; i < 3; i++) {
		post_length(200);
		cr_assert_eq(result.error, 0);
		if (i == 1)
			cr_assert_str_eq(received, "<until-close/>");
		usleep(5000);
	}
	stop();
}

// The server takes a second message on the same connection, and closes without a byte.
static void serve_crossing(struct peer *self)
{
	int descriptor = peer_accept(self);

	peer_read(descriptor, &request);
	peer_request_free(&request);
	peer_write(descriptor, "HTTP/1.1 204 x\r\n\r\n");
	peer_read(descriptor, &request);
	peer_request_free(&request);
	close(descriptor);
	if (times == 0)
		return;
	descriptor = peer_accept(self);
	cr_assert(peer_read(descriptor, &request));
	cr_assert(body_is_right());
	peer_request_free(&request);
	if (times == 2)
		peer_write(descriptor, "HTTP/1.1 204 x\r\n\r\n");
	close(descriptor);
}

Test(http_client, close_that_crosses_a_message)
{
	times = 2;
	start(serve_crossing);
	post_length(200);
	post_length(300);
	cr_assert_eq(result.error, 0);
	cr_assert_eq(source.rewinds, 1);
	stop();
}

Test(http_client, second_close_fails)
{
	times = 1;
	start(serve_crossing);
	post_length(200);
	post_length(300);
	cr_assert_eq(result.error, -ECONNRESET);
	stop();
}

Test(http_client, failures)
{
	expect("HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\nbody", 1, -EPROTO);
	expect("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", 1, -EPROTO);
	expect("", 1, -ECONNRESET);
	expect("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", 1, -ECONNRESET);
	expect("garbage\r\n\r\n", 1, -EBADMSG);
	expect("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nbody", 1, -EMEDIUMTYPE);
	expect("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody", 1, -EPROTONOSUPPORT);
	expect("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", 1, -EMSGSIZE);
	expect("HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml; charset=utf-8\r\nContent-Length: 4\r\n\r\n<a/>",
	       1, 0);
	expect("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n\r\n", 1, 0);
	cr_assert(result.empty);
}

Test(http_client, retry_after)
{
	expect("HTTP/1.1 503 x\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n", 1, -EPROTO);
	cr_assert_eq(result.status, 503);
	cr_assert_eq(result.retry_after, 60);
	expect("HTTP/1.1 503 x\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n", 1, -EPROTO);
	cr_assert_eq(result.retry_after, HTTP_RETRY_AFTER_MAX);
	expect("HTTP/1.1 503 x\r\nRetry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n", 1, -EPROTO);
	cr_assert_eq(result.retry_after, 0);
}

static void serve_silence(struct peer *self)
{
	int descriptor = peer_accept(self);

	peer_read(descriptor, &request);
	peer_request_free(&request);
	peer_read(descriptor, &request);
	close(descriptor);
}

Test(http_client, silent_server_times_out)
{
	start(serve_silence);
	client.settings.timeout_ms = 50;
	post_length(10);
	cr_assert_eq(result.error, -ETIMEDOUT);
	stop();
}

// Reads nothing of a body that is larger than all buffers.
static void serve_deaf(struct peer *self)
{
	int descriptor = peer_accept(self);
	struct pollfd ended = {.fd = descriptor, .events = POLLRDHUP};

	poll(&ended, 1, -1);
	close(descriptor);
}

Test(http_client, server_that_does_not_read_times_out)
{
	start(serve_deaf);
	client.settings.timeout_ms = 50;
	post_length(20000000);
	cr_assert_eq(result.error, -ETIMEDOUT);
	stop();
}

static void serve_drip(struct peer *self)
{
	int descriptor = peer_accept(self);

	peer_read(descriptor, &request);
	peer_request_free(&request);
	peer_write(descriptor, "HTTP/1.1 200 OK\r\nX: ");
	while (send(descriptor, "x", 1, MSG_NOSIGNAL) == 1)
		usleep(5000);
	close(descriptor);
}

Test(http_client, server_that_sends_byte_by_byte_ends)
{
	start(serve_drip);
	client.settings.exchange_max_ms = 200;
	post_length(10);
	cr_assert_eq(result.error, -ETIMEDOUT);
	stop();
}

// Answers before it has read the body.
static void serve_early(struct peer *self)
{
	int descriptor = peer_accept(self);
	char byte;

	recv(descriptor, &byte, 1, MSG_PEEK);
	peer_write(descriptor, challenge_text);
	peer_read(descriptor, &request);
	peer_request_free(&request);
	if (times && peer_read(descriptor, &request)) {
		cr_assert(body_is_right());
		peer_request_free(&request);
		peer_write(descriptor, "HTTP/1.1 204 x\r\n\r\n");
	}
	close(descriptor);
}

Test(http_client, early_401_keeps_the_connection)
{
	challenge_text =
		"HTTP/1.1 401 x\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\nContent-Length: 0\r\n\r\n";
	times = 1;
	start(serve_early);
	post_length(LARGE);
	cr_assert_eq(result.error, 0);
	cr_assert_eq(result.status, 204);
	cr_assert_eq(connected_count, 1);
	stop();
}

Test(http_client, early_refusal_ends_the_exchange)
{
	challenge_text = "HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n";
	times = 0;
	start(serve_early);
	post_length(LARGE);
	cr_assert_eq(result.error, -EPROTO);
	cr_assert_eq(result.status, 413);
	stop();
}

Test(http_client, callbacks_can_fail_a_message)
{
	challenge_text = OK("<a/>", 4);
	start(serve_early);
	receive_error = -EDOM;
	post_length(10);
	cr_assert_eq(result.error, -EDOM);
	stop();
}

static void serve_cut(struct peer *self)
{
	int descriptor = peer_accept(self);

	cr_assert_not(peer_read(descriptor, &request));
	peer_request_free(&request);
	close(descriptor);
}

Test(http_client, failing_body)
{
	start(serve_cut);
	source = (struct source){.length = LARGE, .error = -ERANGE};
	post(&body);
	cr_assert_eq(result.error, -ERANGE);
	stop();
}

Test(http_client, refused_connection)
{
	peer_start(&peer, NULL, NULL);
	close(peer.listener);
	peer.listener = -1;
	open_client(&(struct http_settings){0});
	snprintf(url, sizeof(url), "http://localhost:%u/", (unsigned)peer.port);
	cr_assert_eq(http_client_begin(&client, url), 0);
	post(NULL);
	cr_assert_eq(result.error, -ECONNREFUSED);
	stop();
}

Test(http_client, unknown_name)
{
	peer_start(&peer, NULL, NULL);
	open_client(&(struct http_settings){.timeout_ms = 10000});
	cr_assert_eq(http_client_begin(&client, "http://name.invalid/"), 0);
	post(NULL);
	cr_assert(result.error == -EHOSTUNREACH || result.error == -EAGAIN || result.error == -ETIMEDOUT);
	stop();
}

Test(http_client, https_is_refused_clearly)
{
	peer_start(&peer, NULL, NULL);
	open_client(&(struct http_settings){0});
	cr_assert_eq(http_client_begin(&client, "https://localhost/"), -EPROTONOSUPPORT);
	cr_assert_eq(http_client_begin(&client, "localhost"), -EINVAL);
	stop();
}

// Sessions one after the other, ended at any moment.
static void serve_many(struct peer *self)
{
	for (int i = 0; i < 20; i++) {
		int descriptor = peer_accept(self);

		if (peer_read(descriptor, &request))
			peer_write(descriptor, "HTTP/1.1 204 x\r\n\r\n");
		peer_request_free(&request);
		while (peer_read(descriptor, &request))
			peer_request_free(&request);
		peer_request_free(&request);
		close(descriptor);
	}
}

Test(http_client, session_ended_at_any_moment)
{
	start(serve_many);
	for (int i = 0; i < 19; i++) {
		source = (struct source){.length = 1000000};
		cr_assert_eq(http_client_post(&client, &body), 0);
		cr_assert_eq(http_client_post(&client, &body), -EBUSY);
		do {
			cr_assert_geq(ring_run_once(&ring, true), 0);
		} while (client.connection.transport.state == TRANSPORT_CONNECTING ||
			 client.connection.transport.state == TRANSPORT_CLOSED);
		for (int turns = 0; turns < i % 5 && finished_count == 0; turns++)
			cr_assert_geq(ring_run_once(&ring, true), 0);
		cr_assert_eq(http_client_begin(&client, url), 0);
	}
	finished_count = 0;
	post_length(10);
	cr_assert_eq(result.error, 0);
	stop();
}

// A name with several addresses: one refuses, the other is taken, and is the first the next time.
Test(http_client, other_addresses_are_tried)
{
	times = 40;
	challenge_text = "HTTP/1.1 204 x\r\nConnection: close\r\n\r\n";
	start(serve_text);
	for (int i = 0; i < 40; i++) {
		client.resolver.count = 2;
		memset(client.resolver.addresses, 0, sizeof(client.resolver.addresses));
		for (int j = 0; j < 2; j++) {
			client.resolver.addresses[j].ipv4.sin_family = AF_INET;
			client.resolver.addresses[j].ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (unsigned)j);
			client.resolver.addresses[j].ipv4.sin_port = htons(peer.port);
		}
		client.resolved = true;
		post_length(10);
		cr_assert_eq(result.error, 0);
		if (i > 0)
			cr_assert_eq(client.address, 1);
	}
	stop();
}
