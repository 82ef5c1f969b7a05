// SPDX-License-Identifier: GPL-2.0-or-later
// The requests that the agent makes to the ACS inside a session: TransferComplete and the like.
#include "agent/acs-request.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void take_out(struct acs_request *request)
{
	struct acs_request **place = &request->agent->acs_requests.first;

	while (*place != request)
		place = &(*place)->next;
	*place = request->next;
	request->next = NULL;
}

// Whether another request of the queue is announced by the same event; `announced`: in the present session's Inform.
static bool event_is_shared(const struct acs_request *request, bool announced)
{
	for (const struct acs_request *other = request->agent->acs_requests.first; other; other = other->next) {
		if (other->kind->event == request->kind->event && !strcmp(other->event_key, request->event_key) &&
		    (other->announced || !announced))
			return true;
	}
	return false;
}

static bool method_event_is_shared(const struct acs_request *request, bool announced)
{
	for (const struct acs_request *other = request->agent->acs_requests.first; other; other = other->next) {
		if (other->method_event == request->method_event && !strcmp(other->command_key, request->command_key) &&
		    (other->announced || !announced))
			return true;
	}
	return false;
}

static int raise_events(const struct acs_request *request)
{
	struct events *events = &request->agent->events;
	int error = 0;

	if (request->method_event >= 0)
		error = events_raise(events, (enum event_kind)request->method_event, request->command_key);
	if (error >= 0 && request->kind->event >= 0)
		error = events_raise(events, (enum event_kind)request->kind->event, request->event_key);
	return error < 0 ? error : 0;
}

int agent_ask(struct agent *agent, struct acs_request *request)
{
	struct acs_request **place = &agent->acs_requests.first;
	int error;

	request->agent = agent;
	request->next = NULL;
	request->announced = request->refused = false;
	request->refusals = 0;
	request->fault_code = 0;
	*request->event_key = 0;
	if (request->kind->event >= 0 && event_rules[request->kind->event].autonomous && agent->events.each_autonomous)
		snprintf(request->event_key, sizeof(request->event_key), "%" PRIu32, ++agent->acs_requests.last);
	error = raise_events(request);
	if (error)
		return error;
	while (*place)
		place = &(*place)->next;
	*place = request;
	agent->wanted = true;
	agent_plan(agent);
	return 0;
}

int agent_ask_no_more(struct acs_request *request)
{
	struct agent *agent = request->agent;

	if (request == agent->acs_request)
		return -EBUSY;
	take_out(request);
	if (request->method_event >= 0 && !method_event_is_shared(request, false))
		events_remove(&agent->events, (enum event_kind)request->method_event, request->command_key);
	if (request->kind->event >= 0 && !event_is_shared(request, false))
		events_remove(&agent->events, (enum event_kind)request->kind->event, request->event_key);
	return 0;
}

static bool announced(const struct acs_request *request, const struct events *events)
{
	if (request->kind->event >= 0 &&
	    !events_informed(events, (enum event_kind)request->kind->event, request->event_key))
		return false;
	return request->method_event < 0 ||
	       events_informed(events, (enum event_kind)request->method_event, request->command_key);
}

void acs_requests_inform(struct acs_requests *requests, const struct events *events)
{
	for (struct acs_request *request = requests->first; request; request = request->next)
		request->announced = announced(request, events);
}

struct acs_request *acs_requests_next(const struct acs_requests *requests, enum soap_namespace name_space)
{
	for (struct acs_request *request = requests->first; request; request = request->next) {
		if (request->announced && !request->refused && name_space >= request->kind->since)
			return request;
	}
	return NULL;
}

void acs_request_answered(struct acs_request *request, const void *response)
{
	struct events *events = &request->agent->events;

	take_out(request);
	if (request->method_event >= 0 && !method_event_is_shared(request, true))
		events_answered(events, (enum event_kind)request->method_event, request->command_key);
	if (request->kind->event >= 0 && !event_is_shared(request, true))
		events_answered(events, (enum event_kind)request->kind->event, request->event_key);
	request->kind->ended(request, ACS_REQUEST_ANSWERED, response);
}

const char *acs_request_refusal(const struct acs_request *request, char text[ACS_REQUEST_REFUSAL_SIZE])
{
	if (!request->fault_code)
		return "nothing";
	snprintf(text, ACS_REQUEST_REFUSAL_SIZE, "fault %u", request->fault_code);
	return text;
}

void acs_request_refused(struct acs_request *request, unsigned fault_code)
{
	char text[ACS_REQUEST_REFUSAL_SIZE];
	unsigned maximum = request->kind->refusals ? request->kind->refusals : ACS_REQUEST_REFUSALS_MAXIMUM;

	request->refused = true;
	request->fault_code = fault_code;
	if (++request->refusals < maximum)
		return;
	log_warning("%s is given up: the ACS has answered with %s", request->kind->name,
		    acs_request_refusal(request, text));
	agent_ask_no_more(request);
	request->kind->ended(request, ACS_REQUEST_REFUSED, NULL);
}

void acs_requests_session_ended(struct acs_requests *requests)
{
	for (struct acs_request *request = requests->first; request; request = request->next) {
		request->announced = request->refused = false;
		// The event may have gone with another request of the same key.
		if (raise_events(request))
			log_error("%s waits for room among the events", request->kind->name);
	}
}

void acs_requests_discard(struct acs_requests *requests)
{
	struct acs_request *request = requests->first, *next;

	requests->first = NULL;
	for (; request; request = next) {
		next = request->next;
		request->next = NULL;
		request->kind->ended(request, ACS_REQUEST_DISCARDED, NULL);
	}
}
