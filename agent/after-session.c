// SPDX-License-Identifier: GPL-2.0-or-later
// What disturbs the link, and so waits for the end of the session: reboot, reset, a new URL, diagnostics.
#include "agent/after-session.h"

#include "agent/agent.h"
#include "agent/session-run.h"

void agent_after_session(struct agent *agent, struct after_session_action *action)
{
	struct after_session_action **place = &agent->after_session;

	if (action->waiting)
		return;
	if (!session_run_active(agent->session)) {
		action->run(agent);
		return;
	}
	while (*place)
		place = &(*place)->next;
	action->waiting = true;
	action->next = NULL;
	*place = action;
}

void after_session_run(struct agent *agent)
{
	struct after_session_action *action;

	while ((action = agent->after_session)) {
		agent->after_session = action->next;
		action->waiting = false;
		action->run(agent);
	}
}
