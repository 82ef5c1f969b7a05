// SPDX-License-Identifier: GPL-2.0-or-later
// What comes in IQ stanzas, and the answers to them.
#include "agent/xmpp/stanza.h"

#include <stdlib.h>
#include <string.h>

bool stanza_is(xmpp_stanza_t *stanza, const char *name, const char *ns)
{
	const char *own = xmpp_stanza_get_name(stanza), *own_ns = xmpp_stanza_get_ns(stanza), *colon;

	if (!own || !own_ns || strcmp(own_ns, ns) != 0)
		return false;
	colon = strrchr(own, ':');
	return !strcmp(colon ? colon + 1 : own, name);
}

xmpp_stanza_t *stanza_child(xmpp_stanza_t *stanza, const char *name, const char *ns)
{
	xmpp_stanza_t *child = xmpp_stanza_get_children(stanza);

	for (int i = 0; child && i < STANZA_ELEMENTS; i++, child = xmpp_stanza_get_next(child)) {
		if (xmpp_stanza_is_tag(child) && stanza_is(child, name, ns))
			return child;
	}
	return NULL;
}

bool stanza_text(xmpp_stanza_t *stanza, char *text, size_t size)
{
	char *copy = xmpp_stanza_get_text(stanza);
	size_t length = copy ? strlen(copy) : 0;
	bool fits = length < size;

	*text = '\0';
	if (copy && fits)
		memcpy(text, copy, length + 1);
	if (copy) {
		explicit_bzero(copy, length);
		xmpp_free(xmpp_stanza_get_context(stanza), copy);
	}
	return fits;
}

static bool copy(char *field, size_t size, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length >= size)
		return false;
	memcpy(field, text ? text : "", length);
	field[length] = '\0';
	return true;
}

// The user name and the password, each once, and nothing else.
static bool read_request(xmpp_stanza_t *element, struct xmpp_request *request)
{
	xmpp_stanza_t *child = xmpp_stanza_get_children(element);
	bool username = false, password = false;

	for (; child; child = xmpp_stanza_get_next(child)) {
		if (!xmpp_stanza_is_tag(child))
			continue;
		if (!username && stanza_is(child, "username", STANZA_REQUEST_NS))
			username = stanza_text(child, request->username, sizeof(request->username));
		else if (!password && stanza_is(child, "password", STANZA_REQUEST_NS))
			password = stanza_text(child, request->password, sizeof(request->password));
		else
			return false;
	}
	return username && password;
}

enum stanza_form stanza_read(xmpp_stanza_t *stanza, struct xmpp_request *request)
{
	const char *name = xmpp_stanza_get_name(stanza), *type = xmpp_stanza_get_type(stanza);
	const char *id = xmpp_stanza_get_id(stanza);
	xmpp_stanza_t *child, *only = NULL;
	unsigned count = 0;
	bool get = type && !strcmp(type, "get");

	if (!name || strcmp(name, "iq") != 0 || !type || (!get && strcmp(type, "set") != 0) || !id ||
	    strlen(id) > STANZA_ID_MAXIMUM || !copy(request->from, sizeof(request->from), xmpp_stanza_get_from(stanza)))
		return STANZA_NOT_ASKED;
	for (child = xmpp_stanza_get_children(stanza); child; child = xmpp_stanza_get_next(child)) {
		if (!xmpp_stanza_is_tag(child))
			continue;
		only = child;
		count++;
	}
	if (count != 1)
		return STANZA_MALFORMED;
	if (stanza_is(only, "connectionRequest", STANZA_REQUEST_NS))
		return get && read_request(only, request) ? STANZA_REQUEST : STANZA_MALFORMED;
	return get && stanza_is(only, "ping", STANZA_PING_NS) ? STANZA_PING : STANZA_OTHER;
}

xmpp_stanza_t *stanza_result(xmpp_ctx_t *context, const char *id, const char *to)
{
	xmpp_stanza_t *iq = xmpp_iq_new(context, "result", id);

	if (iq && *to && xmpp_stanza_set_to(iq, to)) {
		xmpp_stanza_release(iq);
		return NULL;
	}
	return iq;
}

static xmpp_stanza_t *element(xmpp_ctx_t *context, const char *name)
{
	xmpp_stanza_t *stanza = xmpp_stanza_new(context);

	if (stanza && xmpp_stanza_set_name(stanza, name)) {
		xmpp_stanza_release(stanza);
		return NULL;
	}
	return stanza;
}

xmpp_stanza_t *stanza_error(xmpp_ctx_t *context, const char *id, const char *to, const char *type,
			    const char *condition)
{
	xmpp_stanza_t *iq = stanza_result(context, id, to), *error = element(context, "error"),
		      *reason = element(context, condition);
	bool made = iq && error && reason && !xmpp_stanza_set_type(iq, "error") && !xmpp_stanza_set_type(error, type) &&
		    !xmpp_stanza_set_ns(reason, XMPP_NS_STANZAS_IETF) && !xmpp_stanza_add_child(error, reason) &&
		    !xmpp_stanza_add_child(iq, error);

	if (reason)
		xmpp_stanza_release(reason);
	if (error)
		xmpp_stanza_release(error);
	if (iq && !made)
		xmpp_stanza_release(iq);
	return made ? iq : NULL;
}
