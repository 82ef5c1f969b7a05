/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the page of the kernel module espalier_counters: the same counters as by netlink, without a system call. */
#pragma once

#include "kmod/espalier_counters.h"
#include "netlink/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A page in use, to be zeroed before the first kernel_counters_open(). One thread's. */
struct kernel_counters {
	const struct espalier_counters_header *header; /* NULL: not open */
	size_t size;
	struct espalier_counters_table interfaces, cpus, system; /* as checked */
	uint32_t namespace; /* inode of the network namespace whose interfaces are ours */
	uint64_t opened;    /* ns of CLOCK_MONOTONIC */
	struct kernel_counters_seen *seen;
};

/** What a CPU's row says; times in microseconds */
struct kernel_counters_cpu {
	bool online;
	uint64_t interrupts;
	uint64_t softirqs[ESPALIER_CPU_SOFTIRQS]; /* in the order of /proc/softirqs */
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal;
	uint64_t backlog_processed, backlog_dropped, time_squeeze;
	unsigned int events_known;		   /* bit n: events[n] is counted */
	uint64_t events[ESPALIER_CPU_PERF_EVENTS]; /* cycles, instructions, cache misses, branch misses */
};

/** What the system's row says; memory in bytes, load in hundredths */
struct kernel_counters_system {
	uint32_t load[3];
	uint32_t cpus_online;
	uint64_t time, samplings, duration; /* ns of CLOCK_MONOTONIC; a count; ns */
	uint64_t memory_total, memory_free, memory_available, memory_shared, memory_buffers;
	uint64_t backlog_processed, backlog_dropped, time_squeeze;
};

/**
 * kernel_counters_open() - maps the page; the module samples from now on
 *
 * Returns 0; -ENOENT without the module; -ENODEV while the module is to be unloaded; -EACCES; -EBADMSG for a page that
 * is none; -EPROTONOSUPPORT for one of another major version, another byte order or with unknown features; -ENOMEM.
 */
int kernel_counters_open(struct kernel_counters *page, const char *path);

/** kernel_counters_close() - lets the page go. One that is not open is allowed. */
void kernel_counters_close(struct kernel_counters *page);

/**
 * kernel_counters_check() - whether the page tells the present: to be asked before each look at the interfaces
 *
 * Returns 0; -EAGAIN when nothing was sampled since it was opened, or not lately; -ESHUTDOWN when the module is to be
 * unloaded: close the page.
 */
int kernel_counters_check(const struct kernel_counters *page);

/** Takes one interface's counters; false when nobody wants them, or not yet: they are then offered again. */
typedef bool (*kernel_counters_taker)(int index, const struct counters *counters, void *context);

/**
 * kernel_counters_interfaces() - hands over the counters of this namespace's interfaces that changed since the last
 * call
 *
 * Returns how many interfaces were taken, now or, if nothing changed since, before.
 */
uint32_t kernel_counters_interfaces(struct kernel_counters *page, kernel_counters_taker taker, void *context);

/** kernel_counters_forget() - has kernel_counters_interfaces() hand over all interfaces anew */
void kernel_counters_forget(struct kernel_counters *page);

/** kernel_counters_cpu() - reads a CPU's row. Returns 0, -ENOENT behind the last CPU, or -EAGAIN. */
int kernel_counters_cpu(const struct kernel_counters *page, uint32_t cpu, struct kernel_counters_cpu *values);

/** kernel_counters_system() - reads the system's row. Returns 0 or -EAGAIN. */
int kernel_counters_system(const struct kernel_counters *page, struct kernel_counters_system *values);
