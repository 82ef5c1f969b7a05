/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread for calls that block, one at a time, so that the event loop never waits. */
#pragma once

#include "netlink/loop.h"

#include <pthread.h>
#include <semaphore.h>

/**
 * Embedded in its user's structure; zeroed, and with loop, run() and done() set before its first use. What run() needs
 * and finds is in that structure too: the loop's thread leaves it alone while `busy`, and no lock is needed.
 */
struct background {
	struct loop *loop;
	void (*run)(struct background *background);  /* on the thread */
	void (*done)(struct background *background); /* on the loop's thread */
	bool busy;
	bool started;
	bool ending; /* the thread ends instead of running */
	struct loop_source over;
	sem_t wanted;
	pthread_t thread;
};

/**
 * background_start() - has run() called on the thread, then done() on the loop's
 *
 * Not while it is busy. The thread starts with the first call, with the signals blocked that are blocked here. Returns
 * 0 or -errno.
 */
int background_start(struct background *background);

/**
 * background_end() - waits for a call that runs, then ends the thread
 * @milliseconds: at most, for the call; done() is not called
 *
 * Returns false where it still runs after that: then nothing that it uses may be freed.
 */
bool background_end(struct background *background, unsigned int milliseconds);
