// SPDX-License-Identifier: GPL-2.0-or-later
// The ways to ask a device for a session: one table.
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "tests/acs/command.h"

struct device;

enum connect_way_number {
	CONNECT_HTTP,
	CONNECT_MAPPING,
	CONNECT_UDP,
	CONNECT_XMPP,
	CONNECT_WAYS,
};

struct connect_way {
	const char *name;
	const char *target; // for help
	const char *help;
	const char *parameter; // the end of the path of the parameter that tells the target
	/*
	 * Sends the request for the device's present command. Returns RUN_WAIT, with device->request set to what waits
	 * for an answer where there is one, or RUN_FAILED after connect_error().
	 */
	enum run_result (*start)(struct device *device, const char *target);
	/* Reads an answer that has arrived already, and may call connect_answered(). NULL where no answer comes. */
	void (*read)(void *request);
	/* Gives up and frees the request. NULL where no answer comes. */
	void (*cancel)(void *request);
};

/* The request that a device waits for the answer of: zeroed memory is none. */
struct connect {
	const struct connect_way *way;
	void *request;
};

/* Runs the command "connect [WAY [TARGET]]". Returns RUN_WAIT or RUN_FAILED. */
enum run_result connect_run(struct device *device, struct command *command);

/* The target of the way as it is used without one: an option's, else the device's own; NULL when none is known. */
const char *connect_target(const struct device *device, enum connect_way_number way);

/* The name and value of a parameter have come from the device: remembers it when it is a way's target. */
void connect_learn(struct device *device, const char *name, const char *value);

/* Prints why a request fails. */
__attribute__((format(printf, 1, 2))) void connect_error(const char *format, ...);

/* The answer has come: a text when it is a refusal, NULL when it is good. The request is freed already. */
void connect_answered(struct device *device, const char *refusal);

/* Reads what has arrived already, and gives up. */
void connect_read(struct device *device);
void connect_cancel(struct device *device);

/* Prints the ways. */
void connect_help(FILE *out);
