// SPDX-License-Identifier: GPL-2.0-or-later
// Who may request a connection by XMPP (R-113; T119), and the messages between the agent and espalier-xmpp.
#include "agent/xmpp-judge.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define LIST "ACS1@tr069.example.com, ACS2@tr-069.example.com/resource1"

// The example of the model.
Test(xmpp_judge, senders_of_the_model)
{
	cr_assert(xmpp_sender_allowed(LIST, "ACS1@tr069.example.com/resource1"));
	cr_assert(xmpp_sender_allowed(LIST, "ACS1@tr069.example.com/resource2"));
	cr_assert(xmpp_sender_allowed(LIST, "ACS2@tr-069.example.com/resource1"));
	cr_assert_not(xmpp_sender_allowed(LIST, "ACS2@tr-069.example.com/resource2"));
	cr_assert_not(xmpp_sender_allowed(LIST, "ACS@tr069.example.com/resource"));
}

Test(xmpp_judge, senders_by_letter)
{
	cr_assert(xmpp_sender_allowed("", "anybody@example/x"));
	cr_assert(xmpp_sender_allowed("a@b", "A@B/c"));
	cr_assert(xmpp_sender_allowed("a@b", "a@b"));
	cr_assert(xmpp_sender_allowed("x@y,a@b/c/d", "a@b/c/d"));
	cr_assert_not(xmpp_sender_allowed("a@b/c", "a@b/C"));
	cr_assert_not(xmpp_sender_allowed("a@b/c", "a@b"));
	cr_assert_not(xmpp_sender_allowed("a@b/c", "a@b/cd"));
	cr_assert_not(xmpp_sender_allowed("a@bc", "a@b/x"));
	cr_assert_not(xmpp_sender_allowed("a@b", "a@bc/x"));
	cr_assert_not(xmpp_sender_allowed("a@b", ""));
	cr_assert_not(xmpp_sender_allowed(",", "a@b"));
	cr_assert_not(xmpp_sender_allowed(" , ", "a@b"));
}

static struct xmpp_judge judge = {.burst = 30, .interval_ms = 2000};

static enum xmpp_verdict ask(const char *from, const char *user, const char *password)
{
	struct xmpp_request request = {0};

	snprintf(request.from, sizeof(request.from), "%s", from);
	snprintf(request.username, sizeof(request.username), "%s", user);
	snprintf(request.password, sizeof(request.password), "%s", password);
	return xmpp_judge_request(&judge, &request, true, "a@b", "user", "secret", 1);
}

Test(xmpp_judge, each_reason)
{
	struct xmpp_request good = {.from = "a@b/c", .username = "user", .password = "secret"};

	cr_assert_eq(ask("a@b/c", "user", "secret"), XMPP_GRANTED);
	cr_assert_eq(ask("a@c/c", "user", "secret"), XMPP_WRONG_SENDER);
	cr_assert_eq(ask("", "user", "secret"), XMPP_WRONG_SENDER);
	cr_assert_eq(ask("a@b/c", "user", "secret2"), XMPP_WRONG_CREDENTIALS);
	cr_assert_eq(ask("a@b/c", "user", ""), XMPP_WRONG_CREDENTIALS);
	cr_assert_eq(ask("a@b/c", "", "secret"), XMPP_WRONG_CREDENTIALS);
	cr_assert_eq(xmpp_judge_request(&judge, &good, false, "", "user", "secret", 1), XMPP_UNWANTED);
	cr_assert_eq(judge.counts[XMPP_WRONG_CREDENTIALS], 3);
	cr_assert_eq(judge.counts[XMPP_WRONG_SENDER], 2);
}

Test(xmpp_judge, nothing_without_credentials)
{
	struct xmpp_request empty = {.from = "a@b/c"};

	cr_assert_eq(xmpp_judge_request(&judge, &empty, true, "", "", "", 1), XMPP_WRONG_CREDENTIALS);
}

Test(xmpp_judge, good_ones_are_limited)
{
	enum xmpp_verdict verdict = XMPP_GRANTED;

	for (int i = 0; i < 1000 && verdict == XMPP_GRANTED; i++)
		verdict = ask("a@b/c", "user", "secret");
	cr_assert_eq(verdict, XMPP_LIMITED);
	cr_assert_eq(ask("a@b/c", "user", "wrong"), XMPP_WRONG_CREDENTIALS);
}

Test(xmpp_message, only_whole_ones_are_taken)
{
	static union xmpp_message message;

	for (int kind = 0; kind < XMPP_KINDS; kind++) {
		xmpp_message_start(&message, (enum xmpp_kind)kind, 3);
		cr_assert(xmpp_message_good(&message, message.head.size));
		cr_assert_not(xmpp_message_good(&message, message.head.size - 1));
		cr_assert_not(xmpp_message_good(&message, message.head.size + 1));
		cr_assert_not(xmpp_message_good(&message, 0));
		message.head.version++;
		cr_assert_not(xmpp_message_good(&message, message.head.size));
	}
	message.head.version = XMPP_MESSAGE_VERSION;
	message.head.kind = XMPP_KINDS;
	cr_assert_not(xmpp_message_good(&message, message.head.size));
}

Test(xmpp_message, texts_and_numbers_have_their_bounds)
{
	static union xmpp_message message;

	xmpp_message_start(&message, XMPP_CONNECTION, 1);
	memset(message.connection.password, 'x', sizeof(message.connection.password));
	cr_assert_not(xmpp_message_good(&message, message.head.size));
	xmpp_message_start(&message, XMPP_CONNECTION, 1);
	message.connection.server_count = XMPP_SERVERS_MAXIMUM + 1;
	cr_assert_not(xmpp_message_good(&message, message.head.size));
	message.connection.server_count = 1;
	memset(message.connection.servers[0].address, 'x', sizeof(message.connection.servers[0].address));
	cr_assert_not(xmpp_message_good(&message, message.head.size));
	xmpp_message_start(&message, XMPP_CONNECTION, 1);
	message.connection.keep_alive = -2;
	cr_assert_not(xmpp_message_good(&message, message.head.size));
	xmpp_message_start(&message, XMPP_STATE, 1);
	message.state.status = XMPP_STATUSES;
	cr_assert_not(xmpp_message_good(&message, message.head.size));
	xmpp_message_start(&message, XMPP_VERDICT, 1);
	message.verdict.verdict = XMPP_VERDICTS;
	cr_assert_not(xmpp_message_good(&message, message.head.size));
	xmpp_message_start(&message, XMPP_REQUEST, 1);
	memset(message.request.from, 'x', sizeof(message.request.from));
	cr_assert_not(xmpp_message_good(&message, message.head.size));
}
