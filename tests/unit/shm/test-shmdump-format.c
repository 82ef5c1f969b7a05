/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the tools write values: escapes, JSON, CSV, short figures. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shm/format.h"

static char *text;
static size_t size;
static FILE *stream;

static void begin(void)
{
	stream = open_memstream(&text, &size);
	cr_assert_not_null(stream);
}

static void expect(const char *wanted)
{
	fclose(stream);
	cr_assert_str_eq(text, wanted);
	free(text);
}

static void expect_json(const char *input, size_t length, const char *wanted)
{
	begin();
	format_json_string(stream, input, length);
	expect(wanted);
}

static void expect_csv(const char *input, const char *wanted)
{
	begin();
	format_csv_field(stream, input, strlen(input));
	expect(wanted);
}

static void expect_value(const struct espalier_parameter *parameter, const struct espalier_value *value,
			 const char *wanted)
{
	begin();
	format_json_value(stream, parameter, value);
	expect(wanted);
}

static void expect_decimal(const char *input, const char *wanted)
{
	struct espalier_parameter parameter = {.name = "A", .type = ESPALIER_DECIMAL};
	struct espalier_value value = {.type = ESPALIER_DECIMAL, .length = (uint32_t)strlen(input), .text = input};

	expect_value(&parameter, &value, wanted);
}

Test(format, utf8)
{
	cr_assert_eq(format_utf8("a", 1), 1);
	cr_assert_eq(format_utf8("\xC3\xA9", 2), 2);
	cr_assert_eq(format_utf8("\xE2\x82\xAC", 3), 3);
	cr_assert_eq(format_utf8("\xF0\x9F\x8C\xB3", 4), 4);
	cr_assert_eq(format_utf8("", 0), 0);
	cr_assert_eq(format_utf8("\xC3", 1), 0);
	cr_assert_eq(format_utf8("\x80", 1), 0);
	cr_assert_eq(format_utf8("\xC0\xAF", 2), 0, "an overlong form");
	cr_assert_eq(format_utf8("\xE0\x80\xAF", 3), 0, "an overlong form");
	cr_assert_eq(format_utf8("\xED\xA0\x80", 3), 0, "a surrogate");
	cr_assert_eq(format_utf8("\xF4\x90\x80\x80", 4), 0, "above U+10FFFF");
	cr_assert_eq(format_utf8("\xF8\x88\x80\x80", 4), 0);
}

Test(format, escaped_and_back)
{
	const char raw[] = "a\\b\nc\rd\te\x01\x7F\xC3\xA9\xFF\xC2\x9B";
	char copy[128];

	begin();
	format_escaped(stream, raw, sizeof(raw) - 1);
	fclose(stream);
	cr_assert_str_eq(text, "a\\\\b\\nc\\rd\\te\\x01\\x7F\xC3\xA9\\xFF\\xC2\\x9B");
	memcpy(copy, text, size);
	cr_assert_eq(format_unescape(copy, size), sizeof(raw) - 1);
	cr_assert_arr_eq(copy, raw, sizeof(raw) - 1);
	free(text);
}

Test(format, unescape_refuses)
{
	char wrong[][8] = {"\\", "\\a", "\\x", "\\x4", "\\x4g", "\\x00"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(format_unescape(wrong[i], strlen(wrong[i])), -EINVAL);
}

Test(format, json_string)
{
	expect_json("", 0, "\"\"");
	expect_json("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
	expect_json("\n\r\t\0\x1F\x7F", 6, "\"\\n\\r\\t\\u0000\\u001f\x7F\"");
	expect_json("\xC3\xA9\xFFz", 4, "\"\xC3\xA9\xEF\xBF\xBDz\"");
	expect_json("a\xE2\x82", 3, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

Test(format, json_numbers)
{
	struct espalier_parameter parameter = {.name = "A", .type = ESPALIER_UNSIGNED_LONG};
	struct espalier_value value = {.type = ESPALIER_UNSIGNED_LONG, .number = UINT64_MAX};

	expect_value(&parameter, &value, "18446744073709551615");
	parameter.type = ESPALIER_LONG;
	value.integer = INT64_MIN;
	expect_value(&parameter, &value, "-9223372036854775808");
	parameter.type = ESPALIER_INT;
	value.integer = 0;
	expect_value(&parameter, &value, "0");
	parameter.type = ESPALIER_BOOLEAN;
	value.number = 1;
	expect_value(&parameter, &value, "true");
	value.number = 0;
	expect_value(&parameter, &value, "false");
}

Test(format, json_list_is_a_string)
{
	struct espalier_parameter parameter = {.name = "A", .type = ESPALIER_INT, .flags = ESPALIER_LIST};
	struct espalier_value value = {.type = ESPALIER_STRING, .length = 3, .text = "1,2"};

	expect_value(&parameter, &value, "\"1,2\"");
}

Test(format, json_decimal)
{
	expect_decimal("12.50", "12.50");
	expect_decimal("+007.5", "7.5");
	expect_decimal("-.5", "-0.5");
	expect_decimal("3.", "3");
	expect_decimal("000", "0");
	expect_decimal("", "\"\"");
	expect_decimal(".", "\".\"");
	expect_decimal("1e5", "\"1e5\"");
	expect_decimal("-", "\"-\"");
}

Test(format, csv)
{
	expect_csv("plain", "plain");
	expect_csv("", "");
	expect_csv("a,b", "\"a,b\"");
	expect_csv("say \"x\"", "\"say \"\"x\"\"\"");
	expect_csv("two\r\nlines", "\"two\r\nlines\"");
	expect_csv("bad\xFF", "bad\xEF\xBF\xBD");
}

Test(format, limits)
{
	static const char *const items[] = {"Up", "a,b}", "\xC3\xA9", NULL};
	struct espalier_parameter parameter = {.name = "A", .type = ESPALIER_STRING, .maximum_length = 64};

	begin();
	format_limits(stream, &parameter);
	expect("(64)");
	parameter = (struct espalier_parameter){.name = "A", .type = ESPALIER_STRING, .enumeration = items};
	begin();
	format_limits(stream, &parameter);
	expect("{Up,a\\,b\\},\xC3\xA9}");
	parameter = (struct espalier_parameter){
		.name = "A", .type = ESPALIER_INT, .range = "-1,1:", .items = ":8", .flags = ESPALIER_LIST};
	begin();
	format_limits(stream, &parameter);
	expect("[-1,1:],list[:8]");
}

Test(format, ages)
{
	static const struct {
		uint64_t milliseconds;
		const char *text;
	} cases[] = {{0, "0.0s"},      {9999, "9.9s"},	  {10000, "10s"},
		     {119999, "119s"}, {120000, "2m"},	  {7199999, "119m"},
		     {7200000, "2h"},  {172800000, "2d"}, {UINT64_MAX, "213503982334d"}};
	char got[FORMAT_SHORT_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		format_age(got, cases[i].milliseconds);
		cr_assert_str_eq(got, cases[i].text);
	}
}

Test(format, rates)
{
	static const struct {
		double rate;
		const char *text;
	} cases[] = {{0, "0"},
		     {0.004, "0"},
		     {1, "+1.00"},
		     {-1.5, "-1.50"},
		     {9.996, "+10.0"},
		     {99.96, "+100"},
		     {999.4, "+999"},
		     {999.6, "+1.00k"},
		     {-12345678, "-12.3M"},
		     {1.8e19, "+18.0E"},
		     {5e30, "+5000000000000E"}};
	char got[FORMAT_SHORT_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		format_rate(got, cases[i].rate);
		cr_assert_str_eq(got, cases[i].text);
	}
}

Test(format, bytes)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {{0, "0"}, {1023, "1023"}, {1024, "1.0K"}, {1048575, "1.0M"}, {UINT64_MAX, "16.0E"}};
	char got[FORMAT_SHORT_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		format_bytes(got, cases[i].bytes);
		cr_assert_str_eq(got, cases[i].text);
	}
}
