// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent has to do with espalier-nat: it says how connection requests are to come to the device, takes over
// where it is reached, and verifies those that come by UDP (shm/reach-message.h; ).
#pragma once

#include "agent/alarm.h"
#include "agent/private-link.h"
#include "agent/reachable.h"
#include "agent/udp-request.h"
#include "shm/cpu-share.h"
#include "shm/reach-message.h"

#define REACH_SHARE	    25 // per cent of a processor for each of them
#define REACH_GRACE_SECONDS 10 // a monitor that is gone may come back this long, before its addresses count as lost

struct agent;
struct reach;
struct store_transaction;

// An address that the monitor looks after.
struct reach_kept {
	struct reach *reach;
	enum reachable_way way;
	const char *state;  // its name in the store
	struct alarm grace; // when it is given up
};

// Zero it. All fields are private, but `udp` may be read.
struct reach {
	struct agent *agent;
	struct private_link link; // with the monitor
	struct reach_kept binding, mapping;
	bool nat_detected;
	struct alarm limit;  // when a changed address may open a session again
	int64_t notified_at; // when it last did, nanoseconds of CLOCK_BOOTTIME, or 0
	struct udp_request udp;
	bool granted;		    // `udp` is not durable yet
	struct cpu_share shares[2]; // of the time to verify requests: of strangers, and from the STUN server's host
};

// Opens the socket in the run folder, and publishes the addresses of the last time. After the store, settings, the own
// segment and the listener. Without the socket (which the log says) there are no connection requests by UDP.
void reach_open(struct reach *reach, struct agent *agent);

// Settings have changed (bits SETTING_BIT(enum setting)): tells the monitor what it needs.
void reach_settings_changed(struct reach *reach, uint64_t changed);

// The agent listens for HTTP at another port, or not at all, or the configuration is another: the monitor is told.
void reach_tell(struct reach *reach);

// Whether a changed UDPConnectionRequestAddress may open a session now
// (X_ESPALIER_UDPConnectionRequestAddressNotificationLimit). When not, one is wanted as soon as it may.
bool reach_may_notify(struct reach *reach);

// An Inform was delivered. The request that it answers becomes durable with `transaction`: not sooner, as it would have
// to be sent once more if the agent died before, and nothing is to delay the session.
void reach_informed(struct reach *reach, struct store_transaction *transaction);

// Removes the socket; before ring_close().
void reach_stop(struct reach *reach);

// Closes everything; after ring_close().
void reach_free(struct reach *reach);
