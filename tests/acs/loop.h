// SPDX-License-Identifier: GPL-2.0-or-later
// The event loop: one epoll, timers in milliseconds, a signal ends it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct source {
	int fd;
	void (*ready)(struct source *source, uint32_t events);
};

struct timer {
	uint64_t at;
	void (*fire)(struct timer *timer);
	struct timer *next;
	bool armed;
};

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* Monotonic time in nanoseconds. */
uint64_t now_ns(void);

/* Opens the loop; SIGINT and SIGTERM end it from now on. Returns 0 or -errno. */
int loop_open(void);

/* Closes what loop_open() opened. */
void loop_close(void);

/* Watches source->fd for EPOLL* events. Returns 0 or -errno. */
int loop_add(struct source *source, uint32_t events);

/* Changes the watched events. */
void loop_change(struct source *source, uint32_t events);

/* Stops watching; the source may be freed at once. Does not close the descriptor. */
void loop_remove(struct source *source);

/* Fires the timer once, `milliseconds` from now; set again it replaces the earlier time. */
void timer_set(struct timer *timer, uint64_t milliseconds);

/* The timer fires no more; it may be freed. */
void timer_clear(struct timer *timer);

/* Calls `before_wait` each time the loop is about to sleep. */
void loop_before_wait(void (*before_wait)(void));

/* Runs until loop_stop(). Returns the status given there, or 128 + signal number after a signal. */
int loop_run(void);

/* Ends loop_run() with this status, once the present event is handled. */
void loop_stop(int status);
