/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills the segment's rows. */
#include "netlink/nat.h"

#include "netlink/update.h"

#define INTERVAL 1000000000ll /* nanoseconds between two updates: a flood of packets is not one of updates */

static void update_endpoint(struct update *update, uint32_t parameter, const union endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_text(text, endpoint);
	update_text(update, parameter, text);
}

static uint32_t microseconds(int64_t nanoseconds)
{
	int64_t value = (nanoseconds + 999) / 1000;

	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void publish_stun(struct nat *nat)
{
	const struct espalier_row none = {0, 0};
	const struct stun_client *client = &nat->stun;
	const struct stun_transactions *messages = &client->transactions;
	const uint64_t *counts = client->filter.counts;
	static const union endpoint nowhere;
	struct update update = update_begin(nat->writer, espalier_row_of(nat->writer, NAT_STUN, none));

	update_text(&update, NAT_STUN_STATUS, nat_stun_status[client->status]);
	update_endpoint(&update, NAT_STUN_SERVER, client->server_count ? &client->servers[client->server] : &nowhere);
	update_endpoint(&update, NAT_STUN_LOCAL_ADDRESS, &client->local);
	update_endpoint(&update, NAT_STUN_MAPPED_ADDRESS, &client->mapped);
	update_boolean(&update, NAT_STUN_NAT_DETECTED, client->nat_detected);
	update_text(&update, NAT_STUN_MAPPING_BEHAVIOR, nat_behaviour_texts[client->behaviour.mapping]);
	update_text(&update, NAT_STUN_FILTERING_BEHAVIOR, nat_behaviour_texts[client->behaviour.filtering]);
	update_unsigned(&update, NAT_STUN_KEEP_ALIVE_PERIOD,
			client->status == STUN_BOUND ? stun_client_period(client) : 0);
	update_unsigned(&update, NAT_STUN_BINDING_LIFETIME,
			client->nat_detected && client->search.way_known ? client->search.lower : 0);
	update_unsigned(&update, NAT_STUN_ROUND_TRIP_TIME, microseconds(client->round_trip));
	update_unsigned(&update, NAT_STUN_MESSAGES_SENT, messages->sent);
	update_unsigned(&update, NAT_STUN_MESSAGES_RECEIVED, messages->received);
	update_unsigned(&update, NAT_STUN_MESSAGES_RETRANSMITTED, messages->retransmitted);
	update_unsigned(&update, NAT_STUN_REQUESTS_UNANSWERED, messages->timed_out);
	update_unsigned(&update, NAT_STUN_MESSAGES_FOREIGN, messages->foreign);
	update_unsigned(&update, NAT_STUN_BINDING_CHANGES, client->changes);
	update_unsigned(&update, NAT_STUN_CONNECTION_REQUESTS_FORWARDED, counts[REQUEST_FORWARDED]);
	update_unsigned(&update, NAT_STUN_CONNECTION_REQUESTS_MALFORMED, counts[REQUEST_MALFORMED]);
	update_unsigned(&update, NAT_STUN_CONNECTION_REQUESTS_WRONG_USER, counts[REQUEST_WRONG_USER]);
	update_unsigned(&update, NAT_STUN_CONNECTION_REQUESTS_LIMITED, counts[REQUEST_LIMITED]);
	update_text(&update, NAT_STUN_LAST_ERROR, client->last_error);
	update_end(&update);
}

static void publish_port_mapper(struct nat *nat)
{
	const struct espalier_row none = {0, 0};
	const struct port_mapper *mapper = &nat->port_mapper;
	struct update update = update_begin(nat->writer, espalier_row_of(nat->writer, NAT_PORT_MAPPER, none));

	update_text(&update, NAT_PORT_MAPPER_STATUS, nat_port_mapper_status[mapper->status]);
	update_text(&update, NAT_PORT_MAPPER_PROTOCOL, nat_router_protocols[mapper->mapping.protocol]);
	update_unsigned(&update, NAT_PORT_MAPPER_INTERNAL_PORT, mapper->mapping.internal_port);
	update_endpoint(&update, NAT_PORT_MAPPER_EXTERNAL_ADDRESS, &mapper->mapping.external);
	update_unsigned(&update, NAT_PORT_MAPPER_LEASE_DURATION, mapper->mapping.lifetime);
	update_unsigned(&update, NAT_PORT_MAPPER_CHANGES, mapper->changes);
	update_text(&update, NAT_PORT_MAPPER_LAST_ERROR, mapper->last_error);
	update_end(&update);
}

static void publish_now(struct loop_timer *timer)
{
	struct nat *nat = LOOP_OF(timer, struct nat, publishing);

	nat->published_at = loop_now();
	publish_stun(nat);
	publish_port_mapper(nat);
}

void nat_publish(struct nat *nat)
{
	int64_t now = loop_now(), at = nat->published_at + INTERVAL;

	if (!nat->publishing.set)
		loop_timer_set(&nat->loop, &nat->publishing, at > now ? at : now);
}

void nat_publish_open(struct nat *nat)
{
	nat->publishing.rang = publish_now;
	publish_now(&nat->publishing);
}
