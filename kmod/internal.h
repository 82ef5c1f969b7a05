/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the module share. */
#ifndef INTERNAL_H
#define INTERNAL_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "espalier_counters.h"

/* Bounds of the parameters */
#define COUNTERS_INTERFACES_MINIMUM 16
#define COUNTERS_INTERFACES_MAXIMUM 65536
#define COUNTERS_PERIOD_MINIMUM 10
#define COUNTERS_PERIOD_MAXIMUM 60000
#define COUNTERS_CPUS_MAXIMUM 1024

struct vm_area_struct;

/* ---- page.c: the memory that user space maps ---- */

/* The page, from counters_page_create() until counters_page_destroy() */
extern struct espalier_counters_header *counters_header;

/**
 * counters_page_create() - allocates the page and writes its header
 * @interfaces: rows for interfaces
 * @cpus: rows for CPUs
 *
 * Return: 0 or -ENOMEM.
 */
int counters_page_create(unsigned int interfaces, unsigned int cpus);
void counters_page_destroy(void);

/**
 * counters_page_map() - maps the page for reading only, now and later
 *
 * Return: 0; -EACCES for a mapping that could be written or run; -EINVAL for one that starts
 * elsewhere than at the beginning or is longer than the page.
 */
int counters_page_map(struct vm_area_struct *vma);

/* counters_row() - where row @row of a table of the header starts */
u32 *counters_row(const struct espalier_counters_table *table, unsigned int row);

/*
 * counters_publish() - makes the values the row's published copy, in one step for its readers
 * Does nothing where they are that already. One caller at a time for a row.
 */
void counters_publish(const struct espalier_counters_table *table, unsigned int row,
		      const u32 *values);

/* counters_set_generation() - says that the row is about something else from now on */
void counters_set_generation(const struct espalier_counters_table *table, unsigned int row);

static inline void counters_put(u32 *words, u64 value)
{
	words[0] = (u32)value;
	words[1] = (u32)(value >> 32);
}

/* ---- interfaces.c ---- */

/* Starts to follow the interfaces that come and go. Return: 0 or -errno. */
int counters_interfaces_start(unsigned int capacity, bool all_namespaces);
void counters_interfaces_stop(void);
void counters_interfaces_sample(void);

/* ---- cpus.c ---- */

/* What the CPUs' rows add up to */
struct counters_backlog {
	u64 processed;
	u64 dropped;
	u64 time_squeeze;
};

void counters_cpus_sample(unsigned int cpus, struct counters_backlog *sum);

/* ---- perf.c: perf events of each CPU; only sampled, never interrupting ---- */

#ifdef CONFIG_PERF_EVENTS
int counters_perf_start(unsigned int cpus);
void counters_perf_stop(void);
/* Has the events of all CPUs that are online count; sleeps */
void counters_perf_resume(void);
/* Frees the processor's counters for others while nobody looks; what was counted is kept. Sleeps.
 */
void counters_perf_pause(void);
/* Writes the values of a CPU; returns which there are, as bits of ESPALIER_CPU_FLAGS. Sleeps. */
u32 counters_perf_read(unsigned int cpu, u32 *values);
#else
static inline int counters_perf_start(unsigned int cpus)
{
	return 0;
}

static inline void counters_perf_stop(void)
{
}

static inline void counters_perf_resume(void)
{
}

static inline void counters_perf_pause(void)
{
}

static inline u32 counters_perf_read(unsigned int cpu, u32 *values)
{
	return 0;
}
#endif

/* ---- system.c ---- */

/* @begin: when the sampling began, nanoseconds of CLOCK_MONOTONIC */
void counters_system_sample(u64 begin, u64 samplings, const struct counters_backlog *backlog);

/* ---- sampler.c: samples as long as somebody maps the page ---- */

int counters_sampler_start(unsigned int cpus);
void counters_sampler_stop(void);
/* A mapping has come, or a copy of one by fork(); a mapping has gone. Don't sleep. */
void counters_sampler_mapped(void);
void counters_sampler_unmapped(void);
/* Begins a sampling now, to bring new settings into force */
void counters_sampler_kick(void);

/* ---- device.c: the parameters that can be set at any time ---- */

unsigned int counters_period(void);
bool counters_enabled(void);

#endif
