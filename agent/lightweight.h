// SPDX-License-Identifier: GPL-2.0-or-later
// Lightweight notifications: changed values told in signed UDP datagrams, without a session.
#pragma once

#include "agent/http-resolver.h"
#include "agent/recurrence.h"

#define LIGHTWEIGHT_INTERVAL 1	// seconds between two notifications, at least: what changes meanwhile goes together
#define LIGHTWEIGHT_RETRY    60 // seconds after which one that could not be sent is tried again

struct agent;
struct lightweight_message;

// All fields are private, but `trigger` may be used by the agent's own files.
struct lightweight {
	struct agent *agent;
	struct recurrence trigger; // of passive ones
	struct alarm alarm;	   // of the next one to be sent
	struct http_resolver resolver;
	struct url *url; // of the receiver
	bool busy;	 // waits for the name service or the store
	int64_t sent_at; // nanoseconds of CLOCK_BOOTTIME, or 0
};

// Prepares. Returns 0 or -ENOMEM.
int lightweight_open(struct lightweight *lightweight, struct agent *agent);

// After ring_close().
void lightweight_close(struct lightweight *lightweight);

// Settings have changed (bits SETTING_BIT(enum setting)).
void lightweight_settings_changed(struct lightweight *lightweight, uint64_t changed);

// A value with active lightweight notification has changed: what waits is sent, as soon as LIGHTWEIGHT_INTERVAL allows.
void lightweight_changed(struct lightweight *lightweight);
