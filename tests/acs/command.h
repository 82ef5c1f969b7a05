// SPDX-License-Identifier: GPL-2.0-or-later
// The commands: their table, reading them from text, writing their requests.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/acs/message_read.h"
#include "tests/acs/message_write.h"

struct device;
struct command;

enum run_result {
	RUN_DONE,
	RUN_FAILED,
	RUN_WAIT,
};

enum command_argument {
	ARGUMENT_NONE,
	ARGUMENT_PATH,
	ARGUMENT_FILE,
};

enum command_place {
	IN_SESSION,	 // sends a request
	ANYWHERE,	 // local
	OUTSIDE_SESSION, // local, begins when no session is open
	AT_ONCE,	 // local, runs when it is read and is never queued
};

struct command_kind {
	const char *name;
	const char *arguments; // for help
	const char *help;
	unsigned least, most; // arguments
	enum command_argument completes;
	/* For commands within a session: writes the envelope; returns 0 or -errno. NULL for local commands. */
	int (*write)(struct command *command, struct buffer *out, const struct envelope *envelope);
	const char *response; // the method that answers, NULL for any
	/* For local commands. */
	enum run_result (*run)(struct device *device, struct command *command);
	enum command_place place;
};

struct command {
	struct command *next;
	const struct command_kind *kind;
	char *text; // as given
	unsigned argc;
	char **argv;
	bool hidden;	   // prints nothing: made by the ACS itself
	bool asking_types; // the request is a GetParameterValues for the types
	bool types_asked;
	uint64_t started, answer_started, finished; // request sent, first byte and end of the answer; ns
	uint64_t bytes, items;
	/* In place of printing each member of the answer; returns false when enough is read. May be NULL. */
	bool (*item)(struct command *command, const struct item *item);
	/* Called before the command is freed. May be NULL. */
	void (*done)(struct command *command, bool good);
};

/* Reads one line. NULL: nothing in it (*error NULL), or wrong (*error is a static text). Free with command_free(). */
struct command *command_parse(const char *line, const char **error);
void command_free(struct command *command);

/* The n-th kind of command, or NULL. */
const struct command_kind *command_kind_at(unsigned n);

/* Prints a member of the answer as a result. */
void command_print_item(const struct item *item);

/* Prints the table of commands. */
void command_help(FILE *out);

/* True for a type name of TR-106, without prefix. */
bool is_type(const char *name);
