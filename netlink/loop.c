/* SPDX-License-Identifier: BSD-2-Clause */
/* An event loop: descriptors by epoll, timers by one timerfd. */
#include "netlink/loop.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000ll

int64_t loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * NANOSECONDS + now.tv_nsec;
}

/* A timer that is taken away leaves the clock as it is: one needless wake-up costs less than a call for each. */
static void arm(struct loop *loop)
{
	struct itimerspec times = {0};

	if (!loop->timers || (loop->armed && loop->armed <= loop->timers->at))
		return;
	loop->armed = loop->timers->at > 0 ? loop->timers->at : 1;
	times.it_value.tv_sec = loop->armed / NANOSECONDS;
	times.it_value.tv_nsec = loop->armed % NANOSECONDS;
	timerfd_settime(loop->clock.descriptor, TFD_TIMER_ABSTIME, &times, NULL);
}

static void clock_ready(struct loop_source *source, uint32_t events)
{
	struct loop *loop = LOOP_OF(source, struct loop, clock);
	int64_t now = loop_now();
	uint64_t expirations;

	(void)events;
	if (read(source->descriptor, &expirations, sizeof(expirations)) < 0)
		return;
	loop->armed = 0;
	while (loop->timers && loop->timers->at <= now && !loop->stopped) {
		struct loop_timer *timer = loop->timers;

		loop->timers = timer->next;
		timer->set = false;
		timer->rang(timer);
	}
	arm(loop);
}

int loop_open(struct loop *loop)
{
	memset(loop, 0, sizeof(*loop));
	loop->clock.descriptor = -1;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	loop->clock.ready = clock_ready;
	loop->clock.descriptor = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->clock.descriptor < 0)
		return -errno;
	return loop_watch(loop, &loop->clock, EPOLLIN);
}

void loop_close(struct loop *loop)
{
	if (loop->clock.descriptor >= 0)
		close(loop->clock.descriptor);
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->clock.descriptor = loop->epoll = -1;
}

int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	if (epoll_ctl(loop->epoll, source->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, source->descriptor, &event))
		return -errno;
	source->watched = true;
	return 0;
}

void loop_forget(struct loop *loop, struct loop_source *source)
{
	if (source->watched)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->descriptor, NULL);
	source->watched = false;
}

void loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer **at;

	if (!timer->set)
		return;
	for (at = &loop->timers; *at != timer; at = &(*at)->next)
		;
	*at = timer->next;
	timer->set = false;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t when)
{
	struct loop_timer **at = &loop->timers;

	loop_timer_clear(loop, timer);
	while (*at && (*at)->at <= when)
		at = &(*at)->next;
	timer->at = when;
	timer->next = *at;
	timer->set = true;
	*at = timer;
	arm(loop);
}

int loop_run(struct loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped) {
		struct epoll_event event;
		/* One at a time: what it does may end the source of another one. */
		int count = epoll_wait(loop->epoll, &event, 1, -1);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 1) {
			struct loop_source *source = event.data.ptr;

			source->ready(source, event.events);
		}
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
