// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes what an XMPP server sends: stanzas, and the messages of SCRAM; and the messages of the neighbour.
#include "agent/xmpp-judge.h"
#include "agent/xmpp-scram.h"
#include "agent/xmpp/stanza.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_stanza(const char *text)
{
	static const xmpp_log_t quiet;
	static struct xmpp_request request;
	xmpp_ctx_t *context = xmpp_ctx_new(NULL, &quiet);
	xmpp_stanza_t *stanza = xmpp_stanza_new_from_string(context, text);

	if (stanza) {
		enum stanza_form form = stanza_read(stanza, &request);
		xmpp_stanza_t *answer;

		if (form == STANZA_REQUEST)
			xmpp_sender_allowed(request.username, request.from);
		if (form != STANZA_NOT_ASKED) {
			assert(strlen(xmpp_stanza_get_id(stanza)) <= STANZA_ID_MAXIMUM);
			answer = stanza_error(context, xmpp_stanza_get_id(stanza), request.from, "auth",
					      "not-authorized");
			assert(answer);
			xmpp_stanza_release(answer);
		}
		xmpp_stanza_release(stanza);
	}
	xmpp_ctx_free(context);
}

static void read_challenge(const char *text)
{
	static struct scram scram;
	char message[SCRAM_MESSAGE_SIZE];
	const char *iterations = strstr(text, "i=");

	// More rounds find nothing more.
	if (iterations && strtoul(iterations + 2, NULL, 10) > SCRAM_ITERATIONS_MINIMUM)
		return;
	if (scram_start(&scram, SCRAM_SHA_1, "user", "abc", message) > 0 &&
	    scram_answer(&scram, text, "secret", message) > 0)
		assert(!scram_verify(&scram, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static union xmpp_message message;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	read_stanza(text);
	read_challenge(text);
	if (size <= sizeof(message)) {
		memcpy(&message, data, size);
		if (xmpp_message_good(&message, size) && message.head.kind == XMPP_REQUEST)
			assert(strlen(message.request.from) < XMPP_JID_SIZE);
	}
	free(text);
	return 0;
}
