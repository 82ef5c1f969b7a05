// SPDX-License-Identifier: GPL-2.0-or-later
// A program that the agent runs: started with an argument vector, watched by the ring, ended when its time is over.
#pragma once

#include "agent/alarm.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_DESCRIPTOR 3 // what the program gets besides its standard streams

// Zero it, set the first part; the rest is private. It must stay in place while child_running().
struct child {
	struct ring *ring;
	// Something can be read from `channel`; NULL without one. Read until EAGAIN.
	void (*readable)(struct child *child);
	// It has ended; `status` is that of waitpid(), `late` says that it was killed because its time was over. The
	// channel was read to its end before, and is closed.
	void (*ended)(struct child *child, int status, bool late);
	int output;		    // becomes its standard output; 0: that goes where standard error goes
	uint64_t file_size_maximum; // bytes of a file that it writes, beyond which it gets SIGXFSZ; 0: no limit

	int channel; // our end, while it runs; -1 without
	pid_t pid;   // 0: none runs
	int descriptor;
	struct ring_operation exit_poll, channel_poll;
	struct alarm limit;
	bool late, closing;
	int status;
};

// Starts `arguments[0]`, an absolute path, in a process group of its own, with nothing on standard input, no signal
// blocked, and `descriptor` (or -1) as CHILD_DESCRIPTOR. `channel` (or -1) is watched until the program has ended, and
// then closed. After `seconds` (0: no limit) the group is killed. Returns 0 or -errno; then `channel` is not taken.
int child_start(struct child *child, const char *const arguments[], int descriptor, int channel, unsigned seconds);

bool child_running(const struct child *child);

// Kills the program and what it has started; ended() follows from the ring.
void child_kill(struct child *child);

// After ring_close(): kills the program if `kill`, and waits for it; otherwise it runs on. Nobody is called.
void child_close(struct child *child, bool kill);
