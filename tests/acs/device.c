// SPDX-License-Identifier: GPL-2.0-or-later
// The devices that the ACS knows, each with its queue of commands.

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acs/device.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"

enum { LINGER_MS = 2000 }; // for the agent to close the connection after a session

static struct device *devices;
static struct device *current;
static unsigned failures;

static void wait_over(struct timer *timer)
{
	struct device *device = container_of(timer, struct device, wait);
	bool connecting = device->head && device->head->kind->place == OUTSIDE_SESSION && device->request_started;

	if (!device->blocked)
		return;
	if (connecting) {
		print_result("error no Inform after the connection request");
		connect_cancel(device);
	}
	device_command_done(device, !connecting);
	if (!device->session)
		device_next(device, false);
}

static void linger_over(struct timer *timer)
{
	struct device *device = container_of(timer, struct device, linger);

	device->lingering = NULL;
	if (!device->session)
		device_next(device, false);
}

static struct device *device_new(const char *id)
{
	struct device *device = zalloc(sizeof(*device)), **link = &devices;

	device->id = copy_string(id);
	device->wait.fire = wait_over;
	device->linger.fire = linger_over;
	while (*link)
		link = &(*link)->next;
	*link = device;
	return device;
}

struct device *device_get(const char *id)
{
	struct device *device = devices;

	while (device && strcmp(device->id, id))
		device = device->next;
	if (device)
		return device;
	// what was asked for before any device was known is for the first one
	for (device = devices; device; device = device->next) {
		if (device->id[0])
			continue;
		free(device->id);
		device->id = copy_string(id);
		return device;
	}
	return device_new(id);
}

struct device *device_current(void)
{
	if (!current)
		current = devices ? devices : device_new("");
	return current;
}

void device_set_current(struct device *device)
{
	current = device;
}

struct device *device_at(unsigned n)
{
	struct device *device = devices;

	while (device && n--)
		device = device->next;
	return device;
}

void device_queue(struct device *device, struct command *command)
{
	if (device->head)
		device->tail->next = command;
	else
		device->head = command;
	device->tail = command;
	// the first of a queue is not in flight: what needs no request runs at once, in a session too
	if (device->head == command)
		device_next(device, device->session);
}

/* Puts a connection request before the present command. Returns false when there should be none. */
static bool connect_first(struct device *device)
{
	const char *error;
	struct command *command;

	if (!options.auto_connect || !connect_target(device, CONNECT_HTTP) || device->session || device->lingering ||
	    device->auto_connect_failed)
		return false;
	command = command_parse("connect", &error);
	if (!command)
		return false;
	command->hidden = true;
	command->next = device->head;
	device->head = command;
	return true;
}

struct command *device_next(struct device *device, bool in_session)
{
	struct command *command;

	while ((command = device->head) && !device->blocked) {
		enum run_result result;

		if (command->kind->place == IN_SESSION) {
			if (in_session)
				return command;
			if (!connect_first(device))
				return NULL;
			continue;
		}
		if (command->kind->place == OUTSIDE_SESSION && (in_session || device->session || device->lingering))
			return NULL;
		result = command->kind->run(device, command);
		if (result == RUN_WAIT) {
			device->blocked = true;
			return NULL;
		}
		device_command_done(device, result == RUN_DONE);
	}
	return NULL;
}

void device_command_done(struct device *device, bool good)
{
	struct command *command = device->head;

	assert(command);
	device->head = command->next;
	device->blocked = false;
	device->request_started = 0;
	timer_clear(&device->wait);
	if (!command->hidden) {
		print_result("%s %s", good ? "done" : "failed", command->text);
		failures += !good;
	} else if (!command->done && !good) {
		device->auto_connect_failed = true;
	}
	if (command->done)
		command->done(command, good);
	command_free(command);
}

static bool has_event(const struct message *message, const char *code)
{
	for (unsigned i = 0; i < message->event_count; i++)
		if (!strcmp(message->events[i].code, code))
			return true;
	return false;
}

void device_inform(struct device *device, const struct message *message, uint64_t arrived)
{
	struct command *command = device->head;

	device->auto_connect_failed = false;
	device->lingering = NULL;
	timer_clear(&device->linger);
	if (!command)
		return;
	if (!strcmp(command->kind->name, "wait-inform") && (!command->argc || has_event(message, command->argv[0]))) {
		device_command_done(device, true);
	} else if (!strcmp(command->kind->name, "connect") && device->blocked) {
		// the answer was sent before the Inform, but may not have been read yet
		connect_read(device);
		if (device->head != command || !device->blocked)
			return;
		connect_cancel(device);
		command->started = device->request_started;
		command->finished = arrived;
		if (!command->hidden)
			print_result("connect answer_ms=%.3f inform_ms=%.3f", device->answer_ms,
				     (double)(command->finished - command->started) / 1e6);
		device_command_done(device, true);
	}
}

void device_session_ended(struct device *device, struct connection *connection)
{
	device->lingering = connection;
	if (connection)
		timer_set(&device->linger, LINGER_MS);
	device_next(device, false);
}

void device_connection_closed(struct connection *connection)
{
	for (struct device *device = devices; device; device = device->next) {
		if (device->lingering != connection)
			continue;
		device->lingering = NULL;
		timer_clear(&device->linger);
		if (!device->session)
			device_next(device, false);
	}
}

bool devices_idle(void)
{
	for (struct device *device = devices; device; device = device->next)
		if (device->head || device->session || device->lingering)
			return false;
	return true;
}

unsigned device_failures(void)
{
	return failures;
}

void devices_free(void)
{
	while (devices) {
		struct device *device = devices;

		devices = device->next;
		timer_clear(&device->wait);
		timer_clear(&device->linger);
		connect_cancel(device);
		while (device->head) {
			struct command *command = device->head;

			device->head = command->next;
			command_free(command);
		}
		for (size_t i = 0; i < CONNECT_WAYS; i++)
			free(device->told[i]);
		free(device->id);
		free(device);
	}
	current = NULL;
}
