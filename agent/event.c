// SPDX-License-Identifier: GPL-2.0-or-later
// The events that wait for their delivery to the ACS, with the standard's rules about keeping them.
#include "agent/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// BOOT and VALUE CHANGE are not durable as events: both come up again from what is durable, the id of the boot that was
// reported last, and the values that were reported last. Nor are those that a request of the agent delivers: whoever
// has the request to make keeps a record of what it is about, and makes it again after a restart.
//
// The standard lets the device choose whether 5 and 9 are tried again: they are, as long as the agent runs, because the
// program that has asked for them can't know of the failure. CONNECTION REQUEST never is.
const struct event_rule event_rules[EVENT_KINDS] = {
	[EVENT_BOOTSTRAP] = {"0 BOOTSTRAP", EVENT_BY_INFORM_RESPONSE, .retried = true, .kept_by_bootstrap = true},
	[EVENT_BOOT] = {"1 BOOT", EVENT_BY_INFORM_RESPONSE, .retried = true, .kept_by_bootstrap = true},
	[EVENT_PERIODIC] = {"2 PERIODIC", EVENT_BY_INFORM_RESPONSE, .durable = true, .retried = true},
	[EVENT_SCHEDULED] = {"3 SCHEDULED", EVENT_BY_INFORM_RESPONSE, .durable = true, .retried = true},
	[EVENT_VALUE_CHANGE] = {"4 VALUE CHANGE", EVENT_BY_INFORM_RESPONSE, .retried = true},
	[EVENT_KICKED] = {"5 KICKED", EVENT_BY_REQUEST, .retried = true},
	[EVENT_CONNECTION_REQUEST] = {.code = "6 CONNECTION REQUEST", .delivery = EVENT_BY_INFORM_RESPONSE},
	[EVENT_TRANSFER_COMPLETE] = {"7 TRANSFER COMPLETE", EVENT_BY_REQUEST, .retried = true},
	[EVENT_DIAGNOSTICS_COMPLETE] = {"8 DIAGNOSTICS COMPLETE", EVENT_BY_INFORM_RESPONSE, .retried = true},
	[EVENT_REQUEST_DOWNLOAD] = {"9 REQUEST DOWNLOAD", EVENT_BY_REQUEST, .retried = true},
	[EVENT_AUTONOMOUS_TRANSFER_COMPLETE] = {"10 AUTONOMOUS TRANSFER COMPLETE", EVENT_BY_REQUEST, .retried = true,
						.since = CWMP_1_1, .autonomous = true},
	[EVENT_DU_STATE_CHANGE_COMPLETE] = {"11 DU STATE CHANGE COMPLETE", EVENT_BY_REQUEST, .retried = true,
					    .since = CWMP_1_2},
	[EVENT_AUTONOMOUS_DU_STATE_CHANGE_COMPLETE] = {"12 AUTONOMOUS DU STATE CHANGE COMPLETE", EVENT_BY_REQUEST,
						       .retried = true, .since = CWMP_1_2, .autonomous = true},
	[EVENT_WAKEUP] = {"13 WAKEUP", EVENT_BY_INFORM_RESPONSE, .retried = true, .since = CWMP_1_4},
	[EVENT_HEARTBEAT] = {"14 HEARTBEAT", EVENT_BY_INFORM_RESPONSE, .retried = true, .since = CWMP_1_4},
	[EVENT_M_REBOOT] = {"M Reboot", EVENT_BY_INFORM_RESPONSE, .many = true, .durable = true, .retried = true},
	[EVENT_M_SCHEDULE_INFORM] = {"M ScheduleInform", EVENT_BY_INFORM_RESPONSE, .many = true, .durable = true,
				     .retried = true},
	[EVENT_M_DOWNLOAD] = {"M Download", EVENT_BY_REQUEST, .many = true, .retried = true},
	[EVENT_M_SCHEDULE_DOWNLOAD] = {"M ScheduleDownload", EVENT_BY_REQUEST, .many = true, .retried = true,
				       .since = CWMP_1_2},
	[EVENT_M_UPLOAD] = {"M Upload", EVENT_BY_REQUEST, .many = true, .retried = true},
	[EVENT_M_CHANGE_DU_STATE] = {"M ChangeDUState", EVENT_BY_REQUEST, .many = true, .retried = true,
				     .since = CWMP_1_2},
	[EVENT_VENDOR] = {.delivery = EVENT_BY_INFORM_RESPONSE, .many = true, .durable = true, .retried = true},
};

void events_free(struct events *events)
{
	free(events->entries);
	*events = (struct events){0};
}

int event_kind_of_code(const char *code)
{
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		if (event_rules[kind].code && !strcmp(event_rules[kind].code, code))
			return kind;
	}
	return event_vendor_code(code) ? EVENT_VENDOR : -ENOENT;
}

const char *event_code(const struct event *event)
{
	return event->kind == EVENT_VENDOR ? event->code : event_rules[event->kind].code;
}

const char *event_command_key(const struct event *event)
{
	return event_rules[event->kind].autonomous ? "" : event->command_key;
}

static bool many(const struct events *events, enum event_kind kind)
{
	return event_rules[kind].many || (event_rules[kind].autonomous && events->each_autonomous);
}

bool event_vendor_code(const char *code)
{
	return !strncmp(code, "X ", 2) && strspn(code + 2, "0123456789ABCDEF") == 6 && code[8] == ' ' && code[9] &&
	       strlen(code) <= EVENT_CODE_MAXIMUM;
}

static bool same(const struct events *events, const struct event *event, enum event_kind kind, const char *code,
		 const char *command_key)
{
	return event->kind == kind && !strcmp(event->code, code) &&
	       (!many(events, kind) || !strcmp(event->command_key, command_key));
}

// Keeps the entries for which keep() is true, in their order.
static void events_filter(struct events *events, bool (*keep)(const struct event *event, int argument), int argument)
{
	size_t kept = 0;

	for (size_t i = 0; i < events->count; i++) {
		if (keep(&events->entries[i], argument))
			events->entries[kept++] = events->entries[i];
	}
	events->count = kept;
}

static bool kept_by_bootstrap(const struct event *event, int argument)
{
	(void)argument;
	return event_rules[event->kind].kept_by_bootstrap;
}

static bool kept_by_delivery(const struct event *event, int delivery)
{
	return !event->informed || event_rules[event->kind].delivery != (enum event_delivery)delivery;
}

static bool kept_by_failure(const struct event *event, int argument)
{
	(void)argument;
	return !event->informed || event_rules[event->kind].retried;
}

static bool kept_by_drop(const struct event *event, int kind)
{
	return event->informed || event->kind != (enum event_kind)kind;
}

static int raise_event(struct events *events, enum event_kind kind, const char *code, const char *command_key)
{
	struct event *event;

	if (kind == EVENT_BOOTSTRAP)
		events_filter(events, kept_by_bootstrap, 0);
	for (size_t i = 0; i < events->count; i++) {
		event = &events->entries[i];
		if (!event->informed && same(events, event, kind, code, command_key))
			return 0;
	}
	if (strlen(command_key) >= sizeof(event->command_key) || strlen(code) >= sizeof(event->code))
		return -EINVAL;
	if (many(events, kind) && events->count >= EVENT_PENDING_MAXIMUM)
		return -ENOSPC;
	if (events->count == events->room) {
		size_t room = events->room ? events->room * 2 : 8;
		struct event *entries = reallocarray(events->entries, room, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		events->entries = entries;
		events->room = room;
	}
	event = &events->entries[events->count++];
	*event = (struct event){.kind = kind};
	memcpy(event->command_key, command_key, strlen(command_key) + 1);
	memcpy(event->code, code, strlen(code) + 1);
	return 1;
}

int events_raise(struct events *events, enum event_kind kind, const char *command_key)
{
	return raise_event(events, kind, "", command_key);
}

int events_raise_vendor(struct events *events, const char *code, const char *command_key)
{
	return event_vendor_code(code) ? raise_event(events, EVENT_VENDOR, code, command_key) : -EINVAL;
}

static enum event_session session_of(const struct events *events, const struct event *event)
{
	return event->kind == EVENT_HEARTBEAT && !events->heartbeat_with_others ? EVENT_SESSION_HEARTBEAT
										: EVENT_SESSION_COMMON;
}

size_t events_inform(struct events *events, enum event_session session, enum cwmp_version version)
{
	size_t marked = 0, left = 0;

	for (size_t i = 0; i < events->count; i++) {
		if (session_of(events, &events->entries[i]) != session ||
		    event_rules[events->entries[i].kind].since > version)
			continue;
		if (marked == EVENT_INFORM_MAXIMUM) {
			left++;
			continue;
		}
		events->entries[i].informed = true;
		marked++;
	}
	return left;
}

void events_delivered(struct events *events, enum event_delivery delivery)
{
	events_filter(events, kept_by_delivery, delivery);
}

static void remove_entry(struct events *events, size_t index)
{
	events->count--;
	memmove(&events->entries[index], &events->entries[index + 1],
		(events->count - index) * sizeof(*events->entries));
}

void events_answered(struct events *events, enum event_kind kind, const char *command_key)
{
	for (size_t i = 0; i < events->count; i++) {
		if (!events->entries[i].informed || !same(events, &events->entries[i], kind, "", command_key))
			continue;
		remove_entry(events, i);
		return;
	}
}

void events_remove(struct events *events, enum event_kind kind, const char *command_key)
{
	for (size_t i = events->count; i-- > 0;) {
		if (same(events, &events->entries[i], kind, "", command_key))
			remove_entry(events, i);
	}
}

bool events_informed(const struct events *events, enum event_kind kind, const char *command_key)
{
	for (size_t i = 0; i < events->count; i++) {
		if (events->entries[i].informed && same(events, &events->entries[i], kind, "", command_key))
			return true;
	}
	return false;
}

void events_failed(struct events *events)
{
	events_filter(events, kept_by_failure, 0);
	for (size_t i = 0; i < events->count; i++) {
		struct event *event = &events->entries[i];

		if (!event->informed)
			continue;
		event->informed = false;
		// The same may have come up again meanwhile; the older entry is enough.
		for (size_t k = i + 1; k < events->count; k++) {
			if (!same(events, &events->entries[k], event->kind, event->code, event->command_key))
				continue;
			remove_entry(events, k);
			break;
		}
	}
}

bool events_retried(const struct events *events, enum event_session session)
{
	for (size_t i = 0; i < events->count; i++) {
		if (session_of(events, &events->entries[i]) == session && event_rules[events->entries[i].kind].retried)
			return true;
	}
	return false;
}

bool events_has(const struct events *events, enum event_kind kind)
{
	for (size_t i = 0; i < events->count; i++) {
		if (events->entries[i].kind == kind)
			return true;
	}
	return false;
}

void events_drop(struct events *events, enum event_kind kind)
{
	events_filter(events, kept_by_drop, (int)kind);
}
