// SPDX-License-Identifier: GPL-2.0-or-later
// CWMP sessions, the ACS's side: what each request of an agent means and what answers it (TR-069, section 3.7).
#pragma once

#include "tests/acs/server.h"

struct device;
struct session;

/* The head of a request has come: finds its session by cookie or connection. */
void session_find(struct connection *connection);

/* For message_reader_new(), with the connection as `user`. */
bool session_item(void *user, const struct message *message, const struct item *item);

/* A request is complete; `message` is NULL when its body is empty. Answers it. */
void session_request(struct connection *connection, const struct message *message);

/* The connection is about to be freed. */
void session_connection_closed(struct connection *connection);

/* Counts something that no correct agent sends. */
void session_protocol_error(void);

/* How many there were. */
unsigned session_protocol_errors(void);

/* Frees all sessions. */
void sessions_free(void);
