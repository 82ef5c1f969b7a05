// SPDX-License-Identifier: GPL-2.0-or-later
// A limit that allows a number in a row, and then one each interval.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Zeroed memory has its whole burst.
struct rate_limit {
	int64_t full_at; // nanoseconds at which the whole burst is available again
};

// Takes one from the burst, at `now` nanoseconds. Returns false when it is used up.
bool rate_limit_allows(struct rate_limit *limit, unsigned burst, unsigned interval_ms, int64_t now);
