// SPDX-License-Identifier: GPL-2.0-or-later
// agent/lightweight-message.c: the bytes of a lightweight notification.
#include "agent/lightweight-message.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct lightweight_device device = {"001122-Gateway-S1", "001122", "Gateway", "S1"};

static int add(struct lightweight_message *message, const char *name, enum espalier_type type, const char *text)
{
	return lightweight_message_add(message, name, type, text, strlen(text));
}

// The signature was computed by Python's hmac.
Test(lightweight_message, R98_every_byte)
{
	static const char expected[] =
		"POST / HTTP/1.1\r\n"
		"Host: acs.example.com:7547\r\n"
		"Content-Type: text/xml; charset=utf-8\r\n"
		"Content-Length: 543\r\n"
		"Signature: EEC62943D7A29FDFE27939EDB5A9CDE511121F6F\r\n"
		"\r\n"
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<Notification xmlns=\"urn:broadband-forum-org:cwmp:lwnotif-1-0\""
		" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
		" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
		"<TS>1700000000</TS><UN>001122-Gateway-S1</UN><CN>0123456789abcdef</CN><OUI>001122</OUI>"
		"<ProductClass>Gateway</ProductClass><SerialNumber>S1</SerialNumber>"
		"<Param><Name>Device.A.B</Name><Value xsi:type=\"xsd:string\">a &lt; b &amp; c</Value></Param>"
		"<Param><Name>Device.A.C</Name><Value xsi:type=\"xsd:unsignedInt\">7</Value></Param>"
		"</Notification>\n";
	struct lightweight_message *message = malloc(sizeof(*message));
	long length;

	lightweight_message_begin(message, &device, 1700000000, "0123456789abcdef");
	cr_assert_eq(add(message, "Device.A.B", ESPALIER_STRING, "a < b & c"), 0);
	cr_assert_eq(add(message, "Device.A.C", ESPALIER_UNSIGNED_INT, "7"), 0);
	length = lightweight_message_end(message, "acs.example.com:7547", "secret");
	cr_assert_eq(length, (long)sizeof(expected) - 1);
	cr_expect_str_eq(message->datagram, expected);
	free(message);
}

Test(lightweight_message, R98_what_does_not_fit_goes_into_the_next)
{
	struct lightweight_message *message = malloc(sizeof(*message));
	char text[LIGHTWEIGHT_VALUE_MAXIMUM + 2];
	int count = 0;

	lightweight_message_begin(message, &device, 0, "n");
	while (!add(message, "Device.A.B", ESPALIER_STRING, "value"))
		count++;
	cr_expect_gt(count, 3);
	cr_expect_leq(message->length, LIGHTWEIGHT_DATAGRAM_USUAL);
	cr_expect_eq(add(message, "Device.A.B", ESPALIER_STRING, "value"), -ENOSPC);
	// A long one is alone, and fits with all its bytes escaped.
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	lightweight_message_begin(message, &device, 0, "n");
	cr_expect_eq(add(message, "Device.A.B", ESPALIER_STRING, text), -EMSGSIZE);
	text[sizeof(text) - 2] = 0;
	cr_expect_eq(add(message, "Device.A.B", ESPALIER_STRING, text), 0);
	cr_expect_eq(add(message, "Device.A.C", ESPALIER_STRING, ""), -ENOSPC);
	cr_expect_gt(lightweight_message_end(message, "h", ""), LIGHTWEIGHT_VALUE_MAXIMUM * 6);
	free(message);
}
