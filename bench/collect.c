/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect: the CPU time that espalier-netlink takes an interval with 1,000 and 10,000 interfaces in a network
 * namespace, beside a bare RTM_GETSTATS dump of the same namespace right after it. Also the collector's memory on a
 * small gateway.
 *
 *     collect PATH_OF_ESPALIER_NETLINK
 *
 * The dump is made by a socket of this program, which walks the messages and looks at nothing in them. All interfaces
 * are veth pairs, and end with the namespace, that is with this program and the collector.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/link/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/figure.h"

enum {
	RUNS = 21,
	INTERVAL_MS = 200,
	POLL_MS = 2,
	DUMP_BUFFER = 64 * 1024, /* the kernel fills at most 32 KiB a receive */
	SMALL_INTERFACES = 16,
};

#define RATIO_GOAL	  1.5
#define MEMORY_GOAL_KB	  1024
#define MILLISECOND	  1000000L
#define COLLECTOR_READY	  " interfaces in "
#define COLLECTOR_SECONDS 60

struct bench {
	const char *collector_path;
	unsigned interfaces;
	char folder[64], variant[64];
	pid_t collector;
	int log; /* the collector's standard error */
	int dump;
};

/* ---- The namespace --------------------------------------------------------------------------------------------- */

/* Returns NULL, or why there can be no such namespace. */
static const char *make_interfaces(unsigned count)
{
	struct nl_sock *socket = nl_socket_alloc();
	int error;

	if (unshare(CLONE_NEWNET) < 0) {
		nl_socket_free(socket);
		return errno == EPERM ? "network namespaces need root" : strerror(errno);
	}
	error = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;
	for (unsigned i = 0; i < count / 2 && error >= 0; i++) {
		char name[16], peer[16];

		snprintf(name, sizeof(name), "left%u", i);
		snprintf(peer, sizeof(peer), "right%u", i);
		error = rtnl_link_veth_add(socket, name, peer, getpid());
	}
	nl_socket_free(socket);
	return error < 0 ? nl_geterror(error) : NULL;
}

static void open_dump(struct bench *bench)
{
	int size = 1024 * 1024;

	bench->dump = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (bench->dump < 0 || setsockopt(bench->dump, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0)
		err(1, "netlink socket");
}

/* Returns how many interfaces the kernel has told of. */
static unsigned bare_dump(const struct bench *bench)
{
	static char buffer[DUMP_BUFFER] __attribute__((aligned(8)));
	struct {
		struct nlmsghdr header;
		struct if_stats_msg stats;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETSTATS,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.stats = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
	};
	unsigned count = 0;

	if (send(bench->dump, &request, sizeof(request), 0) < 0)
		err(1, "RTM_GETSTATS");
	for (;;) {
		ssize_t length = recv(bench->dump, buffer, sizeof(buffer), 0);

		if (length < 0)
			err(1, "RTM_GETSTATS");
		for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; NLMSG_OK(header, (size_t)length);
		     header = NLMSG_NEXT(header, length)) {
			if (header->nlmsg_type == NLMSG_DONE)
				return count;
			if (header->nlmsg_type == NLMSG_ERROR)
				errx(1, "RTM_GETSTATS is refused");
			count++;
		}
	}
}

/* ---- The collector --------------------------------------------------------------------------------------------- */

static void wait_ready(struct bench *bench)
{
	char text[4096];
	size_t used = 0;

	for (;;) {
		ssize_t length = read(bench->log, text + used, sizeof(text) - 1 - used);

		if (length <= 0)
			errx(1, "espalier-netlink ended: %.*s", (int)used, text);
		used += (size_t)length;
		text[used] = '\0';
		if (strstr(text, COLLECTOR_READY))
			return;
		if (used == sizeof(text) - 1)
			used = 0;
	}
}

static void start_collector(struct bench *bench)
{
	char configuration[128];
	FILE *file;
	int log[2];

	snprintf(configuration, sizeof(configuration), "%s/espalier.conf", bench->folder);
	file = fopen(configuration, "we");
	if (!file)
		err(1, "%s", configuration);
	fprintf(file, "[paths]\nrun = %s/run\nstate = %s/state\n[netlink]\ninterval_ms = %d\n", bench->folder,
		bench->folder, INTERVAL_MS);
	fclose(file);
	if (pipe(log) < 0)
		err(1, "pipe");
	bench->collector = fork();
	if (bench->collector < 0)
		err(1, "fork");
	if (bench->collector == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		unsetenv("ESPALIER_DIR");
		dup2(log[1], STDERR_FILENO);
		close(log[0]);
		execl(bench->collector_path, bench->collector_path, "-c", configuration, (char *)NULL);
		err(127, "%s", bench->collector_path);
	}
	close(log[1]);
	bench->log = log[0];
	wait_ready(bench);
}

static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char name[512];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (unlink(name) < 0)
			remove_folder(name);
	}
	if (folder)
		closedir(folder);
	rmdir(path);
}

static void stop_collector(struct bench *bench)
{
	kill(bench->collector, SIGTERM);
	waitpid(bench->collector, NULL, 0);
	close(bench->log);
}

/* Nanoseconds of CPU time, user and system, of all threads of the collector, as the scheduler counts them. */
static double collector_cpu(const struct bench *bench)
{
	double sum = 0;
	char path[512];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", bench->collector);
	folder = opendir(path);
	if (!folder)
		errx(1, "espalier-netlink has ended");
	while ((entry = readdir(folder))) {
		unsigned long long time;
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", bench->collector, entry->d_name);
		file = fopen(path, "re");
		if (!file || fscanf(file, "%llu", &time) != 1)
			errx(1, "%s cannot be read", path);
		fclose(file);
		sum += (double)time;
	}
	closedir(folder);
	return sum;
}

/* KB that nobody else has and that cannot be dropped: anonymous memory and changed pages. */
static double collector_private(const struct bench *bench)
{
	char path[64], line[256];
	double sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", bench->collector);
	file = fopen(path, "re");
	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), file)) {
		unsigned long size;

		if (sscanf(line, "Private_Dirty: %lu", &size) == 1)
			sum += (double)size;
	}
	fclose(file);
	return sum;
}

/* ---- What is measured ------------------------------------------------------------------------------------------ */

/* Waits for the next interval to begin, and then half of one: the moments that follow, an interval apart, have exactly
 * one interval's work between them. */
static struct timespec middle_of_interval(const struct bench *bench)
{
	const struct timespec step = {.tv_nsec = POLL_MS * MILLISECOND};
	const struct timespec half = {.tv_nsec = INTERVAL_MS * MILLISECOND / 2};
	double before = collector_cpu(bench);
	struct timespec moment;

	do
		nanosleep(&step, NULL);
	while (collector_cpu(bench) - before < 1);
	nanosleep(&half, NULL);
	clock_gettime(CLOCK_MONOTONIC, &moment);
	return moment;
}

static void next_moment(struct timespec *moment)
{
	moment->tv_nsec += INTERVAL_MS * MILLISECOND;
	if (moment->tv_nsec >= 1000 * MILLISECOND) {
		moment->tv_nsec -= 1000 * MILLISECOND;
		moment->tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, moment, NULL);
}

static void measure(const struct bench *bench)
{
	struct figure figure = {.name = "collect",
				.variant = bench->variant,
				.unit = "us/interval",
				.reference = "bare RTM_GETSTATS dump",
				.goal_ratio = RATIO_GOAL};
	struct timespec moment;
	double before;

	if (bare_dump(bench) < bench->interfaces)
		errx(1, "the kernel tells of less than %u interfaces", bench->interfaces);
	/* The first intervals look at what changed while the interfaces were made. */
	moment = middle_of_interval(bench);
	next_moment(&moment);
	before = collector_cpu(bench);
	for (int run = 0; run < RUNS; run++) {
		double used, dump;

		next_moment(&moment);
		used = collector_cpu(bench) - before;
		dump = figure_cpu();
		bare_dump(bench);
		dump = figure_cpu() - dump;
		before = collector_cpu(bench);
		figure_add(&figure, used / 1e3, dump / 1e3);
	}
	figure_print(&figure);
}

static void measure_memory(const struct bench *bench)
{
	struct figure figure = {
		.name = "collector_memory", .variant = bench->variant, .unit = "KB", .goal_value = MEMORY_GOAL_KB};

	figure_add(&figure, collector_private(bench), 0);
	figure_print(&figure);
}

/* In a process of its own: the namespace ends with it. */
static void run(struct bench *bench, const char *name, const char *unit, void (*measurement)(const struct bench *))
{
	pid_t child;
	int status;

	snprintf(bench->folder, sizeof(bench->folder), "/dev/shm/espalier-bench-XXXXXX");
	if (!mkdtemp(bench->folder))
		err(1, "%s", bench->folder);
	child = fork();
	if (child == 0) {
		const char *why = make_interfaces(bench->interfaces);

		if (why) {
			figure_print_missing(name, bench->variant, unit, why);
			exit(0);
		}
		open_dump(bench);
		alarm(COLLECTOR_SECONDS);
		start_collector(bench);
		measurement(bench);
		stop_collector(bench);
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		err(1, "fork");
	remove_folder(bench->folder);
	if (status)
		figure_print_missing(name, bench->variant, unit, "espalier-netlink does not run here");
}

int main(int argc, char **argv)
{
	static const unsigned counts[] = {1000, 10000};
	struct bench bench = {.collector_path = argv[1]};

	if (argc != 2)
		errx(2, "usage: collect PATH_OF_ESPALIER_NETLINK");
	bench.interfaces = SMALL_INTERFACES;
	snprintf(bench.variant, sizeof(bench.variant), "%u interfaces", bench.interfaces);
	run(&bench, "collector_memory", "KB", measure_memory);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		bench.interfaces = counts[i];
		snprintf(bench.variant, sizeof(bench.variant), "%u", counts[i]);
		run(&bench, "collect", "us/interval", measure);
	}
	return 0;
}
