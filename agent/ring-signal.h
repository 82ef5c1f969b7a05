// SPDX-License-Identifier: GPL-2.0-or-later
// Signals as events of the ring.
#pragma once

#include "agent/ring.h"

// Fields are private, but `received` is set by ring_signals_open().
struct ring_signals {
	struct ring_operation poll;
	struct ring *ring;
	int descriptor;
	void (*received)(struct ring_signals *signals, int signal);
};

// Has received() called from the ring for each signal of a daemon (daemon_open_signals()) that arrives. Call it before
// any thread is started. Returns 0 or -errno.
int ring_signals_open(struct ring_signals *signals, struct ring *ring,
		      void (*received)(struct ring_signals *signals, int signal));

// Stops. Call it after ring_close().
void ring_signals_close(struct ring_signals *signals);
