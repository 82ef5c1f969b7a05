/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests inside the virtual machine share. */
#pragma once

#include "netlink/channel.h"
#include "netlink/kernel-counters.h"

#include <stdbool.h>
#include <stdint.h>

#define MODULE_FILE    "/espalier_counters.ko"
#define MODULE_PERF    "/espalier_counters_software.ko" /* counts software events in place of hardware events */
#define MODULE_NAME    "espalier_counters"
#define PARAMETERS     "/sys/module/" MODULE_NAME "/parameters/"
#define TEST_GROUP     7u /* of the interfaces that tests make */
#define FIRST_INDEX    100000
#define WAIT_SECONDS   20
#define TEST_PERIOD_MS 20

/** Ends the test as failed, with the reason. */
#define CHECK(condition, ...)                                                                                          \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			guest_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__);                                   \
	} while (0)

void guest_fail(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((noreturn, format(printf, 4, 5)));

/** module_load() - loads the module with these parameters; module_unload() - unloads it, or fails the test */
void module_load(const char *file, const char *parameters);
void module_unload(void);
/** The same, returning 0 or -errno */
int module_try_load(const char *file, const char *parameters);
int module_try_unload(void);

/** Writes a parameter of the loaded module; returns 0 or -errno. */
int parameter_set(const char *name, const char *value);

/** page_open() - opens the page, or fails the test; page_wait() - waits for so many samplings that begin from now on */
void page_open(struct kernel_counters *page);
void page_wait(const struct kernel_counters *page, unsigned int samplings);

/** One word of the published copy of an interface's row, without a check: for rows that nobody changes */
const uint32_t *page_interface(const struct kernel_counters *page, uint32_t row);

/** Makes dummies "tN" with indices N from `first` on, renames them to "rN", deletes all of the test's group. */
void links_make(struct channel *channel, int first, int count);
void links_rename(struct channel *channel, int first, int count);
void links_delete(struct channel *channel);
/** Deletes what a failed test may have left. */
void links_clear(void);

/** Counts the rows of the page that are in use. */
uint32_t page_rows(const struct kernel_counters *page);

/** How many times less is to be done, and more time to be given, since the kernel is slow: $SLOWNESS, or 1 */
int guest_slowness(void);

uint64_t monotonic(void);
void sleep_ms(unsigned int milliseconds);

/* The tests; each returns when it passed, or ends by CHECK(). */
void test_header(void);
void test_mappings_refused(void);
void test_calls_refused(void);
void test_fork_and_kill(void);
void test_nothing_sampled_unmapped(void);
void test_period(void);
void test_module_held_by_readers(void);
void test_load_unload(void);
void test_interfaces_equal(void);
void test_cpus_equal(void);
void test_system_equal(void);
void test_churn(void);
void test_capacity(void);
void test_namespaces(void);
void test_queue_drops(void);
void test_perf_unavailable(void);
void test_perf_software(void);
void test_cpu_hotplug(void);
