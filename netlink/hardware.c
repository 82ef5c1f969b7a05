/* SPDX-License-Identifier: BSD-2-Clause */
/* What the collector does with the kernel module. */
#include "netlink/hardware.h"
#include "netlink/collector.h"
#include "netlink/update.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters of a CPU's list of events that it can't count */
#define UNAVAILABLE_SIZE 64

static bool take(int index, const struct counters *counters, void *context)
{
	struct collector *collector = context;
	uint32_t at = links_slot(collector, index);

	/* What netlink has told since the sampling is newer: counters never go back. */
	if (!at || collector->links[at - 1]->counted >= collector->hardware.sampled)
		return false;
	collector_source_counters(collector, at - 1, counters, SOURCE_MODULE);
	return true;
}

static void fill_system(struct collector *collector, const struct kernel_counters_system *system)
{
	const struct espalier_row none = {0, 0};
	struct update update =
		update_begin(collector->writer, espalier_row_of(collector->writer, OBJECT_HARDWARE_SYSTEM, none));

	for (uint32_t i = 0; i < 3; i++)
		update_unsigned(&update, SYSTEM_LOAD_1 + i, system->load[i]);
	update_unsigned(&update, SYSTEM_CPUS_ONLINE, system->cpus_online);
	update_unsigned(&update, SYSTEM_MEMORY_TOTAL, system->memory_total);
	update_unsigned(&update, SYSTEM_MEMORY_FREE, system->memory_free);
	update_unsigned(&update, SYSTEM_MEMORY_AVAILABLE, system->memory_available);
	update_unsigned(&update, SYSTEM_MEMORY_SHARED, system->memory_shared);
	update_unsigned(&update, SYSTEM_MEMORY_BUFFERS, system->memory_buffers);
	update_unsigned(&update, SYSTEM_BACKLOG_PROCESSED, system->backlog_processed);
	update_unsigned(&update, SYSTEM_BACKLOG_DROPPED, system->backlog_dropped);
	update_unsigned(&update, SYSTEM_TIME_SQUEEZE, system->time_squeeze);
	update_unsigned(&update, SYSTEM_SAMPLINGS, system->samplings);
	update_unsigned(&update, SYSTEM_SAMPLING_TIME, system->duration);
	update_end(&update);
}

static void unavailable_text(char text[UNAVAILABLE_SIZE], unsigned int known)
{
	char *at = text;

	*at = '\0';
	for (unsigned int i = 0; schema_hardware_events[i]; i++) {
		if (!(known & 1u << i))
			at += snprintf(at, (size_t)(text + UNAVAILABLE_SIZE - at), "%s%s", at == text ? "" : ",",
				       schema_hardware_events[i]);
	}
}

static void fill_cpu(struct collector *collector, uint32_t number, const struct kernel_counters_cpu *cpu)
{
	struct update update = update_begin(collector->writer, collector->hardware.cpus[number]);
	char text[UNAVAILABLE_SIZE];

	update_unsigned(&update, CPU_NUMBER, number);
	update_boolean(&update, CPU_ONLINE, cpu->online);
	unavailable_text(text, cpu->events_known);
	update_text(&update, CPU_UNAVAILABLE, text);
	update_unsigned(&update, CPU_INTERRUPTS, cpu->interrupts);
	for (uint32_t i = 0; i < ESPALIER_CPU_SOFTIRQS; i++)
		update_unsigned(&update, CPU_SOFTIRQS + i, cpu->softirqs[i]);
	update_unsigned(&update, CPU_USER, cpu->user);
	update_unsigned(&update, CPU_NICE, cpu->nice);
	update_unsigned(&update, CPU_SYSTEM, cpu->system);
	update_unsigned(&update, CPU_IDLE, cpu->idle);
	update_unsigned(&update, CPU_IOWAIT, cpu->iowait);
	update_unsigned(&update, CPU_IRQ, cpu->irq);
	update_unsigned(&update, CPU_SOFTIRQ, cpu->softirq);
	update_unsigned(&update, CPU_STEAL, cpu->steal);
	update_unsigned(&update, CPU_BACKLOG_PROCESSED, cpu->backlog_processed);
	update_unsigned(&update, CPU_BACKLOG_DROPPED, cpu->backlog_dropped);
	update_unsigned(&update, CPU_TIME_SQUEEZE, cpu->time_squeeze);
	for (uint32_t i = 0; i < ESPALIER_CPU_PERF_EVENTS; i++)
		update_unsigned(&update, CPU_EVENTS + i, cpu->events[i]);
	update_end(&update);
}

static void fill_status(struct collector *collector, bool enabled, uint32_t cpus)
{
	const struct espalier_row none = {0, 0};
	struct update update =
		update_begin(collector->writer, espalier_row_of(collector->writer, OBJECT_HARDWARE, none));

	update_text(&update, HARDWARE_STATUS, enabled ? "Enabled" : "Disabled");
	update_unsigned(&update, HARDWARE_CPU_ENTRIES, cpus);
	update_end(&update);
}

void hardware_prepare(struct collector *collector)
{
	fill_status(collector, false, 0);
}

/* CPU n has the instance number n + 1 for ever. */
static void add_rows(struct collector *collector)
{
	const struct espalier_row none = {0, 0};
	struct hardware *hardware = &collector->hardware;
	uint32_t count = hardware->page.cpus.rows;

	hardware->cpus = calloc(count, sizeof(*hardware->cpus));
	if (!hardware->cpus)
		return;
	for (hardware->cpu_count = 0; hardware->cpu_count < count; hardware->cpu_count++) {
		uint32_t number = hardware->cpu_count;
		struct kernel_counters_cpu cpu;
		int error = kernel_counters_cpu(&hardware->page, number, &cpu);

		if (!error)
			error = espalier_instance_add(collector->writer, OBJECT_HARDWARE_CPU, none, number + 1,
						      &hardware->cpus[number]);
		if (error) {
			log_error("CPU %u can't be added: %s", number, strerror(-error));
			break;
		}
		fill_cpu(collector, number, &cpu);
		espalier_instance_publish(collector->writer, hardware->cpus[number]);
	}
	hardware->published = true;
	fill_status(collector, true, hardware->cpu_count);
}

static void remove_rows(struct collector *collector)
{
	static const struct kernel_counters_system nothing;
	struct hardware *hardware = &collector->hardware;

	if (!hardware->published)
		return;
	for (uint32_t i = 0; i < hardware->cpu_count; i++)
		espalier_instance_remove(collector->writer, hardware->cpus[i]);
	free(hardware->cpus);
	hardware->cpus = NULL;
	hardware->published = false;
	fill_status(collector, false, 0);
	fill_system(collector, &nothing);
}

static void publish_rows(struct collector *collector, const struct kernel_counters_system *system)
{
	struct hardware *hardware = &collector->hardware;
	struct kernel_counters_cpu cpu;

	if (!hardware->published)
		add_rows(collector);
	for (uint32_t i = 0; i < hardware->cpu_count && hardware->published; i++) {
		if (!kernel_counters_cpu(&hardware->page, i, &cpu))
			fill_cpu(collector, i, &cpu);
	}
	fill_system(collector, system);
}

/* Returns whether there is a page that tells the present. */
static bool find_page(struct collector *collector)
{
	struct hardware *hardware = &collector->hardware;
	int error = 0;

	if (!hardware->page.header) {
		error = kernel_counters_open(&hardware->page, hardware->path);
		if (error && error != hardware->error && error != -ENOENT)
			log_warning("%s can't be used: %s", hardware->path, strerror(-error));
		hardware->error = error;
		/* Its first sampling runs now: it is looked at with the next interval. */
		return false;
	}
	error = kernel_counters_check(&hardware->page);
	if (error == -ESHUTDOWN) {
		log_notice("the kernel module is to be unloaded: counters come by netlink");
		kernel_counters_close(&hardware->page);
	}
	return !error;
}

bool hardware_interval(struct collector *collector)
{
	struct hardware *hardware = &collector->hardware;
	struct kernel_counters_system system;
	bool was_in_use = hardware->in_use;

	hardware->in_use = find_page(collector) && !kernel_counters_system(&hardware->page, &system);
	if (!hardware->in_use) {
		if (was_in_use)
			remove_rows(collector);
		return false;
	}
	if (!was_in_use)
		log_notice("counters come from the kernel module");
	if (!was_in_use || hardware->links_changed)
		kernel_counters_forget(&hardware->page);
	hardware->links_changed = false;
	hardware->sampled = system.time - system.duration;
	publish_rows(collector, &system);
	return kernel_counters_interfaces(&hardware->page, take, collector) >= collector->link_count;
}

void hardware_close(struct hardware *hardware)
{
	kernel_counters_close(&hardware->page);
	free(hardware->cpus);
	hardware->cpus = NULL;
}
