// SPDX-License-Identifier: GPL-2.0-or-later
// The XMPP connection request: an IQ from an account of the ACS to the device's Jabber ID (TR-069 Annex K).
#pragma once

/* Logs in to the account of the options, in the background; what is asked for before it has succeeded waits. Returns
 * NULL, or why it can't. */
const char *xmpp_open(void);

void xmpp_close(void);

/*
 * Sends a request to a full Jabber ID, with the credentials of the options. answered() is called with NULL for a
 * result, and otherwise with the condition of the error. Returns the request, or NULL with *error set.
 */
void *xmpp_request_start(const char *jabber_id, void (*answered)(void *user, const char *refusal), void *user,
			 const char **error);

/* Reads what has arrived already. */
void xmpp_request_read(void *request);

/* Forgets and frees the request: answered() is not called. */
void xmpp_request_cancel(void *request);
