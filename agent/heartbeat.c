// SPDX-License-Identifier: GPL-2.0-or-later
// The event 14 HEARTBEAT, in sessions of its own with a count of failures of their own, unless
// the configuration wants it with others.
#include "agent/heartbeat.h"

#include "agent/agent.h"

const struct espalier_parameter heartbeat_policy_parameters[] = {
	[HEARTBEAT_POLICY_ENABLE] = {"Enable", ESPALIER_BOOLEAN, ESPALIER_WRITABLE,
				     .description = "Whether the device sends heartbeat events to the ACS"},
	[HEARTBEAT_POLICY_REPORTING_INTERVAL] = {"ReportingInterval", ESPALIER_UNSIGNED_INT, ESPALIER_WRITABLE,
						 .range = "30:", .description = "Seconds between heartbeats"},
	[HEARTBEAT_POLICY_INITIATION_TIME] = {"InitiationTime", ESPALIER_DATE_TIME, ESPALIER_WRITABLE,
					      .description = "Reference of the heartbeats' phase"},
	{0},
};

static void due(struct recurrence *recurrence)
{
	struct heartbeat *heartbeat = (struct heartbeat *)((char *)recurrence - offsetof(struct heartbeat, recurrence));
	struct agent *agent = heartbeat->agent;

	// One that has not been delivered yet is enough, and tried again now.
	if (events_raise(&agent->events, EVENT_HEARTBEAT, "") >= 0)
		*(agent->events.heartbeat_with_others ? &agent->wanted : &heartbeat->wanted) = true;
	agent_plan(agent);
}

static void set(struct heartbeat *heartbeat)
{
	const struct settings *settings = &heartbeat->agent->settings;
	bool enabled = settings_boolean(settings, SETTING_HEARTBEAT_ENABLE);

	if (!enabled)
		events_drop(&heartbeat->agent->events, EVENT_HEARTBEAT);
	recurrence_set(&heartbeat->recurrence,
		       enabled ? settings_number(settings, SETTING_HEARTBEAT_REPORTING_INTERVAL) : 0,
		       settings_text(settings, SETTING_HEARTBEAT_INITIATION_TIME));
}

void heartbeat_open(struct heartbeat *heartbeat, struct agent *agent)
{
	heartbeat->agent = agent;
	recurrence_prepare(&heartbeat->recurrence, &agent->ring, due);
	set(heartbeat);
}

void heartbeat_settings_changed(struct heartbeat *heartbeat, uint64_t changed)
{
	if (changed & (SETTING_BIT(SETTING_HEARTBEAT_ENABLE) | SETTING_BIT(SETTING_HEARTBEAT_REPORTING_INTERVAL) |
		       SETTING_BIT(SETTING_HEARTBEAT_INITIATION_TIME)))
		set(heartbeat);
}

int64_t heartbeat_at(const struct heartbeat *heartbeat, int64_t now)
{
	const struct events *events = &heartbeat->agent->events;

	if (events->heartbeat_with_others || !events_has(events, EVENT_HEARTBEAT) ||
	    events_has(events, EVENT_BOOTSTRAP))
		return INT64_MAX;
	if (heartbeat->wanted)
		return now;
	return heartbeat->retry ? heartbeat->retry_at : INT64_MAX;
}

void heartbeat_started(struct heartbeat *heartbeat)
{
	heartbeat->wanted = heartbeat->retry = false;
}

void heartbeat_retry(struct heartbeat *heartbeat, int64_t at)
{
	heartbeat->retry = true;
	heartbeat->retry_at = at;
}
