// SPDX-License-Identifier: GPL-2.0-or-later
// What comes in IQ stanzas, and the answers to them (RFC 6120, 8; TR-069 Annex K; R-113).
#pragma once

#include "agent/xmpp-message.h"

#include <strophe.h>

#define STANZA_ID_MAXIMUM 512 // bytes of an id that is answered
#define STANZA_REQUEST_NS "urn:broadband-forum-org:cwmp:xmppConnReq-1-0"
#define STANZA_PING_NS	  "urn:xmpp:ping"
#define STANZA_ELEMENTS	  64 // elements of one level that are looked at

enum stanza_form {
	STANZA_NOT_ASKED, // not an IQ get or set, or one that can't be answered
	STANZA_REQUEST,	  // a connection request
	STANZA_MALFORMED, // a connection request that is none
	STANZA_PING,
	STANZA_OTHER, // what we do not know
};

// Looks at a stanza. For STANZA_REQUEST `from`, `username` and `password` of the request are filled in.
enum stanza_form stanza_read(xmpp_stanza_t *stanza, struct xmpp_request *request);

// Makes the empty result for an IQ; the caller releases it. NULL: no memory.
xmpp_stanza_t *stanza_result(xmpp_ctx_t *context, const char *id, const char *to);

// The same with an error: its type ("auth", "cancel" ...) and condition ("not-authorized" ...).
xmpp_stanza_t *stanza_error(xmpp_ctx_t *context, const char *id, const char *to, const char *type,
			    const char *condition);

// The first child element of this name and namespace, or NULL.
xmpp_stanza_t *stanza_child(xmpp_stanza_t *stanza, const char *name, const char *ns);

// Whether an element has this name, whatever its prefix is, and this namespace.
bool stanza_is(xmpp_stanza_t *stanza, const char *name, const char *ns);

// Copies the text in an element. Returns false when it is longer than `size` allows.
bool stanza_text(xmpp_stanza_t *stanza, char *text, size_t size);
