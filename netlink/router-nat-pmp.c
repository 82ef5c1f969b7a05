/* SPDX-License-Identifier: BSD-2-Clause */
/* Port mappings by NAT-PMP (RFC 6886), with libnatpmp. The router is the gateway of the default route. */
#include "netlink/router.h"

#include <errno.h>
#include <natpmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* RFC 6886 3.1 has 64 s of retransmissions; a router on the next wire has answered after the third of them. */
#define PATIENCE 1750 /* milliseconds */

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Awaits the answer to the request that was sent, of this type. */
static int answer(natpmp_t *natpmp, uint16_t type, natpmpresp_t *response, char *problem)
{
	int64_t end = now() + PATIENCE;
	int result = NATPMP_TRYAGAIN;

	while (now() < end) {
		struct pollfd descriptor = {.fd = natpmp->s, .events = POLLIN};
		struct timeval next;
		int64_t wait = end - now();

		if (!getnatpmprequesttimeout(natpmp, &next) && next.tv_sec * 1000 + next.tv_usec / 1000 < wait)
			wait = next.tv_sec * 1000 + next.tv_usec / 1000;
		poll(&descriptor, 1, wait > 0 ? (int)wait + 1 : 0);
		result = readnatpmpresponseorretry(natpmp, response);
		if (result == 0 && response->type != type)
			result = NATPMP_TRYAGAIN;
		if (result != NATPMP_TRYAGAIN)
			break;
	}
	switch (result) {
	case 0:
		return 0;
	case NATPMP_ERR_NOTAUTHORIZED:
		snprintf(problem, ROUTER_PROBLEM_SIZE, "NAT-PMP: the router refuses");
		return -EACCES;
	case NATPMP_ERR_NETWORKFAILURE:
		snprintf(problem, ROUTER_PROBLEM_SIZE, "NAT-PMP: the router has no address on its far side");
		return -ENETDOWN;
	case NATPMP_ERR_OUTOFRESOURCES:
		snprintf(problem, ROUTER_PROBLEM_SIZE, "NAT-PMP: the router has no room for a mapping");
		return -ENOSPC;
	default:
		snprintf(problem, ROUTER_PROBLEM_SIZE, "NAT-PMP: no answer");
		return -ENODEV;
	}
}

static int begin(natpmp_t *natpmp, char *problem)
{
	if (!initnatpmp(natpmp, 0, 0))
		return 0;
	snprintf(problem, ROUTER_PROBLEM_SIZE, "NAT-PMP: there is no default route");
	return -ENODEV;
}

static int ask_mapping(natpmp_t *natpmp, uint16_t internal, uint16_t external, uint32_t lifetime,
		       natpmpresp_t *response, char *problem)
{
	if (sendnewportmappingrequest(natpmp, NATPMP_PROTOCOL_TCP, internal, external, lifetime) < 0) {
		snprintf(problem, ROUTER_PROBLEM_SIZE, "NAT-PMP: the router can't be asked");
		return -ENODEV;
	}
	return answer(natpmp, NATPMP_RESPTYPE_TCPPORTMAPPING, response, problem);
}

int router_map_nat_pmp(struct router_mapping *mapping, uint16_t port)
{
	uint16_t external = endpoint_port(&mapping->external);
	natpmpresp_t address, made;
	natpmp_t natpmp;
	int error = begin(&natpmp, mapping->problem);

	if (error)
		return error;
	if (sendpublicaddressrequest(&natpmp) < 0) {
		snprintf(mapping->problem, sizeof(mapping->problem), "NAT-PMP: the router can't be asked");
		error = -ENODEV;
	} else {
		error = answer(&natpmp, NATPMP_RESPTYPE_PUBLICADDRESS, &address, mapping->problem);
	}
	if (!error && !address.pnu.publicaddress.addr.s_addr) {
		snprintf(mapping->problem, sizeof(mapping->problem),
			 "NAT-PMP: the router has no address on its far side");
		error = -ENETDOWN;
	}
	if (!error)
		error = ask_mapping(&natpmp, port, external ? external : port, ROUTER_LIFETIME, &made,
				    mapping->problem);
	closenatpmp(&natpmp);
	if (error)
		return error;
	mapping->protocol = ROUTER_NAT_PMP;
	mapping->internal_port = port;
	mapping->external =
		endpoint_make(AF_INET, &address.pnu.publicaddress.addr, made.pnu.newportmapping.mappedpublicport);
	mapping->lifetime = made.pnu.newportmapping.lifetime;
	return 0;
}

int router_unmap_nat_pmp(struct router_mapping *mapping)
{
	natpmpresp_t response;
	natpmp_t natpmp;
	int error = begin(&natpmp, mapping->problem);

	if (error)
		return error;
	error = ask_mapping(&natpmp, mapping->internal_port, 0, 0, &response, mapping->problem);
	closenatpmp(&natpmp);
	return error;
}
