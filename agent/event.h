// SPDX-License-Identifier: GPL-2.0-or-later
// The events that wait for their delivery to the ACS, with the standard's rules about keeping them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_INFORM_MAXIMUM	  64  // events in one Inform
#define EVENT_PENDING_MAXIMUM	  256 // events that wait; more of the kind that can be many are refused
#define EVENT_COMMAND_KEY_MAXIMUM 32  // characters

enum event_kind {
	EVENT_BOOTSTRAP,
	EVENT_BOOT,
	EVENT_PERIODIC,
	EVENT_VALUE_CHANGE,
	EVENT_CONNECTION_REQUEST,
	EVENT_KINDS
};

// What has the ACS answered when an event counts as delivered.
enum event_delivery {
	EVENT_BY_INFORM_RESPONSE,
};

// One line of the standard's table of events.
struct event_rule {
	const char *code;
	enum event_delivery delivery;
	bool many;		// one entry for each command key; otherwise one entry however often it occurs
	bool durable;		// kept in the store until delivered
	bool retried;		// an undelivered one keeps the retry timer alive, and stays when a session fails
	bool kept_by_bootstrap; // BOOTSTRAP does not discard it
};

extern const struct event_rule event_rules[EVENT_KINDS];

struct event {
	enum event_kind kind;
	bool informed; // is in the Inform of the present session
	char command_key[EVENT_COMMAND_KEY_MAXIMUM * 4 + 1];
};

// Zeroed memory is an empty queue. Fields may be read.
struct events {
	struct event *entries; // in the order of their occurrence
	size_t count, room;
};

void events_free(struct events *events);

// The kind of an event code, or -ENOENT.
int event_kind_of_code(const char *code);

// Adds an event; `command_key` "" for events without. One that is there already, in the sense of the table, stays as it
// is. BOOTSTRAP discards the others. Returns 1 when something is new, 0 when not, -ENOSPC or -ENOMEM.
int events_raise(struct events *events, enum event_kind kind, const char *command_key);

// Marks what goes into the Inform of a new session: the oldest EVENT_INFORM_MAXIMUM. Returns how many.
size_t events_inform(struct events *events);

// The ACS has answered: removes what this delivers. An event of the same kind raised since stays (it is a new one).
void events_delivered(struct events *events, enum event_delivery delivery);

// The session has failed before the delivery: what is retried stays for the next session, the rest goes.
void events_failed(struct events *events);

// Whether an event waits that keeps the retry timer alive.
bool events_retried(const struct events *events);

// Whether an event of this kind waits.
bool events_has(const struct events *events, enum event_kind kind);

// Removes the events of a kind that are in no Inform.
void events_drop(struct events *events, enum event_kind kind);
