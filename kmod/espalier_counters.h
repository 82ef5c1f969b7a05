/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What /dev/espalier_counters shows: the layout that the kernel module writes and programs read.
 *
 * All is 32-bit words in the kernel's byte order; a 64-bit value is two words, the low half first.
 * The page starts with struct espalier_counters_header, which says where three tables of rows lie.
 * A row is
 *
 *	version | generation | slot 0 (slot_words) | slot 1 (slot_words)
 *
 * and slot (version & 1) is the one to read: load the version (acquire), copy the words, acquire
 * fence, load the version again; when it differs, discard the copy and begin again. A row whose
 * version has not moved since the last look has the same values. Never rely on sizes at compile
 * time: take strides and slot_words from the header. Later minor versions append words to slots,
 * and change nothing else.
 */
#ifndef ESPALIER_COUNTERS_H
#define ESPALIER_COUNTERS_H

#include <linux/types.h>

#define ESPALIER_COUNTERS_DEVICE "/dev/espalier_counters"

#define ESPALIER_COUNTERS_MAGIC 0x45534b43u /* reads 0x434b5345 in the other byte order */
#define ESPALIER_COUNTERS_MAJOR 1
#define ESPALIER_COUNTERS_MINOR 0

/* Words of a row before its two slots: version and generation. */
#define ESPALIER_COUNTERS_ROW_WORDS 2

/* Bits of espalier_counters_header.compatible: what this kernel gives */
#define ESPALIER_COUNTERS_ALL_NAMESPACES 1 /* rows of all network namespaces */
#define ESPALIER_COUNTERS_PERF 2	   /* the kernel has perf events at all */

/* Values of espalier_counters_header.state */
#define ESPALIER_COUNTERS_LIVE 1
#define ESPALIER_COUNTERS_CLOSING 2 /* unmap, so that the module can be unloaded */

/* Rows of one kind. offset and stride are bytes; row n starts at offset + n * stride. */
struct espalier_counters_table {
	__u32 offset;
	__u32 stride;
	__u32 slot_words;
	__u32 rows;
};

/* The first 128 bytes. Constant while the module is loaded, but for the words marked "changes". */
struct espalier_counters_header {
	__u32 magic;
	__u16 major;
	__u16 minor;
	__u32 header_size;
	__u32 size;	    /* bytes to map, a multiple of the page size */
	__u32 incompatible; /* features that a reader must know; none yet */
	__u32 compatible;
	__u32 state;	  /* changes */
	__u32 period_ms;  /* changes: milliseconds from one sampling to the next */
	__u32 used;	  /* changes: interface rows used so far; those behind were never */
	__u32 missed;	  /* changes: interfaces without a row, for want of room */
	__u32 link_words; /* words of link counters that this kernel has */
	__u32 unused[5];
	struct espalier_counters_table interfaces;
	struct espalier_counters_table cpus;   /* row n is CPU n */
	struct espalier_counters_table system; /* one row */
	__u32 unused_too[4];
};

#define ESPALIER_INTERFACE_NAME_WORDS 4
#define ESPALIER_INTERFACE_LINK_COUNTERS 25
#define ESPALIER_INTERFACE_QUEUES_SHOWN 7

/* Words of an interface's slot. A row with index 0 is free. */
enum espalier_counters_interface {
	ESPALIER_INTERFACE_INDEX,
	ESPALIER_INTERFACE_NAMESPACE,  /* inode of /proc/PID/ns/net */
	ESPALIER_INTERFACE_CARRIER_UP, /* how often the carrier came, and went */
	ESPALIER_INTERFACE_CARRIER_DOWN,
	ESPALIER_INTERFACE_NAME, /* 16 bytes, ended by a NUL */
	/* struct rtnl_link_stats64 in its order, 64 bits each */
	ESPALIER_INTERFACE_LINK = ESPALIER_INTERFACE_NAME + ESPALIER_INTERFACE_NAME_WORDS,
	/* transmit queues, and the drops of the first ones by their disciplines */
	ESPALIER_INTERFACE_QUEUES = ESPALIER_INTERFACE_LINK + 2 * ESPALIER_INTERFACE_LINK_COUNTERS,
	ESPALIER_INTERFACE_QUEUE_DROPS,
	ESPALIER_INTERFACE_WORDS = ESPALIER_INTERFACE_QUEUE_DROPS + ESPALIER_INTERFACE_QUEUES_SHOWN
};

/* Bits of ESPALIER_CPU_FLAGS */
#define ESPALIER_CPU_ONLINE 1
#define ESPALIER_CPU_HAS_CYCLES 2 /* and 4, 8, 16 the other perf events in their order */
#define ESPALIER_CPU_PERF_EVENTS 4
#define ESPALIER_CPU_SOFTIRQS 10

/* Words of a CPU's slot. All values have 64 bits; times are nanoseconds. */
enum espalier_counters_cpu {
	ESPALIER_CPU_FLAGS,
	ESPALIER_CPU_INTERRUPTS = 2,
	ESPALIER_CPU_SOFTIRQ = ESPALIER_CPU_INTERRUPTS + 2, /* by kind, as in /proc/softirqs */
	ESPALIER_CPU_USER = ESPALIER_CPU_SOFTIRQ + 2 * ESPALIER_CPU_SOFTIRQS,
	ESPALIER_CPU_NICE = ESPALIER_CPU_USER + 2,
	ESPALIER_CPU_SYSTEM = ESPALIER_CPU_NICE + 2,
	ESPALIER_CPU_IDLE = ESPALIER_CPU_SYSTEM + 2,
	ESPALIER_CPU_IOWAIT = ESPALIER_CPU_IDLE + 2,
	ESPALIER_CPU_IRQ_TIME = ESPALIER_CPU_IOWAIT + 2,
	ESPALIER_CPU_SOFTIRQ_TIME = ESPALIER_CPU_IRQ_TIME + 2,
	ESPALIER_CPU_STEAL = ESPALIER_CPU_SOFTIRQ_TIME + 2,
	ESPALIER_CPU_BACKLOG_PROCESSED = ESPALIER_CPU_STEAL + 2,
	ESPALIER_CPU_BACKLOG_DROPPED = ESPALIER_CPU_BACKLOG_PROCESSED + 2,
	ESPALIER_CPU_TIME_SQUEEZE = ESPALIER_CPU_BACKLOG_DROPPED + 2,
	ESPALIER_CPU_CYCLES = ESPALIER_CPU_TIME_SQUEEZE + 2,
	ESPALIER_CPU_INSTRUCTIONS = ESPALIER_CPU_CYCLES + 2,
	ESPALIER_CPU_CACHE_MISSES = ESPALIER_CPU_INSTRUCTIONS + 2,
	ESPALIER_CPU_BRANCH_MISSES = ESPALIER_CPU_CACHE_MISSES + 2,
	ESPALIER_CPU_WORDS = ESPALIER_CPU_BRANCH_MISSES + 2
};

/* Words of the system's slot. The first four have 32 bits, the others 64. */
enum espalier_counters_system {
	ESPALIER_SYSTEM_LOAD_1, /* hundredths: averages of one, five and fifteen minutes */
	ESPALIER_SYSTEM_LOAD_5,
	ESPALIER_SYSTEM_LOAD_15,
	ESPALIER_SYSTEM_CPUS_ONLINE,
	ESPALIER_SYSTEM_TIME, /* CLOCK_MONOTONIC when the sampling ended, nanoseconds */
	ESPALIER_SYSTEM_SAMPLINGS = ESPALIER_SYSTEM_TIME + 2,
	ESPALIER_SYSTEM_DURATION = ESPALIER_SYSTEM_SAMPLINGS + 2, /* of the last one, nanoseconds */
	ESPALIER_SYSTEM_MEMORY_TOTAL = ESPALIER_SYSTEM_DURATION + 2, /* bytes, here and below */
	ESPALIER_SYSTEM_MEMORY_FREE = ESPALIER_SYSTEM_MEMORY_TOTAL + 2,
	ESPALIER_SYSTEM_MEMORY_AVAILABLE = ESPALIER_SYSTEM_MEMORY_FREE + 2,
	ESPALIER_SYSTEM_MEMORY_SHARED = ESPALIER_SYSTEM_MEMORY_AVAILABLE + 2,
	ESPALIER_SYSTEM_MEMORY_BUFFERS = ESPALIER_SYSTEM_MEMORY_SHARED + 2,
	ESPALIER_SYSTEM_BACKLOG_PROCESSED = ESPALIER_SYSTEM_MEMORY_BUFFERS + 2,
	ESPALIER_SYSTEM_BACKLOG_DROPPED = ESPALIER_SYSTEM_BACKLOG_PROCESSED + 2,
	ESPALIER_SYSTEM_TIME_SQUEEZE = ESPALIER_SYSTEM_BACKLOG_DROPPED + 2,
	ESPALIER_SYSTEM_WORDS = ESPALIER_SYSTEM_TIME_SQUEEZE + 2
};

#endif
