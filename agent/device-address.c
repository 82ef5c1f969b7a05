// SPDX-License-Identifier: GPL-2.0-or-later
// The device's own address as the ACS reaches it.
#include "agent/device-address.h"

#include "agent/agent-private.h"
#include "shm/log.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND		     1000000000ll     // nanoseconds
#define SETTLE		     (SECOND / 5)     // an address goes, another comes, routes follow: that is one change
#define ANY_PORT	     htons(9)	      // nothing is sent to it
#define STATE_ADDRESS_TO_ACS "address-to-acs" // "host acs"

static bool known(const union transport_address *address)
{
	return address->any.sa_family == AF_INET || address->any.sa_family == AF_INET6;
}

static const void *bytes_of(const union transport_address *address)
{
	return address->any.sa_family == AF_INET ? (const void *)&address->ipv4.sin_addr : &address->ipv6.sin6_addr;
}

static bool usable(const union transport_address *address)
{
	return address->any.sa_family == AF_INET ||
	       (address->any.sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&address->ipv6.sin6_addr));
}

static union transport_address plain(const union transport_address *given)
{
	union transport_address address = *given;
	struct in_addr four;

	if (address.any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address.ipv6.sin6_addr))
		return address;
	memcpy(&four, address.ipv6.sin6_addr.s6_addr + 12, sizeof(four));
	return (union transport_address){.ipv4 = {.sin_family = AF_INET, .sin_addr = four}};
}

// --- what the address is ---

// The address of the configured interface; IPv4 first, as more servers can reach it.
static bool of_interface(const char *name, union transport_address *address)
{
	struct ifaddrs *interfaces;

	if (getifaddrs(&interfaces))
		return false;
	for (struct ifaddrs *interface = interfaces; interface; interface = interface->ifa_next) {
		const union transport_address *found = (const union transport_address *)interface->ifa_addr;

		if (strcmp(interface->ifa_name, name) || !found || !known(found) || !usable(found))
			continue;
		if (known(address) && found->any.sa_family != AF_INET)
			continue;
		memcpy(address, found, transport_address_length(found));
		if (address->any.sa_family == AF_INET)
			break;
	}
	freeifaddrs(interfaces);
	return known(address);
}

// The address from which packets to the ACS leave. The kernel says so; nothing is sent.
static bool towards(const union transport_address *acs, union transport_address *address)
{
	socklen_t length = sizeof(*address);
	int descriptor = socket(acs->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	if (descriptor < 0)
		return false;
	found = !connect(descriptor, &acs->any, transport_address_length(acs)) &&
		!getsockname(descriptor, &address->any, &length);
	close(descriptor);
	return found;
}

static void make_host(char host[DEVICE_ADDRESS_SIZE], const union transport_address *address)
{
	char text[INET6_ADDRSTRLEN];
	bool six = address->any.sa_family == AF_INET6;

	*host = 0;
	if (inet_ntop(address->any.sa_family, bytes_of(address), text, sizeof(text)))
		snprintf(host, DEVICE_ADDRESS_SIZE, "%s%s%s", six ? "[" : "", text, six ? "]" : "");
}

static void keep(const struct device_address *address)
{
	char acs[INET6_ADDRSTRLEN] = "", text[DEVICE_ADDRESS_SIZE + INET6_ADDRSTRLEN + 1];

	if (known(&address->acs))
		inet_ntop(address->acs.any.sa_family, bytes_of(&address->acs), acs, sizeof(acs));
	snprintf(text, sizeof(text), "%s %s", address->host, acs);
	agent_put_state(address->agent, STATE_ADDRESS_TO_ACS, text);
}

static void load(struct device_address *address)
{
	char text[DEVICE_ADDRESS_SIZE + INET6_ADDRSTRLEN + 1], *acs;

	if (store_get(address->agent->store, STORE_STATE, STATE_ADDRESS_TO_ACS, text, sizeof(text)) <= 0)
		return;
	acs = strchr(text, ' ');
	if (acs)
		*acs++ = 0;
	if (strlen(text) < sizeof(address->host))
		memcpy(address->host, text, strlen(text) + 1);
	if (acs && inet_pton(AF_INET, acs, &address->acs.ipv4.sin_addr) == 1)
		address->acs.any.sa_family = AF_INET;
	else if (acs && inet_pton(AF_INET6, acs, &address->acs.ipv6.sin6_addr) == 1)
		address->acs.any.sa_family = AF_INET6;
	if (known(&address->acs))
		address->acs.ipv4.sin_port = ANY_PORT;
}

static void take(struct device_address *address, const char *host)
{
	alarm_clear(&address->grace);
	if (!strcmp(address->host, host))
		return;
	snprintf(address->host, sizeof(address->host), "%s", host);
	keep(address);
	address->changed(address);
}

void device_address_look(struct device_address *address)
{
	const char *interface = address->agent->configuration.connection_request_interface;
	union transport_address found = {0};
	char host[DEVICE_ADDRESS_SIZE];

	if (*interface ? of_interface(interface, &found) : towards(&address->acs, &found)) {
		make_host(host, &found);
		take(address, host);
	} else if (*address->host && !address->grace.set) {
		alarm_set(&address->grace, CLOCK_BOOTTIME,
			  ring_clock(CLOCK_BOOTTIME) + DEVICE_ADDRESS_GRACE_SECONDS * SECOND);
	}
}

void device_address_learn(struct device_address *address, const union transport_address *local,
			  const union transport_address *acs)
{
	union transport_address peer = plain(acs), own = plain(local);
	char host[DEVICE_ADDRESS_SIZE];
	bool news = peer.any.sa_family != address->acs.any.sa_family ||
		    memcmp(bytes_of(&peer), bytes_of(&address->acs),
			   peer.any.sa_family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr)) != 0;

	address->acs = peer;
	address->acs.ipv4.sin_port = ANY_PORT;
	if (*address->agent->configuration.connection_request_interface) {
		device_address_look(address);
	} else {
		make_host(host, &own);
		take(address, host);
	}
	if (news)
		keep(address);
}

// --- changes ---

static void settled(struct alarm *alarm)
{
	device_address_look((struct device_address *)((char *)alarm - offsetof(struct device_address, settle)));
}

static void given_up(struct alarm *alarm)
{
	take((struct device_address *)((char *)alarm - offsetof(struct device_address, grace)), "");
}

static void something_changed(struct address_watch *watch)
{
	struct device_address *address =
		(struct device_address *)((char *)watch - offsetof(struct device_address, watch));

	if (!address->settle.set)
		alarm_set(&address->settle, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + SETTLE);
}

void device_address_open(struct device_address *address, struct agent *agent)
{
	int error;

	address->agent = agent;
	address->settle = (struct alarm){.ring = &agent->ring, .rang = settled};
	address->grace = (struct alarm){.ring = &agent->ring, .rang = given_up};
	load(address);
	error = address_watch_open(&address->watch, &agent->ring,
				   RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
				   something_changed);
	if (error)
		log_warning("changes of addresses go unnoticed: %s", strerror(-error));
	device_address_look(address);
}

void device_address_free(struct device_address *address)
{
	if (address->agent)
		address_watch_close(&address->watch);
}
