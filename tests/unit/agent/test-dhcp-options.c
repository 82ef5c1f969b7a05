// SPDX-License-Identifier: GPL-2.0-or-later
// What the options of a lease say, and what is refused.
#include "agent/dhcp-options.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL "http://a.example/"

static struct dhcp_values values;
static const char *remark;

// Reads the lease from memory of exactly its size, so that a sanitizer sees the first byte too many.
static int parse(const char *text)
{
	size_t length = strlen(text);
	char *copy = malloc(length ? length : 1);
	int error;

	memcpy(copy, text, length);
	error = dhcp_lease_parse(&values, copy, length, &remark);
	free(copy);
	return error;
}

// As the script writes it: the option's bytes in hexadecimal digits.
static int parse_option(const char *name, const char *bytes, size_t length)
{
	char text[2 * DHCP_OPTION_SIZE_MAX + 64];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s=", name);

	for (size_t i = 0; i < length; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%02x", (unsigned char)bytes[i]);
	snprintf(text + used, sizeof(text) - used, "\n");
	return parse(text);
}

#define OPTION(name, bytes) parse_option(name, bytes, sizeof(bytes) - 1)

static void expect(const char *url, const char *code, const char *wait, const char *multiplier)
{
	cr_assert_str_eq(values.url, url);
	cr_assert_str_eq(values.provisioning_code, code);
	cr_assert_str_eq(values.retry_minimum_wait, wait);
	cr_assert_str_eq(values.retry_multiplier, multiplier);
}

Test(dhcp_options, a_lease_without_options_says_nothing)
{
	cr_assert_eq(parse(""), 0);
	cr_assert_eq(parse("\n\noption43=\noption125=\noption17=\nother=zz\n"), 0);
	expect("", "", "", "");
	cr_assert_null(remark);
}

Test(dhcp_options, option_43)
{
	cr_assert_eq(OPTION("option43", "\1\x11" URL "\2\4AB.1\3\2"
					"07\4\4"
					"1500"),
		     0);
	expect(URL, "AB.1", "7", "1500");
	cr_assert_null(remark);
}

Test(dhcp_options, padding_end_and_unknown_codes_of_option_43)
{
	cr_assert_eq(OPTION("option43", "\0\0\x63\3xyz\0\1\x11" URL "\xff\1\x09ignored!!"), 0);
	expect(URL, "", "", "");
}

Test(dhcp_options, nul_at_the_end_is_dropped)
{
	cr_assert_eq(OPTION("option43", "\1\x12" URL "\0\2\3A\0\0"), 0);
	expect(URL, "A", "", "");
}

Test(dhcp_options, bare_url)
{
	cr_assert_eq(OPTION("option43", "HTTPS://acs.example/x\0"), 0);
	expect("HTTPS://acs.example/x", "", "", "");
	cr_assert_eq(OPTION("option43", "http://"), -EBADMSG);
}

Test(dhcp_options, option_125_of_the_enterprise_only)
{
	cr_assert_eq(OPTION("option125", "\0\0\0\x09\5\1\3abc\0\0\x0d\xe9\x13\1\x11" URL "\0\0\x0d\xe9\3\2\1Z"), 0);
	expect(URL, "Z", "", "");
}

Test(dhcp_options, option_125_is_preferred)
{
	cr_assert_eq(parse("option43=020158\noption125=00000de9030201 59\n"), -EBADMSG);
	cr_assert_eq(parse("option43=020158\noption125=00000de903020159\n"), 0);
	expect("", "Y", "", "");
	cr_assert_eq(parse("option43=020158\noption125=0000000903020159\n"), 0);
	expect("", "X", "", "");
}

Test(dhcp_options, option_17_of_dhcpv6)
{
	cr_assert_eq(OPTION("option17", "\0\0\x0d\xe9\0\1\0\x11" URL "\1\1\0\1?\0\3\0\2"
					"30"),
		     0);
	expect(URL, "", "30", "");
	cr_assert_eq(parse("option17=0000000900010003616263\noption17=00000de90002000142\n"), 0);
	expect("", "B", "", "");
}

// Every option, cut after each of its bytes, is refused or says less; nothing is read beyond its end.
Test(dhcp_options, cut_off_anywhere)
{
	static const char whole43[] = "\1\x11" URL "\2\1X";
	static const char whole125[] = "\0\0\x0d\xe9\x16\1\x11" URL "\2\1X";
	static const char whole17[] = "\0\0\x0d\xe9\0\1\0\x11" URL "\0\2\0\1X";

	for (size_t length = 1; length < sizeof(whole43) - 1; length++)
		cr_assert_eq(parse_option("option43", whole43, length), length == 19 ? 0 : -EBADMSG);
	for (size_t length = 1; length < sizeof(whole125) - 1; length++)
		cr_assert_eq(parse_option("option125", whole125, length), -EBADMSG);
	for (size_t length = 1; length < sizeof(whole17) - 1; length++)
		cr_assert_eq(parse_option("option17", whole17, length), length == 4 || length == 25 ? 0 : -EBADMSG);
	expect("", "", "", "");
	cr_assert_not_null(remark);
}

Test(dhcp_options, urls_that_are_none)
{
	static const char *const wrong[] = {"x",	   "ftp://a/",	    "http://", "http://u:p@a/",
					    "http://a/ b", "http://a/#\x80"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char option[64];

		snprintf(option, sizeof(option), "\1%c%s\2\1X", (char)strlen(wrong[i]), wrong[i]);
		cr_assert_eq(parse_option("option43", option, strlen(option)), -EBADMSG, "%s", wrong[i]);
		expect("", "", "", "");
	}
	cr_assert_eq(OPTION("option43", "\1\x0bhttp://a/\0b"), -EBADMSG);
}

Test(dhcp_options, other_values_are_left_out_alone)
{
	static const char *const wrong[] = {"\3\1x",
					    "\3\1"
					    "0",
					    "\3\5"
					    "65536",
					    "\3\x0c"
					    "00000000007x",
					    "\3\2-1",
					    "\4\3"
					    "999",
					    "\4\x0b"
					    "99999999999",
					    "\2\1\x7f",
					    "\2\2\xc3\xa9"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char option[64];

		snprintf(option, sizeof(option), "%s\1\x11" URL, wrong[i]);
		cr_assert_eq(parse_option("option43", option, strlen(option)), 0);
		expect(URL, "", "", "");
		cr_assert_not_null(remark);
	}
}

Test(dhcp_options, bounds)
{
	static char option[DHCP_OPTION_SIZE_MAX + 1], text[DHCP_LEASE_SIZE_MAX + 2];

	cr_assert_eq(parse_option("option43", option, DHCP_OPTION_SIZE_MAX), 0);
	cr_assert_eq(parse_option("option43", option, DHCP_OPTION_SIZE_MAX + 1), -EBADMSG);
	memset(option, 'a', sizeof(option));
	memcpy(option, URL, strlen(URL));
	cr_assert_eq(parse_option("option43", option, URL_LENGTH_MAX), 0);
	cr_assert_eq(strlen(values.url), URL_LENGTH_MAX);
	cr_assert_eq(parse_option("option43", option, URL_LENGTH_MAX + 1), -EBADMSG);
	memset(text, '\n', sizeof(text) - 1);
	cr_assert_eq(parse(text), -EBADMSG);
	text[DHCP_LEASE_SIZE_MAX] = 0;
	cr_assert_eq(parse(text), 0);
}

Test(dhcp_options, hexadecimal_digits)
{
	cr_assert_eq(parse("option43=02015"), -EBADMSG);
	cr_assert_eq(parse("option43=02015g"), -EBADMSG);
	cr_assert_eq(parse("option43=02015A"), 0);
	expect("", "Z", "", "");
}
