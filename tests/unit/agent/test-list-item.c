// SPDX-License-Identifier: GPL-2.0-or-later
// agent/list-item.c: the items of a list by commas.
#include "agent/list-item.h"

#include <criterion/criterion.h>
#include <string.h>

// The items, each behind a bar.
static const char *items_of(const char *list)
{
	static char text[256];
	const char *at = list, *end = list + strlen(list), *item;
	size_t filled = 0, length;

	while (list_item(&at, end, &item, &length)) {
		text[filled++] = '|';
		memcpy(text + filled, item, length);
		filled += length;
	}
	text[filled] = '\0';
	return text;
}

Test(list_item, items)
{
	static const char *const cases[][2] = {
		{"", ""},   {"a", "|a"},       {"a,b", "|a|b"}, {"  a b , c  ", "|a b|c"},
		{",", "|"}, {"a,,b", "|a||b"}, {"  ", "|"},	{"a,", "|a"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_expect_str_eq(items_of(cases[i][0]), cases[i][1], "\"%s\"", cases[i][0]);
}

Test(list_item, stays_within_its_bytes)
{
	const char bytes[] = {'a', ' ', ',', 'b', 'c'}, *at = bytes, *item;
	size_t length;

	cr_assert(list_item(&at, bytes + 4, &item, &length));
	cr_assert(list_item(&at, bytes + 4, &item, &length));
	cr_expect_eq(item, bytes + 3);
	cr_expect_eq(length, 1);
	cr_expect_not(list_item(&at, bytes + 4, &item, &length));
}
