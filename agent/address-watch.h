// SPDX-License-Identifier: GPL-2.0-or-later
// Tells that addresses or routes of the device have changed (rtnetlink), not which: who wants to know looks.
#pragma once

#include "agent/ring.h"

// Fields are private. `descriptor` is -1 before address_watch_open() where address_watch_close() may come first.
struct address_watch {
	struct ring *ring;
	struct ring_operation poll;
	int descriptor;
	void (*changed)(struct address_watch *watch);
};

// Has changed() called from the ring after changes of the groups (RTMGRP_... of <linux/rtnetlink.h>). Returns 0 or
// -errno; address_watch_close() is allowed after either.
int address_watch_open(struct address_watch *watch, struct ring *ring, unsigned groups,
		       void (*changed)(struct address_watch *watch));

// Closes the descriptor. After ring_close().
void address_watch_close(struct address_watch *watch);
