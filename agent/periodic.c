// SPDX-License-Identifier: GPL-2.0-or-later
// When the next periodic Inform is due.
#include "agent/periodic.h"

int64_t periodic_next(int64_t now, int64_t reference, uint32_t interval)
{
	int64_t since = (now - reference) % (int64_t)interval;

	// The remainder of a negative number is negative: then it says how far the next instant is.
	return since < 0 ? now - since : now - since + interval;
}
