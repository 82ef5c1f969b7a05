/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page: the CPU time that a reader takes for the counters of 1,000 and 4,000 interfaces: from the kernel module's page,
 * by RTM_GETSTATS, by RTM_GETLINK and from /proc/net/dev, in one run; and how long the module takes to sample them.
 *
 * Runs as root in the virtual machine of "make bench-kmod", with the collector's own readers. "read" is what a reader
 * does where all counters have changed, "unchanged" what it does where none has.
 */
#include "bench/figure.h"
#include "netlink/channel.h"
#include "netlink/kernel-counters.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

enum {
	RUNS = 15,
	SAMPLINGS = 9,
	WAIT_MS = 5,
	PROC_COUNTERS = 16,
};

#define MODULE	   "/espalier_counters.ko"
#define PERIOD	   "/sys/module/espalier_counters/parameters/period_ms"
#define RATIO_GOAL 0.125

struct bench {
	struct kernel_counters page;
	struct channel channel;
	struct channel_buffer buffer;
	unsigned int interfaces, taken;
	uint64_t sum;
};

static void take(struct bench *bench, const struct counters *counters)
{
	for (int i = 0; i < COUNTERS; i++)
		bench->sum += counters->value[i];
	bench->taken++;
}

static bool take_row(int index, const struct counters *counters, void *context)
{
	(void)index;
	take(context, counters);
	return true;
}

static void read_unchanged(struct bench *bench)
{
	if (kernel_counters_check(&bench->page) == -ESHUTDOWN)
		errx(1, "the module is closing");
	bench->taken = kernel_counters_interfaces(&bench->page, take_row, bench);
}

static void read_page(struct bench *bench)
{
	kernel_counters_forget(&bench->page);
	read_unchanged(bench);
}

static int take_message(const struct nlmsghdr *header, void *context)
{
	struct link_message link;
	struct counters counters;
	bool has_counters = true;
	int index;

	if (header->nlmsg_type == RTM_NEWSTATS ? message_counters(header, &index, &counters) == 1
					       : message_link(header, &link, &counters, &has_counters) == 1)
		take(context, &counters);
	return 0;
}

static void read_stats(struct bench *bench)
{
	const struct if_stats_msg body = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};

	if (channel_dump(&bench->channel, RTM_GETSTATS, &body, sizeof(body), take_message, bench))
		errx(1, "RTM_GETSTATS");
}

static void read_links(struct bench *bench)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC};

	if (channel_dump(&bench->channel, RTM_GETLINK, &body, sizeof(body), take_message, bench))
		errx(1, "RTM_GETLINK");
}

static void read_proc(struct bench *bench)
{
	FILE *file = fopen("/proc/net/dev", "re");
	char line[512];

	if (!file)
		err(1, "/proc/net/dev");
	while (fgets(line, sizeof(line), file)) {
		char *at = strchr(line, ':');

		if (!at)
			continue;
		at++;
		for (int i = 0; i < PROC_COUNTERS; i++)
			bench->sum += strtoull(at, &at, 10);
		bench->taken++;
	}
	fclose(file);
}

static double cost(struct bench *bench, void (*look)(struct bench *bench))
{
	double before = figure_cpu();

	bench->taken = 0;
	look(bench);
	before = figure_cpu() - before;
	if (bench->taken < bench->interfaces)
		errx(1, "only %u of %u interfaces", bench->taken, bench->interfaces);
	figure_use(bench->sum);
	return before / 1e3;
}

static void compare(struct bench *bench, const char *what, void (*look)(struct bench *bench), const char *reference,
		    void (*reference_look)(struct bench *bench), double goal)
{
	char variant[64];
	struct figure figure = {.name = "kernel_counters",
				.variant = variant,
				.unit = "us",
				.reference = reference,
				.goal_ratio = goal};

	snprintf(variant, sizeof(variant), "%s, %u interfaces", what, bench->interfaces);
	for (int run = 0; run < RUNS; run++) {
		double value = cost(bench, look);

		figure_add(&figure, value, cost(bench, reference_look));
	}
	figure_print(&figure);
}

static void set_period(const char *text)
{
	int fd = open(PERIOD, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", PERIOD);
	close(fd);
}

static void measure_sampling(struct bench *bench)
{
	const struct timespec step = {.tv_nsec = WAIT_MS * 1000000L};
	struct kernel_counters_system system = {.samplings = 0};
	uint64_t last = 0;
	char variant[64];
	struct figure figure = {.name = "kernel_counters_sampling", .variant = variant, .unit = "us"};

	snprintf(variant, sizeof(variant), "%u interfaces", bench->interfaces);
	for (int run = 0; run <= SAMPLINGS;) {
		nanosleep(&step, NULL);
		if (kernel_counters_system(&bench->page, &system) || system.samplings == last)
			continue;
		last = system.samplings;
		/* The first one writes all rows of interfaces that have come since the last. */
		if (run++ > 0)
			figure_add(&figure, (double)system.duration / 1e3, 0);
	}
	figure_print(&figure);
}

static void make_interfaces(unsigned int from, unsigned int count)
{
	struct nl_sock *socket = nl_socket_alloc();
	int error = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;

	for (unsigned int i = from; i < count && error >= 0; i++) {
		struct rtnl_link *link = rtnl_link_alloc();
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "bench%u", i);
		rtnl_link_set_name(link, name);
		rtnl_link_set_type(link, "dummy");
		error = rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL);
		rtnl_link_put(link);
	}
	nl_socket_free(socket);
	if (error < 0)
		errx(1, "interfaces: %s", nl_geterror(error));
}

int main(void)
{
	static const unsigned int counts[] = {1000, 4000};
	struct bench bench = {.interfaces = 0};
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0 || syscall(SYS_finit_module, fd, "interfaces=8192", 0))
		err(1, "%s", MODULE);
	close(fd);
	error = kernel_counters_open(&bench.page, ESPALIER_COUNTERS_DEVICE);
	if (!error)
		error = channel_open(&bench.channel, &bench.buffer, 0);
	if (error)
		errx(1, "%s", strerror(-error));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		make_interfaces(bench.interfaces, counts[i]);
		bench.interfaces = counts[i];
		set_period("300");
		measure_sampling(&bench);
		/* The samplings would run beside what is measured now. */
		set_period("60000");
		compare(&bench, "page, read", read_page, "RTM_GETSTATS", read_stats, RATIO_GOAL);
		compare(&bench, "page, read", read_page, "RTM_GETLINK", read_links, 0);
		compare(&bench, "page, read", read_page, "/proc/net/dev", read_proc, 0);
		compare(&bench, "page, unchanged", read_unchanged, "RTM_GETSTATS", read_stats, RATIO_GOAL);
	}
	return 0;
}
