// SPDX-License-Identifier: GPL-2.0-or-later
// A limit that allows a number in a row, and then one each interval.
#include "agent/rate-limit.h"

#define NANOSECONDS_IN_MS 1000000LL

bool rate_limit_allows(struct rate_limit *limit, unsigned burst, unsigned interval_ms, int64_t now)
{
	int64_t interval = interval_ms * NANOSECONDS_IN_MS;

	if (limit->full_at < now)
		limit->full_at = now;
	if (limit->full_at + interval > now + (int64_t)burst * interval)
		return false;
	limit->full_at += interval;
	return true;
}
