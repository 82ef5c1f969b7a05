/* SPDX-License-Identifier: BSD-2-Clause */
/* Port mappings of the upstream router: which protocol is used. */
#include "netlink/router.h"

#include <errno.h>

static const struct {
	int (*map)(struct router_mapping *mapping, uint16_t port);
	int (*unmap)(struct router_mapping *mapping);
} protocol[ROUTER_PROTOCOLS] = {
	/* NAT-PMP is asked first: one datagram tells whether the router speaks it, where UPnP takes seconds. */
	[ROUTER_NAT_PMP] = {router_map_nat_pmp, router_unmap_nat_pmp},
	[ROUTER_UPNP] = {router_map_upnp, router_unmap_upnp},
};

int router_map(struct router_mapping *mapping, unsigned int protocols, uint16_t port)
{
	enum router_protocol former = mapping->protocol;
	int error = -ENODEV, refused = 0;

	if (former && protocols & ROUTER_MAY(former) && !protocol[former].map(mapping, port))
		return 0;
	for (enum router_protocol i = ROUTER_NAT_PMP; i < ROUTER_PROTOCOLS; i++) {
		if (i == former || !(protocols & ROUTER_MAY(i)))
			continue;
		error = protocol[i].map(mapping, port);
		if (!error)
			return 0;
		/* A router that says no is better to know than that another protocol has no answer. */
		if (error != -ENODEV)
			refused = error;
	}
	return refused ? refused : error;
}

int router_unmap(struct router_mapping *mapping)
{
	int error = mapping->protocol ? protocol[mapping->protocol].unmap(mapping) : 0;

	mapping->protocol = ROUTER_NONE;
	mapping->external = (union endpoint){.any.sa_family = AF_UNSPEC};
	mapping->lifetime = 0;
	return error;
}
