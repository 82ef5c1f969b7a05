// SPDX-License-Identifier: GPL-2.0-or-later
// Loaded before libc it gives a program the clock of a device without a battery: CLOCK_REALTIME starts at
// $UNSET_CLOCK_START (seconds since 1970) and is not synchronised, until the file $UNSET_CLOCK_TRUE_AFTER is there.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int is_true(void)
{
	const char *path = getenv("UNSET_CLOCK_TRUE_AFTER");

	return path && *path && access(path, F_OK) == 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static time_t begun;
	const char *start = getenv("UNSET_CLOCK_START");
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (clock != CLOCK_REALTIME || result || !start || is_true())
		return result;
	if (!begun)
		begun = now->tv_sec;
	now->tv_sec += atol(start) - begun;
	return 0;
}

time_t time(time_t *result)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (result)
		*result = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	result->tv_sec = now.tv_sec;
	result->tv_usec = now.tv_nsec / 1000;
	return 0;
}

int adjtimex(struct timex *clock)
{
	*clock = (struct timex){.status = is_true() ? 0 : STA_UNSYNC};
	return is_true() ? TIME_OK : TIME_ERROR;
}
