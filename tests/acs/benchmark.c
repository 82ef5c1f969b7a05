// SPDX-License-Identifier: GPL-2.0-or-later
// The benchmark: the same session many times, and the wall times of its steps as JSON.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acs/benchmark.h"
#include "tests/acs/device.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"

enum {
	FEW_NAMES = 20,
	REFUSALS_MAX = 500, // connection requests that an agent may refuse, all sessions together
};

enum step {
	STEP_CONNECT,
	STEP_NAMES,
	STEP_VALUES,
	STEP_VALUES_FEW,
	STEP_SET,
	STEP_SESSION,
	STEPS,
};

static const char *const step_names[STEPS] = {
	[STEP_CONNECT] = "request_to_inform", [STEP_NAMES] = "names", [STEP_VALUES] = "values",
	[STEP_VALUES_FEW] = "values_20",      [STEP_SET] = "set",     [STEP_SESSION] = "session",
};

struct figures {
	double *total_ms, *first_ms;
	uint64_t bytes, members;
};

static struct figures figures[STEPS];
static struct buffer few_names;
static unsigned few_count;
static unsigned done_sessions; // with the first, which is not counted
static unsigned refusals;
static uint64_t session_started;
static enum step present;

static void begin_step(enum step step);

static void fail(const char *why)
{
	print_result("error benchmark: %s", why);
	loop_stop(1);
}

static bool collect_name(struct command *command, const struct item *item)
{
	(void)command;
	if (item->kind != ITEM_NAME)
		return true;
	if (few_count < FEW_NAMES && *item->name && item->name[strlen(item->name) - 1] != '.') {
		buffer_format(&few_names, " '%s'", item->name);
		few_count++;
	}
	return few_count < FEW_NAMES;
}

/* Values need not be looked at: the count is in arrayType. */
static bool look_at_none(struct command *command, const struct item *item)
{
	(void)command;
	return item->kind == ITEM_FAULT;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void print_distribution(struct buffer *out, const char *name, double *list)
{
	unsigned count = options.benchmark_sessions;

	qsort(list, count, sizeof(*list), compare);
	buffer_format(out, "\"%s\": {\"median\": %.4f, \"low\": %.4f, \"high\": %.4f}", name,
		      (list[(count - 1) / 2] + list[count / 2]) / 2, list[(count - 1) / 10],
		      list[(count - 1) * 9 / 10]);
}

static void print_json(void)
{
	struct buffer out = {0};

	buffer_format(&out, "{\"sessions\": %u, \"refused_connection_requests\": %u, \"unit\": \"ms\", \"steps\": {",
		      options.benchmark_sessions, refusals);
	for (int i = 0; i < STEPS; i++) {
		buffer_format(&out, "%s\n  \"%s\": {", i ? "," : "", step_names[i]);
		print_distribution(&out, "total", figures[i].total_ms);
		if (i != STEP_CONNECT && i != STEP_SESSION) {
			buffer_text(&out, ", ");
			print_distribution(&out, "first_byte", figures[i].first_ms);
			buffer_format(&out, ", \"bytes\": %llu, \"members\": %llu",
				      (unsigned long long)figures[i].bytes, (unsigned long long)figures[i].members);
		}
		buffer_text(&out, "}");
	}
	buffer_text(&out, "\n}}");
	print_result("%s", buffer_string(&out));
	buffer_free(&out);
}

static void note(enum step step, uint64_t started, uint64_t first, uint64_t finished)
{
	// the first session warms up and learns the names
	if (!done_sessions)
		return;
	figures[step].total_ms[done_sessions - 1] = (double)(finished - started) / 1e6;
	figures[step].first_ms[done_sessions - 1] = (double)(first - started) / 1e6;
}

static void queue(const char *text, void (*done)(struct command *, bool),
		  bool (*item)(struct command *, const struct item *))
{
	const char *error;
	struct command *command = command_parse(text, &error);

	if (!command) {
		fail(error);
		return;
	}
	command->hidden = true;
	command->done = done;
	command->item = item;
	device_queue(device_current(), command);
}

static void session_done(uint64_t finished)
{
	note(STEP_SESSION, session_started, session_started, finished);
	if (done_sessions++ == options.benchmark_sessions) {
		print_json();
		queue("quit", NULL, NULL);
		return;
	}
	begin_step(STEP_CONNECT);
}

static void step_done(struct command *command, bool good)
{
	if (!good) {
		fail(command->text);
		return;
	}
	note(present, command->started, command->answer_started, command->finished);
	figures[present].bytes = command->bytes;
	figures[present].members = command->items;
	if (present == STEP_SET)
		session_done(command->finished);
	else
		begin_step(present + 1);
}

static void connected(struct command *command, bool good)
{
	if (!good) {
		if (++refusals > REFUSALS_MAX) {
			fail("the agent refuses connection requests");
			return;
		}
		queue("wait 0.02", NULL, NULL);
		queue("connect", connected, NULL);
		return;
	}
	session_started = now_ns();
	if (command->started)
		note(STEP_CONNECT, command->started, command->started, command->finished);
	begin_step(STEP_NAMES);
}

static void begin_step(enum step step)
{
	struct buffer text = {0};

	present = step;
	switch (step) {
	case STEP_CONNECT:
		queue("connect", connected, NULL);
		break;
	case STEP_NAMES:
		buffer_format(&text, "names '%s' 0", options.benchmark_root);
		queue(text.data, step_done, collect_name);
		break;
	case STEP_VALUES:
		buffer_format(&text, "get '%s'", options.benchmark_root);
		queue(text.data, step_done, look_at_none);
		break;
	case STEP_VALUES_FEW:
		buffer_format(&text, "get %s", buffer_string(&few_names));
		queue(text.data, step_done, look_at_none);
		break;
	case STEP_SET:
		if (strchr(options.benchmark_set, '='))
			buffer_format(&text, "set %s", options.benchmark_set);
		else
			buffer_format(&text, "set %s=benchmark-%u:string", options.benchmark_set, done_sessions);
		queue(text.data, step_done, NULL);
		break;
	case STEP_SESSION:
	case STEPS:
		break;
	}
	buffer_free(&text);
}

void benchmark_start(void)
{
	for (int i = 0; i < STEPS; i++) {
		figures[i].total_ms = zalloc(options.benchmark_sessions * sizeof(double));
		figures[i].first_ms = zalloc(options.benchmark_sessions * sizeof(double));
	}
	if (options.connection_url)
		begin_step(STEP_CONNECT);
	else
		queue("wait-inform", connected, NULL);
}

void benchmark_free(void)
{
	for (int i = 0; i < STEPS; i++) {
		free(figures[i].total_ms);
		free(figures[i].first_ms);
	}
	buffer_free(&few_names);
}
