/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the kernel module, inside the virtual machine: each in a process of its own, with a time limit.
 *
 *     guest [TEST...]
 *
 * Prints a line for each: "PASS name", or "FAIL name: why".
 */
#include "tests/kmod/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEST_SECONDS 60

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{"header", test_header},
	{"mappings_refused", test_mappings_refused},
	{"calls_refused", test_calls_refused},
	{"fork_and_kill", test_fork_and_kill},
	{"nothing_sampled_unmapped", test_nothing_sampled_unmapped},
	{"period", test_period},
	{"module_held_by_readers", test_module_held_by_readers},
	{"interfaces_equal", test_interfaces_equal},
	{"cpus_equal", test_cpus_equal},
	{"system_equal", test_system_equal},
	{"churn", test_churn},
	{"capacity", test_capacity},
	{"namespaces", test_namespaces},
	{"queue_drops", test_queue_drops},
	{"perf_unavailable", test_perf_unavailable},
	{"perf_software", test_perf_software},
	{"cpu_hotplug", test_cpu_hotplug},
	{"load_unload", test_load_unload},
};

static const char *test_name;

void guest_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	va_list list;

	printf("FAIL %s: %s:%d: %s", test_name, file, line, condition);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

int guest_slowness(void)
{
	const char *text = getenv("SLOWNESS");
	int slowness = text ? atoi(text) : 1;

	return slowness > 0 ? slowness : 1;
}

uint64_t monotonic(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void sleep_ms(unsigned int milliseconds)
{
	const struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

int module_try_load(const char *file, const char *parameters)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

int module_try_unload(void)
{
	return syscall(SYS_delete_module, MODULE_NAME, O_NONBLOCK) ? -errno : 0;
}

void module_load(const char *file, const char *parameters)
{
	int error = module_try_load(file, parameters);

	CHECK(!error, "(%s %s: %s)", file, parameters, strerror(-error));
}

void module_unload(void)
{
	int error = module_try_unload();

	CHECK(!error, "(%s)", strerror(-error));
}

int parameter_set(const char *name, const char *value)
{
	char path[128];
	int fd, error = 0;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		error = -errno;
	close(fd);
	return error;
}

void page_open(struct kernel_counters *page)
{
	int error = kernel_counters_open(page, ESPALIER_COUNTERS_DEVICE);

	CHECK(!error, "(%s)", strerror(-error));
	page_wait(page, 1);
}

/* The sampling that runs has begun before: one more than asked for has to end. */
void page_wait(const struct kernel_counters *page, unsigned int samplings)
{
	uint64_t end = monotonic() + WAIT_SECONDS * 1000000000ull, first;
	struct kernel_counters_system system;

	CHECK(!kernel_counters_system(page, &system));
	first = system.samplings;
	while (system.samplings <= first + samplings) {
		CHECK(monotonic() < end, "(only %llu samplings)", (unsigned long long)(system.samplings - first));
		sleep_ms(1);
		CHECK(!kernel_counters_system(page, &system));
	}
}

const uint32_t *page_interface(const struct kernel_counters *page, uint32_t row)
{
	const uint32_t *words = (const uint32_t *)((const char *)page->header + page->interfaces.offset +
						   row * page->interfaces.stride);

	return words + ESPALIER_COUNTERS_ROW_WORDS + (words[0] & 1) * page->interfaces.slot_words;
}

uint32_t page_rows(const struct kernel_counters *page)
{
	uint32_t used = page->header->used, count = 0;

	for (uint32_t row = 0; row < used; row++)
		count += page_interface(page, row)[ESPALIER_INTERFACE_INDEX] != 0;
	return count;
}

static bool run(size_t number)
{
	pid_t child;
	int status;

	fflush(stdout);
	test_name = tests[number].name;
	child = fork();
	if (child == 0) {
		/* Whatever it starts ends with it. */
		setpgid(0, 0);
		alarm((unsigned int)(TEST_SECONDS * guest_slowness()));
		tests[number].run();
		printf("PASS %s\n", test_name);
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		printf("FAIL %s: no process\n", test_name);
		return false;
	}
	kill(-child, SIGKILL);
	if (WIFSIGNALED(status))
		printf("FAIL %s: %s\n", test_name, strsignal(WTERMSIG(status)));
	/* What a failed test left must not fail the next one. */
	if (status)
		links_clear();
	for (int tries = 0; module_try_unload() == -EWOULDBLOCK && tries < 100; tries++)
		sleep_ms(10);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	bool good = true;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		bool wanted = argc < 2;
		uint64_t begin = monotonic();

		for (int j = 1; j < argc; j++)
			wanted |= strcmp(argv[j], tests[i].name) == 0;
		if (!wanted)
			continue;
		good &= run(i);
		printf("(%llu ms)\n", (unsigned long long)(monotonic() - begin) / 1000000);
	}
	return !good;
}
