/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The collector beside the kernel module, as it comes and goes: a file is in the module's place, the loopback counts.
 */
#include "module-page.h"
#include "netlink/collector.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOPBACK = 1 };
static const uint64_t far_ahead = 1ull << 60; /* of what the loopback has counted */

static struct collector collector;
static char folder[] = "/tmp/espalier-hardware-XXXXXX";

static void begin(void)
{
	static struct collector_settings settings = {.interval_ms = 1000, .notification_queue = NOTIFICATION_QUEUE};

	module_page_make();
	cr_assert(mkdtemp(folder));
	snprintf(settings.interfaces.pattern[0], sizeof(settings.interfaces.pattern[0]), "lo");
	settings.interfaces.count = 1;
	cr_assert_eq(collector_open(&collector, &settings, folder, folder), 0);
	collector.hardware.path = module_page_path;
	module_page_interface(0, LOOPBACK, far_ahead);
	module_page->used = 1;
}

static void end(void)
{
	struct dirent *entry;
	DIR *open_folder;

	collector_close(&collector);
	open_folder = opendir(folder);
	while ((entry = readdir(open_folder)))
		unlinkat(dirfd(open_folder), entry->d_name, 0);
	closedir(open_folder);
	rmdir(folder);
	module_page_remove();
}

TestSuite(hardware, .init = begin, .fini = end);

static struct espalier_row only(uint32_t object)
{
	return espalier_row_of(collector.writer, object, (struct espalier_row){0, 0});
}

static struct espalier_row stats(void)
{
	return espalier_row_of(collector.writer, OBJECT_IP_INTERFACE_STATS,
			       links_find(&collector, LOOPBACK)->row[LAYER_IP]);
}

static uint64_t number(struct espalier_row row, uint32_t parameter)
{
	struct espalier_value value = {.number = 0};

	cr_assert_eq(espalier_get(collector.writer, row, parameter, &value, NULL, 0), 0);
	return value.number;
}

static void expect_text(struct espalier_row row, uint32_t parameter, const char *text)
{
	struct espalier_value value;
	char buffer[256];

	cr_assert_eq(espalier_get(collector.writer, row, parameter, &value, buffer, sizeof(buffer)), 0);
	cr_expect(value.length == strlen(text) && memcmp(value.text, text, value.length) == 0, "%.*s is not %s",
		  (int)value.length, value.text, text);
}

static struct espalier_row cpu(uint32_t instance)
{
	return espalier_instance_find(collector.writer, OBJECT_HARDWARE_CPU, (struct espalier_row){0, 0}, instance);
}

static void expect_netlink(void)
{
	expect_text(stats(), STATS_SOURCE, "Netlink");
	cr_expect_lt(number(stats(), COUNTER_BYTES_SENT), far_ahead);
	expect_text(only(OBJECT_HARDWARE), HARDWARE_STATUS, "Disabled");
	cr_expect_eq(number(only(OBJECT_HARDWARE), HARDWARE_CPU_ENTRIES), 0);
	cr_expect_eq(number(only(OBJECT_HARDWARE_SYSTEM), SYSTEM_MEMORY_TOTAL), 0);
	cr_expect_eq(cpu(1).slot, 0);
}

static void expect_module(uint64_t base)
{
	expect_text(stats(), STATS_SOURCE, "KernelModule");
	/* The place in struct rtnl_link_stats64 */
	cr_expect_eq(number(stats(), COUNTER_BYTES_SENT), base + 3);
	expect_text(only(OBJECT_HARDWARE), HARDWARE_STATUS, "Enabled");
	cr_expect_eq(number(only(OBJECT_HARDWARE), HARDWARE_CPU_ENTRIES), MODULE_PAGE_CPUS);
}

static void interval(void)
{
	cr_assert_eq(synchronise_interval(&collector), 0);
}

/* Finds the page, and takes what it was first sampled. */
static void start(void)
{
	interval();
	module_page_sample(module_page_now());
	interval();
}

Test(hardware, without_the_module_all_is_by_netlink)
{
	collector.hardware.path = "/nonexistent";
	interval();
	interval();
	expect_netlink();
	/* A device that is something else */
	collector.hardware.path = module_page_path;
	module_page->magic++;
	interval();
	module_page_sample(module_page_now());
	interval();
	expect_netlink();
}

Test(hardware, a_module_that_comes_goes_and_comes_back)
{
	/* No sampling has ended when it is found. */
	interval();
	expect_netlink();
	module_page_sample(module_page_now());
	interval();
	expect_module(far_ahead);
	for (unsigned int round = 0; round < 3; round++) {
		module_page->state = ESPALIER_COUNTERS_CLOSING;
		interval();
		expect_netlink();
		/* Not mapped: it can be unloaded. */
		cr_expect_null(collector.hardware.page.header);
		module_page->state = ESPALIER_COUNTERS_LIVE;
		start();
		expect_module(far_ahead);
	}
}

Test(hardware, a_module_that_does_not_sample_is_not_used)
{
	start();
	expect_module(far_ahead);
	module_page_sample(module_page_now() - 5ull * MODULE_PAGE_SECOND);
	interval();
	expect_netlink();
	module_page_sample(module_page_now());
	interval();
	expect_module(far_ahead);
}

Test(hardware, counters_never_go_back)
{
	const struct counters smaller = {{[COUNTER_BYTES_SENT] = 1}};
	uint64_t before;

	interval();
	before = module_page_now();
	interval();
	/* The sampling began before netlink was asked last. */
	module_page_put(module_page_slot(&module_page->system, 0) + ESPALIER_SYSTEM_DURATION,
			module_page_now() - before);
	module_page_sample(module_page_now());
	interval();
	expect_text(stats(), STATS_SOURCE, "Netlink");
	module_page_put(module_page_slot(&module_page->system, 0) + ESPALIER_SYSTEM_DURATION, 0);
	module_page_sample(module_page_now());
	interval();
	expect_module(far_ahead);
	/* What a notification says is newer, and the next sampling may be older than it. */
	collector_counters(&collector, links_find(&collector, LOOPBACK)->slot, &smaller);
	expect_module(far_ahead);
	module_page_interface(0, LOOPBACK, far_ahead + 5);
	interval();
	expect_module(far_ahead + 5);
}

Test(hardware, an_interface_that_the_page_lacks_is_asked_for)
{
	module_page_interface(0, LOOPBACK + 1, far_ahead);
	start();
	expect_text(only(OBJECT_HARDWARE), HARDWARE_STATUS, "Enabled");
	expect_text(stats(), STATS_SOURCE, "Netlink");
	cr_expect_lt(number(stats(), COUNTER_BYTES_SENT), far_ahead);
	/* It gets a row. */
	module_page_interface(0, LOOPBACK, far_ahead);
	module_page_sample(module_page_now());
	interval();
	expect_module(far_ahead);
}

/* Where interfaces come and go here, rows that were taken before say nothing of those that are here now. */
Test(hardware, rows_of_links_that_went_do_not_count)
{
	start();
	expect_module(far_ahead);
	links_remove(&collector, links_find(&collector, LOOPBACK));
	cr_assert_eq(synchronise_all(&collector), 0);
	expect_text(stats(), STATS_SOURCE, "Netlink");
	module_page_sample(module_page_now());
	interval();
	expect_module(far_ahead);
}

Test(hardware, cpus_and_the_system)
{
	uint32_t *slot = module_page_slot(&module_page->cpus, 1);

	slot[ESPALIER_CPU_FLAGS] = ESPALIER_CPU_ONLINE | ESPALIER_CPU_HAS_CYCLES << 1;
	module_page_put(slot + ESPALIER_CPU_INTERRUPTS, 11);
	module_page_put(slot + ESPALIER_CPU_SOFTIRQ + 2 * 3, 12);
	module_page_put(slot + ESPALIER_CPU_STEAL, 13000);
	module_page_put(slot + ESPALIER_CPU_BACKLOG_DROPPED, 14);
	module_page_put(slot + ESPALIER_CPU_INSTRUCTIONS, 15);
	module_page_publish(&module_page->cpus, 1);
	for (int i = 0; i < 2; i++) {
		slot = module_page_slot(&module_page->system, 0);
		slot[ESPALIER_SYSTEM_LOAD_5] = 150;
		module_page_put(slot + ESPALIER_SYSTEM_MEMORY_TOTAL, 1ull << 33);
		module_page_put(slot + ESPALIER_SYSTEM_TIME_SQUEEZE, 16);
		module_page_publish(&module_page->system, 0);
	}
	start();
	cr_expect_eq(number(cpu(1), CPU_ONLINE), 0);
	expect_text(cpu(1), CPU_UNAVAILABLE, "Cycles,Instructions,CacheMisses,BranchMisses");
	cr_expect_eq(number(cpu(2), CPU_NUMBER), 1);
	cr_expect_eq(number(cpu(2), CPU_ONLINE), 1);
	expect_text(cpu(2), CPU_UNAVAILABLE, "Cycles,CacheMisses,BranchMisses");
	cr_expect_eq(number(cpu(2), CPU_INTERRUPTS), 11);
	cr_expect_eq(number(cpu(2), CPU_SOFTIRQS + 3), 12);
	cr_expect_eq(number(cpu(2), CPU_STEAL), 13);
	cr_expect_eq(number(cpu(2), CPU_BACKLOG_DROPPED), 14);
	cr_expect_eq(number(cpu(2), CPU_EVENTS + 1), 15);
	cr_expect_eq(cpu(MODULE_PAGE_CPUS + 1).slot, 0);
	cr_expect_eq(number(only(OBJECT_HARDWARE_SYSTEM), SYSTEM_LOAD_5), 150);
	cr_expect_eq(number(only(OBJECT_HARDWARE_SYSTEM), SYSTEM_MEMORY_TOTAL), 1ull << 33);
	cr_expect_eq(number(only(OBJECT_HARDWARE_SYSTEM), SYSTEM_TIME_SQUEEZE), 16);
}
