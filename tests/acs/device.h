// SPDX-License-Identifier: GPL-2.0-or-later
// The devices that the ACS knows, each with its queue of commands.
#pragma once

#include "tests/acs/command.h"
#include "tests/acs/connect.h"
#include "tests/acs/loop.h"

struct session;
struct connection;

struct device {
	struct device *next;
	char *id;		      // OUI-ProductClass-Serial; "" until the first Inform
	char *told[CONNECT_WAYS];     // targets of connection requests as they came last, NULL when none was seen
	char peer[64];		      // the address that the last session came from
	struct command *head, *tail;  // commands to come; head is the present one
	bool blocked;		      // head is a local command that waits
	struct session *session;      // open, or NULL
	struct connection *lingering; // on which the last session ended, until the agent closes it
	struct timer linger;
	struct timer wait;	  // of head
	struct connect connect;	  // of head
	uint64_t request_started; // ns
	double answer_ms;	  // the connection request's answer
	bool auto_connect_failed;
};

/* The device with that id; made when missing. The commands given before any device was known go to the first one. */
struct device *device_get(const char *id);

/* The device that new commands go to. */
struct device *device_current(void);
void device_set_current(struct device *device);

/* The n-th known device, or NULL. */
struct device *device_at(unsigned n);

/* Appends a command, and begins it when it can be. The device owns it from now on. */
void device_queue(struct device *device, struct command *command);

/*
 * Runs local commands until one waits or needs a session. Returns the command to send now when `in_session`, NULL when
 * there is none.
 */
struct command *device_next(struct device *device, bool in_session);

/* Ends the present command: prints `done` or `failed`, frees it. */
void device_command_done(struct device *device, bool good);

/* Tells commands that wait for an Inform, whose last byte came at `arrived`. */
void device_inform(struct device *device, const struct message *message, uint64_t arrived);

/* The session has ended; the agent will close the connection (NULL: it is closed already). */
void device_session_ended(struct device *device, struct connection *connection);

/* The connection is gone. */
void device_connection_closed(struct connection *connection);

/* True when no device has a command left, a session or a lingering connection. */
bool devices_idle(void);

/* Commands that failed so far. */
unsigned device_failures(void);

void devices_free(void);
