/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the page of the kernel module espalier_counters. */
#include "netlink/kernel-counters.h"
#include "shm/espalier-row.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Bounds of what a header may say */
#define SIZE_MAXIMUM (256u << 20)
#define ROWS_MAXIMUM (1u << 20)

/* A page that was not sampled for this many periods, and a second, does not tell the present. */
#define PERIODS_OLD	3u
#define NANOSECONDS	1000000000ull
#define PER_MILLISECOND 1000000ull
#define PER_MICROSECOND 1000u

/* Places in struct rtnl_link_stats64, in counters of 64 bits */
enum {
	LINK_RX_PACKETS,
	LINK_TX_PACKETS,
	LINK_RX_BYTES,
	LINK_TX_BYTES,
	LINK_RX_ERRORS,
	LINK_TX_ERRORS,
	LINK_RX_DROPPED,
	LINK_TX_DROPPED,
	LINK_MULTICAST,
	LINK_RX_MISSED_ERRORS = 15,
	LINK_COUNTERS_NEEDED
};

struct kernel_counters_seen {
	uint32_t version;
	bool taken;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

/* ---- Opening ------------------------------------------------------------------------------------------------- */

static bool table_fits(const struct espalier_counters_table *table, uint32_t slot_words, size_t size)
{
	uint64_t row = (ESPALIER_COUNTERS_ROW_WORDS + 2ull * table->slot_words) * sizeof(uint32_t);

	return table->slot_words >= slot_words && table->stride >= row && table->rows <= ROWS_MAXIMUM &&
	       table->offset % sizeof(uint64_t) == 0 && table->stride % sizeof(uint64_t) == 0 &&
	       (uint64_t)table->offset + (uint64_t)table->stride * table->rows <= size;
}

/* Looks at a copy of the header. `size`: of what is mapped, or 0 when that is not known yet. */
static int check_header(struct kernel_counters *page, const struct espalier_counters_header *header, size_t size)
{
	if (header->magic == __builtin_bswap32(ESPALIER_COUNTERS_MAGIC))
		return -EPROTONOSUPPORT;
	if (header->magic != ESPALIER_COUNTERS_MAGIC)
		return -EBADMSG;
	if (header->major != ESPALIER_COUNTERS_MAJOR || header->incompatible)
		return -EPROTONOSUPPORT;
	if (header->header_size < sizeof(*header) || header->size < header->header_size || header->size > SIZE_MAXIMUM)
		return -EBADMSG;
	page->size = header->size;
	if (!size)
		return 0;
	if (header->size != size || !table_fits(&header->interfaces, ESPALIER_INTERFACE_WORDS, size) ||
	    !table_fits(&header->cpus, ESPALIER_CPU_WORDS, size) ||
	    !table_fits(&header->system, ESPALIER_SYSTEM_WORDS, size) || header->system.rows < 1 ||
	    header->link_words < 2 * LINK_COUNTERS_NEEDED)
		return -EBADMSG;
	page->interfaces = header->interfaces;
	page->cpus = header->cpus;
	page->system = header->system;
	return 0;
}

static int map(struct kernel_counters *page, int fd)
{
	size_t first = (size_t)sysconf(_SC_PAGESIZE);
	struct espalier_counters_header header;
	const void *bytes = mmap(NULL, first, PROT_READ, MAP_SHARED, fd, 0);
	int error;

	if (bytes == MAP_FAILED)
		return -errno;
	memcpy(&header, bytes, sizeof(header));
	munmap((void *)bytes, first);
	error = check_header(page, &header, 0);
	if (error)
		return error;
	page->opened = now();
	bytes = mmap(NULL, page->size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	page->header = bytes;
	memcpy(&header, bytes, sizeof(header));
	return check_header(page, &header, page->size);
}

int kernel_counters_open(struct kernel_counters *page, const char *path)
{
	struct stat namespace;
	int fd, error = 0;

	memset(page, 0, sizeof(*page));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (stat("/proc/self/ns/net", &namespace))
		error = -errno;
	page->namespace = (uint32_t) namespace.st_ino;
	if (!error)
		error = map(page, fd);
	/* The mapping holds the device. */
	close(fd);
	if (!error) {
		page->seen = calloc(page->interfaces.rows, sizeof(*page->seen));
		if (!page->seen)
			error = -ENOMEM;
	}
	if (error)
		kernel_counters_close(page);
	return error;
}

void kernel_counters_close(struct kernel_counters *page)
{
	if (page->header)
		munmap((void *)page->header, page->size);
	free(page->seen);
	memset(page, 0, sizeof(*page));
}

int kernel_counters_check(const struct kernel_counters *page)
{
	uint64_t period = espalier_load(&page->header->period_ms) * PER_MILLISECOND;
	struct kernel_counters_system system;
	int error;

	if (espalier_load(&page->header->state) != ESPALIER_COUNTERS_LIVE)
		return -ESHUTDOWN;
	error = kernel_counters_system(page, &system);
	if (error)
		return error;
	if (system.time < page->opened || system.time + PERIODS_OLD * period + NANOSECONDS < now())
		return -EAGAIN;
	return 0;
}

/* ---- Rows ---------------------------------------------------------------------------------------------------- */

static const uint32_t *row_of(const struct kernel_counters *page, const struct espalier_counters_table *table,
			      uint32_t row)
{
	return (const uint32_t *)((const char *)page->header + table->offset + (size_t)row * table->stride);
}

static void copy_interface(const uint32_t *slot, uint32_t *index, uint32_t *namespace, struct counters *counters)
{
	const uint32_t *link = slot + ESPALIER_INTERFACE_LINK;
	uint64_t *value = counters->value;

	*index = espalier_load(slot + ESPALIER_INTERFACE_INDEX);
	*namespace = espalier_load(slot + ESPALIER_INTERFACE_NAMESPACE);
	value[COUNTER_BYTES_SENT] = espalier_load64(link + 2 * LINK_TX_BYTES);
	value[COUNTER_BYTES_RECEIVED] = espalier_load64(link + 2 * LINK_RX_BYTES);
	value[COUNTER_PACKETS_SENT] = espalier_load64(link + 2 * LINK_TX_PACKETS);
	value[COUNTER_PACKETS_RECEIVED] = espalier_load64(link + 2 * LINK_RX_PACKETS);
	value[COUNTER_ERRORS_SENT] = espalier_load64(link + 2 * LINK_TX_ERRORS);
	value[COUNTER_ERRORS_RECEIVED] = espalier_load64(link + 2 * LINK_RX_ERRORS);
	value[COUNTER_DISCARDS_SENT] = espalier_load64(link + 2 * LINK_TX_DROPPED);
	/* As in /proc/net/dev, and as by netlink: what the stack and what the device dropped. */
	value[COUNTER_DISCARDS_RECEIVED] =
		espalier_load64(link + 2 * LINK_RX_DROPPED) + espalier_load64(link + 2 * LINK_RX_MISSED_ERRORS);
	value[COUNTER_MULTICAST_RECEIVED] = espalier_load64(link + 2 * LINK_MULTICAST);
}

/* Returns whether the row counts: an interface of ours that was taken. */
static bool look_at_interface(struct kernel_counters *page, uint32_t number, kernel_counters_taker taker, void *context)
{
	const uint32_t *row = row_of(page, &page->interfaces, number);
	struct kernel_counters_seen *seen = &page->seen[number];

	for (uint32_t tries = 0; tries < ESPALIER_READ_TRIES; tries++) {
		uint32_t version = espalier_row_begin(row), index, namespace;
		struct counters counters;

		if (seen->taken && seen->version == version)
			return true;
		copy_interface(espalier_row_slot(row, version, page->interfaces.slot_words), &index, &namespace,
			       &counters);
		if (espalier_row_changed(row, version))
			continue;
		seen->version = version;
		seen->taken = index && namespace == page->namespace && taker((int)index, &counters, context);
		return seen->taken;
	}
	return false;
}

uint32_t kernel_counters_interfaces(struct kernel_counters *page, kernel_counters_taker taker, void *context)
{
	uint32_t used = __atomic_load_n(&page->header->used, __ATOMIC_ACQUIRE), count = 0;

	for (uint32_t row = 0; row < used && row < page->interfaces.rows; row++)
		count += look_at_interface(page, row, taker, context);
	return count;
}

void kernel_counters_forget(struct kernel_counters *page)
{
	if (page->header)
		memset(page->seen, 0, page->interfaces.rows * sizeof(*page->seen));
}

static int copy_row(const struct kernel_counters *page, const struct espalier_counters_table *table, uint32_t number,
		    uint32_t *words, uint32_t count)
{
	const uint32_t *row = row_of(page, table, number);

	for (uint32_t tries = 0; tries < ESPALIER_READ_TRIES; tries++) {
		uint32_t version = espalier_row_begin(row);
		const uint32_t *slot = espalier_row_slot(row, version, table->slot_words);

		for (uint32_t i = 0; i < count; i++)
			words[i] = espalier_load(slot + i);
		if (!espalier_row_changed(row, version))
			return 0;
	}
	return -EAGAIN;
}

int kernel_counters_cpu(const struct kernel_counters *page, uint32_t cpu, struct kernel_counters_cpu *values)
{
	uint32_t words[ESPALIER_CPU_WORDS];
	int error;

	if (cpu >= page->cpus.rows)
		return -ENOENT;
	error = copy_row(page, &page->cpus, cpu, words, ESPALIER_CPU_WORDS);
	if (error)
		return error;
	values->online = words[ESPALIER_CPU_FLAGS] & ESPALIER_CPU_ONLINE;
	values->interrupts = espalier_load64(words + ESPALIER_CPU_INTERRUPTS);
	for (size_t i = 0; i < ESPALIER_CPU_SOFTIRQS; i++)
		values->softirqs[i] = espalier_load64(words + ESPALIER_CPU_SOFTIRQ + 2 * i);
	values->user = espalier_load64(words + ESPALIER_CPU_USER) / PER_MICROSECOND;
	values->nice = espalier_load64(words + ESPALIER_CPU_NICE) / PER_MICROSECOND;
	values->system = espalier_load64(words + ESPALIER_CPU_SYSTEM) / PER_MICROSECOND;
	values->idle = espalier_load64(words + ESPALIER_CPU_IDLE) / PER_MICROSECOND;
	values->iowait = espalier_load64(words + ESPALIER_CPU_IOWAIT) / PER_MICROSECOND;
	values->irq = espalier_load64(words + ESPALIER_CPU_IRQ_TIME) / PER_MICROSECOND;
	values->softirq = espalier_load64(words + ESPALIER_CPU_SOFTIRQ_TIME) / PER_MICROSECOND;
	values->steal = espalier_load64(words + ESPALIER_CPU_STEAL) / PER_MICROSECOND;
	values->backlog_processed = espalier_load64(words + ESPALIER_CPU_BACKLOG_PROCESSED);
	values->backlog_dropped = espalier_load64(words + ESPALIER_CPU_BACKLOG_DROPPED);
	values->time_squeeze = espalier_load64(words + ESPALIER_CPU_TIME_SQUEEZE);
	values->events_known = words[ESPALIER_CPU_FLAGS] / ESPALIER_CPU_HAS_CYCLES;
	for (size_t i = 0; i < ESPALIER_CPU_PERF_EVENTS; i++)
		values->events[i] = espalier_load64(words + ESPALIER_CPU_CYCLES + 2 * i);
	return 0;
}

int kernel_counters_system(const struct kernel_counters *page, struct kernel_counters_system *values)
{
	uint32_t words[ESPALIER_SYSTEM_WORDS];
	int error = copy_row(page, &page->system, 0, words, ESPALIER_SYSTEM_WORDS);

	if (error)
		return error;
	for (size_t i = 0; i < 3; i++)
		values->load[i] = words[ESPALIER_SYSTEM_LOAD_1 + i];
	values->cpus_online = words[ESPALIER_SYSTEM_CPUS_ONLINE];
	values->time = espalier_load64(words + ESPALIER_SYSTEM_TIME);
	values->samplings = espalier_load64(words + ESPALIER_SYSTEM_SAMPLINGS);
	values->duration = espalier_load64(words + ESPALIER_SYSTEM_DURATION);
	values->memory_total = espalier_load64(words + ESPALIER_SYSTEM_MEMORY_TOTAL);
	values->memory_free = espalier_load64(words + ESPALIER_SYSTEM_MEMORY_FREE);
	values->memory_available = espalier_load64(words + ESPALIER_SYSTEM_MEMORY_AVAILABLE);
	values->memory_shared = espalier_load64(words + ESPALIER_SYSTEM_MEMORY_SHARED);
	values->memory_buffers = espalier_load64(words + ESPALIER_SYSTEM_MEMORY_BUFFERS);
	values->backlog_processed = espalier_load64(words + ESPALIER_SYSTEM_BACKLOG_PROCESSED);
	values->backlog_dropped = espalier_load64(words + ESPALIER_SYSTEM_BACKLOG_DROPPED);
	values->time_squeeze = espalier_load64(words + ESPALIER_SYSTEM_TIME_SQUEEZE);
	return 0;
}
