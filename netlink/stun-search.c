/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long the NAT keeps a binding: after ever longer silence of the main port, a second port asks the server
 * to answer to the main one. What arrives there proves that the binding was alive; the time is doubled until one was
 * not, and halved in between then.
 */
#include "netlink/stun-client.h"

#include "shm/log.h"

#include <errno.h>
#include <string.h>

#define PROBES	     5u	    /* transmissions: 3.1 s in RFC 3489's schedule */
#define UNLIMITED    86400u /* seconds: where STUNMaximumKeepAlivePeriod sets no limit */
#define CLOSE_ENOUGH 8u	    /* the search ends when the bounds differ by this part of the lower one */

static uint32_t minimum(const struct stun_client *client)
{
	return client->settings.minimum ? client->settings.minimum : 1;
}

static uint32_t maximum(const struct stun_client *client)
{
	uint32_t limit = client->settings.maximum ? client->settings.maximum : UNLIMITED;

	return limit > minimum(client) ? limit : minimum(client);
}

void search_stop(struct stun_client *client)
{
	stun_cancel(&client->search.probe);
	stun_socket_close(client, &client->search.socket);
	client->search.trial = 0;
}

void search_start(struct stun_client *client)
{
	search_stop(client);
	memset(&client->search, 0, sizeof(client->search));
	client->search.lower = minimum(client);
}

static void finish(struct stun_client *client)
{
	struct stun_search *search = &client->search;

	search_stop(client);
	search->found = true;
	if (search->way != SEARCH_NO_WAY)
		log_info("STUN: the NAT keeps a binding for %u s at least", search->lower);
}

static int probe(struct stun_client *client);

/* The next trial, or the end of the search. */
static void choose(struct stun_client *client)
{
	struct stun_search *search = &client->search;
	uint32_t limit = maximum(client);

	if (search->upper && search->upper < limit)
		limit = search->upper;
	if (search->lower >= limit || limit - search->lower <= search->lower / CLOSE_ENOUGH) {
		finish(client);
		return;
	}
	if (search->upper)
		search->trial = search->lower + (search->upper - search->lower) / 2;
	else
		search->trial = search->lower > limit / 2 ? limit : 2 * search->lower;
}

static void way_failed(struct stun_client *client)
{
	struct stun_search *search = &client->search;

	search->way++;
	if (search->way == SEARCH_NO_WAY) {
		log_info("STUN: the server answers to no other port: the NAT's time is not looked for");
		finish(client);
	} else if (probe(client)) {
		finish(client);
	}
}

static void probed(struct stun_transaction *transaction, int error, const struct stun_response *response,
		   int descriptor)
{
	struct stun_client *client = LOOP_OF(transaction, struct stun_client, search.probe);
	struct stun_search *search = &client->search;
	bool alive =
		!error && response->type == STUN_BINDING_RESPONSE && descriptor == client->socket.source.descriptor;

	if (!search->way_known) {
		/* Right after a refresh the binding lives for sure: no answer means that the server can't do it. */
		if (!alive) {
			way_failed(client);
			return;
		}
		search->way_known = true;
		choose(client);
		if (search->trial)
			loop_timer_set(client->loop, &client->timer, loop_now() + search->trial * 1000000000ll);
		return;
	}
	if (alive)
		search->lower = search->trial;
	else
		search->upper = search->trial;
	search->trial = 0;
	log_debug("STUN: the binding is %s after the silence", alive ? "alive" : "gone");
	stun_client_bind(client);
}

static int probe(struct stun_client *client)
{
	struct stun_search *search = &client->search;
	const union endpoint *server = &client->servers[client->server];
	struct stun_request request = {0};
	int error = 0;

	stun_credentials(client, &request);
	if (search->way == SEARCH_RESPONSE_ADDRESS)
		request.response_to = client->mapped;
	else
		request.response_port = endpoint_port(&client->mapped);
	if (!search->socket.source.watched)
		error = stun_socket_open(client, &search->socket, server->any.sa_family, 0);
	search->probe.done = probed;
	return error ? error
		     : stun_start(&client->transactions, &search->probe, search->socket.source.descriptor, server, NULL,
				  client->framing == STUN_RFC8489 ? STUN_RFC8489 : STUN_RFC3489, &request, PROBES);
}

void search_refreshed(struct stun_client *client)
{
	struct stun_search *search = &client->search;

	/* Without a NAT nothing is forgotten; the firewall that may be there instead is kept open as often as is
	 * allowed at least. */
	if (!client->nat_detected || search->found || minimum(client) == maximum(client) || search->probe.active ||
	    client->announce)
		return;
	if (!search->way_known) {
		search->way = SEARCH_RESPONSE_ADDRESS;
		if (probe(client))
			finish(client);
		return;
	}
	choose(client);
}

bool search_try(struct stun_client *client)
{
	struct stun_search *search = &client->search;

	return search->trial && search->way_known && !search->found && !probe(client);
}

void search_lost(struct stun_client *client)
{
	struct stun_search *search = &client->search;

	/* A trial that has shown this is no news. Otherwise the NAT, or its time, is another one. */
	if (search->upper && !search->found && !search->trial)
		return;
	search_start(client);
}
