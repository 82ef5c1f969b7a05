// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the clock can be believed.
#include "agent/clock.h"

#include "agent/date-time.h"

#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>

#define SOURCE_DATE 1767225600 // 2026-01-01: file dates of an image may be meaningless, this source is no older

bool clock_synchronized(void)
{
	struct timex clock = {0};

	return adjtimex(&clock) != TIME_ERROR && !(clock.status & STA_UNSYNC);
}

bool clock_plausible(bool synchronized, int64_t now, int64_t program)
{
	return synchronized || now >= (program > SOURCE_DATE ? program : SOURCE_DATE);
}

bool clock_known(void)
{
	struct stat program;

	return clock_plausible(clock_synchronized(), time(NULL),
			       stat("/proc/self/exe", &program) == 0 ? program.st_mtime : 0);
}

int64_t clock_time(void)
{
	struct timespec since;

	if (clock_known())
		return time(NULL);
	clock_gettime(CLOCK_BOOTTIME, &since);
	return DATE_TIME_YEAR_1 + since.tv_sec;
}
