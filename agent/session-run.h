// SPDX-License-Identifier: GPL-2.0-or-later
// Binds the session's state machine to the HTTP client, the decoder and the methods.
#pragma once

#include "agent/cwmp-version.h"
#include "agent/event.h"

#include <stdbool.h>
#include <stddef.h>

struct agent;
struct session_run;

// Prepares. The agent's ring, tree and settings must be there. Returns NULL without memory.
struct session_run *session_run_open(struct agent *agent);

// Frees everything; after ring_close().
void session_run_close(struct session_run *run);

// Starts a session for some of the events that wait; the agent must not be in one. agent_session_ended() tells of its
// end, never from within.
void session_run_start(struct session_run *run, enum event_session kind);

// Whether a session runs.
bool session_run_active(const struct session_run *run);

// The version of CWMP that is spoken, while a session runs.
enum cwmp_version session_run_version(const struct session_run *run);
