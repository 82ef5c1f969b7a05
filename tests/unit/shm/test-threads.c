/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A writer and readers at the same time, in threads, for ThreadSanitizer above all. It knows memory by its address, so
 * that it would see nothing of two mappings of one file: in the first tests the readers look at the writer's mapping.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shm/reader.h"
#include "shm/writer.h"
#include "tests/unit/shm/folder.h"
#include "tests/unit/shm/sample.h"

enum {
	READERS = 2,
	INSTANCES = 8,
	UPDATES = 20000,
	TEXT_MAXIMUM = 300,
	ROOMY = 20000, /* rows for which the segment never grows */
	GROWN_INSTANCES = 300,
	GROWN_TEXT = 2000,
};

struct meeting {
	struct espalier_writer *writer;
	bool shared_mapping;
	uint32_t stop;
	uint32_t complete; /* instances whose publication has returned */
	uint32_t torn, missing, accepted;
};

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void count(uint32_t *word)
{
	__atomic_add_fetch(word, 1, __ATOMIC_RELAXED);
}

/* A row whose parameters all follow from one number. */
static void update(struct espalier_writer *writer, struct espalier_row row, uint32_t number)
{
	char text[TEXT_MAXIMUM], name[32];

	memset(text, 'a' + (int)(number % 26), sizeof(text));
	snprintf(name, sizeof(name), "name %u", number);
	if (espalier_begin(writer, row) < 0 || espalier_set_unsigned(writer, row, SAMPLE_COUNT, number) < 0 ||
	    espalier_set_string(writer, row, SAMPLE_NAME, name) < 0 ||
	    espalier_set_text(writer, row, SAMPLE_LIST, text, number % TEXT_MAXIMUM) < 0 ||
	    espalier_commit(writer, row) < 0)
		abort();
}

static bool consistent(const struct espalier_value *values)
{
	uint32_t number = (uint32_t)values[SAMPLE_COUNT].number;
	char name[32];
	int length = snprintf(name, sizeof(name), "name %u", number);

	if (values[SAMPLE_NAME].length != (uint32_t)length ||
	    memcmp(values[SAMPLE_NAME].text, name, (size_t)length) != 0 ||
	    values[SAMPLE_LIST].length != number % TEXT_MAXIMUM)
		return false;
	for (uint32_t i = 0; i < values[SAMPLE_LIST].length; i++)
		if (values[SAMPLE_LIST].text[i] != 'a' + (char)(number % 26))
			return false;
	return true;
}

/* Lets a reader's segment be the writer's own mapping, or its own again. */
static const uint8_t *exchange_mapping(struct espalier_reader *reader, const uint8_t *map)
{
	const uint8_t *former = reader->segments[0]->map;

	reader->segments[0]->map = map;
	reader->built = false;
	return former;
}

static void *read_rows(void *context)
{
	struct espalier_value values[SAMPLE_TABLE_PARAMETERS];
	struct meeting *meeting = context;
	struct espalier_reader *reader;
	const uint8_t *map = NULL;
	char buffer[1000];

	if (espalier_reader_open(&reader, NULL) < 0)
		abort();
	if (meeting->shared_mapping)
		map = exchange_mapping(reader, meeting->writer->segment.map);
	while (!load(&meeting->stop)) {
		const struct espalier_node *nodes;
		uint32_t node_count;

		if (espalier_reader_refresh(reader) < 0)
			abort();
		nodes = espalier_reader_nodes(reader, &node_count);
		for (uint32_t i = 0; i < node_count; i++) {
			struct espalier_handle handle;
			uint64_t number;
			int error;

			if (nodes[i].kind != ESPALIER_NODE_ROW || nodes[i].object->index != SAMPLE_TABLE)
				continue;
			error = espalier_read_row(&nodes[i], values, buffer, sizeof(buffer), NULL);
			if (error == 0) {
				count(&meeting->accepted);
				if (!consistent(values))
					count(&meeting->torn);
			} else if (error != -ESTALE) {
				count(&meeting->torn);
			}
			if (espalier_handle_open(&nodes[i], SAMPLE_COUNT, &handle) < 0 ||
			    espalier_handle_read(&handle, &number) == -EAGAIN)
				count(&meeting->torn);
		}
	}
	if (map)
		(void)exchange_mapping(reader, map);
	espalier_reader_close(reader);
	return NULL;
}

static void start(pthread_t *threads, void *(*function)(void *), struct meeting *meeting)
{
	for (int i = 0; i < READERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, function, meeting), 0);
}

static void stop(pthread_t *threads, struct meeting *meeting)
{
	__atomic_store_n(&meeting->stop, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
}

static struct espalier_row add_filled(struct espalier_writer *writer, uint32_t instance, uint32_t number)
{
	struct espalier_row row;

	cr_assert_eq(espalier_instance_add(writer, SAMPLE_TABLE, (struct espalier_row){0, 0}, instance, &row), 0);
	update(writer, row, number);
	cr_assert_eq(espalier_instance_publish(writer, row), 0);
	return row;
}

Test(threads, rows_are_read_while_they_are_written_and_come_and_go)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer_options options = {.name = "test", .objects = sample_objects, .rows = ROOMY};
	struct meeting meeting = {.shared_mapping = true};
	struct espalier_row rows[INSTANCES];
	const uint8_t *map;
	pthread_t threads[READERS];
	unsigned int seed = 9;

	cr_assert_eq(espalier_writer_open(&meeting.writer, &options), 0, "%s", espalier_error_text());
	cr_assert_eq(espalier_writer_publish(meeting.writer), 0);
	for (uint32_t i = 0; i < INSTANCES; i++)
		rows[i] = add_filled(meeting.writer, i + 1, i);
	map = meeting.writer->segment.map;
	start(threads, read_rows, &meeting);
	for (uint32_t i = 1; i <= UPDATES || !load(&meeting.accepted); i++) {
		uint32_t index = (uint32_t)rand_r(&seed) % INSTANCES;

		if (i % 20 == 0 && i <= UPDATES) {
			cr_assert_eq(espalier_instance_remove(meeting.writer, rows[index]), 0);
			rows[index] = add_filled(meeting.writer, index + 1, i);
		}
		update(meeting.writer, rows[index], i);
	}
	cr_assert_eq(meeting.writer->segment.map, map, "it was not to grow");
	stop(threads, &meeting);
	cr_expect_eq(meeting.torn, 0);
	cr_expect_gt(meeting.accepted, 0);
	espalier_writer_close(meeting.writer);
	test_folder_remove(&folder);
}

/* ---- A segment that is replaced again and again */

static void *find_instances(void *context)
{
	struct meeting *meeting = context;
	struct espalier_reader *reader;

	if (espalier_reader_open(&reader, NULL) < 0)
		abort();
	while (!load(&meeting->stop)) {
		uint32_t complete = load(&meeting->complete);

		/* What was complete before the look has to be found by it. */
		if (espalier_reader_refresh(reader) < 0)
			abort();
		for (uint32_t i = complete; i > 0 && i + 3 > complete; i--) {
			struct espalier_value value;
			uint32_t parameter, node_count;
			static __thread char buffer[GROWN_TEXT];
			char path[64];
			int64_t index;
			int error;

			snprintf(path, sizeof(path), "Device.Table.%u.List", i);
			index = espalier_find_parameter(reader, path, strlen(path), &parameter);
			if (index < 0) {
				count(&meeting->missing);
				continue;
			}
			error = espalier_read(&espalier_reader_nodes(reader, &node_count)[index], parameter, &value,
					      buffer, sizeof(buffer));
			if ((error != 0 && error != -ESTALE) || value.length != GROWN_TEXT ||
			    buffer[GROWN_TEXT - 1] != 'a' + (char)(i % 26))
				count(&meeting->torn);
			else
				count(&meeting->accepted);
		}
	}
	espalier_reader_close(reader);
	return NULL;
}

Test(threads, a_growing_segment_is_followed_without_a_gap)
{
	struct test_folder folder = test_folder_make();
	struct meeting meeting = {0};
	pthread_t threads[READERS];
	struct espalier_row row;

	cr_assert_eq(sample_open(&meeting.writer, "test"), 0);
	cr_assert_eq(espalier_writer_publish(meeting.writer), 0);
	start(threads, find_instances, &meeting);
	for (uint32_t i = 1; i <= GROWN_INSTANCES; i++) {
		cr_assert_eq(sample_add(meeting.writer, i, GROWN_TEXT, &row), 0);
		__atomic_store_n(&meeting.complete, i, __ATOMIC_RELEASE);
		/* Replaces it each time, not only when it is full. */
		if (i % 3 == 0)
			cr_assert_eq(espalier_writer_extend(meeting.writer, NULL), 0);
	}
	while (!load(&meeting.accepted))
		;
	stop(threads, &meeting);
	cr_expect_eq(meeting.torn, 0);
	cr_expect_eq(meeting.missing, 0);
	espalier_writer_close(meeting.writer);
	test_folder_remove(&folder);
}
