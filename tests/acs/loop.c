// SPDX-License-Identifier: GPL-2.0-or-later
// The event loop: one epoll, timers in milliseconds, a signal ends it.

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/acs/loop.h"

enum { EVENTS_MAX = 64 };

static int epoll_fd = -1;
static struct source signals = {.fd = -1};
static struct timer *timers;
static struct epoll_event events[EVENTS_MAX];
static int event_count;
static bool stopped;
static int stop_status;
static void (*before_wait_hook)(void);

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void signal_ready(struct source *source, uint32_t ready)
{
	struct signalfd_siginfo information;

	(void)ready;
	if (read(source->fd, &information, sizeof(information)) == sizeof(information))
		loop_stop(128 + (int)information.ssi_signo);
}

int loop_open(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		return -errno;
	signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals.fd < 0)
		return -errno;
	signals.ready = signal_ready;
	return loop_add(&signals, EPOLLIN);
}

void loop_close(void)
{
	if (signals.fd >= 0)
		close(signals.fd);
	if (epoll_fd >= 0)
		close(epoll_fd);
}

int loop_add(struct source *source, uint32_t watched)
{
	struct epoll_event event = {.events = watched, .data.ptr = source};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void loop_change(struct source *source, uint32_t watched)
{
	struct epoll_event event = {.events = watched, .data.ptr = source};

	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, source->fd, &event);
}

void loop_remove(struct source *source)
{
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	// events of the same wait that are not handled yet must not reach freed memory
	for (int i = 0; i < event_count; i++)
		if (events[i].data.ptr == source)
			events[i].data.ptr = NULL;
}

void timer_clear(struct timer *timer)
{
	struct timer **link = &timers;

	if (!timer->armed)
		return;
	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	timer->armed = false;
}

void timer_set(struct timer *timer, uint64_t milliseconds)
{
	struct timer **link = &timers;

	timer_clear(timer);
	timer->at = now_ns() + milliseconds * 1000000u;
	while (*link && (*link)->at <= timer->at)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
	timer->armed = true;
}

void loop_before_wait(void (*before_wait)(void))
{
	before_wait_hook = before_wait;
}

void loop_stop(int status)
{
	if (!stopped)
		stop_status = status;
	stopped = true;
}

static int milliseconds_to_next_timer(void)
{
	uint64_t now;

	if (!timers)
		return -1;
	now = now_ns();
	if (timers->at <= now)
		return 0;
	if (timers->at - now > (uint64_t)INT_MAX * 1000000u)
		return INT_MAX;
	return (int)((timers->at - now + 999999) / 1000000);
}

static void fire_timers(void)
{
	uint64_t now = now_ns();

	while (timers && timers->at <= now && !stopped) {
		struct timer *timer = timers;

		timer_clear(timer);
		timer->fire(timer);
	}
}

int loop_run(void)
{
	while (!stopped) {
		if (before_wait_hook)
			before_wait_hook();
		if (stopped)
			break;
		event_count = epoll_wait(epoll_fd, events, EVENTS_MAX, milliseconds_to_next_timer());
		for (int i = 0; i < event_count && !stopped; i++) {
			struct source *source = events[i].data.ptr;

			if (source)
				source->ready(source, events[i].events);
		}
		event_count = 0;
		fire_timers();
	}
	if (before_wait_hook)
		before_wait_hook();
	return stop_status;
}
