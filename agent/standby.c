// SPDX-License-Identifier: GPL-2.0-or-later
// The event 13 WAKEUP: whether the device has slept so that the ACS has to be told (R-96, TR-069 Annex L).
//
// A suspended system runs no agent: it hears no connection request and no timer. How long it has slept is what
// CLOCK_BOOTTIME, which goes on meanwhile, has gained on CLOCK_MONOTONIC, which does not. Who suspends the device, and
// whether a timer wakes it, is the firmware's affair; so the agent claims neither capability, and what the ACS asks of
// the sleep itself is in the tree for the firmware to read.
#include "agent/standby.h"

#include "agent/agent.h"
#include "shm/log.h"

#define SECOND	    1000000000ll // nanoseconds
#define SLEPT_LEAST (SECOND / 2) // below it the two clocks were just not read at the same moment

const struct espalier_parameter standby_policy_parameters[] = {
	[STANDBY_POLICY_CR_UNAWARENESS_MAX_DURATION] =
		{"CRUnawarenessMaxDuration", ESPALIER_INT, ESPALIER_WRITABLE,
		 .range = "-1:", .description = "Seconds of sleep beyond which the ACS is told; -1: never"},
	[STANDBY_POLICY_MAX_MISSED_PERIODIC] =
		{"MaxMissedPeriodic", ESPALIER_INT, ESPALIER_WRITABLE,
		 .range = "-1:", .description = "Periodic Informs missed by sleep beyond which it is; -1: never"},
	[STANDBY_POLICY_NOTIFY_MISSED_SCHEDULED] = {"NotifyMissedScheduled", ESPALIER_BOOLEAN, ESPALIER_WRITABLE,
						    .description = "Whether it is of a missed ScheduleInform"},
	[STANDBY_POLICY_NETWORK_AWARENESS_CAPABLE] = {"NetworkAwarenessCapable", ESPALIER_BOOLEAN,
						      .description = "Whether connection requests wake the device"},
	[STANDBY_POLICY_SELF_TIMER_CAPABLE] = {"SelfTimerCapable", ESPALIER_BOOLEAN,
					       .description = "Whether the agent's timers wake the device"},
	[STANDBY_POLICY_CR_AWARENESS_REQUESTED] = {"CRAwarenessRequested", ESPALIER_BOOLEAN, ESPALIER_WRITABLE,
						   .description = "Whether it is to sleep only so that they can"},
	[STANDBY_POLICY_PERIODIC_AWARENESS_REQUESTED] = {"PeriodicAwarenessRequested", ESPALIER_BOOLEAN,
							 ESPALIER_WRITABLE,
							 .description =
								 "Whether it is to miss no periodic Inform by sleep"},
	[STANDBY_POLICY_SCHEDULED_AWARENESS_REQUESTED] = {"ScheduledAwarenessRequested", ESPALIER_BOOLEAN,
							  ESPALIER_WRITABLE,
							  .description =
								  "Whether it is to miss no ScheduleInform by sleep"},
	{0},
};

static int64_t asleep(void)
{
	return ring_clock(CLOCK_BOOTTIME) - ring_clock(CLOCK_MONOTONIC);
}

void standby_open(struct standby *standby, struct agent *agent)
{
	*standby = (struct standby){.agent = agent, .asleep = asleep()};
	own_set(&agent->own, OWN_STANDBY_POLICY, STANDBY_POLICY_NETWORK_AWARENESS_CAPABLE, "0");
	own_set(&agent->own, OWN_STANDBY_POLICY, STANDBY_POLICY_SELF_TIMER_CAPABLE, "0");
}

// A limit of -1 is never exceeded.
static bool exceeds(const struct settings *settings, enum setting setting, uint64_t value)
{
	int64_t limit = settings_signed(settings, setting);

	return limit >= 0 && value > (uint64_t)limit;
}

void standby_look(struct standby *standby)
{
	struct agent *agent = standby->agent;
	const struct settings *settings = &agent->settings;
	int64_t before = standby->asleep, slept;
	bool scheduled;
	uint64_t missed;

	standby->asleep = asleep();
	slept = standby->asleep - before;
	if (slept < SLEPT_LEAST)
		return;
	missed = recurrence_passed(&agent->periodic, slept);
	scheduled = schedule_inform_due_since(&agent->schedule_inform, ring_clock(CLOCK_BOOTTIME) - slept);
	log_notice("the device has slept for %.1f s", (double)slept / SECOND);
	if (!exceeds(settings, SETTING_STANDBY_CR_UNAWARENESS_MAX_DURATION, (uint64_t)(slept / SECOND)) &&
	    !exceeds(settings, SETTING_STANDBY_MAX_MISSED_PERIODIC, missed) &&
	    !(scheduled && settings_boolean(settings, SETTING_STANDBY_NOTIFY_MISSED_SCHEDULED)))
		return;
	agent_raise(agent, EVENT_WAKEUP);
	agent_plan(agent);
}
