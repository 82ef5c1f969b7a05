// SPDX-License-Identifier: GPL-2.0-or-later
// Instants that come again and again: a reference plus or minus any whole number of intervals.
#include "agent/recurrence.h"

#include "agent/clock.h"
#include "agent/date-time.h"
#include "agent/periodic.h"

#include <stdio.h>
#include <sys/random.h>

#define SECOND 1000000000ll // nanoseconds

static void set_next(struct recurrence *recurrence)
{
	int64_t now;

	if (!recurrence->interval) {
		alarm_clear(&recurrence->alarm);
		return;
	}
	recurrence->clock = CLOCK_REALTIME;
	if (date_time_parse(recurrence->reference_text, &recurrence->reference) ||
	    date_time_unknown(recurrence->reference) || !clock_known()) {
		recurrence->clock = CLOCK_BOOTTIME;
		recurrence->reference = recurrence->phase;
	}
	now = ring_clock(recurrence->clock) / SECOND;
	recurrence->next = periodic_next(now, recurrence->reference, recurrence->interval) * SECOND;
	alarm_set(&recurrence->alarm, recurrence->clock, recurrence->next);
}

static void rang(struct alarm *alarm)
{
	struct recurrence *recurrence = (struct recurrence *)((char *)alarm - offsetof(struct recurrence, alarm));

	set_next(recurrence);
	recurrence->due(recurrence);
}

void recurrence_prepare(struct recurrence *recurrence, struct ring *ring, void (*due)(struct recurrence *recurrence))
{
	uint32_t random = 0;

	getrandom(&random, sizeof(random), 0);
	*recurrence = (struct recurrence){.alarm = {.ring = ring, .rang = rang}, .due = due, .phase = random};
}

void recurrence_set(struct recurrence *recurrence, uint32_t interval, const char *reference)
{
	recurrence->interval = interval;
	snprintf(recurrence->reference_text, sizeof(recurrence->reference_text), "%s", reference);
	set_next(recurrence);
}

void recurrence_clock_set(struct recurrence *recurrence)
{
	bool jumped = recurrence->interval && recurrence->clock == CLOCK_REALTIME &&
		      recurrence->next <= ring_clock(CLOCK_REALTIME);

	set_next(recurrence);
	if (jumped)
		recurrence->due(recurrence);
}

uint64_t recurrence_passed(const struct recurrence *recurrence, int64_t nanoseconds)
{
	int64_t now = ring_clock(recurrence->clock) / SECOND, then = now - nanoseconds / SECOND, first;

	if (!recurrence->interval)
		return 0;
	first = periodic_next(then, recurrence->reference, recurrence->interval);
	return first > now ? 0 : (uint64_t)(now - first) / recurrence->interval + 1;
}
