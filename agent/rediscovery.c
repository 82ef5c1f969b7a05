// SPDX-License-Identifier: GPL-2.0-or-later
// DHCP is asked again when the ACS that it has named can't be reached.
#include "agent/rediscovery.h"

#include "agent/agent.h"
#include "agent/device-program.h"
#include "shm/log.h"

#include <string.h>

#define SECOND 1000000000ll // nanoseconds

// Whether DHCP has named the ACS that the agent calls. What the ACS itself or the factory has named stays.
static bool by_dhcp(const struct agent *agent)
{
	const char *offered = discovery_values(agent)->url;

	return *offered && !strcmp(offered, settings_text(&agent->settings, SETTING_URL));
}

static void ended(struct child *child, int status, bool late)
{
	struct rediscovery *rediscovery = (struct rediscovery *)((char *)child - offsetof(struct rediscovery, child));

	device_program_succeeded(rediscovery->agent->configuration.dhcp_renew, status, late);
}

// The next failure begins another 300 seconds.
static void rang(struct alarm *alarm)
{
	struct rediscovery *rediscovery = (struct rediscovery *)((char *)alarm - offsetof(struct rediscovery, alarm));
	const char *line = rediscovery->agent->configuration.dhcp_renew;
	int error;

	rediscovery->waiting = false;
	if (!by_dhcp(rediscovery->agent))
		return;
	log_notice("the ACS that DHCP has named was not reached for %d s%s", REDISCOVERY_SECONDS,
		   *line ? "" : ", and no dhcp_renew is configured");
	if (!*line || child_running(&rediscovery->child))
		return;
	error = device_program_start(&rediscovery->child, line, REDISCOVERY_PROGRAM_TIME);
	if (error)
		log_error("%s can't be started: %s", line, strerror(-error));
}

void rediscovery_open(struct rediscovery *rediscovery, struct agent *agent)
{
	*rediscovery = (struct rediscovery){
		.agent = agent,
		.alarm = {.ring = &agent->ring, .rang = rang},
		.child = {.ring = &agent->ring, .ended = ended, .channel = -1},
	};
}

void rediscovery_close(struct rediscovery *rediscovery)
{
	child_close(&rediscovery->child, false);
}

void rediscovery_unreached(struct rediscovery *rediscovery)
{
	if (rediscovery->waiting || !by_dhcp(rediscovery->agent))
		return;
	rediscovery->waiting = true;
	alarm_set(&rediscovery->alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + REDISCOVERY_SECONDS * SECOND);
}

void rediscovery_reached(struct rediscovery *rediscovery)
{
	if (!rediscovery->waiting)
		return;
	rediscovery->waiting = false;
	alarm_clear(&rediscovery->alarm);
}
