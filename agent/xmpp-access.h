// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of the private connection with espalier-xmpp: it says how to connect and verifies requests, and
// publishes how the connections are (agent/xmpp-message.h; ).
#pragma once

#include "agent/alarm.h"
#include "agent/private-link.h"
#include "agent/xmpp-judge.h"

struct agent;

// Zero it. All fields are private, but `judge` and the counters may be read.
struct xmpp_access {
	struct agent *agent;
	struct private_link link;
	struct alarm update; // when rows that have changed are told
	struct xmpp_judge judge;
	uint32_t refused_malformed, refused_busy; // by espalier-xmpp itself
	uint32_t number;			  // of the connection whose Jabber ID is stored
	union xmpp_message message;
};

// Opens the socket in the run folder, and publishes the Jabber ID of the last time. After the store, settings, tables
// and the own segment, whose lock makes sure that no other agent has it. Without the socket (which the log says) there
// are no connection requests by XMPP.
void xmpp_access_open(struct xmpp_access *access, struct agent *agent);

// Settings have changed (bits SETTING_BIT(enum setting)).
void xmpp_access_settings_changed(struct xmpp_access *access, uint64_t changed);

// Whether espalier-xmpp is connected.
bool xmpp_access_connected(const struct xmpp_access *access);

// Removes the socket; before ring_close().
void xmpp_access_stop(struct xmpp_access *access);

// Closes everything; after ring_close().
void xmpp_access_free(struct xmpp_access *access);
