// SPDX-License-Identifier: GPL-2.0-or-later
// How long the agent waits before it tries a failed session again.
#include "agent/retry.h"

// Ten years: with the largest multiplier the formula goes beyond 64 bits.
#define RETRY_WAIT_MAXIMUM 315360000000.0

void retry_bounds(uint32_t attempt, uint32_t minimum_wait, uint32_t multiplier, uint64_t *low, uint64_t *high)
{
	double growth = multiplier / 1000.0;
	double wait = minimum_wait * 1000.0;

	if (attempt > RETRY_GROWTH_MAXIMUM)
		attempt = RETRY_GROWTH_MAXIMUM;
	for (uint32_t n = 1; n < attempt && wait < RETRY_WAIT_MAXIMUM; n++)
		wait *= growth;
	*low = (uint64_t)(wait < RETRY_WAIT_MAXIMUM ? wait : RETRY_WAIT_MAXIMUM);
	wait *= growth;
	*high = (uint64_t)(wait < RETRY_WAIT_MAXIMUM ? wait : RETRY_WAIT_MAXIMUM);
}

uint64_t retry_wait(uint32_t attempt, uint32_t minimum_wait, uint32_t multiplier, uint32_t retry_after, uint64_t random)
{
	uint64_t low, high, wait;

	retry_bounds(attempt, minimum_wait, multiplier, &low, &high);
	wait = low + random % (high - low + 1);
	return wait < retry_after * 1000ull ? retry_after * 1000ull : wait;
}
