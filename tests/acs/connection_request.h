// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP connection request: a GET with Digest to the agent (TR-069, section 3.2.2).
#pragma once

struct connection_request;

/*
 * Starts a GET of `url`. `answered` is called once with the final HTTP status, or with an error text; the request is
 * freed after it. Returns NULL and sets *error when it cannot begin.
 */
struct connection_request *connection_request_start(const char *url,
						    void (*answered)(void *user, int status, const char *error),
						    void *user, const char **error);

/* Reads what has arrived already. May call `answered`. */
void connection_request_read(struct connection_request *request);

/* Gives up without calling `answered`; NULL is allowed. */
void connection_request_cancel(struct connection_request *request);
