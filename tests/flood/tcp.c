// SPDX-License-Identifier: GPL-2.0-or-later
// Requests on many TCP connections: each sends some in a row and is followed by another when its peer closes it.
#include "tests/flood/flood.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS	    256
#define RECEIVE	    65536u
#define NANOSECONDS 1000000000ull
#define MILLISECOND 1000000ull
#define STATUSES    600 // of HTTP
#define STATUS_LINE "HTTP/1.1 "

struct connection {
	int descriptor; // -1: closed
	char *output;
	size_t length, sent;
	unsigned requests; // in the output
	uint64_t drip_at;
};

struct flood {
	const struct plan *plan;
	int epoll;
	struct connection connections[CONNECTIONS_MAXIMUM];
	uint64_t start, claimed, sent, opened, refused, cut;
	uint64_t statuses[STATUSES];
};

static void fill(struct flood *flood, struct connection *connection)
{
	connection->length = connection->sent = 0;
	connection->requests = 0;
	for (unsigned i = 0; i < flood->plan->per_connection; i++) {
		const struct payload *payload = &flood->plan->payloads[flood->claimed++ % flood->plan->payload_count];

		memcpy(connection->output + connection->length, payload->bytes, payload->length);
		connection->length += payload->length;
		connection->requests++;
	}
}

static void end(struct flood *flood, struct connection *connection)
{
	// A connection that was cut off has sent a part of its requests.
	flood->sent += connection->requests * connection->sent / connection->length;
	flood->cut += connection->sent < connection->length;
	close(connection->descriptor);
	connection->descriptor = -1;
}

static void begin(struct flood *flood, struct connection *connection)
{
	const struct plan *plan = flood->plan;
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};

	connection->descriptor = socket(plan->to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->descriptor < 0)
		return;
	fill(flood, connection);
	connection->drip_at = flood_now();
	if ((plan->from.any.sa_family && bind(connection->descriptor, &plan->from.any, plan->length)) ||
	    (connect(connection->descriptor, &plan->to.any, plan->length) && errno != EINPROGRESS) ||
	    epoll_ctl(flood->epoll, EPOLL_CTL_ADD, connection->descriptor, &event)) {
		flood->refused++;
		close(connection->descriptor);
		connection->descriptor = -1;
		return;
	}
	flood->opened++;
}

static void count_answers(struct flood *flood, const char *bytes, size_t length)
{
	const char *end_of_bytes = bytes + length;

	for (const char *at = bytes;
	     (at = memmem(at, (size_t)(end_of_bytes - at), STATUS_LINE, strlen(STATUS_LINE)));) {
		at += strlen(STATUS_LINE);
		if (end_of_bytes - at >= 3) {
			unsigned status = (unsigned)((at[0] - '0') * 100 + (at[1] - '0') * 10 + at[2] - '0');

			flood->statuses[status % STATUSES]++;
		}
	}
}

// Sends what may go now; false: the connection is over.
static bool send_more(struct flood *flood, struct connection *connection)
{
	while (connection->sent < connection->length) {
		size_t length = connection->length - connection->sent;
		ssize_t sent;

		if (flood->plan->drip && connection->drip_at > flood_now())
			return true;
		sent = send(connection->descriptor, connection->output + connection->sent,
			    flood->plan->drip ? 1 : length, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == ENOTCONN;
		connection->sent += (size_t)sent;
		connection->drip_at += flood->plan->drip * MILLISECOND;
	}
	return true;
}

static void serve(struct flood *flood, struct connection *connection, uint32_t events)
{
	static char bytes[RECEIVE];
	ssize_t length;

	if (connection->descriptor < 0)
		return;
	while ((length = recv(connection->descriptor, bytes, sizeof(bytes), 0)) > 0)
		count_answers(flood, bytes, (size_t)length);
	if (length == 0 || (errno != EAGAIN && errno != ENOTCONN) || events & EPOLLERR || !send_more(flood, connection))
		end(flood, connection);
}

static void print(const struct flood *flood)
{
	double seconds = (double)(flood_now() - flood->start) / 1e9;
	const char *comma = "";

	printf("{\"sent\": %" PRIu64 ", \"seconds\": %.3f, \"rate\": %.0f, \"connections\": %" PRIu64
	       ", \"refused\": %" PRIu64 ", \"cut\": %" PRIu64 ", \"answers\": {",
	       flood->sent, seconds, (double)flood->sent / seconds, flood->opened, flood->refused, flood->cut);
	for (unsigned i = 0; i < STATUSES; i++) {
		if (!flood->statuses[i])
			continue;
		printf("%s\"%u\": %" PRIu64, comma, i, flood->statuses[i]);
		comma = ", ";
	}
	puts("}}");
}

// Opens connections as the rate allows; drips where that is wanted.
static void keep_going(struct flood *flood)
{
	const struct plan *plan = flood->plan;

	for (unsigned i = 0; i < plan->connections; i++) {
		struct connection *connection = &flood->connections[i];

		if (connection->descriptor < 0) {
			if (flood->claimed < plan_due(plan, flood->start))
				begin(flood, connection);
		} else if (plan->drip) {
			serve(flood, connection, 0);
		}
	}
}

int flood_tcp(const struct plan *plan)
{
	static struct flood flood;
	size_t largest = 0;

	flood = (struct flood){.plan = plan, .epoll = epoll_create1(EPOLL_CLOEXEC), .start = flood_now()};
	if (flood.epoll < 0)
		return -errno;
	for (size_t i = 0; i < plan->payload_count; i++)
		largest = plan->payloads[i].length > largest ? plan->payloads[i].length : largest;
	for (unsigned i = 0; i < plan->connections; i++) {
		flood.connections[i].descriptor = -1;
		flood.connections[i].output = malloc(largest * plan->per_connection);
		if (!flood.connections[i].output)
			return -ENOMEM;
	}
	while (flood_now() - flood.start < plan->seconds * NANOSECONDS) {
		struct epoll_event events[EVENTS];
		int count;

		keep_going(&flood);
		count = epoll_wait(flood.epoll, events, EVENTS, 1);
		for (int i = 0; i < count; i++)
			serve(&flood, events[i].data.ptr, events[i].events);
	}
	for (unsigned i = 0; i < plan->connections; i++) {
		if (flood.connections[i].descriptor >= 0)
			end(&flood, &flood.connections[i]);
		free(flood.connections[i].output);
	}
	close(flood.epoll);
	print(&flood);
	return 0;
}
