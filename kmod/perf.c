// SPDX-License-Identifier: GPL-2.0
/* Perf events of each CPU: cycles, instructions, cache misses and branch misses. */
#include <linux/atomic.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/perf_event.h>
#include <linux/slab.h>

#include "internal.h"

#ifdef COUNTERS_TEST_SOFTWARE_EVENTS
/* Emulators have no hardware events: a build for tests counts what they have, with the same code.
 */
#define EVENT(hardware, software)                                                                  \
	{                                                                                          \
		.type = PERF_TYPE_SOFTWARE, .config = (software)                                   \
	}
#else
#define EVENT(hardware, software)                                                                  \
	{                                                                                          \
		.type = PERF_TYPE_HARDWARE, .config = (hardware)                                   \
	}
#endif

static const struct {
	u32 type;
	u64 config;
} kinds[ESPALIER_CPU_PERF_EVENTS] = {
	EVENT(PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_SW_CPU_CLOCK),
	EVENT(PERF_COUNT_HW_INSTRUCTIONS, PERF_COUNT_SW_CONTEXT_SWITCHES),
	EVENT(PERF_COUNT_HW_CACHE_MISSES, PERF_COUNT_SW_PAGE_FAULTS),
	EVENT(PERF_COUNT_HW_BRANCH_MISSES, PERF_COUNT_SW_CPU_MIGRATIONS),
};

struct cpu_events {
	struct perf_event *event[ESPALIER_CPU_PERF_EVENTS]; /* NULL: there is none */
	u64 before[ESPALIER_CPU_PERF_EVENTS]; /* counted by events that were released */
	u64 last[ESPALIER_CPU_PERF_EVENTS];
	bool tried; /* to make them */
	u32 stale;  /* the CPU has come online since: a CPU that goes takes its events along */
};

/*
 * All is the sampler's alone, but for `stale`. Making and releasing an event may take the CPU
 * hotplug lock, so neither is done while holding it: not in a hotplug callback either.
 */
static struct cpu_events *events;
static unsigned int event_cpus;
static enum cpuhp_state hotplug_state;
static bool counting;

static void create(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < ESPALIER_CPU_PERF_EVENTS; i++) {
		struct perf_event_attr attributes = {
			.type = kinds[i].type,
			.size = sizeof(attributes),
			.config = kinds[i].config,
		};
		struct perf_event *event =
			perf_event_create_kernel_counter(&attributes, cpu, NULL, NULL, NULL);

		events[cpu].event[i] = IS_ERR(event) ? NULL : event;
	}
	events[cpu].tried = true;
}

/* Never less than before, which scaling alone would not promise. */
static u64 read_event(struct cpu_events *cpu, unsigned int i, bool *known)
{
	u64 enabled, running;
	u64 value = perf_event_read_value(cpu->event[i], &enabled, &running);

	/* More events than counters take turns: what was counted stands for the whole time. */
	*known = running > 0;
	if (running && running < enabled)
		value = mul_u64_u64_div_u64(value, enabled, running);
	cpu->last[i] = max(cpu->last[i], cpu->before[i] + value);
	return cpu->last[i];
}

static void release(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < ESPALIER_CPU_PERF_EVENTS; i++) {
		struct perf_event *event = events[cpu].event[i];
		bool known;

		if (!event)
			continue;
		events[cpu].before[i] = read_event(&events[cpu], i, &known);
		events[cpu].event[i] = NULL;
		perf_event_release_kernel(event);
	}
	events[cpu].tried = false;
}

static int come_online(unsigned int cpu)
{
	if (cpu < event_cpus)
		WRITE_ONCE(events[cpu].stale, 1);
	return 0;
}

void counters_perf_resume(void)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < event_cpus; cpu++) {
		if (xchg(&events[cpu].stale, 0) || !cpu_online(cpu))
			release(cpu);
		/* Fails by itself where the CPU goes meanwhile. */
		if (!events[cpu].tried && cpu_online(cpu)) {
			create(cpu);
			continue;
		}
		for (i = 0; i < ESPALIER_CPU_PERF_EVENTS && !counting; i++) {
			if (events[cpu].event[i])
				perf_event_enable(events[cpu].event[i]);
		}
	}
	counting = true;
}

void counters_perf_pause(void)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < event_cpus && counting; cpu++) {
		for (i = 0; i < ESPALIER_CPU_PERF_EVENTS; i++) {
			if (events[cpu].event[i])
				perf_event_disable(events[cpu].event[i]);
		}
	}
	counting = false;
}

u32 counters_perf_read(unsigned int cpu, u32 *values)
{
	u32 known_events = 0;
	unsigned int i;

	for (i = 0; i < ESPALIER_CPU_PERF_EVENTS && cpu < event_cpus; i++) {
		bool known = false;

		if (events[cpu].event[i])
			counters_put(values + 2 * i, read_event(&events[cpu], i, &known));
		if (known)
			known_events |= ESPALIER_CPU_HAS_CYCLES << i;
	}
	return known_events;
}

int counters_perf_start(unsigned int cpus)
{
	int state;

	events = kcalloc(cpus, sizeof(*events), GFP_KERNEL);
	if (!events)
		return -ENOMEM;
	event_cpus = cpus;
	state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "net/espalier_counters:online",
					  come_online, NULL);
	if (state < 0) {
		kfree(events);
		return state;
	}
	hotplug_state = state;
	return 0;
}

void counters_perf_stop(void)
{
	unsigned int cpu;

	cpuhp_remove_state_nocalls(hotplug_state);
	for (cpu = 0; cpu < event_cpus; cpu++)
		release(cpu);
	kfree(events);
}
