// SPDX-License-Identifier: GPL-2.0-or-later
// Signals as events of the ring.
#pragma once

#include "agent/ring.h"

#include <signal.h>

// Fields are private, but `received` is set by ring_signals_open().
struct ring_signals {
	struct ring_operation poll;
	struct ring *ring;
	int descriptor;
	void (*received)(struct ring_signals *signals, int signal);
};

// Blocks the signals of `set` for the calling thread and the threads that it starts later, and has received() called
// from the ring for each that arrives. Call it before any thread is started. Returns 0 or -errno.
int ring_signals_open(struct ring_signals *signals, struct ring *ring, const sigset_t *set,
		      void (*received)(struct ring_signals *signals, int signal));

// Stops. Call it after ring_close(). The signals stay blocked, so that a late one does not end the process.
void ring_signals_close(struct ring_signals *signals);
