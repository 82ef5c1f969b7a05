/* SPDX-License-Identifier: BSD-2-Clause */
/* Port mappings by UPnP's Internet Gateway Device, with miniupnpc. The router is found by a search on the link. */
#include "netlink/router.h"

#include <arpa/inet.h>
#include <errno.h>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_MILLISECONDS 2000
#define SEARCH_TTL	    2  /* UPnP Device Architecture 1.1, 1.3.2 */
#define PORTS_TRIED	    16 /* one after the other, where somebody else has the first */
#define DESCRIPTION	    "espalier"

/* UPnP's error codes (WANIPConnection:1, 2.4.16) */
#define NOT_AUTHORIZED	      606
#define CONFLICT	      718
#define ONLY_PERMANENT_LEASES 725

struct igd {
	struct UPNPUrls urls;
	struct IGDdatas data;
	char local[INET6_ADDRSTRLEN]; /* our address, as the router sees it */
};

static int search(struct igd *igd)
{
	int error = 0, found;
	struct UPNPDev *devices =
		upnpDiscover(SEARCH_MILLISECONDS, NULL, NULL, UPNP_LOCAL_PORT_ANY, 0, SEARCH_TTL, &error);

	if (!devices)
		return -ENODEV;
	found = UPNP_GetValidIGD(devices, &igd->urls, &igd->data, igd->local, sizeof(igd->local));
	freeUPNPDevlist(devices);
	/* 2: one whose far side is not connected, or has an address that is not public: it is asked all the same. */
	if (found == 1 || found == 2)
		return 0;
	if (found)
		FreeUPNPUrls(&igd->urls);
	return -ENODEV;
}

/* Searches only where the router of the last time does not answer: a search takes seconds. */
static int begin(struct igd *igd, struct router_mapping *mapping)
{
	memset(igd, 0, sizeof(*igd));
	if (*mapping->url && UPNP_GetIGDFromUrl(mapping->url, &igd->urls, &igd->data, igd->local, sizeof(igd->local)))
		return 0;
	if (!search(igd))
		return 0;
	snprintf(mapping->problem, sizeof(mapping->problem), "UPnP: no router answers");
	return -ENODEV;
}

static int problem(struct router_mapping *mapping, int code)
{
	const char *text = strupnperror(code);

	snprintf(mapping->problem, sizeof(mapping->problem), "UPnP: %s (%d)", text ? text : "the router refuses", code);
	return code == NOT_AUTHORIZED ? -EACCES : code < 0 ? -ENODEV : -EIO;
}

static int add(const struct igd *igd, uint16_t internal, uint16_t external, uint32_t *lifetime)
{
	const char *service = igd->data.first.servicetype;
	char inside[8], outside[8], lease[16];
	int code;

	snprintf(inside, sizeof(inside), "%u", internal);
	snprintf(outside, sizeof(outside), "%u", external);
	snprintf(lease, sizeof(lease), "%u", *lifetime);
	code = UPNP_AddPortMapping(igd->urls.controlURL, service, outside, inside, igd->local, DESCRIPTION, "TCP", NULL,
				   lease);
	if (code != ONLY_PERMANENT_LEASES)
		return code;
	*lifetime = 0;
	return UPNP_AddPortMapping(igd->urls.controlURL, service, outside, inside, igd->local, DESCRIPTION, "TCP", NULL,
				   "0");
}

static int far_side(const struct igd *igd, struct in_addr *address, struct router_mapping *mapping)
{
	char text[16 + 1] = "";
	int code = UPNP_GetExternalIPAddress(igd->urls.controlURL, igd->data.first.servicetype, text);

	if (code)
		return problem(mapping, code);
	if (inet_pton(AF_INET, text, address) == 1 && address->s_addr)
		return 0;
	snprintf(mapping->problem, sizeof(mapping->problem), "UPnP: the router has no address on its far side");
	return -ENETDOWN;
}

int router_map_upnp(struct router_mapping *mapping, uint16_t port)
{
	uint16_t external = endpoint_port(&mapping->external);
	uint32_t lifetime = ROUTER_LIFETIME;
	struct in_addr address;
	struct igd igd;
	int error = begin(&igd, mapping), code = 0;

	if (error)
		return error;
	if (!external)
		external = port;
	error = far_side(&igd, &address, mapping);
	for (unsigned int i = 0; !error && i < PORTS_TRIED; i++, external++) {
		code = add(&igd, port, external, &lifetime);
		if (code != CONFLICT || external == UINT16_MAX)
			break;
	}
	if (!error && code)
		error = problem(mapping, code);
	if (!error) {
		mapping->protocol = ROUTER_UPNP;
		mapping->internal_port = port;
		mapping->external = endpoint_make(AF_INET, &address, external);
		mapping->lifetime = lifetime;
		if (strlen(igd.urls.rootdescURL) <= ROUTER_URL_MAXIMUM)
			snprintf(mapping->url, sizeof(mapping->url), "%s", igd.urls.rootdescURL);
	}
	FreeUPNPUrls(&igd.urls);
	return error;
}

int router_unmap_upnp(struct router_mapping *mapping)
{
	char outside[8];
	struct igd igd;
	int error = begin(&igd, mapping), code;

	if (error)
		return error;
	snprintf(outside, sizeof(outside), "%u", endpoint_port(&mapping->external));
	code = UPNP_DeletePortMapping(igd.urls.controlURL, igd.data.first.servicetype, outside, "TCP", NULL);
	FreeUPNPUrls(&igd.urls);
	return code ? problem(mapping, code) : 0;
}
