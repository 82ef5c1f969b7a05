// SPDX-License-Identifier: GPL-2.0-or-later
// How long the agent waits before it tries a failed session again.
#pragma once

#include <stdint.h>

#define RETRY_MINIMUM_WAIT_DEFAULT 5	// seconds, CWMPRetryMinimumWaitInterval
#define RETRY_MULTIPLIER_DEFAULT   2000 // thousandths, CWMPRetryIntervalMultiplier
#define RETRY_MINIMUM_WAIT_LEAST   1	// both can be from here
#define RETRY_MULTIPLIER_LEAST	   1000
#define RETRY_VALUE_MAXIMUM	   65535 // to here
#define RETRY_GROWTH_MAXIMUM	   10	 // from this attempt on the wait grows no more

// The bounds of the wait before retry number `attempt` (1 is the first), in milliseconds: m * k^(n-1) and m * k^n, with
// m in seconds and k in thousandths, as the ManagementServer parameters have them. Values that would not fit stay at
// the largest that does.
void retry_bounds(uint32_t attempt, uint32_t minimum_wait, uint32_t multiplier, uint64_t *low, uint64_t *high);

// The wait before retry number `attempt`, in milliseconds: between the bounds, placed by `random` (any 64 bits), and
// not below `retry_after` seconds (the server's wish with a 503, or 0; R-10).
uint64_t retry_wait(uint32_t attempt, uint32_t minimum_wait, uint32_t multiplier, uint32_t retry_after,
		    uint64_t random);
