// SPDX-License-Identifier: GPL-2.0-or-later
// The factory reset: after the session, of all owners, of the agent's own state, and by a configured program.
#pragma once

#include "agent/after-session.h"
#include "agent/child.h"
#include "agent/store.h"

#define FACTORY_RESET_OWNERS_TIME  5000 // milliseconds that the owners have, all together
#define FACTORY_RESET_PROGRAM_TIME 300	// seconds that the program has

// All fields are private but `running`.
struct factory_reset {
	struct agent *agent;
	struct after_session_action action;
	struct child child;
	struct alarm alarm;
	bool running;	 // from the end of the session on: no other begins
	bool promised;	 // found in the store at the start
	size_t asked;	 // owners that have not answered
	unsigned number; // of this reset: a late answer to a former one counts for nothing
};

// Prepares, and looks whether a reset was promised; while the store can be read.
void factory_reset_open(struct factory_reset *reset, struct agent *agent);

// After ring_close(). The program runs on.
void factory_reset_close(struct factory_reset *reset);

// After the start: does what was promised before the agent died.
void factory_reset_resume(struct factory_reset *reset);

// Adds to what becomes durable that a reset was promised.
void factory_reset_promise(struct store_transaction *transaction);

// Resets when no session runs; then the agent starts anew, with BOOTSTRAP and BOOT.
void factory_reset_after_session(struct factory_reset *reset);
