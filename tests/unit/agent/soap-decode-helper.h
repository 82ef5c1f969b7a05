/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the SOAP decoder share: messages from parts, and a decoder for each test. */
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/soap-decode.h"
#include "agent/soap-methods.h"

#define ENVELOPE                                                                                                       \
	"<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" "                                           \
	"xmlns:enc=\"http://schemas.xmlsoap.org/soap/encoding/\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "      \
	"xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:cwmp=\"urn:dslforum-org:cwmp-1-2\">"
#define ID		"<cwmp:ID e:mustUnderstand=\"1\">42</cwmp:ID>"
#define HEADER(entries) "<e:Header>" entries "</e:Header>"
#define END		"</e:Envelope>"
#define MESSAGE(body)	ENVELOPE HEADER(ID) "<e:Body>" body "</e:Body>" END

static inline struct soap_decoder *new_decoder(void)
{
	struct soap_decoder *decoder = soap_decoder_create(soap_methods, soap_methods_count);

	cr_assert_not_null(decoder);
	return decoder;
}

static inline int decode_bytes(struct soap_decoder *decoder, const void *data, size_t length,
			       const struct soap_message **message)
{
	soap_decoder_feed(decoder, data, length);
	return soap_decoder_finish(decoder, message);
}

/* Decodes text that must be a message. */
static inline const struct soap_message *decode(struct soap_decoder *decoder, const char *text)
{
	const struct soap_message *message;
	int error = decode_bytes(decoder, text, strlen(text), &message);

	cr_assert_eq(error, 0, "%s: %s", text, soap_decoder_error(decoder));
	return message;
}

/* Decodes text that must end the session. */
static inline void refuse(struct soap_decoder *decoder, const char *text, int expected)
{
	const struct soap_message *message;
	int error = decode_bytes(decoder, text, strlen(text), &message);

	cr_assert_eq(error, expected, "%.300s: %d", text, error);
	cr_assert_null(message);
	cr_assert_neq(soap_decoder_error(decoder)[0], '\0');
}

static inline void expect(struct soap_string actual, const char *expected)
{
	cr_assert_not_null(actual.data, "absent instead of '%s'", expected);
	cr_assert_eq(actual.length, strlen(expected), "'%s' instead of '%s'", actual.data, expected);
	cr_assert_str_eq(actual.data, expected);
}

static inline void expect_fault(const struct soap_message *message, unsigned int code, const char *text)
{
	cr_assert_eq(message->kind, SOAP_MESSAGE_REQUEST);
	cr_assert_eq(message->fault_code, code, "%u %s", message->fault_code, message->fault_text);
	cr_assert_str_eq(message->fault_text, text);
	cr_assert_null(message->request);
}
