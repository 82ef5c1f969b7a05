// SPDX-License-Identifier: GPL-2.0-or-later
// The Informs that the ACS has scheduled: durable, each with its time and its command key.
//
// A record says when it is due by two clocks. Within one boot the time since the boot counts, which nobody sets. After
// another boot only the wall clock can tell; where it has not been set yet, then or now, the wait begins anew: an
// Inform may come late then, and never too early by a clock that stands, or stood, in 1970.
#include "agent/schedule-inform.h"

#include "agent/agent.h"
#include "agent/clock.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND	   1000000000ll // nanoseconds
#define VALUE_SIZE 512		// bytes of a record: a boot id, three numbers, a command key

static void set_alarm(struct schedule_inform *schedule)
{
	int64_t first = INT64_MAX, last;

	for (size_t i = 0; i < schedule->count; i++) {
		if (schedule->entries[i].due < first)
			first = schedule->entries[i].due;
	}
	if (first == INT64_MAX) {
		alarm_clear(&schedule->alarm);
		return;
	}
	// What was asked for the same second goes into one Inform, although the requests came one after the other.
	last = first;
	for (size_t i = 0; i < schedule->count; i++) {
		if (schedule->entries[i].due > last && schedule->entries[i].due < first + SECOND)
			last = schedule->entries[i].due;
	}
	alarm_set(&schedule->alarm, CLOCK_BOOTTIME, last);
}

static void record_name(const struct scheduled_inform *entry, char name[16])
{
	snprintf(name, 16, "%010" PRIu32, entry->number);
}

static void rang(struct alarm *alarm)
{
	struct schedule_inform *schedule =
		(struct schedule_inform *)((char *)alarm - offsetof(struct schedule_inform, alarm));
	struct store_transaction *transaction = store_begin(schedule->agent->store);
	int64_t now = ring_clock(CLOCK_BOOTTIME);
	size_t kept = 0;

	for (size_t i = 0; i < schedule->count; i++) {
		struct scheduled_inform *entry = &schedule->entries[i];
		char name[16];

		if (entry->due > now || !transaction ||
		    agent_raise_with(schedule->agent, transaction, EVENT_SCHEDULED, "") < 0 ||
		    agent_raise_with(schedule->agent, transaction, EVENT_M_SCHEDULE_INFORM, entry->command_key) < 0) {
			// Where there is no room among the events, it is due again when some have been delivered.
			if (entry->due <= now)
				entry->due = now + SECOND;
			schedule->entries[kept++] = *entry;
			continue;
		}
		record_name(entry, name);
		store_delete(transaction, STORE_SCHEDULED_INFORM, name);
		if (entry->due > schedule->last_due)
			schedule->last_due = entry->due;
	}
	schedule->count = kept;
	agent_commit(transaction);
	set_alarm(schedule);
	agent_plan(schedule->agent);
}

// "<boot id> <delay> <due in seconds since the boot> <due in seconds since 1970, 0: not known>", a line end, the
// command key.
static int load(const char *name, const char *value, size_t length, void *context)
{
	struct schedule_inform *schedule = context;
	struct scheduled_inform entry = {.number = (uint32_t)strtoul(name, NULL, 10)};
	int64_t now = ring_clock(CLOCK_BOOTTIME), due, date, left;
	const char *key = memchr(value, '\n', length);
	char boot_id[40];

	if (entry.number > schedule->last_number)
		schedule->last_number = entry.number;
	if (!key || schedule->count == SCHEDULE_INFORM_MAXIMUM || strlen(key + 1) >= sizeof(entry.command_key) ||
	    sscanf(value, "%39s %" SCNu32 " %" SCNd64 " %" SCNd64, boot_id, &entry.delay, &due, &date) != 4)
		return 0;
	snprintf(entry.command_key, sizeof(entry.command_key), "%s", key + 1);
	left = date ? date - ring_clock(CLOCK_REALTIME) / SECOND : entry.delay;
	if (left < 0)
		left = 0;
	if (left > entry.delay)
		left = entry.delay;
	entry.due = strcmp(boot_id, schedule->agent->boot_id) ? now + left * SECOND : due * SECOND;
	schedule->entries[schedule->count++] = entry;
	return 0;
}

int schedule_inform_open(struct schedule_inform *schedule, struct agent *agent)
{
	int error;

	*schedule = (struct schedule_inform){.agent = agent, .alarm = {.ring = &agent->ring, .rang = rang}};
	error = store_each(agent->store, STORE_SCHEDULED_INFORM, load, schedule);
	if (!error)
		set_alarm(schedule);
	return error;
}

int schedule_inform_add(struct schedule_inform *schedule, struct store_transaction *transaction, uint32_t delay,
			const char *command_key)
{
	int64_t now = ring_clock(CLOCK_BOOTTIME);
	struct scheduled_inform *entry;
	int64_t date = clock_known() ? ring_clock(CLOCK_REALTIME) / SECOND + delay : 0;
	char name[16], value[VALUE_SIZE];

	if (schedule->count == SCHEDULE_INFORM_MAXIMUM)
		return -ENOSPC;
	entry = &schedule->entries[schedule->count++];
	*entry = (struct scheduled_inform){
		.number = ++schedule->last_number,
		.delay = delay,
		.due = now + delay * SECOND,
	};
	snprintf(entry->command_key, sizeof(entry->command_key), "%s", command_key);
	record_name(entry, name);
	snprintf(value, sizeof(value), "%s %" PRIu32 " %" PRId64 " %" PRId64 "\n%s", schedule->agent->boot_id, delay,
		 (int64_t)(entry->due / SECOND + 1), date, command_key);
	store_put_string(transaction, STORE_SCHEDULED_INFORM, name, value);
	set_alarm(schedule);
	return 0;
}

void schedule_inform_forget(struct schedule_inform *schedule)
{
	schedule->count--;
	set_alarm(schedule);
}

bool schedule_inform_due_since(const struct schedule_inform *schedule, int64_t then)
{
	int64_t now = ring_clock(CLOCK_BOOTTIME);

	for (size_t i = 0; i < schedule->count; i++) {
		if (schedule->entries[i].due > then && schedule->entries[i].due <= now)
			return true;
	}
	return schedule->last_due > then;
}

void schedule_inform_discard(struct schedule_inform *schedule, struct store_transaction *transaction)
{
	schedule->count = 0;
	store_delete_all(transaction, STORE_SCHEDULED_INFORM);
	set_alarm(schedule);
}
