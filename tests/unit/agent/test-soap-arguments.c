/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single arguments: the lexical forms of numbers and booleans, and characters counted in UTF-8. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "agent/soap-arguments.h"

TestSuite(soap_arguments, .timeout = 30);

static struct soap_string string(const char *text)
{
	return (struct soap_string){.data = text, .length = strlen(text)};
}

Test(soap_arguments, unsigned_int)
{
	static const struct {
		const char *text;
		int error;
		uint32_t value;
	} cases[] = {
		{"0", 0, 0},
		{"4294967295", 0, UINT32_MAX},
		{" \t\r\n7 ", 0, 7},
		{"+7", 0, 7},
		{"-0", 0, 0},
		{"0000000000000000000000000000000000000007", 0, 7},
		{"4294967296", -ERANGE, 0},
		{"99999999999999999999999999999999999999999999", -ERANGE, 0},
		{"-1", -ERANGE, 0},
		{"", -EINVAL, 0},
		{" ", -EINVAL, 0},
		{"+", -EINVAL, 0},
		{"+-1", -EINVAL, 0},
		{"1 2", -EINVAL, 0},
		{"0x1", -EINVAL, 0},
		{"1.0", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"\xc2\xa0"
		 "1",
		 -EINVAL, 0},
	};
	static const struct soap_argument argument = {.kind = SOAP_UNSIGNED_INT};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t value = 0;

		cr_assert_eq(soap_argument_decode(&argument, string(cases[i].text), &value), cases[i].error, "'%s'",
			     cases[i].text);
		cr_assert_eq(value, cases[i].value, "'%s'", cases[i].text);
	}
}

Test(soap_arguments, int_range)
{
	static const struct soap_argument argument = {.kind = SOAP_INT};
	int32_t value = 0;

	cr_assert_eq(soap_argument_decode(&argument, string("-2147483648"), &value), 0);
	cr_assert_eq(value, INT32_MIN);
	cr_assert_eq(soap_argument_decode(&argument, string(" 2147483647 "), &value), 0);
	cr_assert_eq(value, INT32_MAX);
	cr_assert_eq(soap_argument_decode(&argument, string("2147483648"), &value), -ERANGE);
	cr_assert_eq(soap_argument_decode(&argument, string("-2147483649"), &value), -ERANGE);
	cr_assert_eq(soap_argument_decode(&argument, string("-"), &value), -EINVAL);
}

Test(soap_arguments, boolean)
{
	static const char *const words[] = {"1", "true", " true\n", "0", "false", " 0 "};
	static const char *const others[] = {"", "2", "TRUE", "yes", "10", "tru", "truee", "00"};
	static const struct soap_argument argument = {.kind = SOAP_BOOLEAN};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		bool value = i >= 3;

		cr_assert_eq(soap_argument_decode(&argument, string(words[i]), &value), 0);
		cr_assert_eq(value, i < 3);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		bool value = false;

		cr_assert_eq(soap_argument_decode(&argument, string(others[i]), &value), -EINVAL, "'%s'", others[i]);
	}
}

Test(soap_arguments, strings_are_counted_in_characters)
{
	static const struct soap_argument argument = {.kind = SOAP_STRING, .characters_maximum = 3};
	struct soap_string value = {0};

	cr_assert_eq(soap_argument_decode(&argument, string("a\xe2\x82\xac\xf0\x9f\x98\x80"), &value), 0);
	cr_assert_eq(value.length, 8);
	cr_assert_eq(soap_argument_decode(&argument, string("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"), &value), -EMSGSIZE);
	cr_assert_eq(soap_argument_decode(&argument, string("    "), &value), -EMSGSIZE, "blanks count");
	cr_assert_eq(soap_argument_decode(&argument, string(""), &value), 0);
}

struct example {
	bool flag;
	uint32_t needed;
	uint32_t optional;
	uint32_t with_flag;
};

Test(soap_arguments, missing_ones)
{
	static const struct soap_argument table[] = {
		{.name = "Flag", .kind = SOAP_BOOLEAN, .presence = SOAP_OPTIONAL},
		{.name = "Needed", .kind = SOAP_UNSIGNED_INT, .offset = offsetof(struct example, needed)},
		{.name = "Optional", .kind = SOAP_UNSIGNED_INT, .presence = SOAP_OPTIONAL},
		{.name = "WithFlag",
		 .kind = SOAP_UNSIGNED_INT,
		 .presence = SOAP_REQUIRED_IF,
		 .condition_offset = offsetof(struct example, flag)},
		{.name = NULL},
	};
	struct example example = {.flag = false};

	cr_assert_null(soap_arguments_missing(NULL, 0, NULL));
	cr_assert_eq(soap_arguments_missing(table, 0, &example), &table[1]);
	cr_assert_null(soap_arguments_missing(table, 1U << 1, &example));
	example.flag = true;
	cr_assert_eq(soap_arguments_missing(table, 1U << 1, &example), &table[3]);
	cr_assert_null(soap_arguments_missing(table, 1U << 1 | 1U << 3, &example));
	cr_assert_eq(soap_argument_find(table, "WithFlag"), 3);
	cr_assert_eq(soap_argument_find(table, "withflag"), -ENOENT);
	cr_assert_eq(soap_argument_find(NULL, "Flag"), -ENOENT);
}
