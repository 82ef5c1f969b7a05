/* SPDX-License-Identifier: BSD-2-Clause */
/* Hears from the kernel when addresses or routes change. */
#include "netlink/nat.h"

#include "shm/log.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include <linux/rtnetlink.h>

/* Datagrams that are taken before the client looks: what they say is found out by asking for the route. */
#define DATAGRAMS 64u

static void routes_ready(struct loop_source *source, uint32_t events)
{
	struct nat *nat = LOOP_OF(source, struct nat, routes_source);
	int taken = channel_notifications(&nat->routes, DATAGRAMS, NULL, NULL);

	(void)events;
	/* After a loss the queue is to be emptied before the kernel fills it again. */
	if (taken == -ENOBUFS)
		channel_discard(&nat->routes);
	else if (taken < 0)
		log_warning("routes can't be watched: %s", strerror(-taken));
	stun_client_routes_changed(&nat->stun);
	port_mapper_routes_changed(&nat->port_mapper);
	nat_interfaces_changed(nat);
}

int nat_routes_open(struct nat *nat)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
				     RTNLGRP_IPV6_ROUTE};
	int error = channel_open(&nat->routes, &nat->buffer, 0);

	for (size_t i = 0; !error && i < sizeof(groups) / sizeof(*groups); i++)
		error = channel_subscribe(&nat->routes, groups[i]);
	if (error)
		return error;
	nat->routes_source.descriptor = nat->routes.fd;
	nat->routes_source.ready = routes_ready;
	return loop_watch(&nat->loop, &nat->routes_source, EPOLLIN);
}

void nat_routes_close(struct nat *nat)
{
	loop_forget(&nat->loop, &nat->routes_source);
	channel_close(&nat->routes);
}
