// SPDX-License-Identifier: GPL-2.0-or-later
// The timer of the periodic Inform, which follows the clock when it is set.
#include "agent/agent-private.h"

#include "agent/date-time.h"
#include "agent/periodic.h"
#include "shm/log.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SECOND 1000000000ll // nanoseconds

void agent_set_periodic(struct agent *agent)
{
	uint32_t interval = settings_number(&agent->settings, SETTING_PERIODIC_INTERVAL);
	int64_t reference;

	if (!settings_boolean(&agent->settings, SETTING_PERIODIC_ENABLE) || !interval) {
		alarm_clear(&agent->periodic);
		return;
	}
	if (date_time_parse(settings_text(&agent->settings, SETTING_PERIODIC_TIME), &reference) ||
	    date_time_unknown(reference)) {
		int64_t now = ring_clock(CLOCK_BOOTTIME) / SECOND;

		alarm_set(&agent->periodic, CLOCK_BOOTTIME,
			  periodic_next(now, agent->periodic_phase, interval) * SECOND);
	} else {
		int64_t now = ring_clock(CLOCK_REALTIME) / SECOND;

		alarm_set(&agent->periodic, CLOCK_REALTIME, periodic_next(now, reference, interval) * SECOND);
	}
}

static void periodic_rang(struct alarm *alarm)
{
	struct agent *agent = (struct agent *)((char *)alarm - offsetof(struct agent, periodic));

	agent_raise(agent, EVENT_PERIODIC);
	agent_set_periodic(agent);
	agent_plan(agent);
}

static void arm_clock_watch(struct agent *agent)
{
	struct itimerspec never = {.it_value.tv_sec = INT32_MAX};

	// Never expires in earnest: it tells when the clock is set.
	timerfd_settime(agent->clock_descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void clock_was_set(struct ring_operation *operation, int result, unsigned flags)
{
	struct agent *agent = (struct agent *)((char *)operation - offsetof(struct agent, clock_poll));
	uint64_t expirations;

	if (result < 0)
		return;
	if (read(agent->clock_descriptor, &expirations, sizeof(expirations)) < 0 && errno == ECANCELED)
		log_info("the clock was set");
	arm_clock_watch(agent);
	agent_set_periodic(agent);
	transfers_plan(agent);
	if (!(flags & RING_MORE))
		ring_poll(&agent->ring, operation, agent->clock_descriptor, POLLIN);
}

int agent_open_periodic(struct agent *agent)
{
	agent->periodic = (struct alarm){.ring = &agent->ring, .rang = periodic_rang};
	getrandom(&agent->periodic_phase, sizeof(agent->periodic_phase), 0);
	agent->periodic_phase = (int64_t)((uint64_t)agent->periodic_phase % UINT32_MAX);
	agent_set_periodic(agent);
	agent->clock_descriptor = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (agent->clock_descriptor < 0)
		return -errno;
	arm_clock_watch(agent);
	agent->clock_poll.done = clock_was_set;
	return ring_poll(&agent->ring, &agent->clock_poll, agent->clock_descriptor, POLLIN);
}
