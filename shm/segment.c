/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment's file and memory as its owner sees it: made in full, published by rename, alive while locked. */
#include "shm/segment.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shm/guard.h"

enum { FILE_NAME_SIZE = ESPALIER_NAME_MAXIMUM + 16, RESERVE_AT_ONCE = 256 << 10 };

bool segment_name_valid(const char *name)
{
	size_t length = 0;

	for (; name[length]; length++)
		if (length == ESPALIER_NAME_MAXIMUM ||
		    !(isalnum((unsigned char)name[length]) || name[length] == '-' || name[length] == '_'))
			return false;
	return length > 0;
}

static int lock_whole_file(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

static void lock_name(char *buffer, const char *name)
{
	snprintf(buffer, FILE_NAME_SIZE, ".%s.lock", name);
}

int segment_own(int folder, const char *name)
{
	char file[FILE_NAME_SIZE];

	lock_name(file, name);
	for (;;) {
		struct stat by_name, held;
		int error, fd = openat(folder, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -errno;
		error = lock_whole_file(fd);
		if (error == 0 && fstat(fd, &held) == 0 && fstatat(folder, file, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
		    held.st_ino == by_name.st_ino)
			return fd;
		close(fd);
		if (error < 0)
			return error;
		/* The former owner removed the file between our open and our lock: the name has a new file now. */
	}
}

void segment_disown(int folder, const char *name, int lock)
{
	char file[FILE_NAME_SIZE];

	lock_name(file, name);
	unlinkat(folder, file, 0);
	close(lock);
}

/* Of a segment while it is being made. */
static void new_name(char *buffer, const char *name)
{
	snprintf(buffer, FILE_NAME_SIZE, ".%s.new", name);
}

/* Of a segment that is complete and, unless it is published, not yet to be seen. */
static void complete_name(char *buffer, const char *name, bool published)
{
	snprintf(buffer, FILE_NAME_SIZE, published ? "%s" SEGMENT_SUFFIX : ".%s.ready", name);
}

static uint32_t align(uint32_t offset)
{
	return (offset + LAYOUT_ROW_ALIGNMENT - 1) & ~(uint32_t)(LAYOUT_ROW_ALIGNMENT - 1);
}

/* In pieces: a signal interrupts the reservation, and what was reserved before the piece stays. */
static int reserve_file(int fd, uint32_t size)
{
	for (uint32_t at = 0; at < size;) {
		uint32_t piece = size - at < RESERVE_AT_ONCE ? size - at : RESERVE_AT_ONCE;
		int error = posix_fallocate(fd, at, piece);

		if (error && error != EINTR)
			return -error;
		if (!error)
			at += piece;
	}
	return 0;
}

static int map_file(struct segment *segment, uint32_t size)
{
	/* Reserved now: later a full file system would show as SIGBUS in the middle of an update. */
	int error = reserve_file(segment->fd, size);

	if (error < 0)
		return error;
	segment->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, segment->fd, 0);
	if (segment->map == MAP_FAILED || !segment->map) {
		segment->map = NULL;
		return errno ? -errno : -ENOMEM;
	}
	segment->size = size;
	segment->guard = guard_add(segment->map, size, true);
	return segment->guard < 0 ? segment->guard : 0;
}

int segment_create(struct segment *segment, int folder, const char *name, const struct schema *schema,
		   struct segment_size size, mode_t mode)
{
	uint32_t schema_bytes = schema_size(schema);
	uint64_t directory = align(LAYOUT_HEADER_SIZE + schema_bytes);
	uint64_t heap = directory + (uint64_t)size.directory_count * sizeof(struct layout_entry);
	uint64_t total;
	char file[FILE_NAME_SIZE];
	int error;

	*segment = (struct segment){.fd = -1, .guard = -1};
	heap = (heap + LAYOUT_ROW_ALIGNMENT - 1) / LAYOUT_ROW_ALIGNMENT * LAYOUT_ROW_ALIGNMENT;
	total = (heap + size.heap + 4095) / 4096 * 4096;
	if (schema_bytes > LAYOUT_SCHEMA_MAXIMUM || total > SEGMENT_SIZE_MAXIMUM)
		return -EFBIG;
	new_name(file, name);
	unlinkat(folder, file, 0);
	segment->fd = openat(folder, file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (segment->fd < 0)
		return -errno;
	error = lock_whole_file(segment->fd);
	if (error == 0 && fchmod(segment->fd, mode) < 0)
		error = -errno;
	if (error == 0)
		error = map_file(segment, (uint32_t)total);
	if (error < 0 || !segment->map) {
		segment_release(segment);
		unlinkat(folder, file, 0);
		return error;
	}
	segment->header = (struct layout_header *)segment->map;
	segment->directory = (struct layout_entry *)(segment->map + directory);
	segment->heap = segment->map + heap;
	segment->heap_size = (uint32_t)(total - heap);
	segment->directory_count = size.directory_count;
	*segment->header = (struct layout_header){
		.magic = LAYOUT_MAGIC,
		.major = LAYOUT_MAJOR,
		.minor = LAYOUT_MINOR,
		.header_size = LAYOUT_HEADER_SIZE,
		.size = (uint32_t)total,
		.state = LAYOUT_LIVE,
		.schema = LAYOUT_HEADER_SIZE,
		.directory = (uint32_t)directory,
		.directory_stride = sizeof(struct layout_entry),
		.directory_count = size.directory_count,
		.heap = (uint32_t)heap,
		.heap_size = segment->heap_size,
	};
	schema_write(schema, segment->map + LAYOUT_HEADER_SIZE);
	return 0;
}

int segment_complete(int folder, const char *name, bool published)
{
	char from[FILE_NAME_SIZE], to[FILE_NAME_SIZE];
	int error;

	new_name(from, name);
	complete_name(to, name, published);
	if (renameat(folder, from, folder, to) == 0)
		return 0;
	error = -errno;
	unlinkat(folder, from, 0);
	return error;
}

int segment_publish(int folder, const char *name)
{
	char from[FILE_NAME_SIZE], to[FILE_NAME_SIZE];

	complete_name(from, name, false);
	complete_name(to, name, true);
	return renameat(folder, from, folder, to) < 0 ? -errno : 0;
}

void segment_remove(int folder, const char *name, bool published)
{
	char file[FILE_NAME_SIZE];

	complete_name(file, name, published);
	unlinkat(folder, file, 0);
}

void segment_end_row(uint32_t *row)
{
	uint32_t version = espalier_load(row);

	/* As espalier_row_prepare(): who sees generation 0 also sees the last publication. The version goes on by two,
	 * so that the last values stay the published ones and copies under way are tried again. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	espalier_store(row + 1, 0);
	__atomic_store_n(row, version + 2, __ATOMIC_RELEASE);
}

void segment_retire(struct segment *segment, uint32_t state)
{
	uint32_t entries = espalier_load(&segment->header->entries);

	/* Bounded by what we know ourselves: somebody else may have written to the file. */
	for (uint32_t i = 0; i < entries && i < segment->directory_count; i++) {
		uint32_t row = espalier_load(&segment->directory[i].row);

		if (espalier_load(&segment->directory[i].state) != LAYOUT_FREE && row % 8 == 0 &&
		    row < segment->heap_size)
			segment_end_row((uint32_t *)(segment->heap + row));
	}
	__atomic_store_n(&segment->header->state, state, __ATOMIC_RELEASE);
}

void segment_release(struct segment *segment)
{
	if (segment->guard >= 0)
		guard_remove(segment->guard);
	if (segment->map)
		munmap(segment->map, segment->size);
	if (segment->fd >= 0)
		close(segment->fd);
	*segment = (struct segment){.fd = -1, .guard = -1};
}
