/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file in the place of the kernel module's page. */
#include "module-page.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

char module_page_path[64];
struct espalier_counters_header *module_page;

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
	return (uint32_t *)((char *)module_page + table->offset + row * table->stride);
}

uint32_t *module_page_slot(const struct espalier_counters_table *table, uint32_t row)
{
	uint32_t *words = row_of(table, row);

	return words + ESPALIER_COUNTERS_ROW_WORDS + ((words[0] + 1) & 1) * table->slot_words;
}

void module_page_publish(const struct espalier_counters_table *table, uint32_t row)
{
	row_of(table, row)[0]++;
}

void module_page_put(uint32_t *words, uint64_t value)
{
	words[0] = (uint32_t)value;
	words[1] = (uint32_t)(value >> 32);
}

uint64_t module_page_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * MODULE_PAGE_SECOND + (uint64_t)time.tv_nsec;
}

void module_page_sample(uint64_t time)
{
	module_page_put(module_page_slot(&module_page->system, 0) + ESPALIER_SYSTEM_TIME, time);
	module_page_publish(&module_page->system, 0);
}

void module_page_interface(uint32_t row, uint32_t index, uint64_t base)
{
	uint32_t *slot = module_page_slot(&module_page->interfaces, row);
	struct stat namespace;

	cr_assert_eq(stat("/proc/self/ns/net", &namespace), 0);
	slot[ESPALIER_INTERFACE_INDEX] = index;
	slot[ESPALIER_INTERFACE_NAMESPACE] = (uint32_t) namespace.st_ino;
	for (uint32_t i = 0; i < ESPALIER_INTERFACE_LINK_COUNTERS; i++)
		module_page_put(slot + ESPALIER_INTERFACE_LINK + 2 * i, base + i);
	module_page_publish(&module_page->interfaces, row);
}

void module_page_make(void)
{
	uint32_t end = sizeof(*module_page);
	int fd;

	snprintf(module_page_path, sizeof(module_page_path), "/tmp/espalier-module-page-%d", (int)getpid());
	fd = open(module_page_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	cr_assert(fd >= 0);
	cr_assert_eq(ftruncate(fd, MODULE_PAGE_SIZE), 0);
	module_page = mmap(NULL, MODULE_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert(module_page != MAP_FAILED);
	close(fd);
	module_page->magic = ESPALIER_COUNTERS_MAGIC;
	module_page->major = ESPALIER_COUNTERS_MAJOR;
	module_page->header_size = sizeof(*module_page);
	module_page->size = MODULE_PAGE_SIZE;
	module_page->state = ESPALIER_COUNTERS_LIVE;
	module_page->period_ms = 1000;
	module_page->link_words = 2 * ESPALIER_INTERFACE_LINK_COUNTERS;
	/* A later minor version: slots have words that this reader does not know. */
	module_page->minor = ESPALIER_COUNTERS_MINOR + 1;
	end = place(&module_page->system, end, ESPALIER_SYSTEM_WORDS + 2, 1);
	end = place(&module_page->cpus, end, ESPALIER_CPU_WORDS + 4, MODULE_PAGE_CPUS);
	end = place(&module_page->interfaces, end, ESPALIER_INTERFACE_WORDS + 8, MODULE_PAGE_INTERFACES);
	cr_assert(end <= MODULE_PAGE_SIZE);
}

void module_page_remove(void)
{
	munmap(module_page, MODULE_PAGE_SIZE);
	unlink(module_page_path);
}
