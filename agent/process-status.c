// SPDX-License-Identifier: GPL-2.0-or-later
// Device.DeviceInfo.ProcessStatus.: the CPU's load and the processes, from /proc. A process's instance number is its
// PID.
#include "agent/own.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROCESS_MAXIMUM	 4096 // rows; later processes are not listed
#define PROCESS_FRESH_MS 1000 // so long a list serves: two requests of one session need not gather it twice

enum { STATUS_CPU_USAGE, STATUS_PROCESS_COUNT };
enum { PROCESS_PID, PROCESS_COMMAND, PROCESS_SIZE, PROCESS_PRIORITY, PROCESS_CPU_TIME, PROCESS_STATE };

const struct espalier_parameter process_status_parameters[] = {
	[STATUS_CPU_USAGE] = {"CPUUsage", ESPALIER_UNSIGNED_INT, ESPALIER_NOTIFY_CAN_DENY, .range = ":100",
			      .description = "Use of all CPUs since it was last looked at, per cent"},
	[STATUS_PROCESS_COUNT] = {"ProcessNumberOfEntries", ESPALIER_UNSIGNED_INT,
				  .description = "Number of entries in the Process table"},
	{0},
};

const struct espalier_parameter process_parameters[] = {
	[PROCESS_PID] = {"PID", ESPALIER_UNSIGNED_INT, ESPALIER_UNIQUE_KEY, .description = "Process identifier"},
	[PROCESS_COMMAND] = {"Command", ESPALIER_STRING, .maximum_length = 256, .reserve = 64,
			     .description = "Command that started the process"},
	[PROCESS_SIZE] = {"Size", ESPALIER_UNSIGNED_INT, ESPALIER_NOTIFY_CAN_DENY,
			  .description = "Memory that the process occupies, KiB"},
	[PROCESS_PRIORITY] = {"Priority", ESPALIER_UNSIGNED_INT, .range = ":99",
			      .description = "Priority of the process, 0 is the highest"},
	[PROCESS_CPU_TIME] = {"CPUTime", ESPALIER_UNSIGNED_INT, ESPALIER_NOTIFY_CAN_DENY,
			      .description = "CPU time that the process has used, milliseconds"},
	[PROCESS_STATE] = {"State", ESPALIER_STRING, ESPALIER_NOTIFY_CAN_DENY, .reserve = 16,
			   .enumeration = (const char *const[]){"Running", "Sleeping", "Stopped", "Idle",
								"Uninterruptible", "Zombie", NULL},
			   .description = "What the process does"},
	{0},
};

enum { NAME_SIZE = 64 };

struct process {
	uint32_t pid;
	uint64_t started;     // tells a process from a later one with the same PID
	char name[NAME_SIZE]; // as the kernel has it: changes when the process starts another program
	struct espalier_row row;
};

// In the order of the PIDs.
struct process_list {
	struct process *entries;
	size_t count, room;
	uint64_t gathered; // ms of CLOCK_MONOTONIC
};

// What /proc/PID/stat says.
struct process_figures {
	char state;
	long priority;
	unsigned long long user, system, started, pages;
};

static const char *state_text(char state)
{
	switch (state) {
	case 'R':
		return "Running";
	case 'T':
	case 't':
		return "Stopped";
	case 'I':
		return "Idle";
	case 'D':
		return "Uninterruptible";
	case 'Z':
	case 'X':
		return "Zombie";
	default:
		return "Sleeping";
	}
}

static ssize_t read_file(int folder, const char *name, char *buffer, size_t size)
{
	int descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (descriptor < 0)
		return -errno;
	length = read(descriptor, buffer, size - 1);
	close(descriptor);
	buffer[length < 0 ? 0 : length] = 0;
	return length;
}

static int read_figures(int proc, uint32_t pid, struct process_figures *figures, char name[NAME_SIZE])
{
	char buffer[1024], path[32], *start, *end;

	snprintf(path, sizeof(path), "%u/stat", pid);
	if (read_file(proc, path, buffer, sizeof(buffer)) <= 0)
		return -ESRCH;
	start = strchr(buffer, '(');
	end = strrchr(buffer, ')');
	if (!start || !end || end < start)
		return -EBADMSG;
	snprintf(name, NAME_SIZE, "%.*s", (int)(end - start - 1), start + 1);
	// state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime priority nice
	// threads itrealvalue starttime vsize rss
	if (sscanf(end + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %ld %*d %*d %*d %llu %*u %llu",
		   &figures->state, &figures->user, &figures->system, &figures->priority, &figures->started,
		   &figures->pages) != 6)
		return -EBADMSG;
	return 0;
}

// The program as it was called, or the kernel's name for the process in brackets. Without the arguments: they may hold
// what only their owner should see.
static void read_command(int proc, const struct process *process, char command[257])
{
	char path[32];
	ssize_t length;

	snprintf(path, sizeof(path), "%u/cmdline", process->pid);
	length = read_file(proc, path, command, 257);
	if (length <= 0 || !*command)
		snprintf(command, 257, "[%s]", process->name);
	for (char *at = command; *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = ' ';
		else if (*at & 0x80)
			*at = '?';
	}
}

static uint32_t bounded(unsigned long long number, uint32_t maximum)
{
	return number < maximum ? (uint32_t)number : maximum;
}

static int fill(struct own *own, const struct process *process, int proc, const struct process_figures *figures,
		bool new_program)
{
	static long ticks, page;
	char command[257];
	long priority;
	int error;

	if (!ticks) {
		ticks = sysconf(_SC_CLK_TCK);
		page = sysconf(_SC_PAGESIZE);
	}
	// The kernel's figure is 0 to 39 for ordinary processes, and below 0 for real-time ones.
	priority = figures->priority < 0 ? 0 : figures->priority > 99 ? 99 : figures->priority;
	error = espalier_begin(own->writer, process->row);
	if (error)
		return error;
	espalier_set_unsigned(own->writer, process->row, PROCESS_PID, process->pid);
	if (new_program) {
		read_command(proc, process, command);
		espalier_set_string(own->writer, process->row, PROCESS_COMMAND, command);
	}
	espalier_set_unsigned(own->writer, process->row, PROCESS_SIZE,
			      bounded(figures->pages * (unsigned long)page / 1024, UINT32_MAX));
	espalier_set_unsigned(own->writer, process->row, PROCESS_PRIORITY, (uint64_t)priority);
	espalier_set_unsigned(own->writer, process->row, PROCESS_CPU_TIME,
			      bounded((figures->user + figures->system) * 1000 / (unsigned long)ticks, UINT32_MAX));
	espalier_set_string(own->writer, process->row, PROCESS_STATE, state_text(figures->state));
	return espalier_commit(own->writer, process->row);
}

static int by_pid(const void *a, const void *b)
{
	const struct process *left = a, *right = b;

	return left->pid < right->pid ? -1 : left->pid > right->pid;
}

static void update(struct own *own, struct process_list *next, uint32_t pid, int proc)
{
	struct process_list *list = own->processes;
	struct process process = {.pid = pid}, *known;
	struct process_figures figures;

	if (read_figures(proc, pid, &figures, process.name))
		return;
	process.started = figures.started;
	known = list->count ? bsearch(&process, list->entries, list->count, sizeof(process), by_pid) : NULL;
	if (known && known->started == figures.started) {
		process.row = known->row;
		known->row = (struct espalier_row){0};
		fill(own, &process, proc, &figures, strcmp(known->name, process.name) != 0);
	} else {
		if (known) {
			espalier_instance_remove(own->writer, known->row);
			known->row = (struct espalier_row){0};
		}
		if (espalier_instance_add(own->writer, OWN_PROCESS, (struct espalier_row){0}, pid, &process.row))
			return;
		fill(own, &process, proc, &figures, true);
		espalier_instance_publish(own->writer, process.row);
	}
	next->entries[next->count++] = process;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void refresh_list(struct own *own)
{
	struct process_list next = {.gathered = now_ms()};
	struct dirent *entry;
	DIR *proc;

	if (own->processes && next.gathered - own->processes->gathered < PROCESS_FRESH_MS)
		return;
	if (!own->processes)
		own->processes = calloc(1, sizeof(*own->processes));
	proc = opendir("/proc");
	if (!own->processes || !proc)
		goto cleanup;
	while ((entry = readdir(proc)) && next.count < PROCESS_MAXIMUM) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		if (next.count == next.room) {
			size_t room = next.room ? next.room * 2 : 64;
			struct process *entries = reallocarray(next.entries, room, sizeof(*entries));

			if (!entries)
				break;
			next.entries = entries;
			next.room = room;
		}
		update(own, &next, (uint32_t)strtoul(entry->d_name, NULL, 10), dirfd(proc));
	}
	for (size_t i = 0; i < own->processes->count; i++) {
		if (own->processes->entries[i].row.slot)
			espalier_instance_remove(own->writer, own->processes->entries[i].row);
	}
	free(own->processes->entries);
	*own->processes = next;
	if (next.count)
		qsort(next.entries, next.count, sizeof(*next.entries), by_pid);
cleanup:
	if (proc)
		closedir(proc);
}

// Per cent of the time since the last call in which the CPUs were not idle.
static uint32_t cpu_usage(struct own *own)
{
	unsigned long long user, nice, system, idle, wait, interrupt, soft, stolen;
	uint64_t busy, total, busy_before = own->busy, total_before = own->total;
	char buffer[256];

	if (read_file(AT_FDCWD, "/proc/stat", buffer, sizeof(buffer)) <= 0 ||
	    sscanf(buffer, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait,
		   &interrupt, &soft, &stolen) != 8)
		return 0;
	busy = user + nice + system + interrupt + soft + stolen;
	total = busy + idle + wait;
	own->busy = busy;
	own->total = total;
	if (total <= total_before || busy < busy_before)
		return 0;
	return (uint32_t)((busy - busy_before) * 100 / (total - total_before));
}

void process_status_refresh(struct own *own, bool processes)
{
	struct espalier_row row = own_row(own, OWN_PROCESS_STATUS);
	uint32_t usage = cpu_usage(own);

	if (processes)
		refresh_list(own);
	if (espalier_begin(own->writer, row))
		return;
	espalier_set_unsigned(own->writer, row, STATUS_CPU_USAGE, usage > 100 ? 100 : usage);
	espalier_set_unsigned(own->writer, row, STATUS_PROCESS_COUNT, own->processes ? own->processes->count : 0);
	espalier_commit(own->writer, row);
}

void process_status_free(struct own *own)
{
	if (own->processes)
		free(own->processes->entries);
	free(own->processes);
	own->processes = NULL;
}
