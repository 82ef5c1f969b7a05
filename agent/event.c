// SPDX-License-Identifier: GPL-2.0-or-later
// The events that wait for their delivery to the ACS, with the standard's rules about keeping them.
#include "agent/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// BOOT and VALUE CHANGE are not durable as events: both come up again from what is durable, the id of the boot that was
// reported last, and the values that were reported last.
const struct event_rule event_rules[EVENT_KINDS] = {
	[EVENT_BOOTSTRAP] = {"0 BOOTSTRAP", EVENT_BY_INFORM_RESPONSE, .retried = true, .kept_by_bootstrap = true},
	[EVENT_BOOT] = {"1 BOOT", EVENT_BY_INFORM_RESPONSE, .retried = true, .kept_by_bootstrap = true},
	[EVENT_PERIODIC] = {"2 PERIODIC", EVENT_BY_INFORM_RESPONSE, .durable = true, .retried = true},
	[EVENT_VALUE_CHANGE] = {"4 VALUE CHANGE", EVENT_BY_INFORM_RESPONSE, .retried = true},
	[EVENT_CONNECTION_REQUEST] = {.code = "6 CONNECTION REQUEST", .delivery = EVENT_BY_INFORM_RESPONSE},
};

void events_free(struct events *events)
{
	free(events->entries);
	*events = (struct events){0};
}

int event_kind_of_code(const char *code)
{
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		if (!strcmp(event_rules[kind].code, code))
			return kind;
	}
	return -ENOENT;
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

int events_raise(struct events *events, enum event_kind kind, const char *command_key)
{
	struct event *event;

	if (kind == EVENT_BOOTSTRAP)
		events_filter(events, kept_by_bootstrap, 0);
	for (size_t i = 0; i < events->count; i++) {
		event = &events->entries[i];
		if (event->kind == kind && !event->informed &&
		    (!event_rules[kind].many || !strcmp(event->command_key, command_key)))
			return 0;
	}
	if (strlen(command_key) >= sizeof(event->command_key))
		return -EINVAL;
	if (events->count == EVENT_PENDING_MAXIMUM)
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
	return 1;
}

size_t events_inform(struct events *events)
{
	size_t count = events->count < EVENT_INFORM_MAXIMUM ? events->count : EVENT_INFORM_MAXIMUM;

	for (size_t i = 0; i < count; i++)
		events->entries[i].informed = true;
	return count;
}

void events_delivered(struct events *events, enum event_delivery delivery)
{
	events_filter(events, kept_by_delivery, delivery);
}

void events_failed(struct events *events)
{
	events_filter(events, kept_by_failure, 0);
	for (size_t i = 0; i < events->count; i++) {
		struct event *event = &events->entries[i];

		if (!event->informed)
			continue;
		event->informed = false;
		// The same may have come up again meanwhile; of "one" kinds the older entry is enough.
		for (size_t k = i + 1; k < events->count; k++) {
			if (events->entries[k].kind != event->kind || event_rules[event->kind].many)
				continue;
			memmove(&events->entries[k], &events->entries[k + 1], (events->count - k - 1) * sizeof(*event));
			events->count--;
			break;
		}
	}
}

bool events_retried(const struct events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		if (event_rules[events->entries[i].kind].retried)
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
