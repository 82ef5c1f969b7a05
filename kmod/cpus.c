// SPDX-License-Identifier: GPL-2.0
/* The CPUs' rows: interrupts, soft interrupts, time, and what the network's backlog did. */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/kernel_stat.h>
#include <linux/netdevice.h>
#include <linux/sched/cputime.h>
#include <linux/tick.h>

#include "compat.h"
#include "internal.h"

/* What get_cpu_idle_time_us() and its sister answer where ticks are not stopped for idleness */
#define UNKNOWN_TIME ((u64)-1)

/* As /proc/stat has it: an idle CPU without ticks keeps its idle time elsewhere. */
static u64 sleep_time(unsigned int cpu, u64 (*time)(int cpu, u64 *update), u64 by_ticks)
{
	u64 microseconds = cpu_online(cpu) ? time(cpu, NULL) : UNKNOWN_TIME;

	return microseconds == UNKNOWN_TIME ? by_ticks : microseconds * NSEC_PER_USEC;
}

static void fill_times(unsigned int cpu, u32 *values)
{
	struct kernel_cpustat times;
	const u64 *time = times.cpustat;

	kcpustat_cpu_fetch(&times, cpu);
	counters_put(values + ESPALIER_CPU_USER, time[CPUTIME_USER]);
	counters_put(values + ESPALIER_CPU_NICE, time[CPUTIME_NICE]);
	counters_put(values + ESPALIER_CPU_SYSTEM, time[CPUTIME_SYSTEM]);
	counters_put(values + ESPALIER_CPU_IDLE,
		     sleep_time(cpu, get_cpu_idle_time_us, time[CPUTIME_IDLE]));
	counters_put(values + ESPALIER_CPU_IOWAIT,
		     sleep_time(cpu, get_cpu_iowait_time_us, time[CPUTIME_IOWAIT]));
	counters_put(values + ESPALIER_CPU_IRQ_TIME, time[CPUTIME_IRQ]);
	counters_put(values + ESPALIER_CPU_SOFTIRQ_TIME, time[CPUTIME_SOFTIRQ]);
	counters_put(values + ESPALIER_CPU_STEAL, time[CPUTIME_STEAL]);
}

static void fill_interrupts(unsigned int cpu, u32 *values)
{
	int kind;

	counters_put(values + ESPALIER_CPU_INTERRUPTS, kstat_cpu_irqs_sum(cpu));
	for (kind = 0; kind < NR_SOFTIRQS && kind < ESPALIER_CPU_SOFTIRQS; kind++)
		counters_put(values + ESPALIER_CPU_SOFTIRQ + 2 * kind,
			     kstat_softirqs_cpu(kind, cpu));
}

static void fill_backlog(unsigned int cpu, u32 *values, struct counters_backlog *sum)
{
	const struct softnet_data *data = &per_cpu(softnet_data, cpu);
	unsigned int processed = READ_ONCE(data->processed);
	unsigned int dropped = compat_backlog_dropped(data);
	unsigned int time_squeeze = READ_ONCE(data->time_squeeze);

	counters_put(values + ESPALIER_CPU_BACKLOG_PROCESSED, processed);
	counters_put(values + ESPALIER_CPU_BACKLOG_DROPPED, dropped);
	counters_put(values + ESPALIER_CPU_TIME_SQUEEZE, time_squeeze);
	sum->processed += processed;
	sum->dropped += dropped;
	sum->time_squeeze += time_squeeze;
}

void counters_cpus_sample(unsigned int cpus, struct counters_backlog *sum)
{
	unsigned int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		u32 values[ESPALIER_CPU_WORDS] = {0};

		if (cpu >= cpus)
			break;
		values[ESPALIER_CPU_FLAGS] = cpu_online(cpu) ? ESPALIER_CPU_ONLINE : 0;
		fill_interrupts(cpu, values);
		fill_times(cpu, values);
		fill_backlog(cpu, values, sum);
		values[ESPALIER_CPU_FLAGS] |= counters_perf_read(cpu, values + ESPALIER_CPU_CYCLES);
		counters_publish(&counters_header->cpus, cpu, values);
	}
}
