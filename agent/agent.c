// SPDX-License-Identifier: GPL-2.0-or-later
// The agent: what joins its parts, and when a session starts.
#include "agent/agent-private.h"

#include "agent/clock.h"
#include "agent/date-time.h"
#include "agent/retry.h"
#include "agent/session-run.h"
#include "agent/url.h"
#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define SECOND	     1000000000ll // nanoseconds
#define SERVE_ROUNDS 64		  // how often one descriptor is served before the others get their turn
#define SERVE_AGAIN  5000000ll	  // nanoseconds until the rest is; what can't be taken now must not keep us busy

void agent_commit(struct store_transaction *transaction)
{
	if (transaction && !store_empty(transaction))
		store_commit(transaction, NULL, NULL);
	else
		store_abandon(transaction);
}

void agent_put_state(struct agent *agent, const char *name, const char *value)
{
	struct store_transaction *transaction = store_begin(agent->store);

	if (!transaction)
		return;
	store_put_string(transaction, STORE_STATE, name, value);
	store_commit(transaction, NULL, NULL);
}

// ---- Values that change

void agent_take_changes(struct agent *agent, unsigned changes)
{
	if (changes & NOTIFY_LIGHTWEIGHT_ACTIVE)
		lightweight_changed(&agent->lightweight);
	if (!(changes & NOTIFY_BY_INFORM))
		return;
	events_raise(&agent->events, EVENT_VALUE_CHANGE, "");
	if (changes & NOTIFY_ACTIVE || (changes & NOTIFY_LIMITED && reach_may_notify(&agent->reach))) {
		agent->notify_wanted = true;
		agent_plan(agent);
	}
}

void agent_refresh_tree(struct agent *agent)
{
	struct store_transaction *transaction;
	int found = tree_refresh(agent->tree);

	if (found < 0) {
		if (found != -EBUSY)
			log_warning("the tree can't be read: %s", strerror(-found));
		return;
	}
	if (!(found & ESPALIER_NEW_STRUCTURE))
		return;
	// Rows with aliases of the agent's own come and go with the rows that they are for.
	if (alias_rows_follow(&agent->tables.aliases, agent->tree))
		tree_refresh(agent->tree);
	transaction = store_begin(agent->store);
	if (!transaction)
		return;
	if (notify_rebuild(&agent->notify, transaction))
		log_error("no memory to watch values");
	agent_commit(transaction);
	references_follow(agent);
	row_changes_recover(&agent->row_changes);
}

void agent_look(struct agent *agent)
{
	struct store_transaction *transaction;
	unsigned changes;

	// A message that is being produced holds the tree: its end looks again.
	if (tree_held(agent->tree))
		return;
	agent_refresh_tree(agent);
	transaction = store_begin(agent->store);
	if (!transaction)
		return;
	changes = notify_scan(&agent->notify, transaction);
	agent_commit(transaction);
	agent_take_changes(agent, changes);
}

static bool is_readable(int descriptor)
{
	return poll(&(struct pollfd){descriptor, POLLIN, 0}, 1, 0) > 0;
}

static void serve_reader(struct agent *agent)
{
	int descriptor = espalier_reader_fd(tree_reader(agent->tree));

	for (int i = 0; i < SERVE_ROUNDS; i++) {
		int found = espalier_reader_process(tree_reader(agent->tree));

		if (found < 0)
			log_warning("owners can't be heard: %s", strerror(-found));
		if (!is_readable(descriptor))
			break;
	}
	// A poll tells of what comes, not of what is still there.
	if (is_readable(descriptor))
		alarm_set(&agent->reader_again, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + SERVE_AGAIN);
	agent_look(agent);
}

static void reader_again(struct alarm *alarm)
{
	serve_reader((struct agent *)((char *)alarm - offsetof(struct agent, reader_again)));
}

static void reader_ready(struct ring_operation *operation, int result, unsigned flags)
{
	struct agent *agent = (struct agent *)((char *)operation - offsetof(struct agent, reader_poll));

	if (result < 0)
		return;
	if (!(flags & RING_MORE))
		ring_poll(&agent->ring, operation, espalier_reader_fd(tree_reader(agent->tree)), POLLIN);
	serve_reader(agent);
}

static void serve_writer(struct agent *agent)
{
	int descriptor = espalier_writer_fd(agent->own.writer);

	// Somebody looks: what changes by itself is brought up to date. Without that nothing would, as nothing polls.
	if (!tree_held(agent->tree))
		own_refresh(&agent->own, OWN_LIVE_TIME | OWN_LIVE_DEVICE_INFO | OWN_LIVE_CPU | OWN_LIVE_REQUESTS);
	for (int i = 0; i < SERVE_ROUNDS; i++) {
		espalier_writer_serve(agent->own.writer, 0);
		if (!is_readable(descriptor))
			return;
	}
	alarm_set(&agent->writer_again, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + SERVE_AGAIN);
}

static void writer_again(struct alarm *alarm)
{
	serve_writer((struct agent *)((char *)alarm - offsetof(struct agent, writer_again)));
}

static void writer_ready(struct ring_operation *operation, int result, unsigned flags)
{
	struct agent *agent = (struct agent *)((char *)operation - offsetof(struct agent, writer_poll));

	if (result < 0)
		return;
	if (!(flags & RING_MORE))
		ring_poll(&agent->ring, operation, espalier_writer_fd(agent->own.writer), POLLIN);
	serve_writer(agent);
}

int agent_watch_owners(struct agent *agent)
{
	int error;

	agent->reader_again = (struct alarm){.ring = &agent->ring, .rang = reader_again};
	agent->writer_again = (struct alarm){.ring = &agent->ring, .rang = writer_again};
	agent->reader_poll.done = reader_ready;
	error = ring_poll(&agent->ring, &agent->reader_poll, espalier_reader_fd(tree_reader(agent->tree)), POLLIN);
	if (error)
		return error;
	agent->writer_poll.done = writer_ready;
	return ring_poll(&agent->ring, &agent->writer_poll, espalier_writer_fd(agent->own.writer), POLLIN);
}

// ---- Sessions

static void start_session(struct agent *agent, enum event_session kind)
{
	if (kind == EVENT_SESSION_HEARTBEAT)
		heartbeat_started(&agent->heartbeat);
	else
		agent->wanted = agent->notify_wanted = agent->retry = false;
	session_run_start(agent->session, kind);
}

// What runs now has the device for itself.
static bool is_busy(const struct agent *agent)
{
	return session_run_active(agent->session) || agent->reboot.running || agent->factory_reset.running ||
	       agent->transfers.configuration.restore.running;
}

void agent_plan(struct agent *agent)
{
	int64_t now = ring_clock(CLOCK_BOOTTIME), at = INT64_MAX, throttled;

	if (agent->stopping || !agent->running || is_busy(agent))
		return;
	if (!*settings_text(&agent->settings, SETTING_URL)) {
		alarm_clear(&agent->schedule);
		return;
	}
	if (agent->wanted)
		at = now;
	if (agent->notify_wanted) {
		throttled = agent->ended_at + settings_number(&agent->settings, SETTING_THROTTLE) * SECOND;
		if (!agent->ended_at || throttled < now)
			throttled = now;
		at = throttled < at ? throttled : at;
	}
	if (agent->retry && agent->retry_at < at)
		at = agent->retry_at;
	if (heartbeat_at(&agent->heartbeat, now) < at)
		at = heartbeat_at(&agent->heartbeat, now);
	// Retry-After holds back new events, too.
	if (at < agent->not_before && !events_has(&agent->events, EVENT_CONNECTION_REQUEST))
		at = agent->not_before;
	if (at == INT64_MAX)
		alarm_clear(&agent->schedule);
	else
		alarm_set(&agent->schedule, CLOCK_BOOTTIME, at);
	transfers_plan(agent);
}

static void schedule_rang(struct alarm *alarm)
{
	struct agent *agent = (struct agent *)((char *)alarm - offsetof(struct agent, schedule));

	int64_t now = ring_clock(CLOCK_BOOTTIME);

	// Where both are due the heartbeat is the first: it says that the device lives now.
	if (!is_busy(agent))
		start_session(agent, heartbeat_at(&agent->heartbeat, now) <= now ? EVENT_SESSION_HEARTBEAT
										 : EVENT_SESSION_COMMON);
}

// Neither the wait after a failure nor what its server has asked for is of another ACS.
static void take_new_url(struct agent *agent)
{
	agent_check_bootstrap(agent);
	agent->not_before = 0;
	if (events_has(&agent->events, EVENT_BOOTSTRAP))
		agent->wanted = true;
}

void agent_prepare_schedule(struct agent *agent)
{
	agent->schedule = (struct alarm){.ring = &agent->ring, .rang = schedule_rang};
	agent->new_url.run = take_new_url;
}

// The date of the first good session with a clock that can be trusted.
static void note_first_use(struct agent *agent)
{
	char now[DATE_TIME_SIZE];

	if (agent->used || !clock_synchronized())
		return;
	date_time_format_utc(time(NULL), now);
	own_set(&agent->own, OWN_DEVICE_INFO, DEVICE_INFO_FIRST_USE_DATE, now);
	agent_put_state(agent, STATE_FIRST_USE, now);
	agent->used = true;
}

// When to try again what has failed, in nanoseconds of CLOCK_BOOTTIME.
static int64_t retry_time(const struct settings *settings, uint32_t failures, uint32_t retry_after)
{
	uint64_t random = 0, wait;

	getrandom(&random, sizeof(random), 0);
	wait = retry_wait(failures, settings_number(settings, SETTING_RETRY_MINIMUM_WAIT),
			  settings_number(settings, SETTING_RETRY_MULTIPLIER), retry_after, random);
	log_info("next try in %.1f s", (double)wait / 1000);
	return ring_clock(CLOCK_BOOTTIME) + (int64_t)wait * 1000000;
}

void agent_session_ended(struct agent *agent, enum event_session kind, uint32_t failures, uint32_t retry_after)
{
	int64_t at;

	events_failed(&agent->events);
	acs_requests_session_ended(&agent->acs_requests);
	notify_failed(&agent->notify);
	agent->not_before = retry_after ? ring_clock(CLOCK_BOOTTIME) + retry_after * SECOND : 0;
	if (!failures) {
		agent->ended_at = ring_clock(CLOCK_BOOTTIME);
		note_first_use(agent);
	} else if (events_retried(&agent->events, kind)) {
		at = retry_time(&agent->settings, failures, retry_after);
		if (kind == EVENT_SESSION_HEARTBEAT) {
			heartbeat_retry(&agent->heartbeat, at);
		} else {
			agent->retry = true;
			agent->retry_at = at;
		}
	}
	after_session_run(agent);
	agent_look(agent);
	agent_plan(agent);
}

// ---- Settings

void agent_settings_changed(struct agent *agent, uint64_t changed)
{
	if (changed & (SETTING_BIT(SETTING_PERIODIC_ENABLE) | SETTING_BIT(SETTING_PERIODIC_INTERVAL) |
		       SETTING_BIT(SETTING_PERIODIC_TIME)))
		agent_set_periodic(agent);
	if (changed &
	    (SETTING_BIT(SETTING_CONNECTION_REQUEST_USERNAME) | SETTING_BIT(SETTING_CONNECTION_REQUEST_PASSWORD)))
		listener_credentials(&agent->listener);
	if (changed & SETTING_BIT(SETTING_CONNECTION_REQUEST_ENABLE))
		listener_update(&agent->listener);
	if (changed & SETTING_BIT(SETTING_URL))
		agent_after_session(agent, &agent->new_url);
	reach_settings_changed(&agent->reach, changed);
	xmpp_access_settings_changed(&agent->xmpp, changed);
	heartbeat_settings_changed(&agent->heartbeat, changed);
	lightweight_settings_changed(&agent->lightweight, changed);
	planned_reboot_settings_changed(&agent->planned_reboot, changed);
	agent_plan(agent);
}
