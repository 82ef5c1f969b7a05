/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel module's page as its reader takes it, with a file in the module's place. */
#include "module-page.h"
#include "netlink/kernel-counters.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(kernel_counters, .init = module_page_make, .fini = module_page_remove);

static int open_error(void)
{
	struct kernel_counters page;
	int error = kernel_counters_open(&page, module_page_path);

	cr_assert_eq(page.header != NULL, error == 0);
	kernel_counters_close(&page);
	return error;
}

Test(kernel_counters, a_page_that_is_none_is_refused)
{
	struct kernel_counters page;

	cr_assert_eq(kernel_counters_open(&page, "/nonexistent"), -ENOENT);
	cr_assert_eq(open_error(), 0);
	module_page->magic = __builtin_bswap32(ESPALIER_COUNTERS_MAGIC);
	cr_assert_eq(open_error(), -EPROTONOSUPPORT);
	module_page->magic = 0;
	cr_assert_eq(open_error(), -EBADMSG);
	module_page->magic = ESPALIER_COUNTERS_MAGIC;
	module_page->major++;
	cr_assert_eq(open_error(), -EPROTONOSUPPORT);
	module_page->major--;
	module_page->incompatible = 1;
	cr_assert_eq(open_error(), -EPROTONOSUPPORT);
	module_page->incompatible = 0;
	module_page->header_size = 64;
	cr_assert_eq(open_error(), -EBADMSG);
}

Test(kernel_counters, tables_stay_within_the_page)
{
	struct espalier_counters_table *const tables[] = {&module_page->interfaces, &module_page->cpus,
							  &module_page->system};

	for (size_t i = 0; i < 3; i++) {
		const struct espalier_counters_table good = *tables[i];
		const struct espalier_counters_table bad[] = {
			{MODULE_PAGE_SIZE, good.stride, good.slot_words, good.rows},
			{UINT32_MAX - 7, good.stride, good.slot_words, good.rows},
			{good.offset + 4, good.stride, good.slot_words, good.rows},
			{good.offset, good.stride, good.slot_words, UINT32_MAX},
			{good.offset, UINT32_MAX - 7, good.slot_words, good.rows},
			{good.offset, 64, good.slot_words, good.rows},
			{good.offset, good.stride, UINT32_MAX, good.rows},
			{good.offset, good.stride, 4, good.rows},
		};

		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
			*tables[i] = bad[j];
			cr_assert_eq(open_error(), -EBADMSG, "table %zu, case %zu", i, j);
		}
		*tables[i] = good;
	}
	cr_assert_eq(open_error(), 0);
	module_page->link_words = 4;
	cr_assert_eq(open_error(), -EBADMSG);
}

Test(kernel_counters, only_a_fresh_sampling_counts)
{
	struct kernel_counters page;

	module_page_sample(module_page_now());
	cr_assert_eq(kernel_counters_open(&page, module_page_path), 0);
	/* Of before it was opened: nobody may have sampled for hours. */
	cr_assert_eq(kernel_counters_check(&page), -EAGAIN);
	module_page_sample(module_page_now());
	cr_assert_eq(kernel_counters_check(&page), 0);
	page.opened = 0;
	module_page_sample(module_page_now() - 3ull * MODULE_PAGE_SECOND);
	cr_assert_eq(kernel_counters_check(&page), 0);
	module_page_sample(module_page_now() - 5ull * MODULE_PAGE_SECOND);
	cr_assert_eq(kernel_counters_check(&page), -EAGAIN);
	module_page->state = ESPALIER_COUNTERS_CLOSING;
	cr_assert_eq(kernel_counters_check(&page), -ESHUTDOWN);
	kernel_counters_close(&page);
	kernel_counters_close(&page);
}

struct taken {
	unsigned int calls;
	int index;
	bool refuse;
	struct counters counters;
};

static bool take(int index, const struct counters *counters, void *context)
{
	struct taken *taken = context;

	taken->calls++;
	taken->index = index;
	taken->counters = *counters;
	return !taken->refuse;
}

Test(kernel_counters, counters_are_those_of_the_kernel_by_name)
{
	const uint64_t base = 1ull << 40;
	struct kernel_counters page;
	struct taken taken = {0};

	module_page_interface(0, 7, base);
	module_page->used = 1;
	cr_assert_eq(kernel_counters_open(&page, module_page_path), 0);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 1);
	cr_assert_eq(taken.index, 7);
	/* The places in struct rtnl_link_stats64 */
	cr_assert_eq(taken.counters.value[COUNTER_PACKETS_RECEIVED], base);
	cr_assert_eq(taken.counters.value[COUNTER_PACKETS_SENT], base + 1);
	cr_assert_eq(taken.counters.value[COUNTER_BYTES_RECEIVED], base + 2);
	cr_assert_eq(taken.counters.value[COUNTER_BYTES_SENT], base + 3);
	cr_assert_eq(taken.counters.value[COUNTER_ERRORS_RECEIVED], base + 4);
	cr_assert_eq(taken.counters.value[COUNTER_ERRORS_SENT], base + 5);
	cr_assert_eq(taken.counters.value[COUNTER_DISCARDS_RECEIVED], base + 6 + base + 15);
	cr_assert_eq(taken.counters.value[COUNTER_DISCARDS_SENT], base + 7);
	cr_assert_eq(taken.counters.value[COUNTER_MULTICAST_RECEIVED], base + 8);
	kernel_counters_close(&page);
}

Test(kernel_counters, an_interface_is_handed_over_when_it_changed)
{
	struct kernel_counters page;
	struct taken taken = {0};

	module_page_interface(0, 7, 100);
	module_page_interface(2, 8, 200);
	/* Never more rows than there are, whatever the header says. */
	module_page->used = UINT32_MAX;
	cr_assert_eq(kernel_counters_open(&page, module_page_path), 0);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 2);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 2);
	module_page_interface(2, 8, 300);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 3);
	cr_assert_eq(taken.index, 8);
	cr_assert_eq(taken.counters.value[COUNTER_PACKETS_SENT], 301);
	/* Refused, it is offered again. */
	taken.refuse = true;
	module_page_interface(2, 8, 400);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 1);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 1);
	taken.refuse = false;
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 6);
	kernel_counters_forget(&page);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 8);
	/* Gone */
	module_page_interface(2, 0, 0);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 1);
	/* In another namespace */
	module_page_interface(0, 7, 100);
	module_page_slot(&module_page->interfaces, 0)[ESPALIER_INTERFACE_INDEX] = 7;
	module_page_publish(&module_page->interfaces, 0);
	module_page_slot(&module_page->interfaces, 0)[ESPALIER_INTERFACE_NAMESPACE]++;
	module_page_publish(&module_page->interfaces, 0);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 0);
	kernel_counters_close(&page);
}

Test(kernel_counters, cpus_and_the_system_are_read_by_their_places)
{
	struct kernel_counters_system system;
	struct kernel_counters_cpu cpu;
	struct kernel_counters page;
	uint32_t *slot = module_page_slot(&module_page->cpus, 1);

	slot[ESPALIER_CPU_FLAGS] = ESPALIER_CPU_ONLINE | ESPALIER_CPU_HAS_CYCLES << 2;
	for (uint32_t word = ESPALIER_CPU_INTERRUPTS; word < ESPALIER_CPU_WORDS; word += 2)
		module_page_put(slot + word, (1ull << 33) + word * 1000);
	module_page_publish(&module_page->cpus, 1);
	slot = module_page_slot(&module_page->system, 0);
	for (uint32_t word = 0; word < ESPALIER_SYSTEM_WORDS; word++)
		slot[word] = word;
	module_page_publish(&module_page->system, 0);
	cr_assert_eq(kernel_counters_open(&page, module_page_path), 0);
	cr_assert_eq(kernel_counters_cpu(&page, 0, &cpu), 0);
	cr_assert(!cpu.online && cpu.events_known == 0);
	cr_assert_eq(kernel_counters_cpu(&page, 1, &cpu), 0);
	cr_assert(cpu.online);
	cr_assert_eq(cpu.events_known, 1u << 2);
	cr_assert_eq(cpu.interrupts, (1ull << 33) + 2000);
	cr_assert_eq(cpu.softirqs[3], (1ull << 33) + 10000);
	cr_assert_eq(cpu.steal, ((1ull << 33) + 38000) / 1000);
	cr_assert_eq(cpu.events[3], (1ull << 33) + 52000);
	cr_assert_eq(kernel_counters_cpu(&page, MODULE_PAGE_CPUS, &cpu), -ENOENT);
	cr_assert_eq(kernel_counters_system(&page, &system), 0);
	cr_assert_eq(system.load[2], 2);
	cr_assert_eq(system.cpus_online, 3);
	cr_assert_eq(system.time, 4 | 5ull << 32);
	cr_assert_eq(system.time_squeeze, 24 | 25ull << 32);
	kernel_counters_close(&page);
}
