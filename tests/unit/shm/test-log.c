/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: levels, prefixes, and one message is one line whatever is in it. */
#include "shm/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[2 * LOG_LINE_MAX];
static int saved_error;
static int ends[2];

static void begin(void)
{
	cr_assert_eq(pipe(ends), 0);
	saved_error = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	log_set_program("program");
}

static void end(void)
{
	size_t used = 0;
	ssize_t got;

	dup2(saved_error, STDERR_FILENO);
	close(saved_error);
	while (used < sizeof(text) - 1 && (got = read(ends[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	close(ends[0]);
}

Test(log, journal_levels_where_there_is_no_terminal)
{
	begin();
	log_set_level(LOG_DEBUG);
	log_error("e %d", 1);
	log_warning("w");
	log_notice("n");
	log_info("i");
	log_debug("d");
	end();
	cr_assert_str_eq(text, "<3>e 1\n<4>w\n<5>n\n<6>i\n<7>d\n");
}

Test(log, notice_is_the_first_level)
{
	begin();
	log_notice("n");
	log_info("i");
	end();
	cr_assert_str_eq(text, "<5>n\n");
}

Test(log, arguments_of_what_is_not_let_through_are_not_evaluated)
{
	int evaluated = 0;

	begin();
	log_info("%d", ++evaluated);
	end();
	cr_assert_eq(evaluated, 0);
}

Test(log, levels_stay_in_their_range)
{
	log_set_level(100);
	cr_assert_eq(log_level(), LOG_DEBUG);
	log_set_level(-1);
	cr_assert_eq(log_level(), LOG_ERR);
}

Test(log, control_characters_do_not_start_a_line)
{
	begin();
	log_error("a\nb\x1b[2J\xc3\xa4%s", "\r\n<3>forged");
	end();
	cr_assert_str_eq(text, "<3>a?b?[2J\xc3\xa4?\x3f<3>forged\n");
}

Test(log, long_messages_are_cut)
{
	char value[3000];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	begin();
	log_error("%s", value);
	end();
	cr_assert_leq(strlen(text), LOG_LINE_MAX);
	cr_assert_str_eq(text + strlen(text) - 5, "x...\n");
}

Test(log, errno_is_kept_and_can_be_printed)
{
	begin();
	errno = ENOSPC;
	log_error("%m");
	cr_assert_eq(errno, ENOSPC);
	end();
	cr_assert_str_eq(text, "<3>No space left on device\n");
}

Test(log, a_terminal_gets_names)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	ssize_t got;
	int slave;

	if (terminal < 0)
		cr_skip_test("this system has no pseudo-terminals");
	cr_assert_eq(grantpt(terminal), 0);
	cr_assert_eq(unlockpt(terminal), 0);
	slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	cr_assert_geq(slave, 0);
	saved_error = dup(STDERR_FILENO);
	dup2(slave, STDERR_FILENO);
	log_set_program("program");
	log_warning("w");
	dup2(saved_error, STDERR_FILENO);
	got = read(terminal, text, sizeof(text) - 1);
	cr_assert_gt(got, 0);
	text[got] = '\0';
	cr_assert_str_eq(text, "program: warning: w\r\n");
}
