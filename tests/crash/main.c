/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crash test: a writer at full speed and readers, all killed with SIGKILL at random moments and started again.
 * Usage: crash-rows KILLS [SEED]. Prints "kills N reads N torn 0 stuck 0 wrong 0"; exit status 1 when it is not so.
 */
#include "tests/crash/crash-rows.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LIFE_US = 8000,		/* a writer's, at most */
	LONG_LIFE_US = 1500000, /* of some: long enough for memory of removed rows to be used again */
	READ_MS = 10000,	/* that the readers have for it at most */
	LONG_LIFE_EVERY = 100,
	LONG_LIFE_AT = 10, /* of a hundred: so that a short run has one, too */
	READER_KILL_EVERY = 5,
	SILENCE_SECONDS = 60, /* a reader that has not read for so long is stuck */
};

static char folder[64];

static void remove_folder(void)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' || entry->d_name[1] > '.')
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
	rmdir(folder);
}

static pid_t start(void)
{
	pid_t child = fork();

	if (child < 0) {
		perror("fork");
		exit(1);
	}
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

static pid_t start_writer(struct crash_shared *shared, unsigned int seed)
{
	pid_t child = start();

	if (child == 0)
		crash_write(folder, shared, seed);
	return child;
}

static pid_t start_reader(struct crash_shared *shared, uint32_t number)
{
	pid_t child = start();

	if (child == 0)
		crash_read(folder, shared, number);
	return child;
}

/* Ends a child by SIGKILL. False when it had ended by itself, which none does. */
static bool end_by_kill(pid_t child)
{
	int status;

	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	fprintf(stderr, "a child ended with status 0x%x\n", (unsigned int)status);
	return false;
}

/* All rows that the dead writer left. */
static void check_dead(struct crash_shared *shared)
{
	struct crash_counts *counts = &shared->counts[CRASH_READERS];
	const struct espalier_segment_status *segments;
	const struct espalier_node *nodes;
	struct espalier_reader *reader;
	uint32_t count;

	if (espalier_reader_open(&reader, folder) < 0) {
		counts->wrong++;
		return;
	}
	nodes = espalier_reader_nodes(reader, &count);
	for (uint32_t i = 0; i < count; i++)
		if (nodes[i].kind == ESPALIER_NODE_ROW && !crash_check(&nodes[i], counts)) {
			fprintf(stderr, "%s: not readable after the writer's death\n", nodes[i].path);
			counts->wrong++;
		}
	segments = espalier_reader_segments(reader, &count);
	for (uint32_t i = 0; i < count; i++)
		if (segments[i].problem || segments[i].alive) {
			fprintf(stderr, "%s: %s\n", segments[i].name,
				segments[i].problem ? segments[i].problem : "alive");
			counts->wrong++;
		}
	espalier_reader_close(reader);
}

/* A reader whose reads no longer count up does not come back from one. */
static void watch_readers(struct crash_shared *shared)
{
	static uint32_t last[CRASH_READERS];
	static time_t since[CRASH_READERS];

	for (uint32_t i = 0; i < CRASH_READERS; i++) {
		uint32_t reads = __atomic_load_n(&shared->counts[i].reads, __ATOMIC_RELAXED);

		if (reads != last[i] || !since[i])
			since[i] = time(NULL);
		last[i] = reads;
		if (time(NULL) - since[i] > SILENCE_SECONDS) {
			fprintf(stderr, "reader %u is silent\n", i);
			shared->counts[CRASH_READERS].stuck++;
			since[i] = 0;
		}
	}
}

static struct crash_counts sum(const struct crash_shared *shared, unsigned long long *reads)
{
	struct crash_counts all = {0};

	for (uint32_t i = 0; i <= CRASH_READERS; i++) {
		*reads += shared->counts[i].reads;
		all.torn += shared->counts[i].torn;
		all.stuck += shared->counts[i].stuck;
		all.wrong += shared->counts[i].wrong;
	}
	return all;
}

/* A long life lasts until the readers, who may be emulated and slow, have read something in it. */
static void live_long(const struct crash_shared *shared)
{
	unsigned long long before = 0, now = 0;

	sum(shared, &before);
	usleep(LONG_LIFE_US);
	for (int waited = 0; waited < READ_MS; waited++) {
		now = 0;
		sum(shared, &now);
		if (now != before)
			break;
		usleep(1000);
	}
}

static unsigned long run(struct crash_shared *shared, unsigned long wanted, unsigned int seed)
{
	pid_t readers[CRASH_READERS], writer;
	unsigned long kills = 0;

	for (uint32_t i = 0; i < CRASH_READERS; i++)
		readers[i] = start_reader(shared, i);
	while (kills < wanted) {
		writer = start_writer(shared, (unsigned int)rand_r(&seed));
		if (kills % LONG_LIFE_EVERY == LONG_LIFE_AT)
			live_long(shared);
		else
			usleep((unsigned int)rand_r(&seed) % LIFE_US);
		if (!end_by_kill(writer))
			shared->counts[CRASH_READERS].wrong++;
		kills++;
		check_dead(shared);
		if (kills % READER_KILL_EVERY == 0) {
			uint32_t number = (uint32_t)rand_r(&seed) % CRASH_READERS;

			if (!end_by_kill(readers[number]))
				shared->counts[CRASH_READERS].wrong++;
			readers[number] = start_reader(shared, number);
		}
		watch_readers(shared);
	}
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < CRASH_READERS; i++) {
		time_t begin = time(NULL);
		int status = 0;
		pid_t ended;

		while ((ended = waitpid(readers[i], &status, WNOHANG)) == 0 && time(NULL) - begin <= SILENCE_SECONDS)
			usleep(1000);
		if (ended == 0) {
			shared->counts[CRASH_READERS].stuck++;
			end_by_kill(readers[i]);
		} else if (status) {
			fprintf(stderr, "a reader ended with status 0x%x\n", (unsigned int)status);
			shared->counts[CRASH_READERS].wrong++;
		}
	}
	return kills;
}

int main(int count, char **arguments)
{
	char *end = NULL;
	unsigned long wanted = count >= 2 ? strtoul(arguments[1], &end, 10) : 0, kills;
	unsigned int seed = count >= 3 ? (unsigned int)strtoul(arguments[2], NULL, 10) : (unsigned int)time(NULL);
	struct crash_shared *shared;
	unsigned long long reads = 0;
	struct crash_counts all;

	if (!wanted || *end) {
		fprintf(stderr, "usage: %s KILLS [SEED]\n", arguments[0]);
		return 2;
	}
	snprintf(folder, sizeof(folder), "%s/espalier-crash-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || !mkdtemp(folder)) {
		perror(folder);
		return 1;
	}
	fprintf(stderr, "seed %u\n", seed);
	kills = run(shared, wanted, seed);
	remove_folder();
	all = sum(shared, &reads);
	printf("kills %lu reads %llu torn %u stuck %u wrong %u\n", kills, reads, all.torn, all.stuck, all.wrong);
	return all.torn || all.stuck || all.wrong || !reads;
}
