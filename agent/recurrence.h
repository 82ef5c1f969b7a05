// SPDX-License-Identifier: GPL-2.0-or-later
// Instants that come again and again: a reference plus or minus any whole number of intervals.
#pragma once

#include "agent/alarm.h"

// Call recurrence_prepare() first. All fields are private.
struct recurrence {
	struct alarm alarm;
	void (*due)(struct recurrence *recurrence);
	int64_t phase;	   // seconds of CLOCK_BOOTTIME: the reference where nobody gives one
	int64_t reference; // seconds of `clock`
	uint32_t interval; // seconds; 0: never
	int64_t next;	   // nanoseconds of `clock`
	clockid_t clock;   // CLOCK_REALTIME with a reference that was given, else CLOCK_BOOTTIME
	char reference_text[40];
};

// due() is called at each instant, when the next one is set already.
void recurrence_prepare(struct recurrence *recurrence, struct ring *ring, void (*due)(struct recurrence *recurrence));

// From now on each `interval` seconds (0: never), in the phase of `reference`, a dateTime. Where that is the Unknown
// Time, or the device does not know what time it is, the phase is a random one of its own.
void recurrence_set(struct recurrence *recurrence, uint32_t interval, const char *reference);

// The clock was set: an instant that it has jumped over is due at once, and the following ones are in phase.
void recurrence_clock_set(struct recurrence *recurrence);

// How many of its instants lay in the last so many nanoseconds.
uint64_t recurrence_passed(const struct recurrence *recurrence, int64_t nanoseconds);
