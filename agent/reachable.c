// SPDX-License-Identifier: GPL-2.0-or-later
// How an ACS reaches the device: the address for each way, and what is published of them.
#include "agent/reachable.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;   // for the log
	const char *method; // in SupportedConnReqMethods; NULL: it is part of another's
} ways[REACHABLE_WAYS] = {
	[REACHABLE_HTTP] = {"by HTTP", "HTTP"},
	[REACHABLE_MAPPING] = {"by HTTP through a port mapping", NULL},
	[REACHABLE_UDP] = {"by UDP", "STUN"},
	[REACHABLE_XMPP] = {"by XMPP", "XMPP"},
};

static void publish(struct reachable *reachable, enum management_server_parameter parameter, const char *text)
{
	own_set(&reachable->agent->own, OWN_MANAGEMENT_SERVER, parameter, text);
}

// Addresses that the Internet does not route: RFC 1918, RFC 6598 (carrier NATs), RFC 3927, loopback.
static bool private(const struct in_addr *address)
{
	static const struct {
		uint32_t network, mask;
	} ranges[] = {{0x0A000000, 0xFF000000}, {0xAC100000, 0xFFF00000}, {0xC0A80000, 0xFFFF0000},
		      {0x64400000, 0xFFC00000}, {0xA9FE0000, 0xFFFF0000}, {0x7F000000, 0xFF000000}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if ((ntohl(address->s_addr) & ranges[i].mask) == ranges[i].network)
			return true;
	return false;
}

// Whether the ACS gets to a mapped address. Behind a second NAT the router's own far side is private, and leads nowhere
// unless the ACS is in that same network.
static bool leads_here(const char *mapped, const union transport_address *acs)
{
	const char *colon = strrchr(mapped, ':');
	char host[INET_ADDRSTRLEN];
	struct in_addr address;

	if (!colon || (size_t)(colon - mapped) >= sizeof(host))
		return false;
	memcpy(host, mapped, (size_t)(colon - mapped));
	host[colon - mapped] = 0;
	if (inet_pton(AF_INET, host, &address) != 1)
		return false;
	return !private(&address) || (acs->any.sa_family == AF_INET && private(&acs->ipv4.sin_addr));
}

static void publish_url(struct reachable *reachable)
{
	const char *own = reachable->addresses[REACHABLE_HTTP], *mapped = reachable->addresses[REACHABLE_MAPPING];
	char url[LISTENER_URL_SIZE] = "";

	// A router may still forward to a port at which nobody listens any more.
	if (*own)
		snprintf(url, sizeof(url), "http://%.*s%s", REACHABLE_HOST_MAXIMUM,
			 leads_here(mapped, &reachable->agent->listener.address.acs) ? mapped : own, reachable->path);
	publish(reachable, MANAGEMENT_SERVER_CONNECTION_REQUEST_URL, url);
}

static void publish_methods(struct reachable *reachable)
{
	char text[64] = "";
	size_t length = 0;

	for (size_t i = 0; i < REACHABLE_WAYS; i++) {
		if (ways[i].method && (i == REACHABLE_HTTP || reachable->supported[i]))
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", length ? "," : "",
						   ways[i].method);
	}
	publish(reachable, MANAGEMENT_SERVER_SUPPORTED_CONN_REQ_METHODS, text);
}

void reachable_set(struct reachable *reachable, enum reachable_way way, const char *address)
{
	if (strcmp(reachable->addresses[way], address) != 0)
		log_info("reached %s at %s", ways[way].text, *address ? address : "no address");
	snprintf(reachable->addresses[way], sizeof(reachable->addresses[way]), "%s", address);
	switch (way) {
	case REACHABLE_HTTP:
	case REACHABLE_MAPPING:
		publish_url(reachable);
		break;
	case REACHABLE_UDP:
		publish(reachable, MANAGEMENT_SERVER_UDP_CONNECTION_REQUEST_ADDRESS, address);
		break;
	case REACHABLE_XMPP:
		publish(reachable, MANAGEMENT_SERVER_CONN_REQ_JABBER_ID, address);
		break;
	case REACHABLE_WAYS:
		break;
	}
}

const char *reachable_address(const struct reachable *reachable, enum reachable_way way)
{
	return reachable->addresses[way];
}

void reachable_support(struct reachable *reachable, enum reachable_way way, bool supported)
{
	reachable->supported[way] = supported;
	publish_methods(reachable);
}
