// SPDX-License-Identifier: GPL-2.0-or-later
// agent/store.c: what is committed is there after any end, and what goes wrong with the file is told.
#include "agent/store.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static struct ring ring;
static struct store *store;

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/espalier-store-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
	static const char *const names[] = {STORE_FILE, STORE_FILE "-journal", STORE_FILE ".corrupt"};
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void start(void)
{
	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	cr_assert_eq(store_open(&store, folder), 0);
}

static void stop(void)
{
	ring_close(&ring);
	store_close(store);
}

static void run_until_idle(void)
{
	while (!store_idle(store))
		cr_assert(ring_run_once(&ring, true) >= 0);
}

static void note(int error, void *context)
{
	*(int *)context = error;
}

static void put(enum store_kind kind, const char *name, const char *value)
{
	struct store_transaction *transaction = store_begin(store);
	int result = 1;

	store_put_string(transaction, kind, name, value);
	store_commit(transaction, note, &result);
	run_until_idle();
	cr_expect_eq(result, 0);
}

static const char *get(enum store_kind kind, const char *name)
{
	static char buffer[4096];

	return store_get(store, kind, name, buffer, sizeof(buffer)) < 0 ? NULL : buffer;
}

Test(store, survives_a_restart, .init = make_folder, .fini = remove_folder)
{
	start();
	cr_assert_eq(store_start(store, &ring), 0);
	put(STORE_STATE, "a", "one");
	put(STORE_STATE, "a", "two");
	put(STORE_SETTING, "a", "other kind");
	stop();
	start();
	cr_expect_str_eq(get(STORE_STATE, "a"), "two");
	cr_expect_str_eq(get(STORE_SETTING, "a"), "other kind");
	cr_expect_null(get(STORE_STATE, "b"));
	stop();
}

enum { COLLECTED_SIZE = 256 };

static int collect(const char *name, const char *value, size_t length, void *context)
{
	char *all = context;

	cr_expect_eq(strlen(value), length);
	snprintf(all + strlen(all), COLLECTED_SIZE - strlen(all), "%s=%s ", name, value);
	return 0;
}

Test(store, early_changes_are_durable_when_the_thread_starts, .init = make_folder, .fini = remove_folder)
{
	struct store_transaction *transaction;
	char all[COLLECTED_SIZE] = "";

	start();
	transaction = store_begin(store);
	cr_expect(store_empty(transaction));
	store_put_string(transaction, STORE_EVENT, "b", "2");
	store_put_string(transaction, STORE_EVENT, "a", "1");
	store_put_string(transaction, STORE_EVENT, "c", "3");
	store_delete(transaction, STORE_EVENT, "c");
	cr_expect(!store_empty(transaction));
	store_commit(transaction, NULL, NULL);
	cr_assert_eq(store_start(store, &ring), 0);
	stop();
	start();
	cr_expect_eq(store_each(store, STORE_EVENT, collect, all), 0);
	cr_expect_str_eq(all, "a=1 b=2 ");
	stop();
}

Test(store, delete_all_of_a_kind, .init = make_folder, .fini = remove_folder)
{
	struct store_transaction *transaction;
	char all[COLLECTED_SIZE] = "";

	start();
	transaction = store_begin(store);
	store_put_string(transaction, STORE_ATTRIBUTE, "a", "1");
	store_put_string(transaction, STORE_REPORTED, "a", "1");
	store_delete_all(transaction, STORE_ATTRIBUTE);
	store_put_string(transaction, STORE_ATTRIBUTE, "b", "2");
	store_commit(transaction, NULL, NULL);
	store_start(store, &ring);
	stop();
	start();
	store_each(store, STORE_ATTRIBUTE, collect, all);
	store_each(store, STORE_REPORTED, collect, all);
	cr_expect_str_eq(all, "b=2 a=1 ");
	stop();
}

Test(store, bytes_are_kept, .init = make_folder, .fini = remove_folder)
{
	static const char value[] = "a\0b\0\0";
	struct store_transaction *transaction;
	char buffer[16];

	start();
	transaction = store_begin(store);
	store_put(transaction, STORE_STATE, "bytes", value, sizeof(value));
	store_put(transaction, STORE_STATE, "empty", NULL, 0);
	store_commit(transaction, NULL, NULL);
	store_start(store, &ring);
	stop();
	start();
	cr_expect_eq(store_get(store, STORE_STATE, "bytes", buffer, sizeof(buffer)), sizeof(value));
	cr_expect(!memcmp(buffer, value, sizeof(value)));
	cr_expect_eq(store_get(store, STORE_STATE, "bytes", buffer, sizeof(value)), -ENOSPC);
	cr_expect_eq(store_get(store, STORE_STATE, "empty", buffer, sizeof(buffer)), 0);
	stop();
}

Test(store, file_is_private, .init = make_folder, .fini = remove_folder)
{
	struct stat status;
	char path[256];

	start();
	snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0600);
	stop();
}

Test(store, corrupt_file_is_set_aside, .init = make_folder, .fini = remove_folder)
{
	char path[256], aside[300];
	int descriptor;

	start();
	store_start(store, &ring);
	put(STORE_STATE, "a", "one");
	stop();
	snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
	descriptor = open(path, O_WRONLY);
	for (int i = 0; i < 2000; i++)
		cr_assert_eq(pwrite(descriptor, "garbage!", 8, 50 + 8 * i), 8);
	close(descriptor);
	start();
	cr_expect_null(get(STORE_STATE, "a"));
	snprintf(aside, sizeof(aside), "%s.corrupt", path);
	cr_expect_eq(access(aside, F_OK), 0);
	stop();
}

Test(store, newer_version_is_left_alone, .init = make_folder, .fini = remove_folder)
{
	char path[256];
	int descriptor;

	start();
	store_start(store, &ring);
	put(STORE_STATE, "a", "one");
	stop();
	snprintf(path, sizeof(path), "%s/" STORE_FILE, folder);
	descriptor = open(path, O_RDWR);
	// user_version, at offset 60 of the file's header, big endian.
	cr_assert_eq(pwrite(descriptor, "\0\0\0\x7f", 4, 60), 4);
	close(descriptor);
	cr_expect_eq(store_open(&store, folder), -EPROTO);
	cr_expect_eq(access(path, F_OK), 0);
}

Test(store, second_agent_is_refused, .init = make_folder, .fini = remove_folder)
{
	struct store *other;

	start();
	cr_expect_eq(store_open(&other, folder), -EBUSY);
	stop();
}

Test(store, no_folder)
{
	struct store *other;

	cr_expect(store_open(&other, "/proc/nowhere") < 0);
	cr_expect(store_open(&other, "/dev/null/x") < 0);
}

// A process that commits numbers and tells each that is durable is killed: the last one told is there.
Test(store, killed_while_committing, .init = make_folder, .fini = remove_folder, .timeout = 120)
{
	for (int round = 0; round < 10; round++) {
		int pipes[2], told = -1, number;
		pid_t child;

		cr_assert_eq(pipe(pipes), 0);
		child = fork();
		if (!child) {
			close(pipes[0]);
			start();
			store_start(store, &ring);
			for (number = 0;; number++) {
				struct store_transaction *transaction = store_begin(store);
				char text[16];

				snprintf(text, sizeof(text), "%d", number);
				store_put_string(transaction, STORE_STATE, "left", text);
				store_put_string(transaction, STORE_STATE, "right", text);
				store_commit(transaction, NULL, NULL);
				while (!store_idle(store))
					ring_run_once(&ring, true);
				if (write(pipes[1], &number, sizeof(number)) != sizeof(number))
					_exit(1);
			}
		}
		close(pipes[1]);
		while (told < 5 + round && read(pipes[0], &number, sizeof(number)) == sizeof(number))
			told = number;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(pipes[0], &number, sizeof(number)) == sizeof(number))
			told = number;
		close(pipes[0]);
		start();
		number = atoi(get(STORE_STATE, "left"));
		cr_expect(number >= told, "%d < %d", number, told);
		cr_expect_eq(atoi(get(STORE_STATE, "right")), number, "both or none");
		stop();
	}
}
