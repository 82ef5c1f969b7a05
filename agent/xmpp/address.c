// SPDX-License-Identifier: GPL-2.0-or-later
// Notices that the device no longer has the address of a connection: TCP alone would find out only by what is not
// acknowledged.
#include "agent/xmpp/xmpp.h"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static bool same(const union transport_address *a, const struct sockaddr *b)
{
	const union transport_address *other = (const union transport_address *)b;

	if (!b || a->any.sa_family != b->sa_family)
		return false;
	if (b->sa_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&a->ipv6.sin6_addr, &other->ipv6.sin6_addr);
	return b->sa_family == AF_INET && a->ipv4.sin_addr.s_addr == other->ipv4.sin_addr.s_addr;
}

// Loopback has more addresses than it shows.
static bool loopback(const union transport_address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->ipv6.sin6_addr);
	return ntohl(address->ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool gone(const struct xmpp_client *client, const struct ifaddrs *interfaces)
{
	union transport_address address = {0};
	socklen_t length = sizeof(address);

	if (getsockname(client->descriptor, &address.any, &length) || loopback(&address))
		return false;
	for (; interfaces; interfaces = interfaces->ifa_next) {
		if (same(&address, interfaces->ifa_addr))
			return false;
	}
	return true;
}

static void look(struct xmpp_program *program)
{
	struct ifaddrs *interfaces;

	if (getifaddrs(&interfaces))
		return;
	for (size_t i = 0; i < XMPP_CONNECTIONS_MAXIMUM; i++) {
		struct xmpp_client *client = &program->clients[i];

		if (!client->connection || !gone(client, interfaces))
			continue;
		xmpp_client_fail(client, XMPP_STATUS_DORMANT, "the device's address has changed");
		xmpp_client_run(client);
	}
	freeifaddrs(interfaces);
}

static void changed(struct address_watch *watch)
{
	look((struct xmpp_program *)((char *)watch - offsetof(struct xmpp_program, addresses)));
}

int xmpp_address_open(struct xmpp_program *program)
{
	return address_watch_open(&program->addresses, &program->ring, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
				  changed);
}

void xmpp_address_close(struct xmpp_program *program)
{
	address_watch_close(&program->addresses);
}
