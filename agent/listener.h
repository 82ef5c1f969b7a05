// SPDX-License-Identifier: GPL-2.0-or-later
// Where the ACS can request a connection by HTTP: the listener, its port and path.
#pragma once

#include "agent/connection-request.h"
#include "agent/device-address.h"

#define LISTENER_URL_SIZE (CONNECTION_REQUEST_PATH_MAX + 128)

struct agent;

struct listener {
	struct agent *agent;
	struct connection_request *request; // NULL: closed
	struct connection_request *former;  // closed, but its memory is still in use
	char path[CONNECTION_REQUEST_PATH_MAX + 1];
	struct device_address address;
	unsigned told_port;			    // that espalier-nat knows
	int refused;				    // why the port could not be opened, or 0
	int64_t refused_since, wait;		    // nanoseconds
	bool moved;				    // the open port is no longer the one that is wanted
	struct alarm again;			    // when to see what has become of it
	struct connection_request_counters counted; // of the ports that are closed
};

// Prepares: path and address of the last time. Call it after the store and the own segment are open.
int listener_open(struct listener *listener, struct agent *agent);

// Opens or closes the port, as the settings say, and publishes the URL.
void listener_update(struct listener *listener);

// Port or interface are others now: opens the port anew.
void listener_move(struct listener *listener);

// Takes the credentials of the settings.
void listener_credentials(struct listener *listener);

// The ACS at `acs` was reached from the address `local`.
void listener_reached(struct listener *listener, const union transport_address *local,
		      const union transport_address *acs);

// The TCP port at which requests are received, 0 for none.
unsigned listener_port(const struct listener *listener);

// What became of all requests since the agent runs.
void listener_counters(const struct listener *listener, struct connection_request_counters *counters);

// Closes the port; before ring_close().
void listener_stop(struct listener *listener);

// Frees everything; after ring_close().
void listener_free(struct listener *listener);
