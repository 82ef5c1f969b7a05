// SPDX-License-Identifier: GPL-2.0-or-later
// The reboot of the device: after the session, by the configured program, and told to the ACS afterwards.
//
// The record of the event `M Reboot` is written before the answer to Reboot. Its value is the id of the boot in which
// it was asked for, so that the event comes up only in another one, with the word PROMISED until the program is
// started. A program that fails takes the record away: there was no reboot to tell of.
#include "agent/reboot.h"

#include "agent/agent-private.h"
#include "agent/device-program.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROMISED " promised"
#define SECOND	 1000000000ll // nanoseconds

static void put_record(struct reboot *reboot, struct store_transaction *transaction, const char *command_key,
		       const char *state)
{
	char name[EVENT_NAME_SIZE], value[sizeof(reboot->agent->boot_id) + sizeof(PROMISED)];

	event_record_name(event_rules[EVENT_M_REBOOT].code, command_key, name);
	snprintf(value, sizeof(value), "%s%s", reboot->agent->boot_id, state);
	store_put_string(transaction, STORE_EVENT, name, value);
}

// There was no reboot.
static void give_up(struct reboot *reboot)
{
	struct store_transaction *transaction = store_begin(reboot->agent->store);
	char name[EVENT_NAME_SIZE];

	for (size_t i = 0; transaction && i < reboot->count; i++) {
		event_record_name(event_rules[EVENT_M_REBOOT].code, reboot->keys[i], name);
		store_delete(transaction, STORE_EVENT, name);
	}
	agent_commit(transaction);
	reboot->count = 0;
	reboot->running = false;
	alarm_clear(&reboot->patience);
	agent_plan(reboot->agent);
}

static void ended(struct child *child, int status, bool late)
{
	struct reboot *reboot = (struct reboot *)((char *)child - offsetof(struct reboot, child));

	if (reboot->running && !device_program_succeeded(reboot->agent->configuration.reboot, status, late))
		give_up(reboot);
}

static void too_late(struct alarm *alarm)
{
	struct reboot *reboot = (struct reboot *)((char *)alarm - offsetof(struct reboot, patience));

	log_error("the device has not rebooted after %d s", REBOOT_TIME);
	give_up(reboot);
}

static void started(int error, void *context)
{
	struct reboot *reboot = context;
	const char *line = reboot->agent->configuration.reboot;

	if (error)
		log_warning("the state can't be written before the reboot: %s", strerror(-error));
	error = device_program_start(&reboot->child, line, REBOOT_TIME);
	if (!error) {
		alarm_set(&reboot->patience, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + REBOOT_TIME * SECOND);
		return;
	}
	log_error("%s can't be started: %s", line, strerror(-error));
	give_up(reboot);
}

static void run(struct agent *agent)
{
	struct reboot *reboot = &agent->reboot;
	struct store_transaction *transaction;

	if (reboot->running || child_running(&reboot->child))
		return;
	reboot->running = true;
	log_notice("the device reboots");
	transaction = store_begin(agent->store);
	if (!transaction) {
		started(-ENOMEM, reboot);
		return;
	}
	for (size_t i = 0; i < reboot->count; i++)
		put_record(reboot, transaction, reboot->keys[i], "");
	planned_reboot_done(&agent->planned_reboot, transaction);
	// An empty one is done too: behind all that was given to the store before.
	store_commit(transaction, started, reboot);
}

void reboot_open(struct reboot *reboot, struct agent *agent)
{
	*reboot = (struct reboot){
		.agent = agent,
		.action = {.run = run},
		.child = {.ring = &agent->ring, .ended = ended, .channel = -1},
		.patience = {.ring = &agent->ring, .rang = too_late},
	};
}

void reboot_close(struct reboot *reboot)
{
	child_close(&reboot->child, false);
}

bool reboot_load(struct reboot *reboot, const char *command_key, const char *value)
{
	size_t length = strlen(reboot->agent->boot_id);

	if (strncmp(value, reboot->agent->boot_id, length) || !length)
		return true;
	if (!strcmp(value + length, PROMISED) && reboot->count < REBOOT_KEYS_MAXIMUM &&
	    strlen(command_key) < sizeof(reboot->keys[0]))
		snprintf(reboot->keys[reboot->count++], sizeof(reboot->keys[0]), "%s", command_key);
	return false;
}

void reboot_resume(struct reboot *reboot)
{
	if (reboot->count)
		reboot_after_session(reboot);
}

bool reboot_possible(const struct reboot *reboot)
{
	return device_program_usable(reboot->agent->configuration.reboot);
}

int reboot_promise(struct reboot *reboot, struct store_transaction *transaction, const char *command_key)
{
	if (reboot->count == REBOOT_KEYS_MAXIMUM)
		return -ENOSPC;
	snprintf(reboot->keys[reboot->count++], sizeof(reboot->keys[0]), "%s", command_key);
	put_record(reboot, transaction, command_key, PROMISED);
	return 0;
}

void reboot_forget(struct reboot *reboot)
{
	reboot->count--;
}

void reboot_after_session(struct reboot *reboot)
{
	agent_after_session(reboot->agent, &reboot->action);
}
