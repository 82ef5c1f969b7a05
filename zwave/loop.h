/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop: descriptors by epoll, and timers. epoll, because a source is one or two descriptors that are readable
 * now and then: it is in every kernel that a gateway runs, the libraries used here (wslay, http_parser) are made for
 * readiness, and an io_uring would cost more memory than all else here without a system call less that counts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/** A descriptor that is waited for. It belongs to its user, and may be removed at any time. */
struct loop_watch {
	int fd;
	void (*ready)(uint32_t events, void *context);
	void *context;
};

/** A moment that is waited for, once */
struct loop_timer {
	void (*due)(void *context);
	void *context;
	int64_t moment; /* CLOCK_MONOTONIC, milliseconds */
	bool armed;
	struct loop_timer *next;
};

struct loop {
	int epoll;
	struct loop_timer *timers;
};

/** loop_open() - Returns 0 or -errno */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/** loop_add(), loop_change() - waits for EPOLLIN or EPOLLOUT of watch->fd. Returns 0 or -errno. */
int loop_add(struct loop *loop, struct loop_watch *watch, uint32_t events);
int loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events);
/** loop_remove() - to be called before the descriptor is closed */
void loop_remove(struct loop *loop, struct loop_watch *watch);

/** loop_arm() - calls timer->due in so many milliseconds, and not before; loop_disarm() takes that back */
void loop_arm(struct loop *loop, struct loop_timer *timer, int64_t milliseconds);
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/** loop_turn() - waits for the next event at most so long (-1: no limit) and serves it. Returns 0 or -errno. */
int loop_turn(struct loop *loop, int milliseconds);

/** loop_clock() - CLOCK_MONOTONIC in milliseconds */
int64_t loop_clock(void);
