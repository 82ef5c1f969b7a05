// SPDX-License-Identifier: GPL-2.0-or-later
// A timer that can be set anew at any time.
#include "agent/alarm.h"

#include "shm/log.h"

#include <errno.h>

static void expired(struct ring_operation *operation, int result, unsigned flags);

static void arm(struct alarm *alarm)
{
	alarm->timer.done = expired;
	if (ring_timer(alarm->ring, &alarm->timer, alarm->clock, alarm->at))
		log_error("the ring takes no timer");
	else
		alarm->armed = true;
}

static void expired(struct ring_operation *operation, int result, unsigned flags)
{
	struct alarm *alarm = (struct alarm *)((char *)operation - offsetof(struct alarm, timer));

	(void)flags;
	alarm->armed = false;
	if (!alarm->set)
		return;
	// Cancelled, or expired while it was being cancelled: what counts is the time that is set now.
	if (result == -ECANCELED || ring_clock(alarm->clock) < alarm->at) {
		arm(alarm);
		return;
	}
	alarm->set = false;
	alarm->rang(alarm);
}

void alarm_set(struct alarm *alarm, clockid_t clock, int64_t at)
{
	if (alarm->set && alarm->armed && alarm->clock == clock && alarm->at == at)
		return;
	alarm->clock = clock;
	alarm->at = at;
	alarm->set = true;
	if (alarm->armed)
		ring_cancel(alarm->ring, &alarm->timer);
	else
		arm(alarm);
}

void alarm_clear(struct alarm *alarm)
{
	alarm->set = false;
	if (alarm->armed)
		ring_cancel(alarm->ring, &alarm->timer);
}
