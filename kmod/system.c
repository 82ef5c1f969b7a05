// SPDX-License-Identifier: GPL-2.0
/* The system's row: load, memory, the backlogs of all CPUs, and the sampling itself. */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/sched/loadavg.h>
#include <linux/ktime.h>

#include "internal.h"

/* In hundredths, rounded as /proc/loadavg does. */
static u32 load(unsigned long average)
{
	average += FIXED_1 / 200;
	return LOAD_INT(average) * 100 + LOAD_FRAC(average);
}

static void fill_memory(u32 *values)
{
	struct sysinfo info = {0};
	long available = si_mem_available();

	si_meminfo(&info);
	counters_put(values + ESPALIER_SYSTEM_MEMORY_TOTAL, (u64)info.totalram * info.mem_unit);
	counters_put(values + ESPALIER_SYSTEM_MEMORY_FREE, (u64)info.freeram * info.mem_unit);
	counters_put(values + ESPALIER_SYSTEM_MEMORY_SHARED, (u64)info.sharedram * info.mem_unit);
	counters_put(values + ESPALIER_SYSTEM_MEMORY_BUFFERS, (u64)info.bufferram * info.mem_unit);
	counters_put(values + ESPALIER_SYSTEM_MEMORY_AVAILABLE, (u64)max(available, 0L)
									<< PAGE_SHIFT);
}

void counters_system_sample(u64 begin, u64 samplings, const struct counters_backlog *backlog)
{
	u32 values[ESPALIER_SYSTEM_WORDS] = {0};
	u64 now;

	values[ESPALIER_SYSTEM_LOAD_1] = load(avenrun[0]);
	values[ESPALIER_SYSTEM_LOAD_5] = load(avenrun[1]);
	values[ESPALIER_SYSTEM_LOAD_15] = load(avenrun[2]);
	values[ESPALIER_SYSTEM_CPUS_ONLINE] = num_online_cpus();
	fill_memory(values);
	counters_put(values + ESPALIER_SYSTEM_BACKLOG_PROCESSED, backlog->processed);
	counters_put(values + ESPALIER_SYSTEM_BACKLOG_DROPPED, backlog->dropped);
	counters_put(values + ESPALIER_SYSTEM_TIME_SQUEEZE, backlog->time_squeeze);
	counters_put(values + ESPALIER_SYSTEM_SAMPLINGS, samplings);
	now = ktime_get_ns();
	counters_put(values + ESPALIER_SYSTEM_TIME, now);
	counters_put(values + ESPALIER_SYSTEM_DURATION, now - begin);
	counters_publish(&counters_header->system, 0, values);
}
