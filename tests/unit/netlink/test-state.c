/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What outlives the collector: aliases and addresses in its state file, and numbers. */
#include "netlink/numbers.h"
#include "netlink/state.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/espalier-state-XXXXXX";
static char file[64], temporary[80];

static void begin(void)
{
	cr_assert(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/state", folder);
	snprintf(temporary, sizeof(temporary), "%s.new", file);
}

static void end(void)
{
	unlink(file);
	rmdir(folder);
}

static void write_file(const char *text)
{
	FILE *to = fopen(file, "w");

	fputs(text, to);
	fclose(to);
}

Test(state, there_and_back, .init = begin, .fini = end)
{
	struct state state;

	cr_assert_eq(state_open(&state, file), 0);
	cr_expect_null(state_get(&state, STATE_ALIAS, "Device.IP.Interface.1."));
	cr_expect_eq(state_set(&state, STATE_ALIAS, "Device.IP.Interface.1.", "my  lan "), 0);
	cr_expect_eq(state_set(&state, STATE_ADDRESS, "Device.IP.Interface.1.IPv4Address.1.", "192.0.2.1/24 disabled"),
		     0);
	cr_expect_eq(state_set(&state, STATE_ALIAS, "Device.IP.Interface.1.IPv4Address.1.", "x"), 0);
	cr_expect_eq(state_set(&state, STATE_ALIAS, "Device.IP.Interface.10.", "ten"), 0);
	cr_assert_eq(state_save(&state), 0);
	cr_expect_eq(access(temporary, F_OK), -1);
	state_close(&state);
	cr_assert_eq(state_open(&state, file), 0);
	cr_expect_str_eq(state_get(&state, STATE_ALIAS, "Device.IP.Interface.1."), "my  lan ");
	cr_expect_str_eq(state_get(&state, STATE_ADDRESS, "Device.IP.Interface.1.IPv4Address.1."),
			 "192.0.2.1/24 disabled");
	state_remove_below(&state, "Device.IP.Interface.1.");
	cr_expect_null(state_get(&state, STATE_ALIAS, "Device.IP.Interface.1."));
	cr_expect_null(state_get(&state, STATE_ADDRESS, "Device.IP.Interface.1.IPv4Address.1."));
	cr_expect_str_eq(state_get(&state, STATE_ALIAS, "Device.IP.Interface.10."), "ten");
	cr_expect_eq(state_set(&state, STATE_ALIAS, "Device.IP.Interface.10.", NULL), 0);
	cr_assert_eq(state_save(&state), 0);
	state_close(&state);
	cr_assert_eq(state_open(&state, file), 0);
	cr_expect_eq(state.count, 0);
	state_close(&state);
}

Test(state, what_would_break_a_line_is_refused, .init = begin, .fini = end)
{
	struct state state;

	cr_assert_eq(state_open(&state, file), 0);
	cr_expect_eq(state_set(&state, STATE_ALIAS, "a.", "one\ntwo"), -EINVAL);
	cr_expect_eq(state_set(&state, STATE_ALIAS, "a b.", "one"), -EINVAL);
	cr_expect_eq(state.count, 0);
	state_close(&state);
}

Test(state, a_damaged_file_costs_its_bad_lines_only, .init = begin, .fini = end)
{
	struct state state;

	write_file(
		"# comment\nalias Device.A. good\nnonsense\nalias nothing\nother Device.B. x\n\nalias Device.C. last");
	cr_assert_eq(state_open(&state, file), 0);
	cr_expect_eq(state.count, 2);
	cr_expect_str_eq(state_get(&state, STATE_ALIAS, "Device.A."), "good");
	cr_expect_str_eq(state_get(&state, STATE_ALIAS, "Device.C."), "last");
	state_close(&state);
}

Test(state, a_folder_that_is_gone_is_an_error)
{
	struct state state;

	cr_assert_eq(state_open(&state, "/nonexistent/state"), 0);
	cr_expect_eq(state_set(&state, STATE_ALIAS, "a.", "one"), 0);
	cr_expect_eq(state_save(&state), -ENOENT);
	cr_expect(state.changed);
	state_close(&state);
}

Test(numbers, a_key_that_comes_back_has_its_number, .init = begin, .fini = end)
{
	struct numbers numbers;
	uint32_t first, second, number;

	cr_assert_eq(numbers_open(&numbers, file), 0);
	cr_assert_eq(numbers_get(&numbers, "T.", "a", &first), 0);
	cr_assert_eq(numbers_get(&numbers, "T.", "b", &second), 0);
	cr_expect_neq(first, second);
	numbers_release(&numbers, "T.", "a");
	cr_assert_eq(numbers_get(&numbers, "T.", "c", &number), 0);
	cr_expect_neq(number, first);
	cr_assert_eq(numbers_get(&numbers, "T.", "a", &number), 0);
	cr_expect_eq(number, first);
	cr_assert_eq(numbers_rename(&numbers, "T.", "a", "b"), 0);
	cr_assert_eq(numbers_get(&numbers, "T.", "b", &number), 0);
	cr_expect_eq(number, first);
	numbers_close(&numbers);
	cr_assert_eq(numbers_open(&numbers, file), 0);
	cr_assert_eq(numbers_get(&numbers, "T.", "b", &number), 0);
	cr_expect_eq(number, first);
	numbers_close(&numbers);
}

Test(numbers, the_vanished_are_forgotten_in_turn, .init = begin, .fini = end)
{
	struct numbers numbers;
	uint32_t first, number;
	char key[16];

	cr_assert_eq(numbers_open(&numbers, file), 0);
	cr_assert_eq(numbers_get(&numbers, "T.", "a", &first), 0);
	numbers_release(&numbers, "T.", "a");
	for (unsigned int i = 0; i < NUMBERS_GONE_MAXIMUM; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		cr_assert_eq(numbers_get(&numbers, "T.", key, &number), 0);
		numbers_release(&numbers, "T.", key);
	}
	cr_assert_eq(numbers_get(&numbers, "T.", "a", &number), 0);
	cr_expect_gt(number, first);
	numbers_close(&numbers);
}
