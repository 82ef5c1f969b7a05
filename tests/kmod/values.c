/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page says what the kernel says otherwise. Since counters run on, the kernel is asked before a sampling begins and
 * after it has ended, and the page has to be between the two.
 */
#include "tests/kmod/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#define LINKS_MAXIMUM 64
#define CPUS	      2
#define ROUNDS	      10
#define GATEWAY	      "10.0.2.2"
#define TICK_US	      10000u /* /proc/stat counts hundredths of a second */

struct table {
	bool known[LINKS_MAXIMUM];
	struct counters of[LINKS_MAXIMUM];
};

static int take_message(const struct nlmsghdr *header, void *context)
{
	struct table *table = context;
	struct counters counters;
	int index;

	if (header->nlmsg_type == RTM_NEWSTATS && message_counters(header, &index, &counters) == 1 &&
	    index < LINKS_MAXIMUM) {
		table->known[index] = true;
		table->of[index] = counters;
	}
	return 0;
}

static void ask_netlink(struct channel *channel, struct table *table)
{
	const struct if_stats_msg body = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};

	memset(table, 0, sizeof(*table));
	CHECK(!channel_dump(channel, RTM_GETSTATS, &body, sizeof(body), take_message, table));
}

static void ask_proc(struct table *table)
{
	FILE *file = fopen("/proc/net/dev", "re");
	char line[512];

	CHECK(file);
	memset(table, 0, sizeof(*table));
	while (fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':'), *name = line + strspn(line, " ");
		struct counters *counters;
		uint64_t *value;
		unsigned int index;

		if (!colon)
			continue;
		*colon = '\0';
		index = if_nametoindex(name);
		CHECK(index > 0 && index < LINKS_MAXIMUM);
		counters = &table->of[index];
		value = counters->value;
		table->known[index] = true;
		CHECK(sscanf(colon + 1,
			     "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 " %*u %*u %*u %" SCNu64 "%" SCNu64 "%" SCNu64
			     "%" SCNu64 "%" SCNu64,
			     &value[COUNTER_BYTES_RECEIVED], &value[COUNTER_PACKETS_RECEIVED],
			     &value[COUNTER_ERRORS_RECEIVED], &value[COUNTER_DISCARDS_RECEIVED],
			     &value[COUNTER_MULTICAST_RECEIVED], &value[COUNTER_BYTES_SENT],
			     &value[COUNTER_PACKETS_SENT], &value[COUNTER_ERRORS_SENT],
			     &value[COUNTER_DISCARDS_SENT]) == 9);
	}
	fclose(file);
}

static bool take_row(int index, const struct counters *counters, void *context)
{
	struct table *table = context;

	CHECK(index < LINKS_MAXIMUM);
	table->known[index] = true;
	table->of[index] = *counters;
	return true;
}

static void check_between(const struct table *before, const struct table *page, const struct table *after,
			  const char *what)
{
	for (int index = 0; index < LINKS_MAXIMUM; index++) {
		CHECK(page->known[index] == after->known[index], "(%s, interface %d)", what, index);
		for (int i = 0; i < COUNTERS; i++) {
			uint64_t value = page->of[index].value[i];

			CHECK(value >= before->of[index].value[i] && value <= after->of[index].value[i],
			      "(%s, interface %d, counter %d: %" PRIu64 " <= %" PRIu64 " <= %" PRIu64 ")", what, index,
			      i, before->of[index].value[i], value, after->of[index].value[i]);
		}
	}
}

void test_interfaces_equal(void)
{
	struct table first, netlink[2], proc[2], table;
	unsigned int uplink = if_nametoindex("eth0");
	struct channel_buffer buffer = {NULL, 0};
	struct kernel_counters page;
	struct channel channel;
	pid_t traffic;

	CHECK(uplink > 0);
	module_load(MODULE_FILE, "period_ms=10");
	CHECK(!channel_open(&channel, &buffer, 0));
	traffic = fork();
	CHECK(traffic >= 0);
	if (traffic == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		execl("/bin/busybox", "ping", "-A", "-s", "1000", GATEWAY, (char *)NULL);
		_exit(1);
	}
	page_open(&page);
	ask_netlink(&channel, &first);
	for (int round = 0; round < ROUNDS; round++) {
		ask_netlink(&channel, &netlink[0]);
		ask_proc(&proc[0]);
		page_wait(&page, 1);
		memset(&table, 0, sizeof(table));
		kernel_counters_forget(&page);
		CHECK(kernel_counters_interfaces(&page, take_row, &table) == page_rows(&page));
		ask_netlink(&channel, &netlink[1]);
		ask_proc(&proc[1]);
		check_between(&netlink[0], &table, &netlink[1], "RTM_GETSTATS");
		check_between(&proc[0], &table, &proc[1], "/proc/net/dev");
		sleep_ms(20);
	}
	printf("(eth0: %" PRIu64 " packets received, %" PRIu64 " sent meanwhile)\n",
	       table.of[uplink].value[COUNTER_PACKETS_RECEIVED] - first.of[uplink].value[COUNTER_PACKETS_RECEIVED],
	       table.of[uplink].value[COUNTER_PACKETS_SENT] - first.of[uplink].value[COUNTER_PACKETS_SENT]);
	CHECK(table.of[uplink].value[COUNTER_PACKETS_RECEIVED] > first.of[uplink].value[COUNTER_PACKETS_RECEIVED] + 10);
	CHECK(table.of[uplink].value[COUNTER_BYTES_SENT] > first.of[uplink].value[COUNTER_BYTES_SENT] + 10000);
	kill(traffic, SIGKILL);
	waitpid(traffic, NULL, 0);
	/* Still, all agree to the last byte, and nothing is handed over that has not changed. */
	sleep_ms(100);
	page_wait(&page, 2);
	kernel_counters_interfaces(&page, take_row, &table);
	ask_netlink(&channel, &netlink[0]);
	check_between(&netlink[0], &table, &netlink[0], "at rest");
	page_wait(&page, 1);
	memset(&table, 0, sizeof(table));
	CHECK(kernel_counters_interfaces(&page, take_row, &table) == page_rows(&page));
	for (int index = 0; index < LINKS_MAXIMUM; index++)
		CHECK(!table.known[index]);
	kernel_counters_close(&page);
	module_unload();
}

/* ---- CPUs ---------------------------------------------------------------------------------------------------- */

/* Reads the numbers of the line that starts with the word, or of the line with this number when there is none. */
static size_t read_line(const char *path, const char *word, int number, uint64_t *values, size_t count, int base)
{
	FILE *file = fopen(path, "re");
	size_t found = 0;
	char line[2048];

	CHECK(file, "(%s)", path);
	for (int i = 0; fgets(line, sizeof(line), file); i++) {
		char *at = line + strspn(line, " ");

		if (word ? strncmp(at, word, strlen(word)) != 0 : i != number)
			continue;
		for (at += word ? strlen(word) : 0; found < count; found++) {
			char *end;

			values[found] = strtoull(at, &end, base);
			if (end == at)
				break;
			at = end;
		}
		break;
	}
	fclose(file);
	return found;
}

struct proc_cpu {
	uint64_t softirqs[ESPALIER_CPU_SOFTIRQS];
	uint64_t times[8]; /* user, nice, system, idle, iowait, irq, softirq, steal: in ticks */
	uint64_t backlog[3];
};

static void ask_cpu(unsigned int cpu, struct proc_cpu *proc)
{
	static const char *const kinds[ESPALIER_CPU_SOFTIRQS] = {
		"HI:", "TIMER:", "NET_TX:", "NET_RX:", "BLOCK:", "IRQ_POLL:", "TASKLET:", "SCHED:", "HRTIMER:", "RCU:"};
	char name[16];

	for (int i = 0; i < ESPALIER_CPU_SOFTIRQS; i++) {
		uint64_t values[CPUS];

		CHECK(read_line("/proc/softirqs", kinds[i], 0, values, CPUS, 10) == CPUS);
		proc->softirqs[i] = values[cpu];
	}
	snprintf(name, sizeof(name), "cpu%u ", cpu);
	CHECK(read_line("/proc/stat", name, 0, proc->times, 8, 10) == 8);
	CHECK(read_line("/proc/net/softnet_stat", NULL, (int)cpu, proc->backlog, 3, 16) == 3);
}

static void check_time(const char *what, uint64_t before, uint64_t microseconds, uint64_t after)
{
	CHECK(microseconds / TICK_US >= before && microseconds / TICK_US <= after,
	      "(%s: %" PRIu64 " <= %" PRIu64 " <= %" PRIu64 ")", what, before, microseconds / TICK_US, after);
}

static void check_cpu(const struct proc_cpu *before, const struct kernel_counters_cpu *cpu,
		      const struct proc_cpu *after)
{
	for (int i = 0; i < ESPALIER_CPU_SOFTIRQS; i++)
		CHECK(cpu->softirqs[i] >= before->softirqs[i] && cpu->softirqs[i] <= after->softirqs[i],
		      "(%d: %" PRIu64 " <= %" PRIu64 " <= %" PRIu64 ")", i, before->softirqs[i], cpu->softirqs[i],
		      after->softirqs[i]);
	check_time("user", before->times[0], cpu->user, after->times[0]);
	check_time("nice", before->times[1], cpu->nice, after->times[1]);
	check_time("system", before->times[2], cpu->system, after->times[2]);
	check_time("irq", before->times[5], cpu->irq, after->times[5]);
	check_time("softirq", before->times[6], cpu->softirq, after->times[6]);
	check_time("steal", before->times[7], cpu->steal, after->times[7]);
	/* The kernel moves time between these two, in both directions (Documentation/filesystems/proc.rst). */
	check_time("idle and iowait", before->times[3] + before->times[4], cpu->idle + cpu->iowait,
		   after->times[3] + after->times[4] + 1);
	CHECK(cpu->backlog_processed >= before->backlog[0] && cpu->backlog_processed <= after->backlog[0]);
	CHECK(cpu->backlog_dropped >= before->backlog[1] && cpu->backlog_dropped <= after->backlog[1]);
	CHECK(cpu->time_squeeze >= before->backlog[2] && cpu->time_squeeze <= after->backlog[2]);
}

void test_cpus_equal(void)
{
	struct kernel_counters_cpu cpu, earlier[CPUS];
	struct kernel_counters page;

	module_load(MODULE_FILE, "period_ms=10");
	page_open(&page);
	CHECK(page.cpus.rows == CPUS);
	for (unsigned int i = 0; i < CPUS; i++)
		CHECK(!kernel_counters_cpu(&page, i, &earlier[i]) && earlier[i].online);
	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < CPUS; i++) {
			struct proc_cpu before, after;

			ask_cpu(i, &before);
			page_wait(&page, 1);
			CHECK(!kernel_counters_cpu(&page, i, &cpu));
			ask_cpu(i, &after);
			check_cpu(&before, &cpu, &after);
		}
	}
	for (unsigned int i = 0; i < CPUS; i++) {
		CHECK(!kernel_counters_cpu(&page, i, &cpu));
		CHECK(cpu.interrupts >= earlier[i].interrupts);
	}
	CHECK(kernel_counters_cpu(&page, CPUS, &cpu) == -ENOENT);
	kernel_counters_close(&page);
	module_unload();
}

void test_system_equal(void)
{
	struct kernel_counters_system system;
	uint64_t total, pages[2], loads[2][2];
	struct kernel_counters page;

	module_load(MODULE_FILE, "period_ms=10");
	page_open(&page);
	/* The load may be worked out anew between the two looks, every five seconds. */
	for (int tries = 0;; tries++) {
		CHECK(tries < 5);
		CHECK(read_line("/proc/loadavg", NULL, 0, loads[0], 1, 10) == 1);
		page_wait(&page, 1);
		CHECK(!kernel_counters_system(&page, &system));
		CHECK(read_line("/proc/loadavg", NULL, 0, loads[1], 1, 10) == 1);
		if (loads[0][0] == loads[1][0] && system.load[0] / 100 == loads[0][0])
			break;
	}
	CHECK(read_line("/proc/meminfo", "MemTotal:", 0, &total, 1, 10) == 1);
	CHECK(system.memory_total == total * 1024, "(%" PRIu64 ")", system.memory_total);
	CHECK(read_line("/proc/meminfo", "MemFree:", 0, &pages[0], 1, 10) == 1);
	CHECK(read_line("/proc/meminfo", "MemAvailable:", 0, &pages[1], 1, 10) == 1);
	/* Within a tenth of all memory: both move. */
	CHECK(llabs((long long)system.memory_free - (long long)pages[0] * 1024) < (long long)system.memory_total / 10);
	CHECK(llabs((long long)system.memory_available - (long long)pages[1] * 1024) <
	      (long long)system.memory_total / 10);
	CHECK(system.cpus_online == CPUS);
	CHECK(system.time <= monotonic() && system.time > monotonic() - 5000000000u);
	CHECK(system.duration > 0 && system.duration < 1000000000u);
	printf("(a sampling takes %" PRIu64 " us)\n", system.duration / 1000);
	kernel_counters_close(&page);
	module_unload();
}

/* ---- Perf events --------------------------------------------------------------------------------------------- */

void test_perf_unavailable(void)
{
	struct kernel_counters_cpu cpu;
	struct kernel_counters page;

	/* The emulator has no counters: each is marked, and reads as zero. */
	module_load(MODULE_FILE, "period_ms=10");
	page_open(&page);
	CHECK(page.header->compatible & ESPALIER_COUNTERS_PERF);
	CHECK(!kernel_counters_cpu(&page, 0, &cpu));
	CHECK(cpu.events_known == 0);
	for (int i = 0; i < ESPALIER_CPU_PERF_EVENTS; i++)
		CHECK(cpu.events[i] == 0);
	kernel_counters_close(&page);
	module_unload();
}

void test_perf_software(void)
{
	struct kernel_counters_cpu cpu[3];
	struct kernel_counters page;

	module_load(MODULE_PERF, "period_ms=10");
	page_open(&page);
	CHECK(!kernel_counters_cpu(&page, 0, &cpu[0]));
	page_wait(&page, 3);
	CHECK(!kernel_counters_cpu(&page, 0, &cpu[1]));
	kernel_counters_close(&page);
	sleep_ms(200);
	page_open(&page);
	CHECK(!kernel_counters_cpu(&page, 0, &cpu[2]));
	for (int i = 0; i < 3; i++)
		CHECK(cpu[i].events_known == 0xf, "(%#x)", cpu[i].events_known);
	/* The first is the CPU's clock, in nanoseconds: it runs, but not while nobody looks. */
	CHECK(cpu[1].events[0] > cpu[0].events[0]);
	CHECK(cpu[2].events[0] >= cpu[1].events[0]);
	CHECK(cpu[2].events[0] - cpu[1].events[0] < 200000000u, "(%" PRIu64 ")", cpu[2].events[0] - cpu[1].events[0]);
	kernel_counters_close(&page);
	module_unload();
}

static void set_online(const char *digit)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, digit, 1) == 1, "(%s)", strerror(errno));
	close(fd);
}

void test_cpu_hotplug(void)
{
	struct kernel_counters_cpu cpu[3];
	struct kernel_counters page;

	module_load(MODULE_PERF, "period_ms=10");
	page_open(&page);
	CHECK(!kernel_counters_cpu(&page, 1, &cpu[0]));
	set_online("0");
	page_wait(&page, 2);
	CHECK(!kernel_counters_cpu(&page, 1, &cpu[1]));
	set_online("1");
	page_wait(&page, 3);
	CHECK(!kernel_counters_cpu(&page, 1, &cpu[2]));
	CHECK(cpu[0].online && !cpu[1].online && cpu[2].online);
	CHECK(cpu[0].events_known == 0xf && !cpu[1].events_known && cpu[2].events_known == 0xf);
	/* Counted on from where it was. */
	CHECK(cpu[2].events[0] > cpu[0].events[0]);
	set_online("0");
	kernel_counters_close(&page);
	module_unload();
	set_online("1");
}
