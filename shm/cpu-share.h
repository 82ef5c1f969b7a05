/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A share of one processor that some work of a thread may take, so that a flood of it leaves the others their time.
 * Work comes in pieces; what a piece has cost is known when it is done, and then paid off before there is another.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Nanoseconds by which the work may be ahead of its share: pieces come in bursts */
#define CPU_SHARE_BURST 20000000ll

/** Zero it, and set `percent`. */
struct cpu_share {
	unsigned int percent; /* of one processor */
	int64_t paid_at;      /* nanoseconds at which all that was done is paid off */
	int64_t began;
};

/**
 * cpu_share_begin() - before a piece of work
 * @now: nanoseconds of a clock that is never set
 *
 * Returns false when the share is used up: the work is to be left, or to wait until cpu_share_free_at().
 */
bool cpu_share_begin(struct cpu_share *share, int64_t now);

/** cpu_share_end() - after it, if it was begun, in the same thread */
void cpu_share_end(struct cpu_share *share, int64_t now);

/** cpu_thread_time() - nanoseconds of processor time that this thread has taken */
int64_t cpu_thread_time(void);

/** cpu_share_free_at() - when there is a share again, nanoseconds of the same clock */
int64_t cpu_share_free_at(const struct cpu_share *share);
