// SPDX-License-Identifier: GPL-2.0-or-later
// A timer that can be set anew at any time.
#pragma once

#include "agent/ring.h"

// Set rang() and `ring`, zero the rest. The other fields are private.
struct alarm {
	struct ring *ring;
	void (*rang)(struct alarm *alarm);
	struct ring_operation timer;
	clockid_t clock;
	int64_t at;
	bool set, armed;
};

// Has rang() called at `at` nanoseconds of `clock`, and not at the time that was set before. A time that has passed
// rings at once, but never before this function has returned.
void alarm_set(struct alarm *alarm, clockid_t clock, int64_t at);

// Has rang() not called.
void alarm_clear(struct alarm *alarm);
