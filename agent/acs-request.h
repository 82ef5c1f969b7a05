// SPDX-License-Identifier: GPL-2.0-or-later
// The requests that the agent makes to the ACS inside a session: TransferComplete and the like.
//
// A module that has something to ask owns a struct acs_request and gives it to agent_ask(). The events that announce it
// go into the next Inform, and the request follows in that session. What must survive a restart is the module's: it
// keeps a record of what the request is about, and asks again after a start.
#pragma once

#include "agent/event.h"
#include "agent/soap-message.h"
#include "agent/soap-writer.h"

#define ACS_REQUEST_REFUSAL_SIZE 24 // of acs_request_refusal(), with the NUL
#define ACS_REQUEST_REFUSALS_MAXIMUM                                                                                   \
	3 // sessions in which the ACS may answer with a fault before the request is given up

struct agent;
struct acs_request;

// How a request has ended.
enum acs_request_end {
	ACS_REQUEST_ANSWERED,  // the ACS has sent its response
	ACS_REQUEST_REFUSED,   // the ACS has answered with a fault or nothing, as often as is borne
	ACS_REQUEST_DISCARDED, // a BOOTSTRAP has made it meaningless
};

// The kind of a request: a constant of the module that makes it.
struct acs_request_kind {
	const char *name;		    // of the method: "TransferComplete"
	const struct soap_method *response; // what answers it, one of soap_methods[]
	enum soap_namespace since;	    // the first CWMP namespace that has the method
	int event;	   // enum event_kind that announces it, mostly once for all that wait; -1: none
	unsigned refusals; // 0: ACS_REQUEST_REFUSALS_MAXIMUM

	// Writes the arguments, from the first child of <cwmp:NAME> to the last. Is called once more for each
	// repetition of the message, and must then write the same.
	void (*write)(const struct acs_request *request, struct soap_writer *writer);

	// The request is out of the queue, and the module's again: it may be freed, or asked once more. `response` is
	// the struct that kind->response has filled, NULL unless ANSWERED and if the response has no arguments; it
	// lives until this returns. For REFUSED acs_request_refusal() says how.
	void (*ended)(struct acs_request *request, enum acs_request_end end, const void *response);
};

// One request. The first part is set by its module; the rest is the queue's.
struct acs_request {
	const struct acs_request_kind *kind;
	int method_event;			  // enum event_kind "M ..." that announces this one; -1: none
	char command_key[EVENT_COMMAND_KEY_SIZE]; // of method_event

	struct agent *agent;
	char event_key[12]; // what tells kind->event apart from others of that kind, or ""
	struct acs_request *next;
	bool announced; // the Inform of the present session has its events: it can be sent
	bool refused;	// in the present session
	unsigned refusals;
	unsigned fault_code; // the last fault of the ACS; 0 where it has answered with nothing
};

// The queue, in the order in which the requests are made. Zeroed memory is an empty one.
struct acs_requests {
	struct acs_request *first;
	uint32_t last; // number that was an event's key
};

// Puts a request into the queue and raises its events; a session starts as soon as one can. The request stays the
// module's memory, and must live until ended() or agent_ask_no_more(). Returns 0, or -errno of events_raise(): then it
// is not in the queue.
int agent_ask(struct agent *agent, struct acs_request *request);

// Takes a request back that is in the queue; ended() is not called. What is on its way to the ACS can't be taken back:
// -EBUSY. Returns 0.
int agent_ask_no_more(struct acs_request *request);

// What the ACS has answered to a request that was REFUSED: "fault 8002", or "nothing".
const char *acs_request_refusal(const struct acs_request *request, char text[ACS_REQUEST_REFUSAL_SIZE]);

// ---- For the session

// The Inform is made: what it announces can be sent.
void acs_requests_inform(struct acs_requests *requests, const struct events *events);

// The next request that the session may send in a namespace, or NULL.
struct acs_request *acs_requests_next(const struct acs_requests *requests, enum soap_namespace name_space);

// The response has come: the request leaves the queue, its events are delivered.
void acs_request_answered(struct acs_request *request, const void *response);

// A fault has come, or nothing (fault_code 0): the request waits for another session, or leaves the queue.
void acs_request_refused(struct acs_request *request, unsigned fault_code);

// The session has ended, well or not.
void acs_requests_session_ended(struct acs_requests *requests);

// BOOTSTRAP: all leave the queue.
void acs_requests_discard(struct acs_requests *requests);
