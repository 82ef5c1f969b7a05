// SPDX-License-Identifier: GPL-2.0-or-later
// Finding the ACS by DHCP: what the leases say, kept over restarts.
#pragma once

#include "agent/dhcp-options.h"
#include "agent/ring.h"

#include <net/if.h>

#define DISCOVERY_FOLDER      "dhcp" // in the run folder; a file for each lease that lives: INTERFACE.dhcp4 or .dhcp6
#define DISCOVERY_LEASES_MAX  64     // files that are looked at
#define DISCOVERY_SOURCE_SIZE (IF_NAMESIZE + sizeof(".dhcp4"))

struct agent;

// Zeroed memory is ready for discovery_open(). `values` may be read: "" where DHCP says nothing.
struct discovery {
	struct dhcp_values values;	    // in force
	char source[DISCOVERY_SOURCE_SIZE]; // the file that they are from, which may be gone
	int descriptor, watch;		    // inotify
	bool open;			    // the descriptor is
	struct ring_operation poll;
};

// Loads what the last lease said, and reads the leases that are there, where the configuration wants DHCP. The store
// must still be readable, and the settings not be opened. Returns 0 or -errno.
int discovery_open(struct agent *agent);

// Follows a change of the configuration. The settings are the caller's to follow.
void discovery_reload(struct agent *agent);

// What counts as offered by DHCP at present: all empty where the configuration does not want it.
const struct dhcp_values *discovery_values(const struct agent *agent);

void discovery_close(struct agent *agent);
