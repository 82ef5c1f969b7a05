/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs unit tests where Criterion cannot run: each in a process of its own, and counts. See criterion/criterion.h. */
#include "tests/plain/criterion/criterion.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_FAILED  101
#define STATUS_SKIPPED 102
#define SECONDS_A_TEST 600

static struct plain_test *tests;
static bool has_failed;

void plain_register(struct plain_test *test)
{
	struct plain_test **last = &tests;

	while (*last)
		last = &(*last)->next;
	*last = test;
}

void plain_failed(bool fatal, const char *file, int line, const char *what, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: %s:", file, line, what);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	has_failed = true;
	if (fatal)
		_exit(STATUS_FAILED);
}

void plain_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	_exit(STATUS_SKIPPED);
}

static const struct plain_test *suite_of(const struct plain_test *test)
{
	for (const struct plain_test *suite = tests; suite; suite = suite->next)
		if (!suite->run && strcmp(suite->suite, test->suite) == 0)
			return suite;
	return NULL;
}

static void call(void (*function)(void))
{
	if (function)
		function();
}

static _Noreturn void run_test(const struct plain_test *test)
{
	const struct plain_test *suite = suite_of(test);

	alarm(SECONDS_A_TEST);
	call(suite ? suite->init : NULL);
	call(test->init);
	test->run();
	call(test->fini);
	call(suite ? suite->fini : NULL);
	exit(has_failed ? STATUS_FAILED : 0);
}

/* Returns 0, STATUS_FAILED or STATUS_SKIPPED. */
static int run_in_child(const struct plain_test *test)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0)
		run_test(test);
	if (child < 0)
		return STATUS_FAILED;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return STATUS_FAILED;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == test->signal ? 0 : STATUS_FAILED;
	if (WEXITSTATUS(status) == STATUS_SKIPPED)
		return STATUS_SKIPPED;
	return WEXITSTATUS(status) == test->exit_code && !test->signal ? 0 : STATUS_FAILED;
}

int main(void)
{
	int passed = 0;
	int failed = 0;
	int skipped = 0;

	for (const struct plain_test *test = tests; test; test = test->next) {
		int result;

		if (!test->run)
			continue;
		result = test->disabled ? STATUS_SKIPPED : run_in_child(test);
		if (result == 0) {
			passed++;
			continue;
		}
		printf("%s: %s %s\n", result == STATUS_SKIPPED ? "skipped" : "failed", test->suite, test->test);
		if (result == STATUS_SKIPPED)
			skipped++;
		else
			failed++;
	}
	printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
	return failed || !passed;
}
