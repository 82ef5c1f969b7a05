// SPDX-License-Identifier: GPL-2.0-or-later
// The timer of the periodic Inform, which follows the clock when it is set.
#include "agent/agent-private.h"

#include "shm/log.h"

#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

void agent_set_periodic(struct agent *agent)
{
	const struct settings *settings = &agent->settings;

	recurrence_set(&agent->periodic,
		       settings_boolean(settings, SETTING_PERIODIC_ENABLE)
			       ? settings_number(settings, SETTING_PERIODIC_INTERVAL)
			       : 0,
		       settings_text(settings, SETTING_PERIODIC_TIME));
}

static void periodic_due(struct recurrence *recurrence)
{
	struct agent *agent = (struct agent *)((char *)recurrence - offsetof(struct agent, periodic));

	agent_raise(agent, EVENT_PERIODIC);
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
	transfers_plan(agent);
	recurrence_clock_set(&agent->periodic);
	recurrence_clock_set(&agent->heartbeat.recurrence);
	recurrence_clock_set(&agent->lightweight.trigger);
	planned_reboot_clock_set(&agent->planned_reboot);
	// After a sleep too: the wall clock went on, and the monotonic one did not.
	standby_look(&agent->standby);
	if (!(flags & RING_MORE))
		ring_poll(&agent->ring, operation, agent->clock_descriptor, POLLIN);
}

int agent_open_periodic(struct agent *agent)
{
	recurrence_prepare(&agent->periodic, &agent->ring, periodic_due);
	agent_set_periodic(agent);
	agent->clock_descriptor = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (agent->clock_descriptor < 0)
		return -errno;
	arm_clock_watch(agent);
	agent->clock_poll.done = clock_was_set;
	return ring_poll(&agent->ring, &agent->clock_poll, agent->clock_descriptor, POLLIN);
}
