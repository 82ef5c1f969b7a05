// SPDX-License-Identifier: GPL-2.0-or-later
// A program that the agent runs: started with an argument vector, watched by the ring, ended when its time is over.
#include "agent/child.h"

#include "shm/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND 1000000000ll // nanoseconds

static int spawn(pid_t *pid, const char *const arguments[], int descriptor, int output)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error) {
		posix_spawn_file_actions_destroy(&actions);
		return -error;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, output ? output : STDERR_FILENO, STDOUT_FILENO);
	if (!error && descriptor >= 0)
		error = posix_spawn_file_actions_adddup2(&actions, descriptor, CHILD_DESCRIPTOR);
	if (!error)
		error = posix_spawn(pid, arguments[0], &actions, &attributes, (char *const *)arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

static void release(struct child *child)
{
	close(child->descriptor);
	child->descriptor = -1;
	if (child->channel >= 0)
		close(child->channel);
	child->channel = -1;
	child->pid = 0;
}

// Both watches have ended: nothing refers to the descriptors any more.
static void finish(struct child *child)
{
	if (!child->closing || child->exit_poll.pending || child->channel_poll.pending)
		return;
	if (child->readable && child->channel >= 0)
		child->readable(child);
	release(child);
	child->closing = false;
	child->ended(child, child->status, child->late);
}

static void exited(struct ring_operation *operation, int result, unsigned flags)
{
	struct child *child = (struct child *)((char *)operation - offsetof(struct child, exit_poll));

	if (!child->closing && result >= 0) {
		child->closing = true;
		waitpid(child->pid, &child->status, 0);
		alarm_clear(&child->limit);
		if (flags & RING_MORE)
			ring_cancel(child->ring, operation);
		ring_cancel(child->ring, &child->channel_poll);
	}
	if (!(flags & RING_MORE))
		finish(child);
}

static void channel_ready(struct ring_operation *operation, int result, unsigned flags)
{
	struct child *child = (struct child *)((char *)operation - offsetof(struct child, channel_poll));

	// After the other end is closed there is nothing to watch: the program's end follows.
	if (!child->closing && result >= 0) {
		child->readable(child);
		if (result & POLLHUP)
			ring_cancel(child->ring, operation);
		else if (!(flags & RING_MORE))
			ring_poll(child->ring, operation, child->channel, POLLIN);
	}
	if (!(flags & RING_MORE))
		finish(child);
}

static void limit_rang(struct alarm *alarm)
{
	struct child *child = (struct child *)((char *)alarm - offsetof(struct child, limit));

	child->late = true;
	child_kill(child);
}

int child_start(struct child *child, const char *const arguments[], int descriptor, int channel, unsigned seconds)
{
	pid_t pid = 0;
	int error;

	assert(!child_running(child) && child->ended);
	error = spawn(&pid, arguments, descriptor, child->output);
	if (error)
		return error;
	child->descriptor = pidfd_open(pid, 0);
	if (child->descriptor < 0) {
		error = -errno;
		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return error;
	}
	if (child->file_size_maximum &&
	    prlimit(pid, RLIMIT_FSIZE, &(struct rlimit){child->file_size_maximum, child->file_size_maximum}, NULL) < 0)
		log_warning("%s: its files have no limit: %s", arguments[0], strerror(errno));
	child->pid = pid;
	child->channel = channel;
	child->late = child->closing = false;
	child->exit_poll.done = exited;
	child->channel_poll.done = channel_ready;
	child->limit = (struct alarm){.ring = child->ring, .rang = limit_rang};
	error = ring_poll(child->ring, &child->exit_poll, child->descriptor, POLLIN);
	if (!error && channel >= 0)
		error = ring_poll(child->ring, &child->channel_poll, channel, POLLIN);
	if (error)
		log_error("a program that runs can't be watched: %s", strerror(-error));
	if (seconds)
		alarm_set(&child->limit, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + seconds * SECOND);
	return 0;
}

bool child_running(const struct child *child)
{
	return child->pid != 0;
}

void child_kill(struct child *child)
{
	if (child_running(child) && !child->closing)
		kill(-child->pid, SIGKILL);
}

void child_close(struct child *child, bool kill_it)
{
	if (!child_running(child))
		return;
	if (kill_it && !child->closing) {
		kill(-child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	release(child);
}
