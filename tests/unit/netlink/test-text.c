/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, masks and times as TR-181 writes them. */
#include "netlink/text.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

static int mask(const char *text)
{
	return text_mask_parse(text, strlen(text));
}

Test(text, every_mask_there_and_back)
{
	char text[TEXT_SIZE];

	for (unsigned int prefix = 0; prefix <= 32; prefix++) {
		text_mask(text, prefix);
		cr_expect_eq(mask(text), (int)prefix, "%s", text);
	}
	text_mask(text, 22);
	cr_expect_str_eq(text, "255.255.252.0");
	text_mask(text, 0);
	cr_expect_str_eq(text, "0.0.0.0");
}

Test(text, what_is_no_mask)
{
	static const char *const wrong[] = {"",	  "255.0.255.0", "0.0.0.1", "255.255.255",
					    "24", "/24",	 "ffff::",  "255.255.255.0 "};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(mask(wrong[i]), -1, "%s", wrong[i]);
	cr_expect_eq(text_mask_parse("255.255.255.0\0", 14), -1);
}

Test(text, mac)
{
	const uint8_t bytes[MAC_LENGTH] = {0, 0x1a, 0xff, 3, 4, 5};
	static const char *const wrong[] = {"", "00:1a:ff:03:04", "00-1a-ff-03-04-05", "00:1a:ff:03:04:0g",
					    "00:1a:ff:03:04:05:"};
	uint8_t read[MAC_LENGTH];
	char text[TEXT_SIZE];

	text_mac(text, bytes);
	cr_expect_str_eq(text, "00:1A:FF:03:04:05");
	cr_expect(text_mac_parse("00:1a:Ff:03:04:05", 17, read) && memcmp(read, bytes, sizeof(bytes)) == 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_not(text_mac_parse(wrong[i], strlen(wrong[i]), read), "%s", wrong[i]);
}

Test(text, address)
{
	uint8_t bytes[16];
	char text[TEXT_SIZE], longest[100];

	cr_assert(text_address_parse("2001:DB8::0:1", 13, AF_INET6, bytes));
	text_address(text, AF_INET6, bytes);
	cr_expect_str_eq(text, "2001:db8::1");
	cr_assert(text_address_parse("192.0.2.1x", 9, AF_INET, bytes));
	text_address(text, AF_INET, bytes);
	cr_expect_str_eq(text, "192.0.2.1");
	cr_expect_not(text_address_parse("192.0.2.256", 11, AF_INET, bytes));
	cr_expect_not(text_address_parse("192.0.2.1", 9, AF_INET6, bytes));
	memset(longest, '1', sizeof(longest));
	cr_expect_not(text_address_parse(longest, sizeof(longest), AF_INET6, bytes));
}

Test(text, times)
{
	static const char *const wrong[] = {"",
					    "2026-11-21",
					    "2026-13-01T00:00:00Z",
					    "2026-11-21T00:00:00+1",
					    "never",
					    "2026-11-21T00:00:00Zx",
					    "2026-11-21T00:00:00+99:00"};
	static const struct {
		const char *text;
		int64_t seconds;
	} right[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2000-02-29T12:00:00Z", 951825600},
		{"1970-01-01T01:00:00+01:00", 0},
		{"1969-12-31T23:30:00-00:30", 0},
		{"1970-01-01T00:00:01.250Z", 1},
		{"1970-01-01T00:00:02", 2},
		{"9999-12-31T23:59:59Z", TIME_INFINITE},
	};
	char text[TEXT_SIZE];
	int64_t seconds;

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		cr_expect(text_time_parse(right[i].text, strlen(right[i].text), &seconds), "%s", right[i].text);
		cr_expect_eq(seconds, right[i].seconds, "%s", right[i].text);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_not(text_time_parse(wrong[i], strlen(wrong[i]), &seconds), "%s", wrong[i]);
	text_time(text, 951825600);
	cr_expect_str_eq(text, "2000-02-29T12:00:00Z");
	text_time(text, TIME_INFINITE);
	cr_expect_str_eq(text, TIME_INFINITE_TEXT);
	text_time(text, INT64_MAX / 2);
	cr_expect_str_eq(text, TIME_INFINITE_TEXT);
}

Test(text, names)
{
	char text[IFNAMSIZ];

	text_name(text, "br-lan.1@x");
	cr_expect_str_eq(text, "br-lan.1@x");
	text_name(text, "a\xff\x01z");
	cr_expect_str_eq(text, "a??z");
}
