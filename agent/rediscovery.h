// SPDX-License-Identifier: GPL-2.0-or-later
// DHCP is asked again when the ACS that it has named can't be reached.
//
// The DHCP client is the system's own: a configured program makes it renew its lease, and what the lease says then
// comes as it always does (agent/discovery.h).
#pragma once

#include "agent/alarm.h"
#include "agent/child.h"

#include <stdbool.h>

#define REDISCOVERY_SECONDS	 300 // in which no address of the ACS has accepted a connection
#define REDISCOVERY_PROGRAM_TIME 60  // seconds that the program has

struct agent;

struct rediscovery {
	struct agent *agent;
	struct alarm alarm; // 300 seconds after the first failure
	bool waiting;	    // for it
	struct child child;
};

void rediscovery_open(struct rediscovery *rediscovery, struct agent *agent);

// After ring_close(). The program runs on.
void rediscovery_close(struct rediscovery *rediscovery);

// No address of the ACS has accepted a connection.
void rediscovery_unreached(struct rediscovery *rediscovery);

// One has.
void rediscovery_reached(struct rediscovery *rediscovery);
