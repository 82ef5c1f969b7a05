/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel module's page as its reader takes it, with a file in the module's place. */
#include "netlink/kernel-counters.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { INTERFACES = 4, CPUS = 2, SIZE = 8192, SECOND = 1000000000 };

static char path[64];
static struct espalier_counters_header *file;

static uint32_t place(struct espalier_counters_table *table, uint32_t offset, uint32_t slot_words, uint32_t rows)
{
	table->offset = offset;
	table->slot_words = slot_words;
	table->stride = ((ESPALIER_COUNTERS_ROW_WORDS + 2 * slot_words) * 4 + 63) / 64 * 64;
	table->rows = rows;
	return offset + table->stride * rows;
}

static uint32_t *row_of(const struct espalier_counters_table *table, uint32_t row)
{
	return (uint32_t *)((char *)file + table->offset + row * table->stride);
}

static uint32_t *next_slot(const struct espalier_counters_table *table, uint32_t row)
{
	uint32_t *words = row_of(table, row);

	return words + ESPALIER_COUNTERS_ROW_WORDS + ((words[0] + 1) & 1) * table->slot_words;
}

static void publish(const struct espalier_counters_table *table, uint32_t row)
{
	row_of(table, row)[0]++;
}

static void put(uint32_t *words, uint64_t value)
{
	words[0] = (uint32_t)value;
	words[1] = (uint32_t)(value >> 32);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static void sample(uint64_t time)
{
	put(next_slot(&file->system, 0) + ESPALIER_SYSTEM_TIME, time);
	publish(&file->system, 0);
}

/* Row `row` becomes an interface of this namespace, whose counters are base, base + 1, ... in the kernel's order. */
static void set_interface(uint32_t row, uint32_t index, uint64_t base)
{
	uint32_t *slot = next_slot(&file->interfaces, row);
	struct stat namespace;

	cr_assert_eq(stat("/proc/self/ns/net", &namespace), 0);
	slot[ESPALIER_INTERFACE_INDEX] = index;
	slot[ESPALIER_INTERFACE_NAMESPACE] = (uint32_t) namespace.st_ino;
	for (uint32_t i = 0; i < ESPALIER_INTERFACE_LINK_COUNTERS; i++)
		put(slot + ESPALIER_INTERFACE_LINK + 2 * i, base + i);
	publish(&file->interfaces, row);
}

static void make_file(void)
{
	uint32_t end = sizeof(*file);
	int fd;

	snprintf(path, sizeof(path), "/tmp/kernel-counters-%d", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	cr_assert(fd >= 0);
	cr_assert_eq(ftruncate(fd, SIZE), 0);
	file = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert(file != MAP_FAILED);
	close(fd);
	file->magic = ESPALIER_COUNTERS_MAGIC;
	file->major = ESPALIER_COUNTERS_MAJOR;
	file->header_size = sizeof(*file);
	file->size = SIZE;
	file->state = ESPALIER_COUNTERS_LIVE;
	file->period_ms = 1000;
	file->link_words = 2 * ESPALIER_INTERFACE_LINK_COUNTERS;
	/* A later minor version: slots have words that this reader does not know. */
	file->minor = ESPALIER_COUNTERS_MINOR + 1;
	end = place(&file->system, end, ESPALIER_SYSTEM_WORDS + 2, 1);
	end = place(&file->cpus, end, ESPALIER_CPU_WORDS + 4, CPUS);
	end = place(&file->interfaces, end, ESPALIER_INTERFACE_WORDS + 8, INTERFACES);
	cr_assert(end <= SIZE);
}

static void remove_file(void)
{
	munmap(file, SIZE);
	unlink(path);
}

TestSuite(kernel_counters, .init = make_file, .fini = remove_file);

static int open_error(void)
{
	struct kernel_counters page;
	int error = kernel_counters_open(&page, path);

	cr_assert_eq(page.header != NULL, error == 0);
	kernel_counters_close(&page);
	return error;
}

Test(kernel_counters, a_page_that_is_none_is_refused)
{
	struct kernel_counters page;

	cr_assert_eq(kernel_counters_open(&page, "/nonexistent"), -ENOENT);
	cr_assert_eq(open_error(), 0);
	file->magic = __builtin_bswap32(ESPALIER_COUNTERS_MAGIC);
	cr_assert_eq(open_error(), -EPROTONOSUPPORT);
	file->magic = 0;
	cr_assert_eq(open_error(), -EBADMSG);
	file->magic = ESPALIER_COUNTERS_MAGIC;
	file->major++;
	cr_assert_eq(open_error(), -EPROTONOSUPPORT);
	file->major--;
	file->incompatible = 1;
	cr_assert_eq(open_error(), -EPROTONOSUPPORT);
	file->incompatible = 0;
	file->header_size = 64;
	cr_assert_eq(open_error(), -EBADMSG);
}

Test(kernel_counters, tables_stay_within_the_page)
{
	struct espalier_counters_table *const tables[] = {&file->interfaces, &file->cpus, &file->system};

	for (size_t i = 0; i < 3; i++) {
		const struct espalier_counters_table good = *tables[i];
		const struct espalier_counters_table bad[] = {
			{SIZE, good.stride, good.slot_words, good.rows},
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
	file->link_words = 4;
	cr_assert_eq(open_error(), -EBADMSG);
}

Test(kernel_counters, only_a_fresh_sampling_counts)
{
	struct kernel_counters page;

	sample(now());
	cr_assert_eq(kernel_counters_open(&page, path), 0);
	/* Of before it was opened: nobody may have sampled for hours. */
	cr_assert_eq(kernel_counters_check(&page), -EAGAIN);
	sample(now());
	cr_assert_eq(kernel_counters_check(&page), 0);
	page.opened = 0;
	sample(now() - 3ull * SECOND);
	cr_assert_eq(kernel_counters_check(&page), 0);
	sample(now() - 5ull * SECOND);
	cr_assert_eq(kernel_counters_check(&page), -EAGAIN);
	file->state = ESPALIER_COUNTERS_CLOSING;
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

	set_interface(0, 7, base);
	file->used = 1;
	cr_assert_eq(kernel_counters_open(&page, path), 0);
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

	set_interface(0, 7, 100);
	set_interface(2, 8, 200);
	/* Never more rows than there are, whatever the header says. */
	file->used = UINT32_MAX;
	cr_assert_eq(kernel_counters_open(&page, path), 0);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 2);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 2);
	set_interface(2, 8, 300);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 3);
	cr_assert_eq(taken.index, 8);
	cr_assert_eq(taken.counters.value[COUNTER_PACKETS_SENT], 301);
	/* Refused, it is offered again. */
	taken.refuse = true;
	set_interface(2, 8, 400);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 1);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 1);
	taken.refuse = false;
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 6);
	kernel_counters_forget(&page);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 2);
	cr_assert_eq(taken.calls, 8);
	/* Gone */
	set_interface(2, 0, 0);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 1);
	/* In another namespace */
	set_interface(0, 7, 100);
	next_slot(&file->interfaces, 0)[ESPALIER_INTERFACE_INDEX] = 7;
	publish(&file->interfaces, 0);
	next_slot(&file->interfaces, 0)[ESPALIER_INTERFACE_NAMESPACE]++;
	publish(&file->interfaces, 0);
	cr_assert_eq(kernel_counters_interfaces(&page, take, &taken), 0);
	kernel_counters_close(&page);
}

Test(kernel_counters, cpus_and_the_system_are_read_by_their_places)
{
	struct kernel_counters_system system;
	struct kernel_counters_cpu cpu;
	struct kernel_counters page;
	uint32_t *slot = next_slot(&file->cpus, 1);

	slot[ESPALIER_CPU_FLAGS] = ESPALIER_CPU_ONLINE | ESPALIER_CPU_HAS_CYCLES << 2;
	for (uint32_t word = ESPALIER_CPU_INTERRUPTS; word < ESPALIER_CPU_WORDS; word += 2)
		put(slot + word, (1ull << 33) + word * 1000);
	publish(&file->cpus, 1);
	slot = next_slot(&file->system, 0);
	for (uint32_t word = 0; word < ESPALIER_SYSTEM_WORDS; word++)
		slot[word] = word;
	publish(&file->system, 0);
	cr_assert_eq(kernel_counters_open(&page, path), 0);
	cr_assert_eq(kernel_counters_cpu(&page, 0, &cpu), 0);
	cr_assert(!cpu.online && cpu.events_known == 0);
	cr_assert_eq(kernel_counters_cpu(&page, 1, &cpu), 0);
	cr_assert(cpu.online);
	cr_assert_eq(cpu.events_known, 1u << 2);
	cr_assert_eq(cpu.interrupts, (1ull << 33) + 2000);
	cr_assert_eq(cpu.softirqs[3], (1ull << 33) + 10000);
	cr_assert_eq(cpu.steal, ((1ull << 33) + 38000) / 1000);
	cr_assert_eq(cpu.events[3], (1ull << 33) + 52000);
	cr_assert_eq(kernel_counters_cpu(&page, CPUS, &cpu), -ENOENT);
	cr_assert_eq(kernel_counters_system(&page, &system), 0);
	cr_assert_eq(system.load[2], 2);
	cr_assert_eq(system.cpus_online, 3);
	cr_assert_eq(system.time, 4 | 5ull << 32);
	cr_assert_eq(system.time_squeeze, 24 | 25ull << 32);
	kernel_counters_close(&page);
}
