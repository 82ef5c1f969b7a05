// SPDX-License-Identifier: GPL-2.0-or-later
// The addresses of a server: how long they are known, and the order in which they are tried.
#include "agent/http-resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

static void set_ports(struct http_resolver *resolver)
{
	for (unsigned i = 0; i < resolver->count; i++) {
		if (resolver->addresses[i].any.sa_family == AF_INET6)
			resolver->addresses[i].ipv6.sin6_port = htons(resolver->port);
		else
			resolver->addresses[i].ipv4.sin_port = htons(resolver->port);
	}
}

// Takes the name service's answer. Returns what done() is told.
static int take(struct http_resolver *resolver)
{
	const struct name_answer *answer = &resolver->query.answer;

	if (!answer->error) {
		memcpy(resolver->addresses, answer->addresses, sizeof(resolver->addresses));
		resolver->count = answer->count;
		resolver->good_until = ring_clock(CLOCK_BOOTTIME) + answer->time_to_live * 1000000000ll;
	} else if (answer->error == -EHOSTUNREACH) {
		// That is an answer too: the name is gone, and its former addresses may be somebody else's by now.
		resolver->count = 0;
	}
	set_ports(resolver);
	return resolver->count ? 0 : answer->error;
}

static void answered(struct name_query *query)
{
	struct http_resolver *resolver =
		(struct http_resolver *)((char *)query - offsetof(struct http_resolver, query));

	resolver->done(resolver, take(resolver));
}

void http_resolver_open(struct http_resolver *resolver, struct ring *ring)
{
	resolver->query.ring = ring;
	resolver->query.done = answered;
	name_query_prepare(&resolver->query);
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
	if (parse_literal(resolver, url) || (resolver->count && ring_clock(CLOCK_BOOTTIME) < resolver->good_until)) {
		set_ports(resolver);
		return 1;
	}
	if (!name_query_start(&resolver->query, resolver->host))
		return 0;
	return take(resolver) ? resolver->query.answer.error : 1;
}

bool http_resolver_give_up(struct http_resolver *resolver, const struct url *url)
{
	name_query_stop(&resolver->query);
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

void http_resolver_failed(struct http_resolver *resolver, const union transport_address *address)
{
	if (same_address(address, &resolver->last_good))
		resolver->last_good = (union transport_address){0};
}

void http_resolver_close(struct http_resolver *resolver)
{
	name_query_close(&resolver->query);
}
