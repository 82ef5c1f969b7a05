// SPDX-License-Identifier: GPL-2.0-or-later
// The events that wait for their delivery to the ACS, with the standard's rules about keeping them.
#pragma once

#include "agent/cwmp-version.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_INFORM_MAXIMUM	  64  // events in one Inform
#define EVENT_PENDING_MAXIMUM	  256 // events that wait; from here on those of which there can be many are refused
#define EVENT_COMMAND_KEY_MAXIMUM 32  // characters
#define EVENT_CODE_MAXIMUM	  64  // characters

#define EVENT_COMMAND_KEY_SIZE (EVENT_COMMAND_KEY_MAXIMUM * 4 + 1) // bytes in UTF-8
#define EVENT_CODE_SIZE	       (EVENT_CODE_MAXIMUM * 4 + 1)

enum event_kind {
	EVENT_BOOTSTRAP,
	EVENT_BOOT,
	EVENT_PERIODIC,
	EVENT_SCHEDULED,
	EVENT_VALUE_CHANGE,
	EVENT_KICKED,
	EVENT_CONNECTION_REQUEST,
	EVENT_TRANSFER_COMPLETE,
	EVENT_DIAGNOSTICS_COMPLETE,
	EVENT_REQUEST_DOWNLOAD,
	EVENT_AUTONOMOUS_TRANSFER_COMPLETE,
	EVENT_DU_STATE_CHANGE_COMPLETE,
	EVENT_AUTONOMOUS_DU_STATE_CHANGE_COMPLETE,
	EVENT_WAKEUP,
	EVENT_HEARTBEAT,
	EVENT_M_REBOOT,
	EVENT_M_SCHEDULE_INFORM,
	EVENT_M_DOWNLOAD,
	EVENT_M_SCHEDULE_DOWNLOAD,
	EVENT_M_UPLOAD,
	EVENT_M_CHANGE_DU_STATE,
	EVENT_VENDOR, // "X <OUI> <event>": each has its own code
	EVENT_KINDS
};

// What a session is about: HEARTBEAT is alone in its Inform, and counts its own failures, unless the
// configuration wants it with others.
enum event_session { EVENT_SESSION_COMMON, EVENT_SESSION_HEARTBEAT, EVENT_SESSIONS };

// What the ACS has answered when an event counts as delivered.
enum event_delivery {
	EVENT_BY_INFORM_RESPONSE,
	EVENT_BY_REQUEST, // the response to the agent's request that the event announces (agent/acs-request.h)
};

// One line of the standard's table of events.
struct event_rule {
	const char *code; // NULL: the event itself has it
	enum event_delivery delivery;
	bool many;		 // one entry for each command key; otherwise one entry however often it occurs
	bool durable;		 // has a record in the store until it is delivered
	bool retried;		 // an undelivered one keeps the retry timer alive, and stays when a session fails
	bool kept_by_bootstrap;	 // BOOTSTRAP does not discard it
	bool autonomous;	 // many with events.each_autonomous; the key then only tells them apart
	enum cwmp_version since; // the first version that has it
};

extern const struct event_rule event_rules[EVENT_KINDS];

struct event {
	enum event_kind kind;
	bool informed; // is in the Inform of the present session
	char command_key[EVENT_COMMAND_KEY_SIZE];
	char code[EVENT_CODE_SIZE]; // of EVENT_VENDOR, else empty
};

// Zeroed memory is an empty queue. Fields may be read; what the configuration decides is set before the first event.
struct events {
	struct event *entries; // in the order of their occurrence
	size_t count, room;
	bool each_autonomous;	    // 10 and 12: one entry for each occurrence, not one for all
	bool heartbeat_with_others; // 14 is in a common session's Inform
};

void events_free(struct events *events);

// The kind of an event code, or -ENOENT.
int event_kind_of_code(const char *code);

// The code of an event, for the Inform.
const char *event_code(const struct event *event);

// Its CommandKey, for the Inform: only "M ..." and vendors' events have one.
const char *event_command_key(const struct event *event);

// Whether a text is the code of a vendor's event: "X ", six upper-case hexadecimal digits, a blank, and a name.
bool event_vendor_code(const char *code);

// Adds an event; `command_key` "" for events without. One that is there already, in the sense of the table, stays as it
// is. BOOTSTRAP discards the others. Returns 1 when something is new, 0 when not, -EINVAL for a key that is too
// long, -ENOSPC or -ENOMEM.
int events_raise(struct events *events, enum event_kind kind, const char *command_key);

// The same for a vendor's event, which is kept once for each code and key. -EINVAL also for a code that is none.
int events_raise_vendor(struct events *events, const char *code, const char *command_key);

// Marks what goes into the Inform of a new session: the oldest EVENT_INFORM_MAXIMUM that the version of the Inform has;
// newer ones wait for a session that can tell them. Returns how many of its events are left for another one.
size_t events_inform(struct events *events, enum event_session session, enum cwmp_version version);

// The ACS has answered: removes what this delivers. An event of the same kind raised since stays (it is a new one).
void events_delivered(struct events *events, enum event_delivery delivery);

// The request that an event announces was answered: removes the event, if the present session's Inform had it.
void events_answered(struct events *events, enum event_kind kind, const char *command_key);

// Whether an event is in the Inform of the present session.
bool events_informed(const struct events *events, enum event_kind kind, const char *command_key);

// The session has ended. Of what was not delivered, the retried stays for the next session, and the rest goes.
void events_failed(struct events *events);

// Whether an event waits that keeps the retry timer of such a session alive.
bool events_retried(const struct events *events, enum event_session session);

// Whether an event of this kind waits.
bool events_has(const struct events *events, enum event_kind kind);

// Removes the events of a kind that are in no Inform.
void events_drop(struct events *events, enum event_kind kind);

// Removes an event that will never be delivered, in an Inform or not.
void events_remove(struct events *events, enum event_kind kind, const char *command_key);
