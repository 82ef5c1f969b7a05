// SPDX-License-Identifier: GPL-2.0-or-later
// What disturbs the link, and so waits for the end of the session: reboot, reset, a new URL, diagnostics.
#pragma once

#include <stdbool.h>

struct agent;

// Zero it and set run(); the rest is private. It must stay in place while it waits.
struct after_session_action {
	void (*run)(struct agent *agent);

	bool waiting;
	struct after_session_action *next;
};

// Has run() called once when no session runs: at once, or behind the end of the present one, good or failed, in the
// order of the calls. An action that waits already is not added again.
void agent_after_session(struct agent *agent, struct after_session_action *action);

// ---- For the end of a session

void after_session_run(struct agent *agent);
