// SPDX-License-Identifier: GPL-2.0-or-later
// The port mapper with a router that is told what to answer: when it asks, what it keeps, what it removes.
#include "netlink/port-mapper.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static _Atomic int mapped, removed; // calls
static _Atomic int answer;	    // 0 or the error of the next calls
static _Atomic uint32_t far_side = 0x01020304;

// In place of netlink/router.c.
int router_map(struct router_mapping *mapping, unsigned int protocols, uint16_t port)
{
	uint32_t address = far_side;

	mapped++;
	if (answer) {
		snprintf(mapping->problem, sizeof(mapping->problem), "no");
		return answer;
	}
	mapping->protocol = protocols & ROUTER_MAY(ROUTER_UPNP) ? ROUTER_UPNP : ROUTER_NAT_PMP;
	mapping->internal_port = port;
	mapping->external = endpoint_make(AF_INET, &address, (uint16_t)(port + 1));
	mapping->lifetime = 0;
	return 0;
}

int router_unmap(struct router_mapping *mapping)
{
	removed++;
	mapping->protocol = ROUTER_NONE;
	mapping->external = (union endpoint){.any.sa_family = AF_UNSPEC};
	return 0;
}

static struct loop loop;
static struct port_mapper mapper;
static int changes, wanted_changes;
static struct loop_timer limit;

static void changed(struct port_mapper *which)
{
	(void)which;
	if (++changes >= wanted_changes)
		loop_stop(&loop);
}

static void too_late(struct loop_timer *timer)
{
	(void)timer;
	cr_assert_fail("nothing has changed for 20 s");
}

static void begin(void)
{
	cr_assert_eq(loop_open(&loop), 0);
	mapper.loop = &loop;
	mapper.changed = changed;
	limit.rang = too_late;
}

static void end(void)
{
	port_mapper_close(&mapper);
	loop_close(&loop);
}

TestSuite(port_mapper, .init = begin, .fini = end);

// Runs until changed() was called so many times more.
static void wait_for(int more)
{
	wanted_changes = changes + more;
	loop.stopped = false;
	loop_timer_set(&loop, &limit, loop_now() + 20000000000ll);
	cr_assert_eq(loop_run(&loop), 0);
}

static void configure(unsigned int protocols, uint16_t port)
{
	port_mapper_configure(&mapper, &(struct port_mapper_settings){protocols, port, 1});
}

Test(port_mapper, maps_and_renews)
{
	char text[ENDPOINT_TEXT_SIZE];

	configure(ROUTER_MAY(ROUTER_UPNP), 7547);
	cr_expect_eq(mapper.status, PORT_MAPPER_SEARCHING);
	wait_for(1);
	cr_expect_eq(mapper.status, PORT_MAPPER_MAPPED);
	cr_expect_eq(endpoint_port(&mapper.mapping.external), 7548);
	endpoint_text(text, &mapper.mapping.external);
	cr_expect_str_eq(text, "4.3.2.1:7548");
	wait_for(1);
	cr_expect_eq(mapped, 2);
	cr_expect_eq(mapper.changes, 1);
	port_mapper_close(&mapper);
	cr_expect_eq(removed, 1, "the mapping is removed at the end");
}

Test(port_mapper, other_port_and_no_mapping)
{
	configure(ROUTER_MAY(ROUTER_UPNP), 7547);
	wait_for(1);
	configure(ROUTER_MAY(ROUTER_UPNP), 80);
	wait_for(2);
	cr_expect_eq(removed, 1, "the former mapping goes first");
	cr_expect_eq(endpoint_port(&mapper.mapping.external), 81);
	configure(0, 80);
	wait_for(1);
	cr_expect_eq(removed, 2);
	cr_expect_eq(mapper.mapping.protocol, ROUTER_NONE);
	cr_expect_eq(mapper.status, PORT_MAPPER_DISABLED);
}

Test(port_mapper, settings_change_while_it_asks)
{
	configure(ROUTER_MAY(ROUTER_UPNP), 7547);
	configure(ROUTER_MAY(ROUTER_UPNP), 80);
	configure(0, 0);
	while (mapper.background.busy || mapper.mapping.protocol)
		wait_for(1);
	cr_expect_eq(mapped, removed, "what was made is removed");
	cr_expect_eq(mapper.mapping.protocol, ROUTER_NONE);
}

Test(port_mapper, router_that_is_silent_for_a_while)
{
	configure(ROUTER_MAY(ROUTER_NAT_PMP), 7547);
	wait_for(1);
	answer = -ENODEV;
	wait_for(1);
	cr_expect_eq(mapper.mapping.protocol, ROUTER_NAT_PMP, "the first failure is forgiven");
	cr_expect_str_eq(mapper.last_error, "no");
	answer = 0;
	port_mapper_routes_changed(&mapper);
	wait_for(1);
	cr_expect_eq(mapper.status, PORT_MAPPER_MAPPED);
	cr_expect_eq(mapper.changes, 1, "nothing has changed for anybody");
}

Test(port_mapper, router_that_refuses)
{
	answer = -EACCES;
	configure(ROUTER_MAY(ROUTER_NAT_PMP), 7547);
	wait_for(1);
	cr_expect_eq(mapper.status, PORT_MAPPER_REFUSED);
	answer = -ENODEV;
	port_mapper_routes_changed(&mapper);
	wait_for(1);
	cr_expect_eq(mapper.status, PORT_MAPPER_NO_ROUTER);
	port_mapper_close(&mapper);
	cr_expect_eq(removed, 0);
}
