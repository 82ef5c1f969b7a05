// SPDX-License-Identifier: GPL-2.0-or-later
// Asks the name service for a host's addresses, on the ring: c-ares, whose sockets the ring watches.
#include "agent/name-query.h"

#include "shm/log.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define PROCESS_ROUNDS 16 // how often one socket is served before the others get their turn

static void socket_ready(struct ring_operation *operation, int result, unsigned flags);

// ---- The answer

static uint32_t shorter(uint32_t time, int other)
{
	// RFC 2181, 8: one with the highest bit set is to be taken as zero.
	uint32_t limit = other < 0 ? 0 : (uint32_t)other;

	return time < limit ? time : limit;
}

static void take_addresses(struct name_answer *answer, const struct ares_addrinfo *list)
{
	answer->time_to_live = NAME_TIME_TO_LIVE_MAX;
	for (const struct ares_addrinfo_cname *name = list->cnames; name; name = name->next)
		answer->time_to_live = shorter(answer->time_to_live, name->ttl);
	for (const struct ares_addrinfo_node *node = list->nodes; node && answer->count < NAME_ADDRESSES_MAX;
	     node = node->ai_next) {
		union transport_address *address = &answer->addresses[answer->count];

		if ((node->ai_family != AF_INET && node->ai_family != AF_INET6) || node->ai_addrlen > sizeof(*address))
			continue;
		memset(address, 0, sizeof(*address));
		memcpy(address, node->ai_addr, node->ai_addrlen);
		answer->time_to_live = shorter(answer->time_to_live, node->ai_ttl);
		answer->count++;
	}
}

static int error_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
	case ARES_EBADNAME:
		return -EHOSTUNREACH;
	case ARES_ENOMEM:
		return -ENOMEM;
	default:
		return -EAGAIN;
	}
}

static void answered(void *context, int status, int timeouts, struct ares_addrinfo *list)
{
	struct name_query *query = context;
	struct name_answer *answer = &query->answer;

	(void)timeouts;
	if (status == ARES_EDESTRUCTION)
		return;
	*answer = (struct name_answer){.error = error_of(status)};
	if (list) {
		take_addresses(answer, list);
		ares_freeaddrinfo(list);
	}
	if (!answer->error && !answer->count)
		answer->error = -EHOSTUNREACH;
	query->finished = true;
}

static void service_answered(void *context, int status, int timeouts, unsigned char *message, int length)
{
	struct name_query *query = context;
	struct name_answer *answer = &query->answer;
	struct ares_srv_reply *list = NULL;

	(void)timeouts;
	if (status == ARES_EDESTRUCTION)
		return;
	if (status == ARES_SUCCESS)
		status = ares_parse_srv_reply(message, length, &list);
	*answer = (struct name_answer){.error = error_of(status)};
	for (const struct ares_srv_reply *record = list; record && answer->count < NAME_SERVICES_MAX;
	     record = record->next) {
		struct name_service *service = &answer->services[answer->count];

		if (strlen(record->host) >= sizeof(service->host))
			continue;
		*service = (struct name_service){record->priority, record->weight, record->port, ""};
		snprintf(service->host, sizeof(service->host), "%s", record->host);
		answer->count++;
	}
	ares_free_data(list);
	if (!answer->error && !answer->count)
		answer->error = -EHOSTUNREACH;
	query->finished = true;
}

// ---- The channel

static void close_channel(struct name_query *query)
{
	if (!query->channel)
		return;
	ares_destroy(query->channel);
	ares_library_cleanup();
	query->channel = NULL;
}

// After c-ares has had its turn: tells the answer, or waits for what it waits for. c-ares must not be on the stack, as
// the channel may be destroyed here.
static void settle(struct name_query *query)
{
	struct timeval wait;

	if (!query->channel)
		return;
	if (query->finished) {
		name_query_stop(query);
		query->done(query);
	} else if (ares_timeout(query->channel, NULL, &wait)) {
		alarm_set(&query->alarm, CLOCK_MONOTONIC,
			  ring_clock(CLOCK_MONOTONIC) + wait.tv_sec * 1000000000ll + wait.tv_usec * 1000ll);
	}
}

static void rang(struct alarm *alarm)
{
	struct name_query *query = (struct name_query *)((char *)alarm - offsetof(struct name_query, alarm));

	ares_process_fd(query->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	settle(query);
}

// ---- Its sockets

static void watch(struct name_query *query, int descriptor, unsigned events)
{
	for (size_t i = 0; i < NAME_SOCKETS_MAX; i++) {
		struct name_socket *socket = &query->sockets[i];

		if (socket->poll.pending)
			continue;
		socket->query = query;
		socket->descriptor = descriptor;
		socket->events = events;
		socket->poll.done = socket_ready;
		if (!ring_poll(query->ring, &socket->poll, descriptor, events))
			return;
	}
	// The query goes on, and ends by its time.
	log_warning("a name server's socket can't be watched");
}

static void forget(struct name_query *query, int descriptor)
{
	for (size_t i = 0; i < NAME_SOCKETS_MAX; i++) {
		struct name_socket *socket = &query->sockets[i];

		if (!socket->poll.pending || socket->descriptor != descriptor)
			continue;
		socket->descriptor = -1;
		ring_cancel(query->ring, &socket->poll);
	}
}

static void socket_state(void *context, ares_socket_t descriptor, int readable, int writable)
{
	struct name_query *query = context;

	forget(query, descriptor);
	if (readable || writable)
		watch(query, descriptor, (readable ? POLLIN : 0u) | (writable ? POLLOUT : 0u));
}

static void process(struct name_query *query, int descriptor, int events)
{
	bool readable = events & (POLLIN | POLLERR | POLLHUP), writable = events & POLLOUT;

	ares_process_fd(query->channel, readable ? descriptor : ARES_SOCKET_BAD,
			writable ? descriptor : ARES_SOCKET_BAD);
}

static void socket_ready(struct ring_operation *operation, int result, unsigned flags)
{
	struct name_socket *socket = (struct name_socket *)((char *)operation - offsetof(struct name_socket, poll));
	struct name_query *query = socket->query;
	int descriptor = socket->descriptor;

	// The watch of a socket that is closed by now, or the ring's end.
	if (descriptor < 0 || result < 0)
		return;
	if (!(flags & RING_MORE) && ring_poll(query->ring, operation, descriptor, socket->events))
		log_warning("a name server's socket can't be watched");
	// The ring tells of what is new, and c-ares takes one piece of a TCP stream at a time.
	for (int i = 0; i < PROCESS_ROUNDS && socket->descriptor == descriptor; i++) {
		process(query, descriptor, result);
		result = POLLIN;
		if (poll(&(struct pollfd){descriptor, POLLIN, 0}, 1, 0) <= 0)
			break;
	}
	settle(query);
}

// ---- Start and end

void name_query_prepare(struct name_query *query)
{
	query->alarm = (struct alarm){.ring = query->ring, .rang = rang};
}

static int open_channel(struct name_query *query)
{
	struct ares_options options = {
		.timeout = NAME_SERVER_WAIT_MS,
		.tries = NAME_SERVER_TRIES,
		.sock_state_cb = socket_state,
		.sock_state_cb_data = query,
	};
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status != ARES_SUCCESS)
		return error_of(status);
	status = ares_init_options(&query->channel, &options,
				   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
	if (status == ARES_SUCCESS)
		return 0;
	query->channel = NULL;
	ares_library_cleanup();
	return error_of(status);
}

static int prepare(struct name_query *query)
{
	int error;

	name_query_stop(query);
	query->finished = false;
	error = open_channel(query);
	if (error)
		query->answer = (struct name_answer){.error = error};
	return error;
}

// The question was asked: the answer may be there already.
static int asked(struct name_query *query)
{
	if (query->finished) {
		name_query_stop(query);
		return 1;
	}
	settle(query);
	return 0;
}

int name_query_start(struct name_query *query, const char *host)
{
	// The order of the addresses is the caller's affair: no need to find out which route each would take.
	static const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

	if (prepare(query))
		return 1;
	ares_getaddrinfo(query->channel, host, NULL, &hints, answered, query);
	return asked(query);
}

int name_query_service(struct name_query *query, const char *service)
{
	if (prepare(query))
		return 1;
	ares_query(query->channel, service, ns_c_in, ns_t_srv, service_answered, query);
	return asked(query);
}

void name_query_stop(struct name_query *query)
{
	if (!query->channel)
		return;
	alarm_clear(&query->alarm);
	close_channel(query);
}

void name_query_close(struct name_query *query)
{
	close_channel(query);
}
