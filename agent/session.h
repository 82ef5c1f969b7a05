// SPDX-License-Identifier: GPL-2.0-or-later
// A CWMP session as a state machine, without sockets: what comes in, what is to be done.
#pragma once

#include <stdbool.h>

#define SESSION_RESEND_MAXIMUM 5 // how often the ACS may ask for the same request again with fault 8005

enum session_state {
	SESSION_IDLE,	 // no session
	SESSION_INFORM,	 // the Inform is sent
	SESSION_TURN,	 // the agent's turn to say something; nothing is on the way
	SESSION_OWN,	 // a request of the agent is sent, other than Inform
	SESSION_HELD,	 // an empty POST is sent because the ACS holds requests: it has declared nothing
	SESSION_EMPTY,	 // an empty POST is sent: no more requests of the agent in this session
	SESSION_WORKING, // the ACS's request is being carried out; nothing is on the way
	SESSION_ANSWER,	 // the answer to a request is sent
	SESSION_STATES
};

enum session_event {
	SESSION_START,	     // somebody wants a session
	SESSION_RESPONSE,    // the response to the Inform (of a version that the agent speaks), or to its own request
	SESSION_GO_ON,	     // the agent's turn: what came before is dealt with
	SESSION_REQUEST,     // a request came (also an unknown method, or one whose arguments can't be decoded)
	SESSION_NOTHING,     // an empty HTTP response came
	SESSION_FAULT,	     // a SOAP fault came
	SESSION_FAULT_RETRY, // a SOAP fault 8005 came
	SESSION_DONE,	     // the request is carried out: its answer can be sent
	SESSION_BROKEN,	     // HTTP, TLS or XML failed, a timeout, or what came makes no sense
	SESSION_EVENTS
};

enum session_action {
	SESSION_DO_NOTHING,
	SESSION_SEND_INFORM,
	SESSION_RESEND,		 // the last request of the agent again, the same bytes, its ID included
	SESSION_CONFIRM_INFORM,	 // the Inform is delivered: what it carried counts as reported; then report
				 // SESSION_GO_ON
	SESSION_SEND_REQUEST,	 // the agent's next own request
	SESSION_CONFIRM_REQUEST, // it is answered; then report SESSION_GO_ON
	SESSION_REFUSE_REQUEST,	 // it is answered with a fault; then report SESSION_GO_ON
	SESSION_CONTINUE,	 // report SESSION_GO_ON
	SESSION_SEND_EMPTY,	 // an empty POST
	SESSION_EXECUTE,	 // carry the request out, then report SESSION_DONE
	SESSION_SEND_ANSWER,
	SESSION_SUCCEED, // the session has ended well
	SESSION_FAIL,	 // the session has failed
};

// Zeroed memory is a session that has not begun.
struct session {
	enum session_state state;
	bool hold;    // set before each event: HoldRequests of the envelope that came last
	bool waiting; // set before each event: an own request waits that this session can carry

	bool declared; // an empty POST has said that there are no more requests of the agent
	unsigned resent;
};

// The names of states and events, for the log.
extern const char *const session_state_names[SESSION_STATES];
extern const char *const session_event_names[SESSION_EVENTS];

// Takes an event, changes the state, and returns what is to be done. An event that has no place in the state fails the
// session.
enum session_action session_handle(struct session *session, enum session_event event);
