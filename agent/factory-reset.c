// SPDX-License-Identifier: GPL-2.0-or-later
// The factory reset: after the session, of all owners, of the agent's own state, and by a configured program.
//
// The steps: every owner is told (one that has no such command keeps its values), then all records of the agent go in
// one commit, then the program runs, at most once, and then the agent starts anew in the same process. What dies before
// the commit is done again at the next start.
#include "agent/factory-reset.h"

#include "agent/agent.h"
#include "agent/device-program.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLISECOND 1000000ll // nanoseconds

static void start_anew(struct factory_reset *reset)
{
	reset->agent->restarting = true;
	ring_stop(&reset->agent->ring);
}

static void ended(struct child *child, int status, bool late)
{
	struct factory_reset *reset = (struct factory_reset *)((char *)child - offsetof(struct factory_reset, child));

	device_program_succeeded(reset->agent->configuration.factory_reset, status, late);
	start_anew(reset);
}

static void run_program(struct factory_reset *reset)
{
	const char *line = reset->agent->configuration.factory_reset;
	int error;

	if (!*line) {
		start_anew(reset);
		return;
	}
	error = device_program_start(&reset->child, line, FACTORY_RESET_PROGRAM_TIME);
	if (!error)
		return;
	log_error("%s can't be started: %s", line, strerror(-error));
	start_anew(reset);
}

static void cleared(int error, void *context)
{
	struct factory_reset *reset = context;

	if (!error) {
		run_program(reset);
		return;
	}
	// The promise is still in the store: the next start tries again.
	log_error("the state can't be reset: %s", strerror(-error));
	reset->running = false;
	agent_plan(reset->agent);
}

static void clear_state(struct factory_reset *reset)
{
	struct store_transaction *transaction = store_begin(reset->agent->store);

	alarm_clear(&reset->alarm);
	if (!transaction) {
		cleared(-ENOMEM, reset);
		return;
	}
	for (int kind = STORE_STATE; kind < STORE_KINDS; kind++) {
		if (kind != STORE_NUMBER && kind != STORE_LOG_FILE)
			store_delete_all(transaction, (enum store_kind)kind);
	}
	transfers_discard(reset->agent, transaction);
	// DeviceId never changes.
	store_put_string(transaction, STORE_STATE, STATE_ADDRESS, reset->agent->device_address);
	store_commit(transaction, cleared, reset);
}

// One owner's part of a reset.
struct part {
	struct factory_reset *reset;
	unsigned number;
	char segment[ESPALIER_NAME_MAXIMUM + 1];
};

static void owner_answered(const struct espalier_result *result, void *context)
{
	struct part *part = context;
	struct factory_reset *reset = part->reset;
	bool counts = part->number == reset->number && reset->asked && !reset->agent->stopping;

	if (result->error || result->fault)
		log_info("%s keeps its values: %s", part->segment,
			 result->error	? strerror(-result->error)
			 : result->text ? result->text
					: "it knows no factory reset");
	free(part);
	if (counts && !--reset->asked)
		clear_state(reset);
}

static void owners_too_late(struct alarm *alarm)
{
	struct factory_reset *reset = (struct factory_reset *)((char *)alarm - offsetof(struct factory_reset, alarm));

	log_warning("%zu owners have not answered to the factory reset", reset->asked);
	reset->asked = 0;
	clear_state(reset);
}

static void ask_owners(struct factory_reset *reset)
{
	const struct espalier_entry command = {.path = ESPALIER_FACTORY_RESET};
	struct espalier_reader *reader = tree_reader(reset->agent->tree);
	const struct espalier_segment_status *segments;
	uint32_t count;

	segments = espalier_reader_segments(reader, &count);
	reset->number++;
	for (uint32_t i = 0; i < count; i++) {
		struct part *part;

		if (!segments[i].alive || segments[i].problem || !strcmp(segments[i].name, OWN_SEGMENT))
			continue;
		part = malloc(sizeof(*part));
		if (!part)
			break;
		*part = (struct part){.reset = reset, .number = reset->number};
		snprintf(part->segment, sizeof(part->segment), "%s", segments[i].name);
		if (espalier_request_send(reader, part->segment, ESPALIER_OPERATE, &command, 1, owner_answered, part))
			free(part);
		else
			reset->asked++;
	}
}

static void run(struct agent *agent)
{
	struct factory_reset *reset = &agent->factory_reset;

	if (reset->running)
		return;
	reset->running = true;
	log_notice("back to factory values");
	ask_owners(reset);
	if (reset->asked)
		alarm_set(&reset->alarm, CLOCK_BOOTTIME,
			  ring_clock(CLOCK_BOOTTIME) + FACTORY_RESET_OWNERS_TIME * MILLISECOND);
	else
		clear_state(reset);
}

void factory_reset_open(struct factory_reset *reset, struct agent *agent)
{
	char text[2];

	*reset = (struct factory_reset){
		.agent = agent,
		.action = {.run = run},
		.child = {.ring = &agent->ring, .ended = ended, .channel = -1},
		.alarm = {.ring = &agent->ring, .rang = owners_too_late},
		.promised = store_get(agent->store, STORE_STATE, STATE_FACTORY_RESET, text, sizeof(text)) > 0,
	};
}

void factory_reset_close(struct factory_reset *reset)
{
	child_close(&reset->child, false);
}

void factory_reset_resume(struct factory_reset *reset)
{
	if (reset->promised)
		factory_reset_after_session(reset);
}

void factory_reset_promise(struct store_transaction *transaction)
{
	store_put_string(transaction, STORE_STATE, STATE_FACTORY_RESET, "1");
}

void factory_reset_after_session(struct factory_reset *reset)
{
	agent_after_session(reset->agent, &reset->action);
}
