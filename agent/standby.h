// SPDX-License-Identifier: GPL-2.0-or-later
// The event 13 WAKEUP: whether the device has slept so that the ACS has to be told.
#pragma once

#include <stdint.h>

struct agent;

// All fields are private.
struct standby {
	struct agent *agent;
	int64_t asleep; // nanoseconds that the device has slept since its boot, when last looked at
};

void standby_open(struct standby *standby, struct agent *agent);

// The device may have slept: raises the event where StandbyPolicy wants it.
void standby_look(struct standby *standby);
