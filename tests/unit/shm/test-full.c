/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run folder without space: an error that says so, nothing lost, and work goes on when there is space again. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/unit/shm/folder.h"
#include "tests/unit/shm/sample.h"
#include "tests/unit/shm/walk.h"

static const struct espalier_parameter more_parameters[] = {
	{.name = "Text", .type = ESPALIER_STRING, .reserve = 4000},
	{0},
};

static const struct espalier_object more_objects[] = {
	{.path = "Device.More.{i}.", .parameters = more_parameters},
	{0},
};

/* A small tmpfs of the test's own, in a mount namespace that ends with the test. */
static struct test_folder small_folder(void)
{
	struct test_folder folder = test_folder_make();

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", folder.path, "tmpfs", 0, "size=256k") < 0) {
		int error = errno;

		test_folder_clear(&folder);
		cr_skip_test("no mount namespace of our own: %s", strerror(error));
	}
	return folder;
}

static void end_small_folder(const struct test_folder *folder)
{
	umount2(folder->path, MNT_DETACH);
	rmdir(folder->path);
}

static uint64_t space_left(const struct test_folder *folder)
{
	struct statvfs status;

	cr_assert_eq(statvfs(folder->path, &status), 0);
	return (uint64_t)status.f_bavail * status.f_bsize;
}

/* Takes all space but `left` bytes. */
static void fill(const struct test_folder *folder, uint64_t left)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/filler", folder->path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(posix_fallocate(fd, 0, (off_t)(space_left(folder) - left)), 0);
	close(fd);
}

static void make_space(const struct test_folder *folder)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/filler", folder->path);
	cr_assert_eq(unlink(path), 0);
}

Test(full, a_writer_that_finds_no_space_says_so)
{
	struct test_folder folder = small_folder();
	struct espalier_writer *writer;

	fill(&folder, 0);
	cr_expect_eq(sample_open(&writer, "test"), -ENOSPC);
	cr_expect_not_null(strstr(espalier_error_text(), "No space left"), "%s", espalier_error_text());
	cr_expect_null(writer);
	make_space(&folder);
	cr_expect_eq(sample_open(&writer, "test"), 0);
	espalier_writer_close(writer);
	end_small_folder(&folder);
}

Test(full, growth_without_space_leaves_all_as_it_was)
{
	struct test_folder folder = small_folder();
	struct espalier_writer *writer;
	struct espalier_reader *reader;
	struct espalier_row row;
	struct walk before, after;
	uint32_t instance = 1;
	uint64_t space;
	int error;

	cr_assert_eq(sample_open(&writer, "test"), 0);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(sample_add(writer, instance++, 5, &row), 0);
	fill(&folder, 8192);
	space = space_left(&folder);
	do
		error = sample_add(writer, instance++, 5, &row);
	while (error == 0);
	cr_expect_eq(error, -ENOSPC);
	cr_expect_eq(space_left(&folder), space, "nothing is left behind");
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	before = walk_all(reader, UINT32_MAX);
	cr_expect_gt(before.readable, 4);
	cr_expect_eq(before.first_error, 0);
	/* What needs no space goes on. */
	row = espalier_instance_find(writer, SAMPLE_TABLE, (struct espalier_row){0, 0}, 1);
	cr_expect_eq(espalier_begin(writer, row), 0);
	cr_expect_eq(espalier_set_unsigned(writer, row, SAMPLE_COUNT, 4), 0);
	cr_expect_eq(espalier_commit(writer, row), 0);
	make_space(&folder);
	cr_expect_eq(sample_add(writer, 1000, 5, &row), 0);
	cr_expect_geq(espalier_reader_refresh(reader), 0);
	after = walk_all(reader, UINT32_MAX);
	cr_expect_geq(after.readable, before.readable + 3);
	cr_expect_eq(after.first_error, 0);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	end_small_folder(&folder);
}

Test(full, growth_without_space_before_publication_loses_nothing)
{
	struct test_folder folder = small_folder();
	struct espalier_writer *writer;
	struct espalier_reader *reader;
	struct espalier_row row;

	cr_assert_eq(sample_open(&writer, "test"), 0);
	cr_assert_eq(sample_add(writer, 1, 5, &row), 0);
	fill(&folder, 8192);
	cr_assert_eq(sample_add(writer, 2, 60000, &row), -ENOSPC);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_expect_geq(walk_all(reader, UINT32_MAX).readable, 4);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	make_space(&folder);
	end_small_folder(&folder);
}

Test(full, objects_that_could_not_be_added_do_not_exist)
{
	struct test_folder folder = small_folder();
	struct espalier_writer *writer;
	struct espalier_reader *reader;
	struct espalier_row row;
	struct walk walk;
	uint32_t count;

	cr_assert_eq(sample_open(&writer, "test"), 0);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(sample_add(writer, 1, 5, &row), 0);
	fill(&folder, 0);
	cr_assert_eq(espalier_writer_extend(writer, more_objects), -ENOSPC);
	cr_expect_eq(espalier_instance_add(writer, SAMPLE_PART + 1, (struct espalier_row){0, 0}, 1, &row), -EINVAL);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_expect_null(espalier_reader_segments(reader, &count)[0].problem);
	make_space(&folder);
	cr_assert_eq(espalier_writer_extend(writer, more_objects), 0);
	cr_expect_eq(espalier_instance_add(writer, SAMPLE_PART + 1, (struct espalier_row){0, 0}, 1, &row), 0);
	cr_expect_eq(espalier_instance_publish(writer, row), 0);
	cr_expect_eq(espalier_reader_refresh(reader), ESPALIER_NEW_STRUCTURE);
	cr_expect_null(espalier_reader_segments(reader, &count)[0].problem);
	walk = walk_all(reader, UINT32_MAX);
	cr_expect_eq(walk.readable, 5);
	cr_expect_eq(walk.first_error, 0);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	end_small_folder(&folder);
}
