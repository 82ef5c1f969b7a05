// SPDX-License-Identifier: GPL-2.0-or-later
// The connection-request listener, asked by a thread: what it answers, counts and survives.
#include "agent/connection-request.h"
#include "agent/digest-client.h"
#include "tests/unit/agent/peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <poll.h>
#include <unistd.h>

#define PATH "/5d1a0c"

static struct ring ring;
static struct connection_request listener;
static struct ring_operation stop_poll;
static unsigned requested_count;
static int stop_event;
static void (*client_script)(void);

static void requested(void *context)
{
	(void)context;
	requested_count++;
}

static void stop_asked(struct ring_operation *operation, int result, unsigned flags)
{
	(void)operation;
	(void)result;
	(void)flags;
	ring_stop(&ring);
}

static void *run_client(void *argument)
{
	uint64_t one = 1;

	(void)argument;
	client_script();
	cr_assert_eq(write(stop_event, &one, sizeof(one)), (ssize_t)sizeof(one));
	return NULL;
}

// Runs the listener until the client's script has ended.
static void serve(const struct connection_request_settings *settings, unsigned features, void (*script)(void))
{
	pthread_t thread;

	cr_assert_eq(ring_open(&ring, features), 0);
	cr_assert_eq(connection_request_open(&listener, &ring, settings, requested, NULL), 0);
	stop_event = eventfd(0, EFD_NONBLOCK);
	stop_poll = (struct ring_operation){.done = stop_asked};
	cr_assert_eq(ring_poll(&ring, &stop_poll, stop_event, POLLIN), 0);
	client_script = script;
	cr_assert_eq(pthread_create(&thread, NULL, run_client, NULL), 0);
	cr_assert_eq(ring_run(&ring), 0);
	pthread_join(thread, NULL);
	connection_request_close(&listener);
	while (!connection_request_idle(&listener))
		cr_assert_geq(ring_run_once(&ring, true), 0);
	ring_close(&ring);
	close(stop_event);
}

static const struct connection_request_settings standard = {.path = PATH, .user = "acs", .password = "secret"};
static const struct connection_request_settings two_algorithms = {
	.path = PATH, .user = "acs", .password = "secret", .sha256 = true};
static const struct connection_request_settings open_access = {.path = PATH, .open_access = true};

static const char *ask(const char *text)
{
	static char answer[8192];

	peer_ask(listener.port, text, answer, sizeof(answer));
	return answer;
}

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

// Takes up each challenge of an answer.
static void offer(struct authentication *authentication, const char *answer)
{
	const char *header = answer;

	while ((header = strstr(header, "WWW-Authenticate: "))) {
		header += strlen("WWW-Authenticate: ");
		authentication_offer(authentication, header, strcspn(header, "\r"));
	}
}

// Sends a GET with credentials for the challenge of a first one, and returns the answer.
static const char *ask_with(const char *user, const char *password, char *request, size_t size)
{
	struct authentication authentication = {0};
	char header[2048];
	bool stale;
	int length;

	offer(&authentication, ask("GET " PATH " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
	cr_assert_eq(authentication_accept(&authentication, false, &stale), 0);
	length = authentication_write(&authentication, user, password, "GET", PATH, header, sizeof(header));
	snprintf(request, size, "GET " PATH " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: %.*s\r\n\r\n",
		 length, header);
	return ask(request);
}

static void client_digest(void)
{
	char request[4096];
	const char *answer = ask_with("acs", "secret", request, sizeof(request));

	cr_assert(starts(answer, "HTTP/1.1 200 OK\r\n"), "%s", answer);
	cr_assert(strstr(answer, "Content-Length: 0\r\n"));
	answer = ask(request);
	cr_assert(starts(answer, "HTTP/1.1 401 "));
	cr_assert(strstr(answer, "stale=true"));
	cr_assert(starts(ask_with("acs", "wrong", request, sizeof(request)), "HTTP/1.1 401 "));
	cr_assert(starts(ask_with("other", "secret", request, sizeof(request)), "HTTP/1.1 401 "));
	cr_assert(starts(ask_with("a\\c\"s", "secret", request, sizeof(request)), "HTTP/1.1 401 "));
	cr_assert(starts(
		ask("GET " PATH " HTTP/1.1\r\nAuthorization: Basic YWNzOnNlY3JldA==\r\nConnection: close\r\n\r\n"),
		"HTTP/1.1 401 "));
}

Test(connection_request, digest)
{
	serve(&standard, RING_ALL_FEATURES, client_digest);
	cr_assert_eq(requested_count, 1);
	cr_assert_eq(listener.counters.granted, 1);
	cr_assert_eq(listener.counters.replayed, 1);
	cr_assert_eq(listener.counters.wrong_credentials, 3);
	cr_assert_eq(listener.counters.no_credentials, 5);
	cr_assert_eq(listener.counters.connections, 10);
}

Test(connection_request, digest_without_newer_kernel_features)
{
	serve(&standard, 0, client_digest);
	cr_assert_eq(listener.counters.granted, 1);
}

static void client_two_algorithms(void)
{
	char request[4096];

	cr_assert(starts(ask_with("acs", "secret", request, sizeof(request)), "HTTP/1.1 200 "));
	cr_assert(strstr(request, "algorithm=SHA-256"));
}

Test(connection_request, sha256)
{
	serve(&two_algorithms, RING_ALL_FEATURES, client_two_algorithms);
	cr_assert_eq(requested_count, 1);
}

static void read_answer(int descriptor, char *answer, size_t size)
{
	size_t length = 0;

	answer[0] = '\0';
	while (!strstr(answer, "\r\n\r\n")) {
		ssize_t got = recv(descriptor, answer + length, size - 1 - length, 0);

		cr_assert_gt(got, 0);
		length += (size_t)got;
		answer[length] = '\0';
	}
}

// Both requests over one connection, the second in pieces; then several at once.
static void client_keep_alive(void)
{
	struct authentication authentication = {0};
	int descriptor = peer_connect(listener.port);
	char answer[4096], header[2048], byte[2] = "";
	bool stale;
	int length;

	peer_write(descriptor, "GET " PATH " HTTP/1.1\r\n\r\n");
	read_answer(descriptor, answer, sizeof(answer));
	cr_assert_not(strstr(answer, "Connection: close"));
	offer(&authentication, answer);
	authentication_accept(&authentication, false, &stale);
	length = authentication_write(&authentication, "acs", "secret", "GET", PATH, header, sizeof(header));
	snprintf(answer, sizeof(answer),
		 "GET http://host:7547" PATH " HTTP/1.1\r\nauthorization: %.*s\r\nContent-Length: 3\r\n\r\nabc", length,
		 header);
	for (const char *p = answer; *p; p++) {
		byte[0] = *p;
		peer_write(descriptor, byte);
	}
	read_answer(descriptor, answer, sizeof(answer));
	cr_assert(starts(answer, "HTTP/1.1 200 "));
	peer_write(descriptor, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.0\r\n\r\n");
	shutdown(descriptor, SHUT_WR);
	length = 0;
	for (ssize_t got; (got = recv(descriptor, answer + length, sizeof(answer) - 1 - (size_t)length, 0)) > 0;)
		length += (int)got;
	answer[length] = '\0';
	cr_assert(starts(answer, "HTTP/1.1 404 "));
	cr_assert(strstr(strstr(strstr(answer, "404") + 3, "404") + 3, "404"));
	close(descriptor);
}

Test(connection_request, keep_alive)
{
	serve(&standard, RING_ALL_FEATURES, client_keep_alive);
	cr_assert_eq(requested_count, 1);
	cr_assert_eq(listener.counters.connections, 1);
	cr_assert_eq(listener.counters.wrong_path, 3);
}

static void client_refused(void)
{
	static char large[CONNECTION_REQUEST_LINE_MAX * 2];

	cr_assert(starts(ask("GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 404 "));
	cr_assert(starts(ask("GET " PATH "x HTTP/1.0\r\n\r\n"), "HTTP/1.1 404 "));
	cr_assert(starts(ask("POST " PATH " HTTP/1.0\r\nContent-Length: 2\r\n\r\nxx"), "HTTP/1.1 405 "));
	cr_assert(starts(ask("HEAD " PATH " HTTP/1.0\r\n\r\n"), "HTTP/1.1 405 "));
	cr_assert(starts(ask("\x16\x03\x01 TLS by mistake\r\n\r\n"), "HTTP/1.1 400 "));
	cr_assert(starts(ask("GET " PATH " HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"), "HTTP/1.1 431 "));
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "GET /", 5);
	cr_assert(starts(ask(large), "HTTP/1.1 431 "));
	cr_assert(starts(ask("GET " PATH " HTTP/1.0\r\nAuthorization: Digest x\r\nAuthorization: Digest x\r\n\r\n"),
			 "HTTP/1.1 400 "));
}

Test(connection_request, refused)
{
	serve(&standard, RING_ALL_FEATURES, client_refused);
	cr_assert_eq(requested_count, 0);
	cr_assert_eq(listener.counters.wrong_path, 2);
	cr_assert_eq(listener.counters.wrong_method, 2);
	cr_assert_eq(listener.counters.malformed, 4);
}

// Goes on sending after it was refused. What the sockets' queues hold is sent in any case.
static void client_that_goes_on(void)
{
	static const char zeros[65536];
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6, .sin6_port = htons(listener.port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int descriptor = socket(AF_INET6, SOCK_STREAM, 0);
	size_t total = 0;
	ssize_t sent;

	cr_assert_eq(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
	while (total < 256u << 20) {
		sent = send(descriptor, zeros, sizeof(zeros), MSG_NOSIGNAL);
		if (sent <= 0)
			break;
		total += (size_t)sent;
	}
	close(descriptor);
	cr_expect_lt(total, 32u << 20, "%zu bytes were taken from a refused client", total);
}

Test(connection_request, a_refused_client_is_not_read_for_long)
{
	serve(&standard, RING_ALL_FEATURES, client_that_goes_on);
	cr_expect_eq(listener.counters.malformed, 1);
}

static void client_empty_credentials(void)
{
	char request[4096];

	cr_assert(starts(ask_with("", "", request, sizeof(request)), "HTTP/1.1 401 "));
	cr_assert(starts(ask("GET " PATH " HTTP/1.0\r\n\r\n"), "HTTP/1.1 401 "));
}

Test(connection_request, empty_credentials_are_refused)
{
	static const struct connection_request_settings empty = {.path = PATH, .user = "", .password = ""};

	serve(&empty, RING_ALL_FEATURES, client_empty_credentials);
	cr_assert_eq(requested_count, 0);
	cr_assert_eq(listener.counters.wrong_credentials, 3);
}

static void client_limit(void)
{
	for (unsigned i = 0; i < 5; i++) {
		const char *answer = ask("GET " PATH " HTTP/1.0\r\n\r\n");

		cr_assert(starts(answer, i < 3 ? "HTTP/1.1 200 " : "HTTP/1.1 503 "));
		cr_assert_not(strstr(answer, "Retry-After"));
	}
}

Test(connection_request, limit)
{
	static const struct connection_request_settings limited = {
		.path = PATH, .open_access = true, .burst = 3, .interval_ms = 3600000};

	serve(&limited, RING_ALL_FEATURES, client_limit);
	cr_assert_eq(requested_count, 3);
	cr_assert_eq(listener.counters.limited, 2);
}

#define SILENT 100

static void client_among_silent_ones(void)
{
	int silent[SILENT];

	for (int i = 0; i < SILENT; i++) {
		silent[i] = peer_connect(listener.port);
		cr_assert_geq(silent[i], 0);
		if (i % 2)
			peer_write(silent[i], "GET " PATH " HT");
	}
	cr_assert(starts(ask("GET " PATH " HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 "));
	for (int i = 0; i < SILENT; i++)
		close(silent[i]);
}

Test(connection_request, silent_clients_do_not_block)
{
	serve(&open_access, RING_ALL_FEATURES, client_among_silent_ones);
	cr_assert_eq(requested_count, 1);
	cr_assert_geq(listener.counters.evicted, SILENT - CONNECTION_REQUEST_CONNECTIONS);
}

static void client_slow(void)
{
	int descriptor = peer_connect(listener.port);
	char byte;

	peer_write(descriptor, "GET " PATH " HTTP/1.1\r\n");
	cr_assert_eq(recv(descriptor, &byte, 1, 0), 0);
	close(descriptor);
}

Test(connection_request, time_limit)
{
	static const struct connection_request_settings hasty = {
		.path = PATH, .open_access = true, .time_limit_ms = 50};

	serve(&hasty, RING_ALL_FEATURES, client_slow);
	cr_assert_eq(listener.counters.timed_out, 1);
}

static void client_ipv6(void)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6, .sin6_port = htons(listener.port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int descriptor = socket(AF_INET6, SOCK_STREAM, 0);
	char answer[1024];

	// A machine without IPv6 has nothing to test here.
	if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0)
		return;
	peer_write(descriptor, "GET " PATH " HTTP/1.1\r\n\r\n");
	read_answer(descriptor, answer, sizeof(answer));
	cr_assert(starts(answer, "HTTP/1.1 200 "));
	close(descriptor);
}

Test(connection_request, ipv6)
{
	serve(&open_access, RING_ALL_FEATURES, client_ipv6);
}

Test(connection_request, idle_listener_has_no_timer)
{
	serve(&open_access, RING_ALL_FEATURES, client_ipv6);
	cr_assert_not(listener.timer.pending);
}

Test(connection_request, port_in_use)
{
	struct connection_request_settings settings = open_access;
	static struct connection_request other;

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	cr_assert_eq(connection_request_open(&listener, &ring, &settings, requested, NULL), 0);
	settings.port = listener.port;
	cr_assert_eq(connection_request_open(&other, &ring, &settings, requested, NULL), -EADDRINUSE);
	settings.path = "no-slash";
	cr_assert_eq(connection_request_open(&other, &ring, &settings, requested, NULL), -EINVAL);
	ring_close(&ring);
}
