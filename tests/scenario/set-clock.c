// SPDX-License-Identifier: GPL-2.0-or-later
// Loaded before libc and liburing it gives a program clocks of its own, which a test sets while the program runs.
// The file $SET_CLOCK says "AHEAD SLEPT KNOWN": seconds by which CLOCK_REALTIME and CLOCK_BOOTTIME are ahead of the
// machine's, and whether the clock counts as synchronised. Without the file all is as on the machine. Timers of an
// io_uring follow from their start on. $SET_CLOCK_TELL is a FIFO that takes the place of the timer descriptor by which
// the kernel says that the clock was set.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct clocks {
	long ahead, slept;
	int known;
};

static int tell_descriptor = -1;

static struct clocks look(void)
{
	struct clocks clocks = {.known = -1};
	const char *path = getenv("SET_CLOCK");
	int descriptor = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[64] = "";

	if (descriptor < 0)
		return clocks;
	if (read(descriptor, text, sizeof(text) - 1) > 0)
		sscanf(text, "%ld %ld %d", &clocks.ahead, &clocks.slept, &clocks.known);
	close(descriptor);
	return clocks;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (!result && clock == CLOCK_REALTIME)
		now->tv_sec += look().ahead;
	else if (!result && clock == CLOCK_BOOTTIME)
		now->tv_sec += look().slept;
	return result;
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
	int known = look().known;

	if (known < 0)
		return (int)syscall(SYS_adjtimex, clock);
	*clock = (struct timex){.status = known ? 0 : STA_UNSYNC};
	return known ? TIME_OK : TIME_ERROR;
}

int timerfd_create(int clock, int flags)
{
	const char *path = getenv("SET_CLOCK_TELL");

	if (!path || clock != CLOCK_REALTIME)
		return (int)syscall(SYS_timerfd_create, clock, flags);
	tell_descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return tell_descriptor;
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *new, struct itimerspec *former)
{
	if (descriptor >= 0 && descriptor == tell_descriptor)
		return 0;
	return (int)syscall(SYS_timerfd_settime, descriptor, flags, new, former);
}

// The kernel's clocks are behind ours by so much.
static void convert_timers(struct io_uring *ring)
{
	struct clocks clocks = look();

	for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++) {
		struct io_uring_sqe *sqe = &ring->sq.sqes[i & *ring->sq.kring_mask];
		struct __kernel_timespec *at = (struct __kernel_timespec *)(unsigned long)sqe->addr;

		if (sqe->opcode != IORING_OP_TIMEOUT || !(sqe->timeout_flags & IORING_TIMEOUT_ABS))
			continue;
		if (sqe->timeout_flags & IORING_TIMEOUT_REALTIME)
			at->tv_sec -= clocks.ahead;
		else if (sqe->timeout_flags & IORING_TIMEOUT_BOOTTIME)
			at->tv_sec -= clocks.slept;
	}
}

int io_uring_submit(struct io_uring *ring)
{
	int (*next)(struct io_uring * ring);

	*(void **)&next = dlsym(RTLD_NEXT, "io_uring_submit");
	convert_timers(ring);
	return next(ring);
}

int io_uring_submit_and_wait(struct io_uring *ring, unsigned count)
{
	int (*next)(struct io_uring * ring, unsigned count);

	*(void **)&next = dlsym(RTLD_NEXT, "io_uring_submit_and_wait");
	convert_timers(ring);
	return next(ring, count);
}
