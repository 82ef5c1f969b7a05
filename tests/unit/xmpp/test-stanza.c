// SPDX-License-Identifier: GPL-2.0-or-later
// What comes in IQ stanzas, and the answers to them.
#include "agent/xmpp/stanza.h"

#include <criterion/criterion.h>

#include <string.h>

#define REQUEST(content) "<connectionRequest xmlns='" STANZA_REQUEST_NS "'>" content "</connectionRequest>"
#define GET(content)	 "<iq type='get' id='7' from='a@b/c'>" content "</iq>"
#define BOTH		 "<username>u</username><password>p</password>"

static struct xmpp_request request;
static xmpp_ctx_t *context;

static enum stanza_form read_form(const char *text)
{
	xmpp_stanza_t *stanza;
	enum stanza_form form;

	memset(&request, 0, sizeof(request));
	context = xmpp_ctx_new(NULL, NULL);
	stanza = xmpp_stanza_new_from_string(context, text);
	cr_assert(stanza, "%s", text);
	form = stanza_read(stanza, &request);
	xmpp_stanza_release(stanza);
	xmpp_ctx_free(context);
	return form;
}

Test(xmpp_stanza, a_good_request)
{
	cr_assert_eq(read_form(GET(REQUEST(BOTH))), STANZA_REQUEST);
	cr_assert_str_eq(request.from, "a@b/c");
	cr_assert_str_eq(request.username, "u");
	cr_assert_str_eq(request.password, "p");
	cr_assert_eq(read_form(GET(" " REQUEST(" <password>&lt;&amp;</password> <username>\xc3\xa4</username> ") " ")),
		     STANZA_REQUEST);
	cr_assert_str_eq(request.username, "\xc3\xa4");
	cr_assert_str_eq(request.password, "<&");
	cr_assert_eq(read_form(GET(REQUEST("<username/><password/>"))), STANZA_REQUEST);
	cr_assert_str_eq(request.username, "");
}

Test(xmpp_stanza, requests_that_are_none)
{
	cr_assert_eq(read_form(GET(REQUEST(""))), STANZA_MALFORMED);
	cr_assert_eq(read_form(GET(REQUEST("<username>u</username>"))), STANZA_MALFORMED);
	cr_assert_eq(read_form(GET(REQUEST(BOTH "<username>u</username>"))), STANZA_MALFORMED);
	cr_assert_eq(read_form(GET(REQUEST(BOTH "<x/>"))), STANZA_MALFORMED);
	cr_assert_eq(read_form(GET(REQUEST("<username xmlns='x'>u</username><password>p</password>"))),
		     STANZA_MALFORMED);
	cr_assert_eq(read_form(GET(REQUEST(BOTH) REQUEST(BOTH))), STANZA_MALFORMED);
	cr_assert_eq(read_form(GET("")), STANZA_MALFORMED);
	cr_assert_eq(read_form("<iq type='set' id='7'>" REQUEST(BOTH) "</iq>"), STANZA_MALFORMED);
}

Test(xmpp_stanza, others)
{
	cr_assert_eq(read_form(GET("<ping xmlns='urn:xmpp:ping'/>")), STANZA_PING);
	cr_assert_eq(read_form(GET("<ping/>")), STANZA_OTHER);
	cr_assert_eq(read_form(GET("<connectionRequest xmlns='urn:x'>" BOTH "</connectionRequest>")), STANZA_OTHER);
	cr_assert_eq(read_form("<iq type='result' id='7'/>"), STANZA_NOT_ASKED);
	cr_assert_eq(read_form("<iq type='error' id='7'/>"), STANZA_NOT_ASKED);
	cr_assert_eq(read_form("<iq type='get'>" REQUEST(BOTH) "</iq>"), STANZA_NOT_ASKED);
	cr_assert_eq(read_form("<iq id='7'>" REQUEST(BOTH) "</iq>"), STANZA_NOT_ASKED);
	cr_assert_eq(read_form("<message type='get' id='7'>" REQUEST(BOTH) "</message>"), STANZA_NOT_ASKED);
}

Test(xmpp_stanza, answers)
{
	xmpp_stanza_t *stanza, *error;

	context = xmpp_ctx_new(NULL, NULL);
	stanza = stanza_result(context, "7", "a@b/c");
	cr_assert_str_eq(xmpp_stanza_get_type(stanza), "result");
	cr_assert_str_eq(xmpp_stanza_get_id(stanza), "7");
	cr_assert_str_eq(xmpp_stanza_get_to(stanza), "a@b/c");
	cr_assert_null(xmpp_stanza_get_children(stanza));
	xmpp_stanza_release(stanza);
	stanza = stanza_error(context, "7", "", "auth", "not-authorized");
	cr_assert_str_eq(xmpp_stanza_get_type(stanza), "error");
	cr_assert_null(xmpp_stanza_get_to(stanza));
	error = xmpp_stanza_get_child_by_name(stanza, "error");
	cr_assert_str_eq(xmpp_stanza_get_type(error), "auth");
	cr_assert(stanza_child(error, "not-authorized", XMPP_NS_STANZAS_IETF));
	xmpp_stanza_release(stanza);
	xmpp_ctx_free(context);
}
