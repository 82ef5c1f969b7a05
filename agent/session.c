// SPDX-License-Identifier: GPL-2.0-or-later
// A CWMP session as a state machine, without sockets: what comes in, what is to be done.
#include "agent/session.h"

#include <stddef.h>

const char *const session_state_names[SESSION_STATES] = {
	[SESSION_IDLE] = "idle",
	[SESSION_INFORM] = "Inform sent",
	[SESSION_TURN] = "own turn",
	[SESSION_OWN] = "own request sent",
	[SESSION_HELD] = "empty POST sent, requests held",
	[SESSION_EMPTY] = "empty POST sent",
	[SESSION_WORKING] = "working",
	[SESSION_ANSWER] = "answer sent",
};

const char *const session_event_names[SESSION_EVENTS] = {
	[SESSION_START] = "start",
	[SESSION_RESPONSE] = "response",
	[SESSION_GO_ON] = "go on",
	[SESSION_REQUEST] = "request",
	[SESSION_NOTHING] = "empty response",
	[SESSION_FAULT] = "fault",
	[SESSION_FAULT_RETRY] = "fault 8005",
	[SESSION_DONE] = "request carried out",
	[SESSION_BROKEN] = "failure",
};

// What must hold for a transition. A later line of the same state and event is for when it does not.
enum condition {
	ALWAYS,
	MAY_ASK,  // an own request waits, and neither the ACS nor the agent's own word forbids it
	HELD,	  // HoldRequests is true, and the agent has not declared that it has no more requests
	HELD_UP,  // the same, and an own request waits
	RELEASED, // HoldRequests is false, and the agent has still to say whether it has more requests
	AGAIN,	  // the same request was not asked for too often
};

struct transition {
	enum session_state state;
	enum session_event event;
	enum condition condition;
	enum session_state next;
	enum session_action action;
};

// All transitions. What is not here fails the session, except that SESSION_START is ignored while a session runs (the
// wish for another one is kept elsewhere) and that nothing fails an idle one.
//
// An ACS that ends the session while it holds requests back has not let the agent speak: the session fails, and what
// waits is tried again after the wait that the standard has for that. One that answers a request of the agent with
// nothing would never have its own turn if that failed the session: the request counts as refused. An empty response to
// an answer ends the session, except when the ACS has released the requests since: then the agent has still to say
// whether it has any.
static const struct transition transitions[] = {
	{SESSION_IDLE, SESSION_START, ALWAYS, SESSION_INFORM, SESSION_SEND_INFORM},

	{SESSION_INFORM, SESSION_RESPONSE, ALWAYS, SESSION_TURN, SESSION_CONFIRM_INFORM},
	{SESSION_INFORM, SESSION_FAULT_RETRY, AGAIN, SESSION_INFORM, SESSION_RESEND},

	{SESSION_TURN, SESSION_GO_ON, MAY_ASK, SESSION_OWN, SESSION_SEND_REQUEST},
	{SESSION_TURN, SESSION_GO_ON, HELD, SESSION_HELD, SESSION_SEND_EMPTY},
	{SESSION_TURN, SESSION_GO_ON, ALWAYS, SESSION_EMPTY, SESSION_SEND_EMPTY},

	{SESSION_OWN, SESSION_RESPONSE, ALWAYS, SESSION_TURN, SESSION_CONFIRM_REQUEST},
	{SESSION_OWN, SESSION_FAULT_RETRY, AGAIN, SESSION_OWN, SESSION_RESEND},
	{SESSION_OWN, SESSION_FAULT_RETRY, ALWAYS, SESSION_TURN, SESSION_REFUSE_REQUEST},
	{SESSION_OWN, SESSION_FAULT, ALWAYS, SESSION_TURN, SESSION_REFUSE_REQUEST},
	{SESSION_OWN, SESSION_NOTHING, ALWAYS, SESSION_TURN, SESSION_REFUSE_REQUEST},

	{SESSION_HELD, SESSION_REQUEST, ALWAYS, SESSION_WORKING, SESSION_EXECUTE},
	{SESSION_HELD, SESSION_NOTHING, HELD_UP, SESSION_IDLE, SESSION_FAIL},
	{SESSION_HELD, SESSION_NOTHING, ALWAYS, SESSION_IDLE, SESSION_SUCCEED},

	{SESSION_EMPTY, SESSION_REQUEST, ALWAYS, SESSION_WORKING, SESSION_EXECUTE},
	{SESSION_EMPTY, SESSION_NOTHING, ALWAYS, SESSION_IDLE, SESSION_SUCCEED},

	{SESSION_WORKING, SESSION_DONE, ALWAYS, SESSION_ANSWER, SESSION_SEND_ANSWER},

	{SESSION_ANSWER, SESSION_REQUEST, ALWAYS, SESSION_WORKING, SESSION_EXECUTE},
	{SESSION_ANSWER, SESSION_NOTHING, RELEASED, SESSION_TURN, SESSION_CONTINUE},
	{SESSION_ANSWER, SESSION_NOTHING, HELD_UP, SESSION_IDLE, SESSION_FAIL},
	{SESSION_ANSWER, SESSION_NOTHING, ALWAYS, SESSION_IDLE, SESSION_SUCCEED},
	{SESSION_ANSWER, SESSION_FAULT, ALWAYS, SESSION_TURN, SESSION_CONTINUE},
	{SESSION_ANSWER, SESSION_FAULT_RETRY, ALWAYS, SESSION_TURN, SESSION_CONTINUE},
};

static bool holds(const struct session *session, enum condition condition)
{
	switch (condition) {
	case ALWAYS:
		return true;
	case MAY_ASK:
		return session->waiting && !session->hold && !session->declared;
	case HELD:
		return session->hold && !session->declared;
	case HELD_UP:
		return session->hold && !session->declared && session->waiting;
	case RELEASED:
		return !session->hold && !session->declared;
	case AGAIN:
		return session->resent < SESSION_RESEND_MAXIMUM;
	}
	return false;
}

enum session_action session_handle(struct session *session, enum session_event event)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(*transitions); i++) {
		const struct transition *transition = &transitions[i];

		if (transition->state != session->state || transition->event != event ||
		    !holds(session, transition->condition))
			continue;
		if (transition->action == SESSION_SEND_INFORM)
			session->declared = false;
		session->resent = transition->action == SESSION_RESEND ? session->resent + 1 : 0;
		if (transition->next == SESSION_EMPTY)
			session->declared = true;
		session->state = transition->next;
		return transition->action;
	}
	if (session->state == SESSION_IDLE || event == SESSION_START)
		return SESSION_DO_NOTHING;
	session->state = SESSION_IDLE;
	return SESSION_FAIL;
}
