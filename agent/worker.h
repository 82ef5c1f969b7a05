// SPDX-License-Identifier: GPL-2.0-or-later
// A thread for calls that block (disk), so that the ring's thread never waits.
#pragma once

#include "agent/ring.h"

#include <pthread.h>
#include <stdbool.h>

// Bytes of address space, of which only touched pages cost memory. SQLite needs about 100 KiB; glibc takes the
// program's thread-local variables from the stack too, and those of libespalier are 200 KiB.
#define WORKER_STACK_SIZE (1024 * 1024)

// One job. The caller embeds it, sets run() and done(), and leaves it in place while `pending` is true.
// run() is called on the worker's thread, done() later on the ring's thread; both may read and write what surrounds the
// job, without a lock, because only one of them runs at a time.
struct worker_job {
	void (*run)(struct worker_job *job);
	void (*done)(struct worker_job *job);
	struct worker_job *next;
	bool pending; // for the ring's thread
};

struct worker_queue {
	struct worker_job *first, **last;
};

// All fields are private.
struct worker {
	struct ring *ring;
	struct ring_operation poll;
	int event; // eventfd by which the thread tells the ring
	pthread_t thread;
	pthread_mutex_t lock; // guards what follows
	pthread_cond_t submitted;
	struct worker_queue waiting, completed;
	bool closing;
};

// Starts the thread, called `name` (at most 15 characters), with all signals blocked. Returns 0 or -errno.
int worker_open(struct worker *worker, struct ring *ring, const char *name);

// Queues a job; jobs run one after the other in this order, and are completed in this order. Ring's thread only.
void worker_submit(struct worker *worker, struct worker_job *job);

// Runs what is queued to its end (this blocks), and ends the thread. done() is called for no job any more: call it
// after ring_close(), when the owners have no more use for answers.
void worker_close(struct worker *worker);
