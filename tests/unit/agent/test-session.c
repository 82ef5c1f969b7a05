// SPDX-License-Identifier: GPL-2.0-or-later
// agent/session.c: every state with every event, without a socket.
#include "agent/session.h"

#include <criterion/criterion.h>

// Plays events; returns the last action.
static enum session_action play(struct session *session, const enum session_event *events, size_t count)
{
	enum session_action action = SESSION_DO_NOTHING;

	for (size_t i = 0; i < count; i++)
		action = session_handle(session, events[i]);
	return action;
}

#define PLAY(session, ...)                                                                                             \
	play(session, (const enum session_event[]){__VA_ARGS__},                                                       \
	     sizeof((const enum session_event[]){__VA_ARGS__}) / sizeof(enum session_event))

Test(session, shortest)
{
	struct session session = {0};

	cr_expect_eq(PLAY(&session, SESSION_START), SESSION_SEND_INFORM);
	cr_expect_eq(PLAY(&session, SESSION_RESPONSE), SESSION_CONFIRM_INFORM);
	cr_expect_eq(PLAY(&session, SESSION_GO_ON), SESSION_SEND_EMPTY);
	cr_expect_eq(session.state, SESSION_EMPTY);
	cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_SUCCEED);
	cr_expect_eq(session.state, SESSION_IDLE);
}

Test(session, requests_are_answered_one_by_one)
{
	struct session session = {0};

	PLAY(&session, SESSION_START, SESSION_RESPONSE, SESSION_GO_ON);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(PLAY(&session, SESSION_REQUEST), SESSION_EXECUTE);
		cr_expect_eq(PLAY(&session, SESSION_DONE), SESSION_SEND_ANSWER);
	}
	cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_SUCCEED);
}

Test(session, inform_again_for_8005_but_not_for_ever)
{
	struct session session = {0};

	PLAY(&session, SESSION_START);
	for (int i = 0; i < SESSION_RESEND_MAXIMUM; i++)
		cr_expect_eq(PLAY(&session, SESSION_FAULT_RETRY), SESSION_RESEND);
	cr_expect_eq(PLAY(&session, SESSION_FAULT_RETRY), SESSION_FAIL);
	cr_expect_eq(session.state, SESSION_IDLE);
	cr_expect_eq(PLAY(&session, SESSION_START, SESSION_FAULT_RETRY), SESSION_RESEND, "counted anew");
}

Test(session, fault_on_inform_fails)
{
	struct session session = {0};

	cr_expect_eq(PLAY(&session, SESSION_START, SESSION_FAULT), SESSION_FAIL);
}

Test(session, fault_on_an_answer_is_noted)
{
	struct session session = {0};

	PLAY(&session, SESSION_START, SESSION_RESPONSE, SESSION_GO_ON, SESSION_REQUEST, SESSION_DONE);
	cr_expect_eq(PLAY(&session, SESSION_FAULT), SESSION_CONTINUE);
	cr_expect_eq(PLAY(&session, SESSION_GO_ON), SESSION_SEND_EMPTY);
	cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_SUCCEED);
}

Test(session, start_in_a_session_is_ignored)
{
	struct session session = {0};

	PLAY(&session, SESSION_START, SESSION_RESPONSE, SESSION_GO_ON);
	cr_expect_eq(PLAY(&session, SESSION_START), SESSION_DO_NOTHING);
	cr_expect_eq(session.state, SESSION_EMPTY);
}

Test(session, own_requests_one_by_one_and_then_the_empty_post)
{
	struct session session = {0};

	PLAY(&session, SESSION_START, SESSION_RESPONSE);
	session.waiting = true;
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(PLAY(&session, SESSION_GO_ON), SESSION_SEND_REQUEST);
		cr_expect_eq(PLAY(&session, SESSION_RESPONSE), SESSION_CONFIRM_REQUEST);
	}
	session.waiting = false;
	cr_expect_eq(PLAY(&session, SESSION_GO_ON), SESSION_SEND_EMPTY);
	session.waiting = true;
	cr_expect_eq(PLAY(&session, SESSION_REQUEST, SESSION_DONE, SESSION_NOTHING), SESSION_SUCCEED,
		     "no new requests after the empty POST (R-32)");
}

Test(session, held_requests_wait_for_the_acs)
{
	struct session session = {.waiting = true};

	PLAY(&session, SESSION_START);
	session.hold = true;
	cr_expect_eq(PLAY(&session, SESSION_RESPONSE, SESSION_GO_ON), SESSION_SEND_EMPTY);
	cr_expect_eq(session.state, SESSION_HELD);
	cr_expect_eq(PLAY(&session, SESSION_REQUEST), SESSION_EXECUTE);
	session.hold = false;
	cr_expect_eq(PLAY(&session, SESSION_DONE, SESSION_NOTHING), SESSION_CONTINUE);
	cr_expect_eq(PLAY(&session, SESSION_GO_ON), SESSION_SEND_REQUEST);
	cr_expect_eq(PLAY(&session, SESSION_RESPONSE), SESSION_CONFIRM_REQUEST);
	session.waiting = false;
	cr_expect_eq(PLAY(&session, SESSION_GO_ON), SESSION_SEND_EMPTY);
	cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_SUCCEED);
}

Test(session, held_to_the_end_fails_if_something_waits)
{
	const enum session_state states[] = {SESSION_HELD, SESSION_ANSWER};

	for (int i = 0; i < 2; i++) {
		struct session session = {.state = states[i], .hold = true};

		cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_SUCCEED);
		session = (struct session){.state = states[i], .hold = true, .waiting = true};
		cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_FAIL);
	}
}

Test(session, released_requests_are_declared)
{
	struct session session = {0};

	PLAY(&session, SESSION_START);
	session.hold = true;
	PLAY(&session, SESSION_RESPONSE, SESSION_GO_ON, SESSION_REQUEST);
	session.hold = false;
	cr_expect_eq(PLAY(&session, SESSION_DONE, SESSION_NOTHING, SESSION_GO_ON), SESSION_SEND_EMPTY);
	cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_SUCCEED);
}

Test(session, own_request_again_for_8005_and_refused_for_other_faults)
{
	struct session session = {.waiting = true};

	PLAY(&session, SESSION_START, SESSION_RESPONSE, SESSION_GO_ON);
	for (int i = 0; i < SESSION_RESEND_MAXIMUM; i++)
		cr_expect_eq(PLAY(&session, SESSION_FAULT_RETRY), SESSION_RESEND);
	cr_expect_eq(PLAY(&session, SESSION_FAULT_RETRY), SESSION_REFUSE_REQUEST);
	cr_expect_eq(PLAY(&session, SESSION_GO_ON), SESSION_SEND_REQUEST);
	cr_expect_eq(PLAY(&session, SESSION_FAULT_RETRY), SESSION_RESEND, "counted anew");
	cr_expect_eq(PLAY(&session, SESSION_FAULT), SESSION_REFUSE_REQUEST);
	session.waiting = false;
	cr_expect_eq(PLAY(&session, SESSION_GO_ON, SESSION_NOTHING), SESSION_SUCCEED);
}

Test(session, own_request_without_an_answer_is_refused)
{
	struct session session = {.waiting = true};

	PLAY(&session, SESSION_START, SESSION_RESPONSE, SESSION_GO_ON);
	cr_expect_eq(session.state, SESSION_OWN);
	cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_REFUSE_REQUEST);
	session.waiting = false;
	cr_expect_eq(PLAY(&session, SESSION_GO_ON), SESSION_SEND_EMPTY);
	cr_expect_eq(PLAY(&session, SESSION_NOTHING), SESSION_SUCCEED);
}

Test(session, broken_anywhere_fails)
{
	for (int state = SESSION_IDLE; state < SESSION_STATES; state++) {
		struct session session = {.state = state};

		cr_expect_eq(PLAY(&session, SESSION_BROKEN), state == SESSION_IDLE ? SESSION_DO_NOTHING : SESSION_FAIL);
		cr_expect_eq(session.state, SESSION_IDLE);
	}
}

// What is not expected fails the session and nothing else: no state is left that waits for something that can't come.
Test(session, every_state_with_every_event)
{
	for (int state = SESSION_INFORM; state < SESSION_STATES; state++) {
		for (int event = 0; event < SESSION_EVENTS; event++) {
			struct session session = {.state = state};
			enum session_action action = session_handle(&session, event);

			if (action == SESSION_FAIL || action == SESSION_SUCCEED)
				cr_expect_eq(session.state, SESSION_IDLE);
			else
				cr_expect_neq(session.state, SESSION_IDLE);
			cr_expect(session_state_names[session.state] && session_event_names[event]);
		}
	}
}
