/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps a TCP port of this device mapped at the upstream router, so that connection requests come through its NAT. */
#pragma once

#include "netlink/background.h"
#include "netlink/loop.h"
#include "netlink/router.h"

enum port_mapper_status {
	PORT_MAPPER_DISABLED,
	PORT_MAPPER_SEARCHING,
	PORT_MAPPER_MAPPED,
	PORT_MAPPER_NO_ROUTER,
	PORT_MAPPER_REFUSED,
	PORT_MAPPER_STATUSES
};

/** What is wanted. Zero: no mapping. */
struct port_mapper_settings {
	unsigned int protocols; /* ROUTER_MAY() of each that is allowed; 0: no mapping */
	uint16_t port;		/* of this device */
	uint32_t interval;	/* seconds between two looks whether the mapping is still there, at least 1 */
};

/** Zero it, and set loop and changed(). The rest is to be read only. */
struct port_mapper {
	struct loop *loop;
	void (*changed)(struct port_mapper *mapper); /* anything below may be another */
	enum port_mapper_status status;
	struct router_mapping mapping; /* that holds; its protocol is ROUTER_NONE when there is none */
	char last_error[ROUTER_PROBLEM_SIZE];
	uint32_t changes; /* how often the mapped address became another one, or none */
	/* Private. */
	struct port_mapper_settings settings;
	struct background background;
	struct router_mapping work; /* the background call's */
	struct port_mapper_settings worked;
	int result;
	bool removing;
	struct loop_timer timer;
	unsigned int failures;
};

/** port_mapper_configure() - another mapping is wanted, or none; the former one is removed */
void port_mapper_configure(struct port_mapper *mapper, const struct port_mapper_settings *settings);

/** port_mapper_routes_changed() - looks soon whether the mapping is still there */
void port_mapper_routes_changed(struct port_mapper *mapper);

/** port_mapper_close() - removes the mapping, for which it waits some seconds at most, and frees all */
void port_mapper_close(struct port_mapper *mapper);
