// SPDX-License-Identifier: GPL-2.0-or-later
// A CWMP session as a state machine, without sockets: what comes in, what is to be done.
#include "agent/session.h"

#include <stddef.h>

const char *const session_state_names[SESSION_STATES] = {
	[SESSION_IDLE] = "idle",       [SESSION_INFORM] = "Inform sent", [SESSION_EMPTY] = "empty POST sent",
	[SESSION_WORKING] = "working", [SESSION_ANSWER] = "answer sent",
};

const char *const session_event_names[SESSION_EVENTS] = {
	[SESSION_START] = "start",
	[SESSION_RESPONSE] = "InformResponse",
	[SESSION_REQUEST] = "request",
	[SESSION_NOTHING] = "empty response",
	[SESSION_FAULT] = "fault",
	[SESSION_FAULT_RETRY] = "fault 8005",
	[SESSION_DONE] = "request carried out",
	[SESSION_BROKEN] = "failure",
};

struct transition {
	enum session_state state;
	enum session_event event;
	enum session_state next;
	enum session_action action;
};

// All transitions. What is not here fails the session, except that SESSION_START is ignored while a session runs (the
// wish for another one is kept elsewhere) and that nothing fails an idle one.
//
// The agent makes no request but Inform. So after the InformResponse it says at once, by an empty POST, that it has
// none, HoldRequests of the ACS finds nothing to hold, and an empty response ends the session whatever was sent before
// it: nothing is left to be said on either side.
static const struct transition transitions[] = {
	{SESSION_IDLE, SESSION_START, SESSION_INFORM, SESSION_SEND_INFORM},

	{SESSION_INFORM, SESSION_RESPONSE, SESSION_EMPTY, SESSION_CONFIRM_INFORM},
	{SESSION_INFORM, SESSION_FAULT_RETRY, SESSION_INFORM, SESSION_RESEND_INFORM},

	{SESSION_EMPTY, SESSION_REQUEST, SESSION_WORKING, SESSION_EXECUTE},
	{SESSION_EMPTY, SESSION_NOTHING, SESSION_IDLE, SESSION_SUCCEED},

	{SESSION_WORKING, SESSION_DONE, SESSION_ANSWER, SESSION_SEND_ANSWER},

	{SESSION_ANSWER, SESSION_REQUEST, SESSION_WORKING, SESSION_EXECUTE},
	{SESSION_ANSWER, SESSION_NOTHING, SESSION_IDLE, SESSION_SUCCEED},
	{SESSION_ANSWER, SESSION_FAULT, SESSION_EMPTY, SESSION_SEND_EMPTY},
	{SESSION_ANSWER, SESSION_FAULT_RETRY, SESSION_EMPTY, SESSION_SEND_EMPTY},
};

enum session_action session_handle(struct session *session, enum session_event event)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(*transitions); i++) {
		const struct transition *transition = &transitions[i];

		if (transition->state != session->state || transition->event != event)
			continue;
		if (transition->action == SESSION_SEND_INFORM)
			session->resent = 0;
		if (transition->action == SESSION_RESEND_INFORM && session->resent++ == SESSION_RESEND_MAXIMUM)
			break;
		session->state = transition->next;
		return transition->action;
	}
	if (session->state == SESSION_IDLE || event == SESSION_START)
		return SESSION_DO_NOTHING;
	session->state = SESSION_IDLE;
	return SESSION_FAIL;
}
