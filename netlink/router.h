/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port mappings of the upstream router, by NAT-PMP (RFC 6886; libnatpmp) and UPnP IGD (miniupnpc).
 *
 * These calls block, some seconds at most where a router keeps silent: they are made on a thread of their own.
 */
#pragma once

#include "netlink/endpoint.h"

#include <stdint.h>

enum router_protocol { ROUTER_NONE, ROUTER_NAT_PMP, ROUTER_UPNP, ROUTER_PROTOCOLS };

/** Which protocols may be tried; the values are those of the private connection (shm/reach-message.h) */
#define ROUTER_MAY(protocol) (1u << (protocol))

#define ROUTER_LIFETIME	    3600u /* seconds that a mapping is asked for */
#define ROUTER_URL_MAXIMUM  256u  /* bytes of the description's URL of an UPnP router */
#define ROUTER_PROBLEM_SIZE 128u

/** A mapping of a TCP port, and what is known of the router that made it. Zero it. */
struct router_mapping {
	enum router_protocol protocol; /* that made it; ROUTER_NONE: there is none */
	uint16_t internal_port;
	union endpoint external; /* the router's address on its far side, and the mapped port */
	uint32_t lifetime;	 /* seconds; 0: until it is removed */
	char url[ROUTER_URL_MAXIMUM + 1];
	char problem[ROUTER_PROBLEM_SIZE]; /* why the last call failed */
};

/**
 * router_map() - makes a mapping to a TCP port of this device, or renews it
 * @mapping: the former one, whose protocol and external port are tried first
 * @protocols: ROUTER_MAY() of those that are allowed
 *
 * Returns 0; -ENODEV when no router answers, -EACCES when one refuses, another -errno: then mapping->problem says why
 * and the rest of it is as before.
 */
int router_map(struct router_mapping *mapping, unsigned int protocols, uint16_t port);

/** router_unmap() - removes the mapping; it is none afterwards, whatever the router says. Returns 0 or -errno. */
int router_unmap(struct router_mapping *mapping);

/* The protocols, for router.c alone. Each leaves `mapping` as it is when it fails, but for `problem`. */
int router_map_nat_pmp(struct router_mapping *mapping, uint16_t port);
int router_unmap_nat_pmp(struct router_mapping *mapping);
int router_map_upnp(struct router_mapping *mapping, uint16_t port);
int router_unmap_upnp(struct router_mapping *mapping);
