/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments that somebody damaged, cut off, filled with garbage, or wrote in another version: an error, no crash. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shm/layout.h"
#include "tests/unit/shm/folder.h"
#include "tests/unit/shm/sample.h"
#include "tests/unit/shm/walk.h"

enum { EXAMPLE_ROWS = 10, WALK_ROWS = 64 };

/* qemu-user returns to the access that raised SIGBUS for ever, before it tells the program of the signal. */
#ifdef TESTS_UNDER_QEMU_USER
#define SKIP_WITHOUT_SIGBUS() cr_skip_test("qemu-user does not hand on the SIGBUS of a truncated file")
#else
#define SKIP_WITHOUT_SIGBUS() ((void)0)
#endif

struct example {
	struct test_folder folder;
	uint8_t *image;
	size_t size;
	struct layout_header header;
};

static struct example example_make(void)
{
	struct example example = {.folder = test_folder_make()};

	example.image = sample_image(example.folder.path, &example.size);
	cr_assert_not_null(example.image);
	memcpy(&example.header, example.image, sizeof(example.header));
	return example;
}

static void example_end(struct example *example)
{
	free(example->image);
	test_folder_clear(&example->folder);
}

/* Opens a reader on the image as it is now. */
static struct espalier_reader *attach(const struct example *example)
{
	struct espalier_reader *reader;

	cr_assert_eq(sample_write(example->folder.path, "copy", example->image, example->size), 0);
	cr_assert_eq(espalier_reader_open(&reader, example->folder.path), 0);
	return reader;
}

static const char *problem_of(struct espalier_reader *reader)
{
	uint32_t count;
	const struct espalier_segment_status *segments = espalier_reader_segments(reader, &count);

	cr_assert_eq(count, 1);
	return segments[0].problem;
}

static void expect_problem(struct example *example, const char *part)
{
	struct espalier_reader *reader = attach(example);
	const char *problem = problem_of(reader);

	cr_assert_not_null(problem, "\"%s\" was expected", part);
	cr_expect_not_null(strstr(problem, part), "\"%s\" does not say \"%s\"", problem, part);
	cr_expect_eq(walk_all(reader, WALK_ROWS).rows, 0);
	espalier_reader_close(reader);
}

static void put16(struct example *example, size_t offset, uint16_t value)
{
	memcpy(example->image + offset, &value, sizeof(value));
}

static void put32(struct example *example, size_t offset, uint32_t value)
{
	memcpy(example->image + offset, &value, sizeof(value));
}

static uint32_t get32(const struct example *example, size_t offset)
{
	uint32_t value;

	memcpy(&value, example->image + offset, sizeof(value));
	return value;
}

/* ---- Versions */

Test(version, a_newer_major_version_is_refused_by_name)
{
	struct example example = example_make();

	put16(&example, offsetof(struct layout_header, major), LAYOUT_MAJOR + 1);
	expect_problem(&example, "format version 2.0, this program reads version 1");
	example_end(&example);
}

Test(version, an_unknown_incompatible_feature_is_refused_by_name)
{
	struct example example = example_make();

	put32(&example, offsetof(struct layout_header, incompatible), 0x80000000u);
	expect_problem(&example, "uses features that this program does not know (0x80000000)");
	example_end(&example);
}

Test(version, an_unknown_compatible_feature_is_read)
{
	struct example example = example_make();
	struct espalier_reader *reader;

	put32(&example, offsetof(struct layout_header, compatible), UINT32_MAX);
	reader = attach(&example);
	cr_expect_null(problem_of(reader));
	cr_expect_eq(walk_all(reader, WALK_ROWS).rows, EXAMPLE_ROWS);
	espalier_reader_close(reader);
	example_end(&example);
}

Test(version, the_other_byte_order_is_told)
{
	struct example example = example_make();

	for (size_t i = 0; i < example.size; i += 4)
		put32(&example, i, __builtin_bswap32(get32(&example, i)));
	expect_problem(&example, "other byte order");
	example_end(&example);
}

/* Copies `count` records of `size` bytes with wider strides, and fills the gaps with what no reader may look at. */
static size_t widen(uint8_t *to, const uint8_t *from, uint32_t count, size_t size, size_t stride)
{
	for (uint32_t i = 0; i < count; i++) {
		memset(to + i * stride, 0xa5, stride);
		memcpy(to + i * stride, from + i * size, size);
	}
	return count * stride;
}

/* The image as a program of a later minor version would write it: all records have fields that we do not know. */
static void make_newer_minor(struct example *example)
{
	enum { HEADER = 96, SCHEMA = 64, OBJECT = 40, PARAMETER = 56, ENTRY = 48 };
	struct layout_header header = example->header;
	struct layout_schema schema;
	uint8_t *old_schema = example->image + header.schema, *image = calloc(1, 2 * example->size), *to;
	size_t at;

	cr_assert_not_null(image);
	memcpy(&schema, old_schema, sizeof(schema));
	to = image + HEADER;
	memset(to, 0xa5, SCHEMA);
	at = SCHEMA;
	at += widen(to + at, old_schema + schema.objects, schema.object_count, sizeof(struct layout_object), OBJECT);
	at += widen(to + at, old_schema + schema.parameters, schema.parameter_count, sizeof(struct layout_parameter),
		    PARAMETER);
	memcpy(to + at, old_schema + schema.strings, schema.strings_size);
	schema.objects = SCHEMA;
	schema.object_stride = OBJECT;
	schema.parameters = SCHEMA + schema.object_count * OBJECT;
	schema.parameter_stride = PARAMETER;
	schema.strings = (uint32_t)at;
	schema.size = (uint32_t)(at + schema.strings_size + 7) & ~7u;
	memcpy(to, &schema, sizeof(schema));
	header.minor = LAYOUT_MINOR + 1;
	header.header_size = HEADER;
	header.schema = HEADER;
	header.directory = (HEADER + schema.size + 63) & ~63u;
	header.directory_stride = ENTRY;
	widen(image + header.directory, example->image + example->header.directory, header.directory_count,
	      sizeof(struct layout_entry), ENTRY);
	header.heap = (header.directory + header.directory_count * ENTRY + 63) & ~63u;
	memcpy(image + header.heap, example->image + example->header.heap, header.heap_size);
	header.size = header.heap + header.heap_size;
	memset(image, 0xa5, HEADER);
	memcpy(image, &header, sizeof(header));
	free(example->image);
	example->image = image;
	example->size = header.size;
	example->header = header;
}

Test(version, a_newer_minor_version_with_longer_records_is_read)
{
	struct example example = example_make();
	struct espalier_reader *reader;
	struct espalier_value value;
	char buffer[64];
	uint32_t parameter, count;
	struct walk walk;
	int64_t index;

	make_newer_minor(&example);
	reader = attach(&example);
	cr_expect_null(problem_of(reader), "%s", problem_of(reader));
	cr_expect_eq(espalier_reader_segments(reader, &count)[0].minor, LAYOUT_MINOR + 1);
	walk = walk_all(reader, WALK_ROWS);
	cr_expect_eq(walk.rows, EXAMPLE_ROWS);
	cr_expect_eq(walk.first_error, 0);
	index = espalier_find_parameter(reader, "Device.Table.3.Name", 19, &parameter);
	cr_assert_geq(index, 0);
	cr_assert_eq(
		espalier_read(&espalier_reader_nodes(reader, &count)[index], parameter, &value, buffer, sizeof(buffer)),
		0);
	cr_expect_eq(value.length, 6);
	cr_expect_eq(memcmp(buffer, "name 3", 6), 0);
	espalier_reader_close(reader);
	example_end(&example);
}

/* ---- Every word, every hostile value */

static size_t hostile_values(const struct example *example, uint32_t word, uint32_t values[24])
{
	const struct layout_header *header = &example->header;
	uint32_t list[] = {
		0,
		1,
		2,
		3,
		7,
		8,
		63,
		word + 1,
		word - 1,
		word + 4,
		word ^ 0x80000000u,
		word << 16 | word >> 16,
		~word,
		0x7fffffff,
		0x80000000,
		0xfffffffe,
		0xffffffff,
		0xfffffff8,
		0x10000,
		header->size,
		header->size - 4,
		header->heap,
		header->heap_size,
		header->heap_size - 8,
	};

	memcpy(values, list, sizeof(list));
	return sizeof(list) / sizeof(list[0]);
}

/* The last word that is in use. */
static size_t used_end(const struct example *example)
{
	return example->header.heap + example->header.heap_used;
}

Test(hostile, every_word_damaged_before_the_reader_comes)
{
	struct example example = example_make();

	for (size_t at = 0; at < used_end(&example); at += 4) {
		uint32_t word = get32(&example, at), values[24];
		size_t count = hostile_values(&example, word, values);

		for (size_t i = 0; i < count; i++) {
			struct espalier_reader *reader;

			put32(&example, at, values[i]);
			reader = attach(&example);
			(void)walk_all(reader, WALK_ROWS);
			cr_assert_geq(espalier_reader_refresh(reader), 0);
			espalier_reader_close(reader);
		}
		put32(&example, at, word);
	}
	example_end(&example);
}

Test(hostile, every_word_damaged_while_it_is_mapped)
{
	struct example example = example_make();
	struct espalier_reader *reader = attach(&example);
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/copy.seg", example.folder.path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	for (size_t at = 0; at < used_end(&example); at += 4) {
		uint32_t word = get32(&example, at), values[24];
		size_t count = hostile_values(&example, word, values);

		for (size_t i = 0; i < count; i++) {
			cr_assert_eq(pwrite(fd, &values[i], 4, (off_t)at), 4);
			(void)walk_all(reader, WALK_ROWS);
			cr_assert_geq(espalier_reader_refresh(reader), 0);
			(void)walk_all(reader, WALK_ROWS);
		}
		cr_assert_eq(pwrite(fd, &word, 4, (off_t)at), 4);
		if (at % 256 == 0) {
			espalier_reader_close(reader);
			cr_assert_eq(espalier_reader_open(&reader, example.folder.path), 0);
		}
	}
	close(fd);
	espalier_reader_close(reader);
	example_end(&example);
}

Test(hostile, garbage_in_many_words_at_once)
{
	struct example example = example_make();
	uint8_t *whole = malloc(example.size);
	unsigned int seed = 4;

	cr_assert_not_null(whole);
	memcpy(whole, example.image, example.size);
	for (uint32_t round = 0; round < 3000; round++) {
		struct espalier_reader *reader;
		size_t from = round % 3 ? LAYOUT_HEADER_SIZE : 0, end = used_end(&example);

		memcpy(example.image, whole, example.size);
		for (uint32_t i = 0; i < 1u + round % 40; i++) {
			uint32_t values[24], at = (uint32_t)(from + (size_t)rand_r(&seed) % (end - from)) & ~3u;
			size_t count = hostile_values(&example, get32(&example, at), values);

			put32(&example, at, values[(size_t)rand_r(&seed) % count]);
		}
		reader = attach(&example);
		(void)walk_all(reader, WALK_ROWS);
		espalier_reader_close(reader);
	}
	free(whole);
	example_end(&example);
}

/* Many objects, each with a parameter, all of them with one very long text. */
static void make_long_texts(struct example *example, bool as_path)
{
	enum { OBJECTS = ESPALIER_OBJECTS_MAXIMUM, LONG = 40 << 20 };
	const uint32_t objects = sizeof(struct layout_schema),
		       parameters = objects + OBJECTS * sizeof(struct layout_object),
		       strings = parameters + OBJECTS * sizeof(struct layout_parameter);
	const struct layout_schema schema = {
		.size = (strings + LONG + 7) & ~7u,
		.objects = objects,
		.object_stride = sizeof(struct layout_object),
		.object_count = OBJECTS,
		.parameters = parameters,
		.parameter_stride = sizeof(struct layout_parameter),
		.parameter_count = OBJECTS,
		.strings = strings,
		.strings_size = LONG,
	};
	const struct layout_header header = {
		.magic = LAYOUT_MAGIC,
		.major = LAYOUT_MAJOR,
		.header_size = LAYOUT_HEADER_SIZE,
		.size = LAYOUT_HEADER_SIZE + schema.size,
		.state = LAYOUT_LIVE,
		.schema = LAYOUT_HEADER_SIZE,
		.directory = LAYOUT_HEADER_SIZE + schema.size,
		.directory_stride = sizeof(struct layout_entry),
		.heap = LAYOUT_HEADER_SIZE + schema.size,
	};
	uint8_t *image = calloc(1, header.size), *to = image + LAYOUT_HEADER_SIZE;

	cr_assert_not_null(image);
	memcpy(image, &header, sizeof(header));
	memcpy(to, &schema, sizeof(schema));
	for (uint32_t i = 0; i < OBJECTS; i++) {
		/* "Device." at 1, "Name" at 9, the long text from 14 on. */
		struct layout_object object = {
			.path = as_path ? 14 : 1, .first_parameter = i, .parameter_count = 1, .slot_words = 4};
		struct layout_parameter parameter = {
			.name = 9, .type = ESPALIER_INT, .offset = 2, .range = as_path ? 0 : 14};

		memcpy(to + objects + i * sizeof(object), &object, sizeof(object));
		memcpy(to + parameters + i * sizeof(parameter), &parameter, sizeof(parameter));
	}
	memcpy(to + strings + 1, "Device.\0Name", 13);
	for (uint32_t i = 14; i + 3 < LONG; i += 2)
		memcpy(to + strings + i, as_path ? "a." : "1,", 2);
	to[strings + LONG - 4] = as_path ? '.' : '1';
	memset(to + strings + LONG - 3, 0, 3);
	free(example->image);
	example->image = image;
	example->size = header.size;
}

Test(hostile, long_texts_that_all_refer_to_do_not_hold_the_reader_up, .timeout = 120)
{
	struct example example = example_make();

	make_long_texts(&example, false);
	expect_problem(&example, "schema is corrupt");
	make_long_texts(&example, true);
	expect_problem(&example, "schema is corrupt");
	example_end(&example);
}

/* ---- Cut off */

Test(hostile, truncated_to_any_length_before_the_reader_comes)
{
	struct example example = example_make();
	size_t whole = example.size;

	for (size_t size = 0; size < whole; size += size < 256 ? 1 : 61) {
		struct espalier_reader *reader;

		example.size = size;
		reader = attach(&example);
		cr_assert_not_null(problem_of(reader));
		cr_assert_not_null(strstr(problem_of(reader), "truncated"), "%s", problem_of(reader));
		(void)walk_all(reader, WALK_ROWS);
		espalier_reader_close(reader);
	}
	example.size = whole;
	example_end(&example);
}

Test(hostile, truncated_to_any_length_while_it_is_mapped)
{
	struct example example;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char path[128];

	SKIP_WITHOUT_SIGBUS();
	example = example_make();
	snprintf(path, sizeof(path), "%s/copy.seg", example.folder.path);
	/* At least two pages, so that one stays. */
	while (example.size < 3 * page) {
		example.image = realloc(example.image, 2 * example.size);
		cr_assert_not_null(example.image);
		memset(example.image + example.size, 0, example.size);
		example.size *= 2;
	}
	put32(&example, offsetof(struct layout_header, heap_size), (uint32_t)(example.size - example.header.heap));
	put32(&example, offsetof(struct layout_header, size), (uint32_t)example.size);
	for (size_t size = 0; size < example.size; size += 509) {
		struct espalier_reader *reader = attach(&example);
		uint32_t rounds = 0;

		cr_assert_null(problem_of(reader));
		cr_assert_eq(truncate(path, (off_t)size), 0);
		(void)walk_all(reader, WALK_ROWS);
		cr_assert_geq(espalier_reader_refresh(reader), 0);
		(void)walk_all(reader, WALK_ROWS);
		/* What was found is told once, not for ever. */
		while (espalier_reader_refresh(reader) == ESPALIER_NEW_STRUCTURE)
			cr_assert_lt(++rounds, 5);
		espalier_reader_close(reader);
	}
	example_end(&example);
}

Test(hostile, what_has_a_segments_name_but_is_none)
{
	struct test_folder folder = test_folder_make();
	struct espalier_reader *reader;
	char path[128], other[128];
	uint32_t count;

	snprintf(path, sizeof(path), "%s/fifo.seg", folder.path);
	cr_assert_eq(mkfifo(path, 0644), 0);
	snprintf(other, sizeof(other), "%s/link.seg", folder.path);
	cr_assert_eq(symlink("/dev/zero", other), 0);
	cr_assert_eq(sample_write(folder.path, "empty", (const uint8_t *)"", 0), 0);
	cr_assert_eq(sample_write(folder.path, "text", (const uint8_t *)path, sizeof(path)), 0);
	cr_assert_eq(espalier_reader_open(&reader, folder.path), 0);
	(void)espalier_reader_segments(reader, &count);
	cr_expect_eq(count, 4);
	for (uint32_t i = 0; i < count; i++)
		cr_expect_not_null(espalier_reader_segments(reader, &count)[i].problem);
	cr_expect_eq(walk_all(reader, WALK_ROWS).rows, 0);
	espalier_reader_close(reader);
	test_folder_clear(&folder);
}

/* ---- The owner, whose memory somebody else writes to */

static void use_writer(struct espalier_writer *writer, struct espalier_row row, unsigned int seed)
{
	static char text[5000], buffer[WALK_TEXT_SIZE];
	struct espalier_value value;
	struct espalier_row added;
	char path[300];

	memset(text, 't', sizeof(text));
	for (uint32_t i = 0; i < 3; i++) {
		if (espalier_begin(writer, row) == 0) {
			(void)espalier_set_text(writer, row, SAMPLE_LIST, text, seed * 7 % sizeof(text));
			(void)espalier_set_unsigned(writer, row, SAMPLE_COUNT, i);
			if (i == 1)
				espalier_abandon(writer, row);
			else
				(void)espalier_commit(writer, row);
		}
		for (uint32_t j = 0; j < SAMPLE_TABLE_PARAMETERS; j++)
			(void)espalier_get(writer, row, j, &value, buffer, sizeof(buffer));
	}
	(void)espalier_row_path(writer, row, path, sizeof(path));
	if (sample_add(writer, 100, 40000, &added) == 0)
		(void)espalier_instance_remove(writer, added);
	(void)espalier_writer_serve(writer, 0);
}

Test(hostile, an_owner_survives_garbage_in_its_segment)
{
	for (unsigned int round = 0; round < 400; round++) {
		struct test_folder folder = test_folder_make();
		unsigned int seed = round;
		struct espalier_reader *reader;
		struct espalier_writer *writer;
		struct espalier_row row;
		struct stat status;
		char path[128];
		int fd;

		cr_assert_eq(sample_open(&writer, "test"), 0);
		cr_assert_eq(espalier_writer_publish(writer), 0);
		cr_assert_eq(sample_add(writer, 1, 300, &row), 0);
		/* Somebody watches, so that updates are compared with what was there. */
		cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
		cr_assert_eq(espalier_watch(reader, "Device."), 0);
		cr_assert_eq(espalier_writer_serve(writer, 0), 0);
		cr_assert_eq(espalier_writer_serve(writer, 0), 0);
		snprintf(path, sizeof(path), "%s/test.seg", folder.path);
		fd = open(path, O_RDWR | O_CLOEXEC);
		cr_assert_geq(fd, 0);
		cr_assert_eq(fstat(fd, &status), 0);
		for (off_t at = 0; at < status.st_size; at += 4) {
			uint32_t word =
				round % 4 == 0 ? UINT32_MAX - round : (uint32_t)rand_r(&seed) << (round % 4) * 8;

			if (round % 4 == 0 || rand_r(&seed) % 8 == 0)
				cr_assert_eq(pwrite(fd, &word, 4, at), 4);
		}
		close(fd);
		use_writer(writer, row, round);
		espalier_reader_close(reader);
		espalier_writer_close(writer);
		test_folder_clear(&folder);
	}
}

Test(hostile, an_owner_survives_the_truncation_of_its_segment)
{
	SKIP_WITHOUT_SIGBUS();
	for (off_t size = 0; size < 9000; size += 1024) {
		struct test_folder folder = test_folder_make();
		struct espalier_writer *writer;
		struct espalier_row row;
		char path[128];

		cr_assert_eq(sample_open(&writer, "test"), 0);
		cr_assert_eq(espalier_writer_publish(writer), 0);
		cr_assert_eq(sample_add(writer, 1, 300, &row), 0);
		snprintf(path, sizeof(path), "%s/test.seg", folder.path);
		cr_assert_eq(truncate(path, size), 0);
		use_writer(writer, row, (unsigned int)size);
		if (size == 0)
			cr_expect_eq(espalier_begin(writer, row), -EIO);
		espalier_writer_close(writer);
		test_folder_clear(&folder);
	}
}
