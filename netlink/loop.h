/* SPDX-License-Identifier: BSD-2-Clause */
/* An event loop: descriptors by epoll, timers by one timerfd. It wakes only for what happens. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** A descriptor that is watched. Embedded in its user's structure. */
struct loop_source {
	int descriptor;
	void (*ready)(struct loop_source *source, uint32_t events); /* EPOLL... */
	bool watched;
};

/** A timer. Embedded in its user's structure; zeroed and with rang() set before its first use. */
struct loop_timer {
	int64_t at; /* nanoseconds of CLOCK_BOOTTIME */
	void (*rang)(struct loop_timer *timer);
	struct loop_timer *next;
	bool set;
};

struct loop {
	int epoll;
	struct loop_source clock;
	struct loop_timer *timers; /* the earliest first */
	int64_t armed;		   /* what the timerfd is set to, 0: nothing */
	bool stopped;
};

/** The structure of type `type` that `pointer` is the member of */
#define LOOP_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/** loop_now() - nanoseconds of CLOCK_BOOTTIME */
int64_t loop_now(void);

/** loop_open() - returns 0 or -errno; loop_close() is allowed after either */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/** loop_watch() - calls source->ready() for `events` (EPOLLIN ...), or others than before. Returns 0 or -errno. */
int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events);

/** loop_forget() - watches no more; ready() is not called again. Before the descriptor is closed. */
void loop_forget(struct loop *loop, struct loop_source *source);

/** loop_timer_set() - has rang() called once, at `at`, and not at the time set before */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t at);

/** loop_timer_clear() - has it not called */
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);

/** loop_run() - runs until loop_stop(). Returns 0 or -errno. */
int loop_run(struct loop *loop);

/** loop_stop() - lets loop_run() return */
void loop_stop(struct loop *loop);
