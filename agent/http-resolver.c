// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses of a server: getaddrinfo() on the worker's thread, and the order in which they are tried.
#include "agent/http-resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/random.h>

static void run(struct worker_job *job)
{
	struct http_resolver *resolver = (struct http_resolver *)((char *)job - offsetof(struct http_resolver, job));
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int result = getaddrinfo(resolver->asked, NULL, &hints, &list);

	resolver->answer_count = 0;
	resolver->answer_error = result == 0 ? 0 : result == EAI_NONAME ? -EHOSTUNREACH : -EAGAIN;
	for (const struct addrinfo *entry = list; entry && resolver->answer_count < HTTP_ADDRESSES_MAX;
	     entry = entry->ai_next) {
		union transport_address *address = &resolver->answer[resolver->answer_count];

		if ((entry->ai_family != AF_INET && entry->ai_family != AF_INET6) ||
		    entry->ai_addrlen > sizeof(*address))
			continue;
		memset(address, 0, sizeof(*address));
		memcpy(address, entry->ai_addr, entry->ai_addrlen);
		resolver->answer_count++;
	}
	if (list)
		freeaddrinfo(list);
	if (resolver->answer_error == 0 && resolver->answer_count == 0)
		resolver->answer_error = -EHOSTUNREACH;
}

static void set_ports(struct http_resolver *resolver)
{
	for (unsigned i = 0; i < resolver->count; i++) {
		if (resolver->addresses[i].any.sa_family == AF_INET6)
			resolver->addresses[i].ipv6.sin6_port = htons(resolver->port);
		else
			resolver->addresses[i].ipv4.sin_port = htons(resolver->port);
	}
}

static void ask(struct http_resolver *resolver)
{
	memcpy(resolver->asked, resolver->host, sizeof(resolver->asked));
	worker_submit(resolver->worker, &resolver->job);
}

static void done(struct worker_job *job)
{
	struct http_resolver *resolver = (struct http_resolver *)((char *)job - offsetof(struct http_resolver, job));
	bool same_host = strcmp(resolver->asked, resolver->host) == 0;
	int result = resolver->answer_error;

	if (same_host && result == 0) {
		memcpy(resolver->addresses, resolver->answer, sizeof(resolver->addresses));
		resolver->count = resolver->answer_count;
		set_ports(resolver);
	}
	if (!resolver->waiting)
		return;
	// The host may have changed while an answer for the one before was on its way.
	if (!same_host) {
		ask(resolver);
		return;
	}
	resolver->waiting = false;
	resolver->done(resolver, resolver->count ? 0 : result);
}

static bool parse_literal(struct http_resolver *resolver, const struct url *url)
{
	union transport_address *address = &resolver->addresses[0];
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (url->ipv6_literal && inet_pton(AF_INET6, url->host, &ipv6) == 1) {
		memset(address, 0, sizeof(*address));
		address->ipv6.sin6_family = AF_INET6;
		address->ipv6.sin6_addr = ipv6;
	} else if (inet_pton(AF_INET, url->host, &ipv4) == 1) {
		memset(address, 0, sizeof(*address));
		address->ipv4.sin_family = AF_INET;
		address->ipv4.sin_addr = ipv4;
	} else {
		return false;
	}
	resolver->count = 1;
	return true;
}

int http_resolver_start(struct http_resolver *resolver, const struct url *url)
{
	resolver->port = url->port;
	if (strcmp(resolver->host, url->host) != 0) {
		memcpy(resolver->host, url->host, sizeof(resolver->host));
		resolver->count = 0;
	}
	if (parse_literal(resolver, url)) {
		set_ports(resolver);
		return 1;
	}
	resolver->job.run = run;
	resolver->job.done = done;
	resolver->waiting = true;
	if (!resolver->job.pending)
		ask(resolver);
	return 0;
}

bool http_resolver_give_up(struct http_resolver *resolver, const struct url *url)
{
	resolver->waiting = false;
	set_ports(resolver);
	return resolver->count > 0 && strcmp(resolver->host, url->host) == 0;
}

static bool same_address(const union transport_address *a, const union transport_address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&a->ipv6.sin6_addr, &b->ipv6.sin6_addr);
	return a->ipv4.sin_addr.s_addr == b->ipv4.sin_addr.s_addr;
}

static void swap(struct http_resolver *resolver, unsigned i, unsigned j)
{
	union transport_address address = resolver->addresses[i];

	resolver->addresses[i] = resolver->addresses[j];
	resolver->addresses[j] = address;
}

void http_resolver_order(struct http_resolver *resolver)
{
	for (unsigned i = resolver->count; i > 1; i--) {
		uint32_t random = 0;

		if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
			random = (uint32_t)ring_clock(CLOCK_MONOTONIC);
		swap(resolver, i - 1, random % i);
	}
	for (unsigned i = 1; i < resolver->count; i++) {
		if (same_address(&resolver->addresses[i], &resolver->last_good))
			swap(resolver, 0, i);
	}
}

void http_resolver_worked(struct http_resolver *resolver, const union transport_address *address)
{
	resolver->last_good = *address;
}
