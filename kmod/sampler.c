// SPDX-License-Identifier: GPL-2.0
/* Samples all rows again and again, as long as somebody maps the page. */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "internal.h"

static struct workqueue_struct *queue;
static unsigned int cpu_rows;
static u64 samplings;
static atomic_t mappings = ATOMIC_INIT(0);

static void work(struct work_struct *unused);
static DECLARE_DELAYED_WORK(sampling, work);

static void work(struct work_struct *unused)
{
	struct counters_backlog backlog;
	unsigned long begin = jiffies;
	unsigned long period, used;
	u64 begin_ns = ktime_get_ns();

	/* A mapping that comes after this look starts the work anew. */
	if (!atomic_read(&mappings) || !counters_enabled()) {
		counters_perf_pause();
		return;
	}
	counters_perf_resume();
	counters_interfaces_sample();
	counters_cpus_sample(cpu_rows, &backlog);
	counters_system_sample(begin_ns, ++samplings, &backlog);
	period = msecs_to_jiffies(counters_period());
	used = jiffies - begin;
	/* Does nothing when somebody has asked for another sampling meanwhile. */
	queue_delayed_work(queue, &sampling, used < period ? period - used : 1);
}

int counters_sampler_start(unsigned int cpus)
{
	cpu_rows = cpus;
	queue = alloc_workqueue("espalier_counters", WQ_UNBOUND | WQ_FREEZABLE, 1);
	return queue ? 0 : -ENOMEM;
}

void counters_sampler_stop(void)
{
	cancel_delayed_work_sync(&sampling);
	destroy_workqueue(queue);
}

void counters_sampler_kick(void)
{
	mod_delayed_work(queue, &sampling, 0);
}

void counters_sampler_mapped(void)
{
	if (atomic_inc_return(&mappings) == 1)
		counters_sampler_kick();
}

void counters_sampler_unmapped(void)
{
	/* The last one gone, the sampler finds out when its time comes. */
	atomic_dec(&mappings);
}
