/* SPDX-License-Identifier: BSD-2-Clause */
/* How the NAT maps and filters, where the server has a second address to find it out with (RFC 5780, 4.3 and 4.4). */
#include "netlink/stun-client.h"

#include <errno.h>
#include <string.h>

#define TRANSMISSIONS 5u /* an answer that is filtered never comes: no need to wait the whole schedule */

static void step_mapping(struct stun_client *client);
static void step_filtering(struct stun_client *client);

void behaviour_stop(struct stun_client *client)
{
	struct stun_behaviour *behaviour = &client->behaviour;

	stun_cancel(&behaviour->mapping_request);
	stun_cancel(&behaviour->filtering_request);
	stun_socket_close(client, &behaviour->mapping_socket);
	stun_socket_close(client, &behaviour->filtering_socket);
	behaviour->mapping = behaviour->filtering = NAT_UNKNOWN;
}

static enum stun_framing framing(const struct stun_client *client)
{
	return client->framing == STUN_RFC8489 ? STUN_RFC8489 : STUN_RFC3489;
}

static void mapping_is(struct stun_client *client, enum nat_behaviour mapping)
{
	client->behaviour.mapping = mapping;
	stun_socket_close(client, &client->behaviour.mapping_socket);
	client->changed(client);
}

static void filtering_is(struct stun_client *client, enum nat_behaviour filtering)
{
	client->behaviour.filtering = filtering;
	stun_socket_close(client, &client->behaviour.filtering_socket);
	client->changed(client);
}

/* ---- Mapping: the same port asks three addresses ------------------------------------------------------------ */

static void mapped(struct stun_transaction *transaction, int error, const struct stun_response *response,
		   int descriptor)
{
	struct stun_client *client = LOOP_OF(transaction, struct stun_client, behaviour.mapping_request);
	struct stun_behaviour *behaviour = &client->behaviour;

	(void)descriptor;
	if (error || response->type != STUN_BINDING_RESPONSE) {
		mapping_is(client, NAT_UNKNOWN);
	} else if (behaviour->mapping_step == 0) {
		behaviour->mapped[0] = response->mapped;
		behaviour->mapping_step++;
		step_mapping(client);
	} else if (behaviour->mapping_step == 1) {
		behaviour->mapped[1] = response->mapped;
		if (endpoint_same(&response->mapped, &behaviour->mapped[0])) {
			mapping_is(client, NAT_ENDPOINT_INDEPENDENT);
			return;
		}
		behaviour->mapping_step++;
		step_mapping(client);
	} else {
		mapping_is(client, endpoint_same(&response->mapped, &behaviour->mapped[1])
					   ? NAT_ADDRESS_DEPENDENT
					   : NAT_ADDRESS_PORT_DEPENDENT);
	}
}

static void step_mapping(struct stun_client *client)
{
	struct stun_behaviour *behaviour = &client->behaviour;
	union endpoint server = client->servers[client->server];
	uint16_t port = endpoint_port(&server);
	struct stun_request request = {0};

	if (behaviour->mapping_step > 0)
		server = behaviour->other;
	if (behaviour->mapping_step == 1)
		endpoint_set_port(&server, port);
	stun_credentials(client, &request);
	behaviour->mapping_request.done = mapped;
	if (stun_start(&client->transactions, &behaviour->mapping_request, behaviour->mapping_socket.source.descriptor,
		       &server, NULL, framing(client), &request, TRANSMISSIONS))
		mapping_is(client, NAT_UNKNOWN);
}

/* ---- Filtering: the server answers from elsewhere ----------------------------------------------------------- */

static void filtered(struct stun_transaction *transaction, int error, const struct stun_response *response,
		     int descriptor)
{
	struct stun_client *client = LOOP_OF(transaction, struct stun_client, behaviour.filtering_request);
	struct stun_behaviour *behaviour = &client->behaviour;

	(void)descriptor;
	if (!error && response->type == STUN_BINDING_RESPONSE) {
		filtering_is(client, behaviour->filtering_step ? NAT_ADDRESS_DEPENDENT : NAT_ENDPOINT_INDEPENDENT);
	} else if (error != -ETIMEDOUT) {
		filtering_is(client, NAT_UNKNOWN);
	} else if (behaviour->filtering_step++ == 0) {
		step_filtering(client);
	} else {
		filtering_is(client, NAT_ADDRESS_PORT_DEPENDENT);
	}
}

static void step_filtering(struct stun_client *client)
{
	struct stun_behaviour *behaviour = &client->behaviour;
	const union endpoint *server = &client->servers[client->server];
	struct stun_request request = {.change = STUN_CHANGE_PORT};
	union endpoint from = *server;

	if (behaviour->filtering_step == 0) {
		request.change |= STUN_CHANGE_ADDRESS;
		from = behaviour->other;
	} else {
		endpoint_set_port(&from, endpoint_port(&behaviour->other));
	}
	stun_credentials(client, &request);
	behaviour->filtering_request.done = filtered;
	if (stun_start(&client->transactions, &behaviour->filtering_request,
		       behaviour->filtering_socket.source.descriptor, server, &from, framing(client), &request,
		       TRANSMISSIONS))
		filtering_is(client, NAT_UNKNOWN);
}

void behaviour_start(struct stun_client *client, const union endpoint *other)
{
	struct stun_behaviour *behaviour = &client->behaviour;
	const union endpoint *server = &client->servers[client->server];

	behaviour_stop(client);
	/* A second address that is the first one, or of another family, shows nothing. */
	if (other->any.sa_family != server->any.sa_family || endpoint_same_host(other, server) ||
	    endpoint_port(other) == endpoint_port(server))
		return;
	behaviour->other = *other;
	behaviour->mapping_step = behaviour->filtering_step = 0;
	if (stun_socket_open(client, &behaviour->mapping_socket, server->any.sa_family, 0) ||
	    stun_socket_open(client, &behaviour->filtering_socket, server->any.sa_family, 0)) {
		behaviour_stop(client);
		return;
	}
	step_mapping(client);
	step_filtering(client);
}
