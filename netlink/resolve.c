/* SPDX-License-Identifier: BSD-2-Clause */
/* Names to addresses without waiting: c-ares on the event loop. */
#include "netlink/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>

#include <ares.h>

static void arm(struct resolve *resolve)
{
	struct timeval time, *limit = resolve->channel ? ares_timeout(resolve->channel, NULL, &time) : NULL;

	if (limit)
		loop_timer_set(resolve->loop, &resolve->timer,
			       loop_now() + limit->tv_sec * 1000000000ll + limit->tv_usec * 1000ll);
	else
		loop_timer_clear(resolve->loop, &resolve->timer);
}

static void socket_ready(struct loop_source *source, uint32_t events)
{
	struct resolve_socket *socket = LOOP_OF(source, struct resolve_socket, source);
	struct resolve *resolve = socket->resolve;
	bool readable = events & (EPOLLIN | EPOLLERR | EPOLLHUP);

	ares_process_fd(resolve->channel, readable ? source->descriptor : ARES_SOCKET_BAD,
			events & EPOLLOUT ? source->descriptor : ARES_SOCKET_BAD);
	arm(resolve);
}

static void timer_rang(struct loop_timer *timer)
{
	struct resolve *resolve = LOOP_OF(timer, struct resolve, timer);

	ares_process_fd(resolve->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(resolve);
}

/* c-ares tells which of its sockets it waits for. */
static void socket_state(void *data, ares_socket_t descriptor, int readable, int writable)
{
	struct resolve *resolve = data;
	struct resolve_socket *found = NULL;

	for (unsigned int i = 0; i < RESOLVE_SOCKETS_MAXIMUM; i++) {
		struct resolve_socket *socket = &resolve->sockets[i];

		if (socket->used && socket->source.descriptor == descriptor) {
			found = socket;
			break;
		}
		if (!socket->used && !found)
			found = socket;
	}
	if (!found)
		return;
	if (!readable && !writable) {
		if (found->used)
			loop_forget(resolve->loop, &found->source);
		found->used = false;
		return;
	}
	if (!found->used)
		*found = (struct resolve_socket){
			.source = {.descriptor = descriptor, .ready = socket_ready}, .resolve = resolve, .used = true};
	loop_watch(resolve->loop, &found->source, (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u));
}

static void found(void *data, int status, int timeouts, struct ares_addrinfo *result)
{
	struct resolve *resolve = data;
	union endpoint addresses[RESOLVE_ADDRESSES_MAXIMUM];
	unsigned int count = 0;

	(void)timeouts;
	if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) {
		ares_freeaddrinfo(result);
		return;
	}
	for (struct ares_addrinfo_node *node = result ? result->nodes : NULL; node && count < RESOLVE_ADDRESSES_MAXIMUM;
	     node = node->ai_next) {
		if (node->ai_family != AF_INET && node->ai_family != AF_INET6)
			continue;
		memset(&addresses[count], 0, sizeof(addresses[count]));
		memcpy(&addresses[count], node->ai_addr,
		       node->ai_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		endpoint_set_port(&addresses[count++], resolve->port);
	}
	ares_freeaddrinfo(result);
	resolve->done(resolve, addresses, count, ares_strerror(status));
}

/* An address literal; c-ares would ask a name server about it. */
static bool literal(const char *name, uint16_t port, union endpoint *endpoint)
{
	static const int families[] = {AF_INET, AF_INET6};
	uint8_t bytes[sizeof(struct in6_addr)];

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		if (inet_pton(families[i], name, bytes) != 1)
			continue;
		*endpoint = endpoint_make(families[i], bytes, port);
		return true;
	}
	return false;
}

int resolve_start(struct resolve *resolve, const char *name, uint16_t port)
{
	union endpoint endpoint;
	struct ares_options options = {.sock_state_cb = socket_state, .sock_state_cb_data = resolve};
	const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};

	resolve_stop(resolve);
	resolve->port = port;
	resolve->timer.rang = timer_rang;
	if (literal(name, port, &endpoint)) {
		resolve->done(resolve, &endpoint, 1, "");
		return 0;
	}
	if (ares_library_init(ARES_LIB_INIT_ALL))
		return -ENOMEM;
	resolve->opened = true;
	/* A channel of its own for each lookup: resolv.conf may be another since the last one. */
	if (ares_init_options(&resolve->channel, &options, ARES_OPT_SOCK_STATE_CB)) {
		resolve_stop(resolve);
		return -ENOMEM;
	}
	ares_getaddrinfo(resolve->channel, name, NULL, &hints, found, resolve);
	arm(resolve);
	return 0;
}

void resolve_stop(struct resolve *resolve)
{
	if (resolve->channel)
		ares_destroy(resolve->channel);
	resolve->channel = NULL;
	loop_timer_clear(resolve->loop, &resolve->timer);
	if (resolve->opened)
		ares_library_cleanup();
	resolve->opened = false;
}
