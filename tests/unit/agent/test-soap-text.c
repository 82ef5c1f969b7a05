/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and text as XML. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/soap-text.h"

static void check_unsigned(uint64_t number)
{
	char is[SOAP_NUMBER_SIZE], should[SOAP_NUMBER_SIZE];

	*soap_put_unsigned(is, number) = '\0';
	snprintf(should, sizeof(should), "%" PRIu64, number);
	cr_assert_str_eq(is, should);
}

static void check_signed(int64_t number)
{
	char is[SOAP_NUMBER_SIZE], should[SOAP_NUMBER_SIZE];

	*soap_put_signed(is, number) = '\0';
	snprintf(should, sizeof(should), "%" PRId64, number);
	cr_assert_str_eq(is, should);
}

Test(soap_text, numbers_of_all_lengths)
{
	uint64_t power = 1;

	for (int digits = 0; digits < 20; digits++, power *= 10) {
		check_unsigned(power - 1);
		check_unsigned(power);
		check_unsigned(power + 1);
		check_signed((int64_t)power);
		check_signed(-(int64_t)power);
	}
	for (int bit = 0; bit < 64; bit++) {
		check_unsigned(1ull << bit);
		check_unsigned((1ull << bit) - 1);
	}
	check_unsigned(UINT64_MAX);
	check_signed(INT64_MIN);
	check_signed(INT64_MAX);
	check_signed(-1);
}

Test(soap_text, numbers_below_a_million)
{
	for (uint64_t number = 0; number < 1000000; number += 7)
		check_unsigned(number);
}

/* The same text from private and from shared memory, at all distances from the end of a word. */
static void check_text(const char *text, size_t length, const char *should)
{
	size_t words = (length + 3) / 4;
	uint32_t *shared = calloc(words + 1, sizeof(*shared));
	char *room = malloc(SOAP_ESCAPE_MAXIMUM * length + SOAP_TEXT_SLACK + 1);
	char *private = malloc(length + 1);

	memcpy(shared, text, length);
	memcpy(private, text, length);
	*soap_put_text(room, private, length) = '\0';
	cr_expect_str_eq(room, should);
	*soap_put_shared_text(room, shared, length) = '\0';
	cr_expect_str_eq(room, should);
	free(private);
	free(room);
	free(shared);
}

#define CHECK_TEXT(text, should) check_text(text, sizeof(text) - 1, should)

Test(soap_text, escapes)
{
	CHECK_TEXT("", "");
	CHECK_TEXT("plain", "plain");
	CHECK_TEXT(" not trimmed ", " not trimmed ");
	CHECK_TEXT("<>&\"'", "&lt;&gt;&amp;&quot;&apos;");
	CHECK_TEXT("eight by<te", "eight by&lt;te");
	CHECK_TEXT("=?;:%$#!(", "=?;:%$#!(");
	CHECK_TEXT("tab\tline\nreturn\r", "tab\tline\nreturn&#13;");
	CHECK_TEXT("]]>", "]]&gt;");
	CHECK_TEXT("delete \x7f", "delete \x7f");
}

Test(soap_text, every_byte_at_every_place)
{
	for (int byte = 1; byte < 128; byte++) {
		for (int place = 0; place < 11; place++) {
			char text[] = "abcdefghijk", should[64];
			const char *escaped = (char[]){(char)byte, 0};

			if (byte == '<')
				escaped = "&lt;";
			else if (byte == '>')
				escaped = "&gt;";
			else if (byte == '&')
				escaped = "&amp;";
			else if (byte == '"')
				escaped = "&quot;";
			else if (byte == '\'')
				escaped = "&apos;";
			else if (byte == '\r')
				escaped = "&#13;";
			else if (byte < ' ' && byte != '\t' && byte != '\n')
				escaped = "\xef\xbf\xbd";
			text[place] = (char)byte;
			snprintf(should, sizeof(should), "%.*s%s%s", place, text, escaped, text + place + 1);
			check_text(text, 11, should);
		}
	}
}

Test(soap_text, nul_never_leaves)
{
	CHECK_TEXT("a\0b", "a\xef\xbf\xbd"
			   "b");
}

Test(soap_text, utf_8)
{
	CHECK_TEXT("Gr\xc3\xbc\xc3\x9f Gott", "Gr\xc3\xbc\xc3\x9f Gott");
	CHECK_TEXT("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	CHECK_TEXT("1234567\xf0\x9f\x8c\xb3tree", "1234567\xf0\x9f\x8c\xb3tree");
	CHECK_TEXT("\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd");
}

#define REPLACED "\xef\xbf\xbd"

Test(soap_text, what_is_not_utf_8_or_xml_is_replaced)
{
	CHECK_TEXT("\xff", REPLACED);
	CHECK_TEXT("\x80x", REPLACED "x");
	CHECK_TEXT("\xc0\x80", REPLACED REPLACED);			     /* overlong */
	CHECK_TEXT("\xe0\x80\x80", REPLACED REPLACED REPLACED);		     /* overlong */
	CHECK_TEXT("\xed\xa0\x80", REPLACED REPLACED REPLACED);		     /* surrogate */
	CHECK_TEXT("\xf0\x80\x80\x80", REPLACED REPLACED REPLACED REPLACED); /* overlong */
	CHECK_TEXT("\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED); /* beyond U+10FFFF */
	CHECK_TEXT("\xef\xbf\xbf", REPLACED REPLACED REPLACED);		     /* U+FFFF */
	CHECK_TEXT("\xc3", REPLACED);					     /* cut off */
	CHECK_TEXT("seven..\xe2\x82", "seven.." REPLACED REPLACED);
	CHECK_TEXT("\xe2\x82<", REPLACED REPLACED "&lt;");
}
