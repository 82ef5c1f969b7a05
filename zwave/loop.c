/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop: descriptors by epoll, and timers. */
#include "zwave/loop.h"

#include <errno.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

int64_t loop_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int loop_open(struct loop *loop)
{
	*loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	return loop->epoll < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->epoll = -1;
}

int loop_add(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) ? -errno : 0;
}

int loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event) ? -errno : 0;
}

void loop_remove(struct loop *loop, struct loop_watch *watch)
{
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
	for (struct loop_timer **at = &loop->timers; *at; at = &(*at)->next) {
		if (*at == timer) {
			*at = timer->next;
			break;
		}
	}
	timer->armed = false;
}

void loop_arm(struct loop *loop, struct loop_timer *timer, int64_t milliseconds)
{
	struct loop_timer **at = &loop->timers;

	loop_disarm(loop, timer);
	timer->moment = loop_clock() + milliseconds;
	timer->armed = true;
	while (*at && (*at)->moment <= timer->moment)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
}

int loop_turn(struct loop *loop, int milliseconds)
{
	struct epoll_event event;
	struct loop_watch *watch;
	int64_t left;
	int count;

	if (loop->timers) {
		left = loop->timers->moment - loop_clock();
		left = left < 0 ? 0 : left > INT_MAX ? INT_MAX : left;
		if (milliseconds < 0 || left < milliseconds)
			milliseconds = (int)left;
	}
	/* One event a turn: what serves it may remove any other watch. */
	count = epoll_wait(loop->epoll, &event, 1, milliseconds);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	if (count > 0) {
		watch = event.data.ptr;
		watch->ready(event.events, watch->context);
	}
	if (loop->timers && loop->timers->moment <= loop_clock()) {
		struct loop_timer *timer = loop->timers;

		loop_disarm(loop, timer);
		timer->due(timer->context);
	}
	return 0;
}
