// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP client and a scripted server, for the client's tests: each of their files has a copy of its own.
#pragma once

#include "agent/http-client.h"
#include "tests/unit/agent/peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE 1000    // bytes that a body produces at a time
#define LARGE 5000000 // bytes of a body that is larger than all buffers

// A body of `length` bytes, each of which depends on its place.
struct source {
	size_t length, at;
	unsigned rewinds;
	int error; // returned in the middle
};

static struct ring ring;
static struct http_client client;
static struct peer peer;
static struct peer_request request;
static struct http_result result;
static char url[64], received[200000];
static size_t received_length;
static unsigned finished_count, connected_count;
static int receive_error;
static struct source source;
static _Atomic size_t expected_length; // of the body, for the peer's thread

static char byte_at(size_t at)
{
	return (char)('a' + at % 23);
}

static ssize_t produce(void *context, char *buffer, size_t size)
{
	struct source *from = context;
	size_t left = from->length - from->at, count = left < PIECE ? left : PIECE;

	if (from->error && from->at >= from->length / 2)
		return from->error;
	if (size < count)
		return -ENOBUFS;
	for (size_t i = 0; i < count; i++)
		buffer[i] = byte_at(from->at++);
	return (ssize_t)count;
}

static int rewind_source(void *context)
{
	struct source *from = context;

	from->at = 0;
	from->rewinds++;
	return 0;
}

static const struct http_body body = {produce, rewind_source, &source};

static bool body_is_right(void)
{
	for (size_t i = 0; i < request.body_length; i++) {
		if (request.body[i] != byte_at(i))
			return false;
	}
	return request.body_length == expected_length;
}

static int on_connected(void *context)
{
	union transport_address address;

	(void)context;
	connected_count++;
	cr_assert_eq(http_client_local_address(&client, &address), 0);
	cr_assert_eq(address.ipv4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	return 0;
}

static int on_received(void *context, const char *data, size_t length)
{
	(void)context;
	memcpy(received + received_length, data, length);
	received_length += length;
	received[received_length] = '\0';
	return receive_error;
}

static void on_finished(void *context, const struct http_result *outcome)
{
	(void)context;
	finished_count++;
	result = *outcome;
}

static const struct http_client_events events = {on_connected, on_received, on_finished};

static void open_client(const struct http_settings *settings)
{
	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	http_client_open(&client, &ring, settings, &events, NULL);
}

// Opens the client and a server with a script, and begins a session between them.
static void start(void (*script)(struct peer *peer))
{
	const struct http_settings settings = {.user = "user", .password = "pass", .timeout_ms = 3000};

	peer_start(&peer, script, NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/cwmp", (unsigned)peer.port);
	open_client(&settings);
	cr_assert_eq(http_client_begin(&client, url), 0);
}

static void stop(void)
{
	http_client_end(&client);
	while (client.connection.transport.state != TRANSPORT_CLOSED || client.timer.pending)
		cr_assert_geq(ring_run_once(&ring, true), 0);
	cr_assert_not(ring.buffers[0].taken);
	peer_stop(&peer);
	ring_close(&ring);
}

static void post(const struct http_body *message)
{
	unsigned before = finished_count;

	received_length = 0;
	received[0] = '\0';
	cr_assert_eq(http_client_post(&client, message), 0);
	while (finished_count == before)
		cr_assert_geq(ring_run_once(&ring, true), 0);
}

static void post_length(size_t length)
{
	source = (struct source){.length = length};
	expected_length = length;
	post(&body);
}

#define OK(body, length) "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: " #length "\r\n\r\n" body

static const char *challenge_text;
static unsigned times;

// Answers each connection with the same text, and closes.
static void serve_text(struct peer *self)
{
	for (unsigned i = 0; i < times; i++) {
		int descriptor = peer_accept(self);

		peer_read(descriptor, &request);
		peer_request_free(&request);
		peer_write(descriptor, challenge_text);
		close(descriptor);
	}
}

static void expect(const char *text, unsigned connections, int error)
{
	challenge_text = text;
	times = connections;
	start(serve_text);
	post_length(100);
	cr_assert_eq(result.error, error, "%s: %d", text, result.error);
	stop();
	cr_assert_eq(peer.connections, connections);
}
