/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes a segment: any file in the run folder is attached, walked and read in full, or refused with a reason. */
#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/shm/walk.h"

enum { ROWS = 64 };

static char folder[64], file[96];

static void remove_folder(void)
{
	unlink(file);
	rmdir(folder);
}

static int make_folder(void)
{
	snprintf(folder, sizeof(folder), "%s/espalier-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/fuzz.seg", folder);
	atexit(remove_folder);
	return open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct espalier_reader *reader;
	uint32_t count;

	if (fd < 0)
		fd = make_folder();
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	if (espalier_reader_open(&reader, folder) < 0)
		return 0;
	if (walk_all(reader, ROWS).rows)
		assert(!espalier_reader_segments(reader, &count)[0].problem);
	assert(espalier_reader_segments(reader, &count) && count == 1);
	espalier_reader_close(reader);
	return 0;
}
