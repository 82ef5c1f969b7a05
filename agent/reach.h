// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of the private connection with espalier-nat: it says how UDP connection requests are to be received
// and verifies them, and publishes where the device is reached (shm/reach-message.h; ).
#pragma once

#include "agent/alarm.h"
#include "agent/udp-request.h"
#include "shm/reach-message.h"

#define REACH_GRACE_SECONDS 10 // a monitor that is gone may come back this long, before the address counts as lost

struct agent;

// Zero it. All fields are private, but `udp` may be read.
struct reach {
	struct agent *agent;
	int descriptor, connection, successor; // that listens; of the monitor; of the one that takes its place. Or -1
	struct ring_operation accepting, receiving;
	struct alarm grace;  // when the address is given up
	struct alarm limit;  // when a changed address may open a session again
	int64_t notified_at; // when it last did, nanoseconds of CLOCK_BOOTTIME, or 0
	struct udp_request udp;
	struct reach_binding binding;
	char path[108]; // of the socket
	char received[REACH_MESSAGE_MAXIMUM + 1];
};

// Opens the socket in the run folder, and publishes the address of the last time. After the store, settings and the own
// segment, whose lock makes sure that no other agent has it. Without the socket (which the log says) there are no
// connection requests by UDP.
void reach_open(struct reach *reach, struct agent *agent);

// Settings have changed (bits SETTING_BIT(enum setting)): tells the monitor what it needs.
void reach_settings_changed(struct reach *reach, uint64_t changed);

// Whether a changed UDPConnectionRequestAddress may open a session now
// (X_ESPALIER_UDPConnectionRequestAddressNotificationLimit). When not, one is wanted as soon as it may.
bool reach_may_notify(struct reach *reach);

// Whether espalier-nat is connected.
bool reach_connected(const struct reach *reach);

// Removes the socket; before ring_close().
void reach_stop(struct reach *reach);

// Closes everything; after ring_close().
void reach_free(struct reach *reach);
