/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows that go on as they began although a port mapping has changed since: the kernel looks at rules for the first
 * packet only. It is made to forget them, so that their next packet goes where the mappings now say, or nowhere.
 */
#include "netlink/nat.h"

#include "shm/log.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

/* Addresses of the device that are compared with */
#define LOCAL_MAXIMUM 64u

/* Mappings whose rules are not as they were: those that were in force, and those that are */
struct changes {
	const struct port_mapping *old[PORT_MAPPINGS_MAXIMUM], *new[PORT_MAPPINGS_MAXIMUM];
	size_t old_count, new_count;
	struct in_addr local[LOCAL_MAXIMUM];
	size_t local_count;
};

static struct in_addr ipv4(const struct conntrack_address *address)
{
	struct in_addr result;

	memcpy(&result, address->bytes, sizeof(result));
	return result;
}

static bool is_local(const struct changes *changes, struct in_addr address)
{
	for (size_t i = 0; i < changes->local_count; i++) {
		if (changes->local[i].s_addr == address.s_addr)
			return true;
	}
	return false;
}

/* Whether a flow goes where the mapping would have it go. */
static bool leads_to(const struct conntrack_flow *flow, const struct port_mapping *mapping)
{
	return flow->translated && ipv4(&flow->answers).s_addr == mapping->client.s_addr &&
	       flow->answers_port == port_mapping_inside(mapping, flow->port);
}

static bool unwanted(const struct conntrack_flow *flow, void *context)
{
	const struct changes *changes = context;
	struct in_addr source = ipv4(&flow->source);
	bool udp = flow->protocol == IPPROTO_UDP;

	if (!udp && flow->protocol != IPPROTO_TCP)
		return false;
	for (size_t i = 0; i < changes->old_count; i++) {
		if (leads_to(flow, changes->old[i]) && port_mapping_concerns(changes->old[i], udp, source, flow->port))
			return true;
	}
	/* A connection of TCP that leads elsewhere is somebody's, and ends; datagrams may come for ever. */
	for (size_t i = 0; udp && i < changes->new_count; i++) {
		if (!leads_to(flow, changes->new[i]) && is_local(changes, ipv4(&flow->destination)) &&
		    port_mapping_concerns(changes->new[i], udp, source, flow->port))
			return true;
	}
	return false;
}

static const struct port_mapping *find(const struct port_mapping *mappings, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (mappings[i].number == number)
			return &mappings[i];
	}
	return NULL;
}

static void compare(struct changes *changes, const struct nat_port_mappings *all)
{
	for (size_t i = 0; i < all->applied_count; i++) {
		const struct port_mapping *old = &all->applied[i], *new = find(all->mappings, all->count, old->number);

		if (port_mapping_status(old) == PORT_MAPPING_ENABLED && (!new || !port_mapping_same_rules(old, new)))
			changes->old[changes->old_count++] = old;
	}
	for (size_t i = 0; i < all->count; i++) {
		const struct port_mapping *new = &all->mappings[i];
		const struct port_mapping *old = find(all->applied, all->applied_count, new->number);

		if (port_mapping_status(new) == PORT_MAPPING_ENABLED && (!old || !port_mapping_same_rules(old, new)))
			changes->new[changes->new_count++] = new;
	}
}

static void find_local(struct changes *changes)
{
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list))
		return;
	for (const struct ifaddrs *one = list; one && changes->local_count < LOCAL_MAXIMUM; one = one->ifa_next) {
		if (one->ifa_addr && one->ifa_addr->sa_family == AF_INET)
			changes->local[changes->local_count++] = ((const struct sockaddr_in *)one->ifa_addr)->sin_addr;
	}
	freeifaddrs(list);
}

void nat_flows_settle(struct nat *nat)
{
	static struct changes changes;
	struct nat_port_mappings *all = &nat->port_mappings;
	int count = 0;

	memset(&changes, 0, sizeof(changes));
	compare(&changes, all);
	if ((changes.old_count || changes.new_count) && !nat->monitor.problem) {
		find_local(&changes);
		count = conntrack_forget(&nat->monitor.requests, unwanted, &changes);
	}
	if (count < 0)
		log_warning("flows of former port mappings go on: %s", strerror(-count));
	else if (count > 0)
		log_info("%d flows begin anew, as port mappings have changed", count);
	memcpy(all->applied, all->mappings, all->count * sizeof(all->applied[0]));
	all->applied_count = all->count;
}
