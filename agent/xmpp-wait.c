// SPDX-License-Identifier: GPL-2.0-or-later
// When and where an XMPP connection is tried again: the standard's waits, and the order of servers.
#include "agent/xmpp-wait.h"

#define MILLISECONDS 1000u

uint64_t xmpp_wait_limit(uint32_t n, uint32_t initial, uint32_t multiplier, uint32_t maximum)
{
	double limit = (double)initial * MILLISECONDS, most = (double)maximum * MILLISECONDS;

	for (uint32_t i = 1; i < n && limit < most && multiplier > 1000; i++)
		limit *= multiplier / 1000.0;
	return (uint64_t)(limit < most ? limit : most);
}

uint64_t xmpp_wait(uint32_t n, uint32_t initial, uint32_t multiplier, uint32_t maximum, uint64_t random)
{
	return random % (xmpp_wait_limit(n, initial, multiplier, maximum) + 1);
}

static void swap(struct xmpp_server *a, struct xmpp_server *b)
{
	struct xmpp_server other = *a;

	*a = *b;
	*b = other;
}

// Those of weight 0 first, so that they have a small chance: as RFC 2782 wants the list before each choice.
static bool before(const struct xmpp_server *a, const struct xmpp_server *b)
{
	return a->priority < b->priority || (a->priority == b->priority && !a->weight && b->weight);
}

static void sort(struct xmpp_server *servers, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		for (uint32_t j = i; j && before(&servers[j], &servers[j - 1]); j--)
			swap(&servers[j], &servers[j - 1]);
	}
}

void xmpp_order_servers(struct xmpp_server *servers, uint32_t count, uint32_t (*random)(void))
{
	for (uint32_t first = 0; first < count; first++) {
		uint32_t sum = 0, same = 0, chosen = first, running = 0, number;

		sort(servers + first, count - first);
		while (first + same < count && servers[first + same].priority == servers[first].priority)
			sum += servers[first + same++].weight;
		number = random() % (sum + 1);
		for (uint32_t i = first; i < first + same; i++) {
			running += servers[i].weight;
			chosen = i;
			if (running >= number)
				break;
		}
		swap(&servers[first], &servers[chosen]);
	}
}
