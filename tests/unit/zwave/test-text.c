/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts, times, decimals, variables of Luup, URLs, the WebSocket handshake's answer. */
#include "zwave/http.h"
#include "zwave/luup-variables.h"
#include "zwave/text.h"
#include "zwave/websocket.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char *clean(const char *from, size_t length, size_t size, size_t characters)
{
	static char to[64];

	cr_assert_leq(size, sizeof(to));
	cr_expect_eq(text_clean(to, size, characters, from, length), strlen(to));
	return to;
}

Test(text, clean)
{
	cr_expect_str_eq(clean("caf\xc3\xa9", 5, 64, 64), "caf\xc3\xa9");
	cr_expect_str_eq(clean("a\0b\x07"
			       "c\x7f",
			       6, 64, 64),
			 "a?b?c?");
	cr_expect_str_eq(clean("\xff\xc0\x80\xed\xa0\x80\xe2\x82", 8, 64, 64), "????????");
	cr_expect_str_eq(clean("\xf0\x9f\x9a\xaa", 4, 64, 64), "\xf0\x9f\x9a\xaa");
	/* No character is cut. */
	cr_expect_str_eq(clean("ab\xc3\xa9", 4, 4, 64), "ab");
	cr_expect_str_eq(clean("ab\xc3\xa9", 4, 5, 64), "ab\xc3\xa9");
	cr_expect_str_eq(clean("ab\xc3\xa9"
			       "cd",
			       6, 64, 3),
			 "ab\xc3\xa9");
}

Test(text, times)
{
	char text[TEXT_NUMBER_SIZE];

	cr_expect_eq(text_time_parse("2026-11-21T07:43:40.132Z", 24), 1795247020);
	cr_expect_eq(text_time_parse("2026-11-21T08:43:40+01:00", 25), 1795247020);
	cr_expect_eq(text_time_parse("yesterday", 9), 0);
	cr_expect_eq(text_time_parse("2026-99-21T07:43:40Z", 20), 0);
	text_time(text, 1795247020);
	cr_expect_str_eq(text, "2026-11-21T07:43:40Z");
	text_time(text, 0);
	cr_expect_str_eq(text, "0001-01-01T00:00:00Z");
	text_time(text, INT64_MAX);
	cr_expect_str_eq(text, "0001-01-01T00:00:00Z");
}

Test(text, decimals)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {{22.9, "22.9"},   {0, "0"},     {-0.0, "0"}, {1.549, "1.549"}, {-5, "-5"},
		     {1e6, "1000000"}, {1e-30, "0"}, {1e300, ""}, {NAN, ""},	    {INFINITY, ""}};
	char text[TEXT_NUMBER_SIZE];
	double number;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_decimal(text, cases[i].number);
		cr_expect_str_eq(text, cases[i].text);
	}
	cr_expect(text_decimal_parse("-12.50", 6, &number) && number == -12.5);
	cr_expect_not(text_decimal_parse("1e5", 3, &number));
	cr_expect_not(text_decimal_parse("", 0, &number));
	cr_expect_not(text_decimal_parse("1.2.3", 5, &number));
}

Test(luup, capabilities)
{
	static const char text[] = "219,156,1,4,16,1,L,R,B,RS,|32,37:2,152";
	struct luup_capabilities capabilities;

	cr_expect(luup_capabilities(text, strlen(text), &capabilities));
	cr_expect(capabilities.listening && capabilities.byte[0] == 219 && capabilities.byte[5] == 1);
	cr_expect(capabilities.class_count == 3 && capabilities.classes[1] == 37);
	for (size_t cut = 0; cut < strlen("219,156,1,4,16,1"); cut++)
		cr_expect_not(luup_capabilities(text, cut, &capabilities), "%zu", cut);
	cr_expect_not(luup_capabilities("1,2,3,4,5,256", 13, &capabilities));
}

Test(luup, home_id_and_service)
{
	uint32_t home_id;
	size_t length;

	cr_expect(luup_home_id("House: 0192a3b4 Node 1", 22, &home_id) && home_id == 0x0192a3b4);
	cr_expect(luup_home_id("C0FFEE01", 8, &home_id) && home_id == 0xc0ffee01);
	cr_expect_not(luup_home_id("123456789", 9, &home_id));
	cr_expect_not(luup_home_id("", 0, &home_id));
	/* The paper prints a dot where the boxes have a hyphen. */
	cr_expect_eq(strncmp(luup_service("urn:micasaverde.com:serviceId:HaDevice1", 39, &length), "HaDevice1", 9), 0);
	cr_expect_eq(length, 9);
	cr_expect_null(luup_service("HaDevice1", 9, &length));
}

Test(http, urls)
{
	static const char *const bad[] = {"",
					  "x",
					  "http://",
					  "http://a:b@c/",
					  "http://a/?q",
					  "http://a b/",
					  "http://a:99999/",
					  "http://a/#f",
					  "http://a\n/"};
	struct url url;

	cr_expect_eq(url_parse("ws://gateway.lan", "3000", &url), 0);
	cr_expect_str_eq(url.host, "gateway.lan");
	cr_expect_str_eq(url.port, "3000");
	cr_expect_str_eq(url.path, "/");
	cr_expect_eq(url_parse("http://[::1]:3480/port_3480", "1", &url), 0);
	cr_expect_str_eq(url.host, "::1");
	cr_expect_str_eq(url.port, "3480");
	cr_expect_str_eq(url.path, "/port_3480");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_neq(url_parse(bad[i], "1", &url), 0, "%s", bad[i]);
}

Test(http, escaping)
{
	char target[24] = "/x?";

	cr_expect(http_escape(target, sizeof(target), "a b&c/\xc3\xa9", 8));
	cr_expect_str_eq(target, "/x?a%20b%26c%2F%C3%A9");
	cr_expect_not(http_escape(target, sizeof(target), "more", 4));
}

Test(websocket, accept_is_that_of_the_rfc)
{
	char accept[WEBSOCKET_ACCEPT_SIZE];

	websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept);
	cr_expect_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
