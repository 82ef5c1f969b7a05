/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The row protocol, and rows over their life: updates, long texts, removal, reuse, the death of the writer. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/shm/folder.h"
#include "tests/unit/shm/sample.h"
#include "tests/unit/shm/walk.h"

enum { SLOT_WORDS = 4, QUARANTINE_PASSED_US = 1100000 };

static const struct espalier_node *node_at(struct espalier_reader *reader, const char *path)
{
	int64_t index = espalier_find_object(reader, path, strlen(path));
	uint32_t count;

	return index < 0 ? NULL : &espalier_reader_nodes(reader, &count)[index];
}

static uint64_t bytes_used(struct espalier_reader *reader)
{
	uint32_t count;

	return espalier_reader_segments(reader, &count)[0].bytes_used;
}

/* ---- The protocol by itself */

Test(row, nothing_changes_before_publication)
{
	uint32_t row[ESPALIER_ROW_HEADER_WORDS + 2 * SLOT_WORDS] = {0};
	uint32_t version = espalier_row_begin(row), *slot = espalier_row_prepare(row, SLOT_WORDS);

	cr_expect_neq(slot, espalier_row_slot(row, version, SLOT_WORDS), "the writer fills the other copy");
	espalier_store(slot, 7);
	cr_expect_not(espalier_row_changed(row, version));
	cr_expect_eq(espalier_load(espalier_row_slot(row, espalier_row_begin(row), SLOT_WORDS)), 0);
	espalier_row_publish(row);
	cr_expect(espalier_row_changed(row, version));
	cr_expect_eq(espalier_load(espalier_row_slot(row, espalier_row_begin(row), SLOT_WORDS)), 7);
}

Test(row, a_writer_killed_while_filling_leaves_the_last_row)
{
	uint32_t row[ESPALIER_ROW_HEADER_WORDS + 2 * SLOT_WORDS] = {0};
	uint32_t *slot;

	espalier_store(espalier_row_prepare(row, SLOT_WORDS), 1);
	espalier_row_publish(row);
	espalier_store(espalier_row_prepare(row, SLOT_WORDS), 99);
	/* Killed here. Who takes the row over just begins anew, on the same copy. */
	cr_expect_eq(espalier_load(espalier_row_slot(row, espalier_row_begin(row), SLOT_WORDS)), 1);
	slot = espalier_row_prepare(row, SLOT_WORDS);
	cr_expect_neq(slot, espalier_row_slot(row, espalier_row_begin(row), SLOT_WORDS));
}

Test(row, version_wraps_around)
{
	uint32_t row[ESPALIER_ROW_HEADER_WORDS + 2 * SLOT_WORDS] = {UINT32_MAX - 3};

	for (uint32_t i = 1; i < 9; i++) {
		uint32_t before = espalier_row_begin(row), version;

		espalier_store64(espalier_row_prepare(row, SLOT_WORDS), i * 0x100000001u);
		espalier_row_publish(row);
		version = espalier_row_begin(row);
		cr_expect_eq(version, before + 1);
		cr_expect(espalier_row_changed(row, before));
		cr_expect_eq(espalier_load64(espalier_row_slot(row, version, SLOT_WORDS)), i * 0x100000001u);
	}
	cr_expect_eq(espalier_row_begin(row), 4);
}

Test(row, wide_numbers_are_two_words_low_half_first)
{
	uint32_t words[2] = {0};

	espalier_store64(words, 0x1122334455667788u);
	cr_expect_eq(words[0], 0x55667788u);
	cr_expect_eq(words[1], 0x11223344u);
	cr_expect_eq(espalier_load64(words), 0x1122334455667788u);
}

/* ---- Updates */

Test(row, abandoned_update_changes_nothing)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer;
	struct espalier_value value;
	struct espalier_row row;
	char text[1000], buffer[1000];

	memset(text, 'z', sizeof(text));
	cr_assert_eq(sample_open(&writer, "test"), 0, "%s", espalier_error_text());
	cr_assert_eq(sample_add(writer, 1, 300, &row), 0);
	cr_assert_eq(espalier_begin(writer, row), 0);
	cr_expect_eq(espalier_begin(writer, row), -EBUSY);
	cr_expect_eq(espalier_set_text(writer, row, SAMPLE_LIST, text, sizeof(text)), 0);
	cr_expect_eq(espalier_set_unsigned(writer, row, SAMPLE_COUNT, 77), 0);
	espalier_abandon(writer, row);
	cr_expect_eq(espalier_commit(writer, row), -EINVAL);
	cr_expect_eq(espalier_get(writer, row, SAMPLE_COUNT, &value, buffer, sizeof(buffer)), 0);
	cr_expect_eq(value.number, 1);
	cr_expect_eq(espalier_get(writer, row, SAMPLE_LIST, &value, buffer, sizeof(buffer)), 0);
	cr_expect_eq(value.length, 300);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(row, secrets_never_enter_the_segment)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer;
	struct espalier_row row;
	FILE *file;
	size_t length = 0;
	char path[100], *bytes = malloc(1 << 20);

	cr_assert_eq(sample_open(&writer, "test"), 0, "%s", espalier_error_text());
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(sample_add(writer, 1, 5, &row), 0);
	cr_assert_eq(espalier_begin(writer, row), 0);
	cr_assert_eq(espalier_set_string(writer, row, SAMPLE_SECRET, "correct horse"), 0);
	cr_assert_eq(espalier_commit(writer, row), 0);
	snprintf(path, sizeof(path), "%s/test.seg", folder.path);
	file = fopen(path, "r");
	cr_assert(file && bytes);
	length = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	cr_assert_gt(length, 1000);
	cr_expect_null(memmem(bytes, length, "correct horse", 13));
	free(bytes);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(row, texts_of_every_length_move_in_and_out_of_the_row)
{
	static char text[ESPALIER_VALUE_MAXIMUM], buffer[ESPALIER_VALUE_MAXIMUM];
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer;
	struct espalier_reader *reader;
	struct espalier_row rows[3];
	uint32_t lengths[3] = {5, 5, 5};
	uint64_t settled = 0;
	unsigned int seed = 1;

	cr_assert_eq(sample_open(&writer, "test"), 0, "%s", espalier_error_text());
	cr_assert_eq(espalier_writer_publish(writer), 0);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(sample_add(writer, i + 1, lengths[i], &rows[i]), 0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	for (uint32_t round = 0; round < 3000; round++) {
		uint32_t i = (uint32_t)rand_r(&seed) % 3;
		struct espalier_value value;

		lengths[i] = (uint32_t)rand_r(&seed) % (round % 2 ? 64 : ESPALIER_VALUE_MAXIMUM + 1);
		memset(text, 'a' + (int)(round % 26), lengths[i]);
		cr_assert_eq(espalier_begin(writer, rows[i]), 0);
		/* Twice in one update: the first text's place is given back at once. */
		cr_assert_eq(espalier_set_text(writer, rows[i], SAMPLE_LIST, text, lengths[i] / 2), 0);
		cr_assert_eq(espalier_set_text(writer, rows[i], SAMPLE_LIST, text, lengths[i]), 0);
		if (round % 7 == 0) {
			espalier_abandon(writer, rows[i]);
			cr_assert_eq(espalier_get(writer, rows[i], SAMPLE_LIST, &value, buffer, sizeof(buffer)), 0);
			lengths[i] = value.length;
			continue;
		}
		cr_assert_eq(espalier_commit(writer, rows[i]), 0);
		cr_assert_geq(espalier_reader_refresh(reader), 0);
		for (uint32_t j = 0; j < 3; j++) {
			char path[64];

			snprintf(path, sizeof(path), "Device.Table.%u.", j + 1);
			cr_assert_eq(espalier_read(node_at(reader, path), SAMPLE_LIST, &value, buffer, sizeof(buffer)),
				     0);
			cr_assert_eq(value.length, lengths[j]);
			for (uint32_t k = 1; k < value.length; k++)
				cr_assert_eq(buffer[k], buffer[0]);
		}
		if (round == 1500)
			settled = bytes_used(reader);
	}
	cr_expect_leq(bytes_used(reader), settled + 3 * ESPALIER_VALUE_MAXIMUM,
		      "places of former texts are used again");
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

/* ---- Removal and reuse */

Test(row, memory_of_removed_rows_and_their_texts_is_used_again)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer;
	struct espalier_reader *reader;
	struct espalier_row row;
	uint64_t used = 0;

	cr_assert_eq(sample_open(&writer, "test"), 0, "%s", espalier_error_text());
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(sample_add(writer, 7, 60000, &row), 0);
		/* Removed in the middle of an update, which has a long text of its own. */
		if (i % 2) {
			char text[3000];

			memset(text, 'u', sizeof(text));
			cr_assert_eq(espalier_begin(writer, row), 0);
			cr_assert_eq(espalier_set_text(writer, row, SAMPLE_LIST, text, sizeof(text)), 0);
		}
		cr_assert_geq(espalier_reader_refresh(reader), 0);
		if (i == 1)
			used = bytes_used(reader);
		cr_assert_eq(espalier_instance_remove(writer, row), 0);
		usleep(QUARANTINE_PASSED_US);
	}
	cr_assert_geq(espalier_reader_refresh(reader), 0);
	cr_expect_eq(bytes_used(reader), used, "%llu bytes, %llu after the first two lives",
		     (unsigned long long)bytes_used(reader), (unsigned long long)used);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(row, handle_of_a_former_row_never_shows_the_next_one)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer;
	struct espalier_reader *reader;
	struct espalier_handle handle, next;
	const uint32_t *place;
	struct espalier_row row;
	uint64_t number;

	cr_assert_eq(sample_open(&writer, "test"), 0, "%s", espalier_error_text());
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(sample_add(writer, 1, 5, &row), 0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	place = node_at(reader, "Device.Table.1.")->row;
	cr_assert_eq(espalier_handle_open(node_at(reader, "Device.Table.1."), SAMPLE_COUNT, &handle), 0);
	cr_assert_eq(espalier_instance_remove(writer, row), 0);
	cr_assert_eq(espalier_handle_read(&handle, &number), -ESTALE);
	cr_assert_eq(number, 1);
	usleep(QUARANTINE_PASSED_US);
	cr_assert_eq(sample_add(writer, 9, 5, &row), 0);
	cr_assert_eq(espalier_handle_read(&handle, &number), -ESTALE);
	cr_assert_eq(espalier_reader_refresh(reader), ESPALIER_NEW_STRUCTURE);
	cr_assert_eq(node_at(reader, "Device.Table.9.")->row, place, "the same memory");
	cr_assert_eq(espalier_handle_open(node_at(reader, "Device.Table.9."), SAMPLE_COUNT, &next), 0);
	cr_assert_eq(espalier_handle_read(&next, &number), 0);
	cr_assert_eq(number, 9);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(row, removed_memory_waits_before_it_is_used_again)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer;
	struct espalier_reader *reader;
	struct espalier_row row, other;
	const uint32_t *place;

	cr_assert_eq(sample_open(&writer, "test"), 0, "%s", espalier_error_text());
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(sample_add(writer, 1, 5, &row), 0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	place = node_at(reader, "Device.Table.1.")->row;
	cr_assert_eq(espalier_instance_remove(writer, row), 0);
	cr_assert_eq(sample_add(writer, 2, 5, &other), 0);
	cr_assert_eq(espalier_reader_refresh(reader), ESPALIER_NEW_STRUCTURE);
	cr_expect_neq(node_at(reader, "Device.Table.2.")->row, place);
	cr_expect_neq(other.slot, row.slot);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

/* ---- Growth under signals */

static void on_alarm(int number)
{
	(void)number;
}

Test(row, signals_do_not_stop_a_segment_from_growing)
{
	struct test_folder folder = test_folder_make();
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval often = {.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000}, never = {0};
	struct espalier_writer *writer;
	struct espalier_row row;

	cr_assert_eq(sample_open(&writer, "test"), 0, "%s", espalier_error_text());
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (uint32_t i = 1; i <= 1500; i++) {
		int error = sample_add(writer, i, 60000, &row);

		cr_assert_eq(error, 0, "instance %u: %s", i, strerror(-error));
	}
	setitimer(ITIMER_REAL, &never, NULL);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

/* ---- A dead writer */

/* A writer that publishes one row and dies as by SIGKILL; its segment stays. */
static void leave_a_dead_writer(uint32_t instance)
{
	int status, pipe_fds[2];
	char byte;
	pid_t child;

	cr_assert_eq(pipe(pipe_fds), 0);
	child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		struct espalier_writer *writer;
		struct espalier_row row;

		if (sample_open(&writer, "test") == 0 && espalier_writer_publish(writer) == 0 &&
		    sample_add(writer, instance, 200, &row) == 0 && espalier_begin(writer, row) == 0 &&
		    espalier_set_unsigned(writer, row, SAMPLE_COUNT, 4711) == 0)
			(void)!write(pipe_fds[1], "y", 1);
		else
			_exit(1);
		pause();
		_exit(1);
	}
	close(pipe_fds[1]);
	cr_assert_eq(read(pipe_fds[0], &byte, 1), 1);
	close(pipe_fds[0]);
	kill(child, SIGKILL);
	cr_assert_eq(waitpid(child, &status, 0), child);
}

static void note_result(const struct espalier_result *result, void *context)
{
	*(struct espalier_result *)context = *result;
}

Test(row, all_functions_work_on_a_dead_writers_segment)
{
	struct test_folder folder = test_folder_make();
	const struct espalier_segment_status *segments;
	struct espalier_result result = {0};
	struct espalier_entry entry = {.path = "Device.Table.5.Enable", .value = "true", .length = 4};
	struct espalier_reader *reader;
	struct espalier_handle handle;
	struct walk walk;
	uint64_t number;
	uint32_t count;
	int error;

	leave_a_dead_writer(5);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	segments = espalier_reader_segments(reader, &count);
	cr_assert_eq(count, 1);
	cr_expect_not(segments[0].alive);
	cr_expect_null(segments[0].problem);
	cr_expect_str_eq(segments[0].program, "sample");
	walk = walk_all(reader, UINT32_MAX);
	cr_expect_eq(walk.rows, 4);
	cr_expect_eq(walk.readable, 4);
	cr_expect_eq(walk.first_error, 0);
	cr_assert_eq(espalier_handle_open(node_at(reader, "Device.Table.5."), SAMPLE_COUNT, &handle), 0);
	cr_expect_eq(espalier_handle_read(&handle, &number), 0);
	cr_expect_eq(number, 5, "not the update that was under way");
	cr_expect_eq(espalier_watch(reader, "Device."), 0);
	cr_expect_geq(espalier_reader_fd(reader), 0);
	cr_expect_geq(espalier_reader_process(reader), 0);
	cr_expect_geq(espalier_reader_refresh(reader), 0);
	error = espalier_set_wait(reader, &entry, 1, 2000, note_result, &result);
	cr_expect_eq(error, -ECONNREFUSED, "%d", error);
	entry = (struct espalier_entry){.path = "Device.Table.5."};
	error = espalier_request_wait(reader, ESPALIER_DELETE, &entry, 1, 2000, note_result, &result);
	cr_expect_eq(error, -ECONNREFUSED, "%d", error);
	espalier_unwatch_all(reader);
	espalier_reader_close(reader);
	test_folder_clear(&folder);
}

Test(row, a_restarted_writer_takes_over_and_the_former_rows_stay_readable_until_then)
{
	struct test_folder folder = test_folder_make();
	struct espalier_reader *reader;
	struct espalier_writer *writer;
	struct espalier_handle handle;
	struct espalier_row row;
	uint64_t number;

	leave_a_dead_writer(5);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_assert_eq(espalier_handle_open(node_at(reader, "Device.Table.5."), SAMPLE_COUNT, &handle), 0);
	cr_assert_eq(sample_open(&writer, "test"), 0, "%s", espalier_error_text());
	cr_assert_eq(sample_add(writer, 6, 5, &row), 0);
	cr_expect_eq(espalier_reader_refresh(reader), 0, "not yet published");
	cr_expect_eq(espalier_handle_read(&handle, &number), 0);
	cr_expect_eq(number, 5);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_expect_eq(espalier_handle_read(&handle, &number), 0, "the old mapping");
	cr_expect_eq(espalier_reader_refresh(reader), ESPALIER_NEW_STRUCTURE);
	cr_expect_null(node_at(reader, "Device.Table.5."));
	cr_assert_not_null(node_at(reader, "Device.Table.6."));
	cr_assert_eq(espalier_handle_open(node_at(reader, "Device.Table.6."), SAMPLE_COUNT, &handle), 0);
	cr_expect_eq(espalier_handle_read(&handle, &number), 0);
	cr_expect_eq(number, 6);
	espalier_writer_close(writer);
	cr_expect_eq(espalier_handle_read(&handle, &number), -ESTALE, "a clean end");
	cr_expect_eq(espalier_reader_refresh(reader), ESPALIER_NEW_STRUCTURE);
	cr_expect_eq(espalier_find_object(reader, "", 0), -ENOENT);
	espalier_reader_close(reader);
	test_folder_remove(&folder);
}
