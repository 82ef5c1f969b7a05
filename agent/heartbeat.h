// SPDX-License-Identifier: GPL-2.0-or-later
// The event 14 HEARTBEAT, in sessions of its own with a count of failures of their own.
#pragma once

#include "agent/recurrence.h"

struct agent;

// All fields are private, but `wanted` and `recurrence` may be used by the agent's own files.
struct heartbeat {
	struct agent *agent;
	struct recurrence recurrence;
	bool wanted;	  // a session for it, now
	bool retry;	  // a failed one is to be tried again at retry_at
	int64_t retry_at; // nanoseconds of CLOCK_BOOTTIME
};

// Prepares, and starts where the settings say so.
void heartbeat_open(struct heartbeat *heartbeat, struct agent *agent);

// Settings have changed (bits SETTING_BIT(enum setting)).
void heartbeat_settings_changed(struct heartbeat *heartbeat, uint64_t changed);

// When a session for it is to start, in nanoseconds of CLOCK_BOOTTIME: `now`, later, or INT64_MAX. As long as BOOTSTRAP
// waits there is none: the ACS does not know the device yet. INT64_MAX where it goes with others.
int64_t heartbeat_at(const struct heartbeat *heartbeat, int64_t now);

// Such a session starts.
void heartbeat_started(struct heartbeat *heartbeat);

// It has failed, and is to be tried again at `at`.
void heartbeat_retry(struct heartbeat *heartbeat, int64_t at);
