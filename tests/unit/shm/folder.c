/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run folder of a test's own. */
#include "tests/unit/shm/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test_folder test_folder_make(void)
{
	struct test_folder folder = {.path = "/dev/shm/espalier-XXXXXX"};

	if (!mkdtemp(folder.path)) {
		snprintf(folder.path, sizeof(folder.path), "/tmp/espalier-XXXXXX");
		cr_assert(mkdtemp(folder.path));
	}
	setenv("ESPALIER_DIR", folder.path, 1);
	return folder;
}

static int empty(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	while (directory && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		unlinkat(dirfd(directory), entry->d_name, 0);
		count++;
	}
	if (directory)
		closedir(directory);
	return count;
}

void test_folder_clear(const struct test_folder *folder)
{
	empty(folder->path);
	rmdir(folder->path);
}

void test_folder_remove(const struct test_folder *folder)
{
	cr_expect_eq(empty(folder->path), 0, "a clean end left files");
	rmdir(folder->path);
}
