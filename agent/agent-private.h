// SPDX-License-Identifier: GPL-2.0-or-later
// What the files agent*.c share among themselves.
#pragma once

#include "agent/agent.h"

// Has the counters of connection requests filled in when somebody looks at them.
void agent_open_counters(struct agent *agent);

// Makes a fact durable.
void agent_put_state(struct agent *agent, const char *name, const char *value);

// Changes were found (a set of enum notify_change): they become an event, and active ones want a session.
void agent_take_changes(struct agent *agent, unsigned changes);

#define EVENT_NAME_SIZE (EVENT_CODE_SIZE + EVENT_COMMAND_KEY_SIZE)

// The name of an event's record in the store: its code, a line end, its command key.
void event_record_name(const char *code, const char *command_key, char name[EVENT_NAME_SIZE]);

// Raises BOOTSTRAP if the ACS at the present URL has not acknowledged one.
void agent_check_bootstrap(struct agent *agent);

// Prepares the alarm that starts sessions.
void agent_prepare_schedule(struct agent *agent);

// Raises the events that are due at the start. The store must still be readable. Returns 0 or -errno.
int agent_open_events(struct agent *agent);

// Finds out which boot of the device this is.
void agent_find_boot(struct agent *agent);

// Starts to serve the owners' wakes and answers, and whoever wants something of the agent's own parameters.
int agent_watch_owners(struct agent *agent);

// Starts the timer of the periodic Inform, and watches the clock. Returns 0 or -errno.
int agent_open_periodic(struct agent *agent);

// Sets that timer anew, after a change of its settings.
void agent_set_periodic(struct agent *agent);
