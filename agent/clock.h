// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the clock can be believed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Whether the kernel's clock is synchronised by a time service.
bool clock_synchronized(void);

// Whether absolute time is known: the clock is synchronised, or at least not older than this program. A device
// without a battery starts at a date that lies before its own software.
bool clock_known(void);

// The same for a given state: `now` and `program`, when the program was made, in seconds since 1970.
bool clock_plausible(bool synchronized, int64_t now, int64_t program);

// The time as it is told and shown: seconds since 1970, and as long as absolute time is not known the time since the
// boot, counted from the beginning of the year 1 (DATE_TIME_YEAR_1; R-43).
int64_t clock_time(void);
