// SPDX-License-Identifier: GPL-2.0-or-later
// agent/acs-request.c: when the agent's own requests may be sent, and what becomes of their events (R-31 to R-36,
//
#include "agent/agent.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

static int ended[3];
static const char *last_response;

static void count_end(struct acs_request *request, enum acs_request_end end, const void *response)
{
	(void)request;
	ended[end]++;
	last_response = response;
}

static const struct acs_request_kind transfer = {
	.name = "TransferComplete",
	.since = SOAP_NAMESPACE_CWMP_1_0,
	.event = EVENT_TRANSFER_COMPLETE,
	.ended = count_end,
};
static const struct acs_request_kind unit = {
	.name = "DUStateChangeComplete",
	.since = SOAP_NAMESPACE_CWMP_1_2,
	.event = EVENT_DU_STATE_CHANGE_COMPLETE,
	.refusals = 1,
	.ended = count_end,
};
static const struct acs_request_kind autonomous = {
	.name = "AutonomousTransferComplete",
	.since = SOAP_NAMESPACE_CWMP_1_1,
	.event = EVENT_AUTONOMOUS_TRANSFER_COMPLETE,
	.refusals = 1,
	.ended = count_end,
};

static void ask(struct agent *agent, struct acs_request *request, const struct acs_request_kind *kind, int event,
		const char *key)
{
	*request = (struct acs_request){.kind = kind, .method_event = event};
	snprintf(request->command_key, sizeof(request->command_key), "%s", key);
	cr_assert_eq(agent_ask(agent, request), 0);
}

// What a session does when it has made its Inform.
static void inform(struct agent *agent)
{
	events_inform(&agent->events, EVENT_SESSION_COMMON, CWMP_1_4);
	acs_requests_inform(&agent->acs_requests, &agent->events);
}

static void session_ends(struct agent *agent)
{
	events_failed(&agent->events);
	acs_requests_session_ended(&agent->acs_requests);
}

static struct acs_request *next(struct agent *agent, enum soap_namespace name_space)
{
	return acs_requests_next(&agent->acs_requests, name_space);
}

Test(acs_request, is_sent_when_an_inform_has_announced_it)
{
	static struct agent agent;
	struct acs_request first, second;

	ask(&agent, &first, &transfer, EVENT_M_DOWNLOAD, "a");
	cr_expect(agent.wanted);
	cr_expect_null(next(&agent, SOAP_NAMESPACE_CWMP_1_0));
	inform(&agent);
	ask(&agent, &second, &transfer, EVENT_M_DOWNLOAD, "b");
	cr_expect_eq(next(&agent, SOAP_NAMESPACE_CWMP_1_0), &first);
	acs_request_answered(&first, "response");
	cr_expect_eq(ended[ACS_REQUEST_ANSWERED], 1);
	cr_expect_str_eq(last_response, "response");
	cr_expect_null(next(&agent, SOAP_NAMESPACE_CWMP_1_0), "the second came too late for this session");
	session_ends(&agent);
	cr_expect_eq(agent.events.count, 2);
	inform(&agent);
	cr_expect_eq(next(&agent, SOAP_NAMESPACE_CWMP_1_0), &second);
	acs_request_answered(&second, NULL);
	cr_expect_eq(agent.events.count, 0);
	events_free(&agent.events);
}

Test(acs_request, shared_events_stay_until_the_last_is_answered)
{
	static struct agent agent;
	struct acs_request first, second;

	ask(&agent, &first, &transfer, EVENT_M_UPLOAD, "same");
	ask(&agent, &second, &transfer, EVENT_M_UPLOAD, "same");
	inform(&agent);
	cr_expect_eq(agent.events.count, 2);
	acs_request_answered(&first, NULL);
	cr_expect_eq(agent.events.count, 2);
	acs_request_refused(&second, 8002);
	cr_expect_null(next(&agent, SOAP_NAMESPACE_CWMP_1_0), "once in a session");
	session_ends(&agent);
	inform(&agent);
	cr_expect_eq(next(&agent, SOAP_NAMESPACE_CWMP_1_0), &second);
	acs_request_answered(&second, NULL);
	cr_expect_eq(agent.events.count, 0);
	events_free(&agent.events);
}

Test(acs_request, is_given_up_after_so_many_refusals)
{
	static struct agent agent;
	struct acs_request request;

	ask(&agent, &request, &transfer, -1, "");
	for (int i = 1; i <= ACS_REQUEST_REFUSALS_MAXIMUM; i++) {
		cr_expect_eq(ended[ACS_REQUEST_REFUSED], 0);
		inform(&agent);
		acs_request_refused(&request, 8002);
		session_ends(&agent);
	}
	cr_expect_eq(ended[ACS_REQUEST_REFUSED], 1);
	cr_expect_eq(request.fault_code, 8002);
	cr_expect_eq(agent.events.count, 0);
	events_free(&agent.events);
}

Test(acs_request, waits_for_an_acs_that_knows_it)
{
	static struct agent agent;
	struct acs_request newer, older;

	ask(&agent, &newer, &unit, -1, "");
	ask(&agent, &older, &transfer, -1, "");
	inform(&agent);
	cr_expect_eq(next(&agent, SOAP_NAMESPACE_CWMP_1_1), &older);
	cr_expect_eq(next(&agent, SOAP_NAMESPACE_CWMP_1_2), &newer);
	agent.acs_request = &newer;
	cr_expect_eq(agent_ask_no_more(&newer), -EBUSY);
	agent.acs_request = NULL;
	cr_expect_eq(agent_ask_no_more(&newer), 0);
	cr_expect_eq(next(&agent, SOAP_NAMESPACE_CWMP_1_2), &older);
	acs_requests_discard(&agent.acs_requests);
	cr_expect_eq(ended[ACS_REQUEST_DISCARDED], 1);
	cr_expect_null(next(&agent, SOAP_NAMESPACE_CWMP_1_2));
	events_free(&agent.events);
}

Test(acs_request, R82_each_autonomous_one_has_its_event)
{
	static struct agent agent;
	struct acs_request first, second, third;

	agent.events.each_autonomous = true;
	ask(&agent, &first, &autonomous, -1, "");
	ask(&agent, &second, &autonomous, -1, "");
	inform(&agent);
	ask(&agent, &third, &autonomous, -1, "");
	cr_expect_eq(agent.events.count, 3);
	acs_request_answered(&first, NULL);
	cr_expect_eq(agent.events.count, 2);
	acs_request_refused(&second, 8002);
	cr_expect_eq(agent.events.count, 1);
	cr_expect_null(next(&agent, SOAP_NAMESPACE_CWMP_1_2), "the third was not announced");
	session_ends(&agent);
	cr_expect_eq(agent.events.count, 1);
	inform(&agent);
	cr_expect_eq(next(&agent, SOAP_NAMESPACE_CWMP_1_2), &third);
	cr_expect_eq(agent_ask_no_more(&third), 0);
	cr_expect_eq(agent.events.count, 0);
	events_free(&agent.events);
}
