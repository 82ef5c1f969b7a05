/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of Criterion's interface that our unit tests use, for where Criterion itself cannot run: under
 * ThreadSanitizer, whose address space leaves no room for its arena, and on foreign processors, for which Debian has no
 * Criterion. Put tests/plain before the system's include folders, and link tests/plain/main.c.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/** A test, or with no run function the settings of a suite */
struct plain_test {
	const char *suite;
	const char *test;
	void (*run)(void);
	void (*init)(void);
	void (*fini)(void);
	int signal;    /* the signal that the test is to end by */
	int exit_code; /* the status that it is to end with */
	double timeout;
	bool disabled;
	const char *description;
	struct plain_test *next;
};

/** plain_register() - adds a test to those that main() runs; @test is static storage */
void plain_register(struct plain_test *test);

/** plain_failed() - prints where and what; a fatal failure ends the test's process */
void plain_failed(bool fatal, const char *file, int line, const char *what, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/** plain_skip() - ends the test's process, as skipped, for this reason */
_Noreturn void plain_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define PLAIN_REGISTER(Name, ...)                                                                                      \
	static struct plain_test Name##_test = {__VA_ARGS__};                                                          \
	__attribute__((constructor)) static void Name##_register(void)                                                 \
	{                                                                                                              \
		plain_register(&Name##_test);                                                                          \
	}
#define Test(Suite, Name, ...)                                                                                         \
	static void Suite##_##Name##_impl(void);                                                                       \
	PLAIN_REGISTER(Suite##_##Name, .suite = #Suite, .test = #Name, .run = Suite##_##Name##_impl, __VA_ARGS__)      \
	static void Suite##_##Name##_impl(void)
#define TestSuite(Suite, ...)                                                                                          \
	PLAIN_REGISTER(Suite##_suite, .suite = #Suite, __VA_ARGS__)                                                    \
	_Static_assert(1, "takes the semicolon")

#define PLAIN_CHECK(Fatal, Condition, What, ...)                                                                       \
	do {                                                                                                           \
		if (!(Condition))                                                                                      \
			plain_failed(Fatal, __FILE__, __LINE__, What, " " __VA_ARGS__);                                \
	} while (0)

#define cr_assert(c, ...)	       PLAIN_CHECK(true, c, #c, __VA_ARGS__)
#define cr_assert_not(c, ...)	       PLAIN_CHECK(true, !(c), "not " #c, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)	       PLAIN_CHECK(true, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)       PLAIN_CHECK(true, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)	       PLAIN_CHECK(true, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)       PLAIN_CHECK(true, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)	       PLAIN_CHECK(true, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)       PLAIN_CHECK(true, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_null(p, ...)	       PLAIN_CHECK(true, (p) == NULL, #p " is NULL", __VA_ARGS__)
#define cr_assert_not_null(p, ...)     PLAIN_CHECK(true, (p) != NULL, #p " is not NULL", __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)    PLAIN_CHECK(true, !strcmp(a, b), #a " == " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...)   PLAIN_CHECK(true, strcmp(a, b), #a " != " #b, __VA_ARGS__)
#define cr_assert_str_empty(a, ...)    PLAIN_CHECK(true, !(a)[0], #a " is empty", __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) PLAIN_CHECK(true, !memcmp(a, b, n), #a " == " #b, __VA_ARGS__)
#define cr_assert_fail(...)	       PLAIN_CHECK(true, false, "fail", __VA_ARGS__)

#define cr_expect(c, ...)	       PLAIN_CHECK(false, c, #c, __VA_ARGS__)
#define cr_expect_not(c, ...)	       PLAIN_CHECK(false, !(c), "not " #c, __VA_ARGS__)
#define cr_expect_eq(a, b, ...)	       PLAIN_CHECK(false, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...)       PLAIN_CHECK(false, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)	       PLAIN_CHECK(false, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...)       PLAIN_CHECK(false, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)	       PLAIN_CHECK(false, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...)       PLAIN_CHECK(false, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_null(p, ...)	       PLAIN_CHECK(false, (p) == NULL, #p " is NULL", __VA_ARGS__)
#define cr_expect_not_null(p, ...)     PLAIN_CHECK(false, (p) != NULL, #p " is not NULL", __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)    PLAIN_CHECK(false, !strcmp(a, b), #a " == " #b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...)   PLAIN_CHECK(false, strcmp(a, b), #a " != " #b, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...) PLAIN_CHECK(false, !memcmp(a, b, n), #a " == " #b, __VA_ARGS__)
#define cr_expect_fail(...)	       PLAIN_CHECK(false, false, "fail", __VA_ARGS__)

#define cr_skip(...)	  plain_skip(" " __VA_ARGS__)
#define cr_skip_test(...) plain_skip(" " __VA_ARGS__)
#define cr_log_info(...)  fprintf(stderr, __VA_ARGS__)
