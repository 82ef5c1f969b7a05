// SPDX-License-Identifier: GPL-2.0-or-later
// Reboots at a time (ScheduleReboot) or some time after the session (DelayReboot), durable.
//
// Beside each setting there is a record of what it meant when it was set, made in the same commit: for ScheduleReboot,
// only if the time lay ahead, "<date> <clock at that moment> <boot id>"; for DelayReboot "<boot id>", and behind it the
// time since the boot at which it is due as soon as the session has ended. So neither a kill nor a value that was past
// from the start makes a reboot that nobody wants, and none is lost. The records go before the program starts.
#include "agent/planned-reboot.h"

#include "agent/agent.h"
#include "agent/date-time.h"
#include "shm/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND	    1000000000ll // nanoseconds
#define RECORD_SIZE 128		 // bytes: two numbers and a boot id
#define NO_DELAY    "-1"

static int64_t wall_clock(void)
{
	return ring_clock(CLOCK_REALTIME) / SECOND;
}

static void put_date(const struct planned_reboot *planned, struct store_transaction *transaction)
{
	char record[RECORD_SIZE];

	snprintf(record, sizeof(record), "%" PRId64 " %" PRId64 " %s", planned->date, planned->set_at,
		 planned->agent->boot_id);
	store_put_string(transaction, STORE_STATE, STATE_SCHEDULED_REBOOT, record);
}

static void put_delay(const struct agent *agent, struct store_transaction *transaction, int64_t due)
{
	char record[RECORD_SIZE];

	if (due)
		snprintf(record, sizeof(record), "%s %" PRId64, agent->boot_id, due);
	else
		snprintf(record, sizeof(record), "%s", agent->boot_id);
	store_put_string(transaction, STORE_STATE, STATE_DELAYED_REBOOT, record);
}

static void rang(struct planned_reboot *planned, const char *setting)
{
	log_notice("%s: the device reboots as soon as no session runs", setting);
	reboot_after_session(&planned->agent->reboot);
}

static void date_rang(struct alarm *alarm)
{
	rang((struct planned_reboot *)((char *)alarm - offsetof(struct planned_reboot, at)), "ScheduleReboot");
}

static void delay_rang(struct alarm *alarm)
{
	rang((struct planned_reboot *)((char *)alarm - offsetof(struct planned_reboot, delay)), "DelayReboot");
}

// The session in which DelayReboot was set has ended: its time begins.
static void session_ended(struct agent *agent)
{
	struct planned_reboot *planned = &agent->planned_reboot;
	int64_t delay = settings_signed(&agent->settings, SETTING_DELAY_REBOOT);
	struct store_transaction *transaction;
	int64_t due;

	if (delay < 0)
		return;
	due = ring_clock(CLOCK_BOOTTIME) + delay * SECOND;
	transaction = store_begin(agent->store);
	if (transaction)
		put_delay(agent, transaction, due);
	agent_commit(transaction);
	log_notice("DelayReboot: in %" PRId64 " s", delay);
	alarm_set(&planned->delay, CLOCK_BOOTTIME, due);
}

static void forget_delay(struct planned_reboot *planned, struct store_transaction *transaction)
{
	struct settings *settings = &planned->agent->settings;

	alarm_clear(&planned->delay);
	store_delete(transaction, STORE_STATE, STATE_DELAYED_REBOOT);
	if (settings_signed(settings, SETTING_DELAY_REBOOT) < 0)
		return;
	settings_store(transaction, SETTING_DELAY_REBOOT, NO_DELAY, strlen(NO_DELAY));
	if (!settings_take(settings, SETTING_DELAY_REBOOT, NO_DELAY, strlen(NO_DELAY)))
		settings_publish(settings, SETTING_BIT(SETTING_DELAY_REBOOT));
}

static void forget_date(struct planned_reboot *planned, struct store_transaction *transaction)
{
	alarm_clear(&planned->at);
	planned->date = 0;
	planned->unclear = false;
	store_delete(transaction, STORE_STATE, STATE_SCHEDULED_REBOOT);
}

// In a boot that began after the date was set: a time that has passed meanwhile passed while the device was off.
static void judge_date(struct planned_reboot *planned, struct store_transaction *transaction)
{
	planned->unclear = wall_clock() < planned->set_at;
	if (planned->unclear)
		return;
	if (planned->date <= wall_clock()) {
		log_notice("ScheduleReboot: its time passed while the device was off");
		forget_date(planned, transaction);
		return;
	}
	put_date(planned, transaction);
	alarm_set(&planned->at, CLOCK_REALTIME, planned->date * SECOND);
}

static void open_date(struct planned_reboot *planned, struct store_transaction *transaction)
{
	struct agent *agent = planned->agent;
	char record[RECORD_SIZE], boot_id[40];

	if (store_get(agent->store, STORE_STATE, STATE_SCHEDULED_REBOOT, record, sizeof(record)) < 0)
		return;
	if (sscanf(record, "%" SCNd64 " %" SCNd64 " %39s", &planned->date, &planned->set_at, boot_id) != 3)
		forget_date(planned, transaction);
	else if (!strcmp(boot_id, agent->boot_id))
		alarm_set(&planned->at, CLOCK_REALTIME, planned->date * SECOND);
	else
		judge_date(planned, transaction);
}

static void open_delay(struct planned_reboot *planned, struct store_transaction *transaction)
{
	struct agent *agent = planned->agent;
	char record[RECORD_SIZE] = "", boot_id[40] = "";
	int64_t due = 0;

	store_get(agent->store, STORE_STATE, STATE_DELAYED_REBOOT, record, sizeof(record));
	if (sscanf(record, "%39s %" SCNd64, boot_id, &due) < 1 || strcmp(boot_id, agent->boot_id) != 0)
		forget_delay(planned, transaction);
	else if (due)
		alarm_set(&planned->delay, CLOCK_BOOTTIME, due);
	else
		agent_after_session(agent, &planned->session_end); // the kill has ended that session
}

void planned_reboot_open(struct planned_reboot *planned, struct agent *agent)
{
	struct store_transaction *transaction = store_begin(agent->store);

	*planned = (struct planned_reboot){
		.agent = agent,
		.at = {.ring = &agent->ring, .rang = date_rang},
		.delay = {.ring = &agent->ring, .rang = delay_rang},
		.session_end = {.run = session_ended},
	};
	if (!transaction) {
		log_error("no memory: planned reboots are left out");
		return;
	}
	open_date(planned, transaction);
	open_delay(planned, transaction);
	agent_commit(transaction);
}

static bool parse_date(const char *text, size_t length, int64_t *date)
{
	char copy[DATE_TIME_SIZE * 2];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = 0;
	return !date_time_parse(copy, date);
}

int planned_reboot_check(const struct agent *agent, enum setting setting, const struct espalier_value *value,
			 const char **text)
{
	int64_t date;

	if (setting == SETTING_DELAY_REBOOT) {
		if (value->integer < 0)
			return ESPALIER_OK;
	} else if (setting != SETTING_SCHEDULE_REBOOT || !parse_date(value->text, value->length, &date) ||
		   date <= wall_clock()) {
		return ESPALIER_OK;
	}
	if (reboot_possible(&agent->reboot))
		return ESPALIER_OK;
	*text = "the device has no program that reboots it";
	return ESPALIER_FAULT_DENIED;
}

void planned_reboot_store(struct agent *agent, struct store_transaction *transaction, enum setting setting,
			  const char *text, size_t length)
{
	struct planned_reboot planned = {.agent = agent, .set_at = wall_clock()};

	if (setting == SETTING_SCHEDULE_REBOOT) {
		if (!parse_date(text, length, &planned.date) || planned.date <= planned.set_at)
			planned.date = 0;
		if (planned.date)
			put_date(&planned, transaction);
		else
			store_delete(transaction, STORE_STATE, STATE_SCHEDULED_REBOOT);
		agent->planned_reboot.accepted = planned.date;
	} else if (setting == SETTING_DELAY_REBOOT) {
		if (length && *text != '-')
			put_delay(agent, transaction, 0);
		else
			store_delete(transaction, STORE_STATE, STATE_DELAYED_REBOOT);
	}
}

void planned_reboot_settings_changed(struct planned_reboot *planned, uint64_t changed)
{
	const struct settings *settings = &planned->agent->settings;
	const char *text = settings_text(settings, SETTING_SCHEDULE_REBOOT);

	if (changed & SETTING_BIT(SETTING_SCHEDULE_REBOOT)) {
		planned->set_at = wall_clock();
		planned->unclear = false;
		alarm_clear(&planned->at);
		if (!parse_date(text, strlen(text), &planned->date) || planned->date != planned->accepted)
			planned->date = 0;
		else
			alarm_set(&planned->at, CLOCK_REALTIME, planned->date * SECOND);
	}
	if (changed & SETTING_BIT(SETTING_DELAY_REBOOT)) {
		alarm_clear(&planned->delay);
		if (settings_signed(settings, SETTING_DELAY_REBOOT) >= 0)
			agent_after_session(planned->agent, &planned->session_end);
	}
}

void planned_reboot_clock_set(struct planned_reboot *planned)
{
	struct store_transaction *transaction;

	if (!planned->date || !planned->unclear)
		return; // the alarm follows the clock by itself
	transaction = store_begin(planned->agent->store);
	if (transaction)
		judge_date(planned, transaction);
	agent_commit(transaction);
}

void planned_reboot_done(struct planned_reboot *planned, struct store_transaction *transaction)
{
	if (planned->date && planned->date <= wall_clock())
		forget_date(planned, transaction);
	forget_delay(planned, transaction);
}
