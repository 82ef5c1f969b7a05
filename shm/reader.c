/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaches segments: nothing in them is trusted before it was checked, and what can change is checked when it is used.
 */
#include "shm/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shm/error.h"
#include "shm/folder.h"
#include "shm/guard.h"
#include "shm/segment.h"

uint32_t segment_word(const struct espalier_segment *segment, size_t offset)
{
	return __atomic_load_n((const uint32_t *)(segment->map + offset), __ATOMIC_ACQUIRE);
}

static int problem(struct espalier_segment *segment, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int problem(struct espalier_segment *segment, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(segment->problem, sizeof(segment->problem), format, arguments);
	va_end(arguments);
	return -EBADMSG;
}

static int check_header(struct espalier_segment *segment, uint64_t file_size)
{
	const struct layout_header *header = &segment->header;
	uint64_t directory_end = header->directory + (uint64_t)header->directory_stride * header->directory_count;

	if (header->magic == LAYOUT_MAGIC_SWAPPED)
		return problem(segment, "written by a CPU of the other byte order");
	if (header->magic != LAYOUT_MAGIC)
		return problem(segment, "not a segment");
	if (header->major != LAYOUT_MAJOR)
		return problem(segment, "format version %u.%u, this program reads version %u", header->major,
			       header->minor, LAYOUT_MAJOR);
	if (header->incompatible & ~(uint32_t)LAYOUT_INCOMPATIBLE_KNOWN)
		return problem(segment, "uses features that this program does not know (0x%x)",
			       (unsigned int)(header->incompatible & ~(uint32_t)LAYOUT_INCOMPATIBLE_KNOWN));
	if (header->size > file_size)
		return problem(segment, "truncated: %llu of %u bytes", (unsigned long long)file_size, header->size);
	if (header->header_size < LAYOUT_HEADER_SIZE || header->schema < header->header_size || header->schema % 8 ||
	    header->schema > header->directory || header->directory % 8 || header->directory_stride % 8 ||
	    header->directory_stride < sizeof(struct layout_entry) || directory_end > header->heap ||
	    header->heap % 8 || (uint64_t)header->heap + header->heap_size > header->size)
		return problem(segment, "corrupt header");
	return 0;
}

static int attach(struct espalier_segment *segment)
{
	struct stat status;
	int error;

	if (fstat(segment->fd, &status) < 0)
		return problem(segment, "%s", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return problem(segment, "not a file");
	if (status.st_size < LAYOUT_HEADER_SIZE)
		return problem(segment, "truncated: %lld bytes", (long long)status.st_size);
	if (pread(segment->fd, &segment->header, sizeof(segment->header), 0) != sizeof(segment->header))
		return problem(segment, "can't be read");
	error = check_header(segment, (uint64_t)status.st_size);
	if (error < 0)
		return error;
	segment->map = mmap(NULL, segment->header.size, PROT_READ, MAP_SHARED, segment->fd, 0);
	if (segment->map == MAP_FAILED) {
		segment->map = NULL;
		return problem(segment, "can't be mapped: %s", strerror(errno));
	}
	segment->size = segment->header.size;
	segment->guard = guard_add((void *)segment->map, segment->size, false);
	if (segment->guard < 0)
		return problem(segment, "too many segments");
	error = schema_read(&segment->schema, segment->map + segment->header.schema,
			    segment->header.directory - segment->header.schema, segment);
	if (error < 0)
		return problem(segment, "%s", error == -EBADMSG ? espalier_error_text() : strerror(-error));
	segment->structure = segment_word(segment, offsetof(struct layout_header, structure));
	return 0;
}

static void detach(struct espalier_segment *segment)
{
	if (segment->guard >= 0)
		guard_remove(segment->guard);
	if (segment->map)
		munmap((void *)segment->map, segment->size);
	schema_clear(&segment->schema);
	segment->map = NULL;
	segment->guard = -1;
}

static void release(struct espalier_segment *segment)
{
	detach(segment);
	if (segment->fd >= 0)
		close(segment->fd);
	free(segment);
}

static void identify(struct espalier_segment *segment, const struct stat *status)
{
	segment->device = status->st_dev;
	segment->inode = status->st_ino;
	segment->changed = status->st_ctim;
}

/* Opens what has the name now. NULL only for want of memory or when it is gone again. */
static struct espalier_segment *open_segment(struct espalier_reader *reader, const char *name, size_t length)
{
	struct espalier_segment *segment = calloc(1, sizeof(*segment));
	char file[ESPALIER_NAME_MAXIMUM + 16];
	struct stat status;

	if (!segment)
		return NULL;
	segment->guard = -1;
	segment->reader = reader;
	memcpy(segment->name, name, length);
	snprintf(file, sizeof(file), "%s" SEGMENT_SUFFIX, segment->name);
	/* Not blocking: what has the name may be a FIFO. */
	segment->fd = openat(reader->folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (segment->fd < 0 && errno == ENOENT) {
		free(segment);
		return NULL;
	}
	if (segment->fd < 0) {
		problem(segment, "%s", strerror(errno));
		if (fstatat(reader->folder, file, &status, AT_SYMLINK_NOFOLLOW) == 0)
			identify(segment, &status);
	} else {
		if (fstat(segment->fd, &status) == 0)
			identify(segment, &status);
		if (attach(segment) < 0)
			detach(segment);
	}
	return segment;
}

/* ---- The folder */

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct espalier_segment *const *)a)->name, (*(struct espalier_segment *const *)b)->name);
}

static struct espalier_segment *find_segment(struct espalier_reader *reader, const char *name, size_t length)
{
	for (uint32_t i = 0; i < reader->segment_count; i++)
		if (strncmp(reader->segments[i]->name, name, length) == 0 && !reader->segments[i]->name[length])
			return reader->segments[i];
	return NULL;
}

static void retire(struct espalier_reader *reader, struct espalier_segment *segment)
{
	struct espalier_segment **grown;

	grown = realloc(reader->retired, (reader->retired_count + 1) * sizeof(*grown));
	if (!grown) {
		/* The nodes that point into it go first. */
		tree_clear(reader);
		release(segment);
		return;
	}
	reader->retired = grown;
	reader->retired[reader->retired_count++] = segment;
}

/* True when the name stands for another file now, or its file changed so that it must be read again. */
static bool outdated(struct espalier_reader *reader, const struct espalier_segment *segment)
{
	char file[ESPALIER_NAME_MAXIMUM + 16];
	struct stat status;

	snprintf(file, sizeof(file), "%s" SEGMENT_SUFFIX, segment->name);
	if (fstatat(reader->folder, file, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	if (status.st_dev != segment->device || status.st_ino != segment->inode)
		return true;
	return segment->problem[0] &&
	       (status.st_ctim.tv_sec != segment->changed.tv_sec || status.st_ctim.tv_nsec != segment->changed.tv_nsec);
}

static int add_segment(struct espalier_reader *reader, const char *name, size_t length)
{
	struct espalier_segment **grown, *segment;

	if (reader->segment_count == ESPALIER_SEGMENTS_MAXIMUM)
		return 0;
	grown = realloc(reader->segments, (reader->segment_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	reader->segments = grown;
	segment = open_segment(reader, name, length);
	if (!segment)
		return 0;
	segment->seen = true;
	reader->segments[reader->segment_count++] = segment;
	return 1;
}

/* Looks at the folder. Returns 1 when segments came, went or were replaced, 0 when not. */
static int look(struct espalier_reader *reader)
{
	int fd = openat(reader->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), changed = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		int error = -errno;

		if (fd >= 0)
			close(fd);
		return error;
	}
	for (uint32_t i = 0; i < reader->segment_count; i++)
		reader->segments[i]->seen = false;
	while (changed >= 0 && (entry = readdir(directory))) {
		size_t length = strlen(entry->d_name), suffix = strlen(SEGMENT_SUFFIX);
		struct espalier_segment *segment;
		char name[ESPALIER_NAME_MAXIMUM + 1];

		if (length <= suffix || length - suffix > ESPALIER_NAME_MAXIMUM ||
		    strcmp(entry->d_name + length - suffix, SEGMENT_SUFFIX) != 0)
			continue;
		length -= suffix;
		memcpy(name, entry->d_name, length);
		name[length] = '\0';
		if (!segment_name_valid(name))
			continue;
		segment = find_segment(reader, name, length);
		if (segment && !outdated(reader, segment)) {
			segment->seen = true;
		} else if (!segment) {
			int added = add_segment(reader, name, length);

			changed = added < 0 ? added : changed | added;
		}
	}
	closedir(directory);
	for (uint32_t i = 0; i < reader->segment_count && changed >= 0;) {
		struct espalier_segment *segment = reader->segments[i];

		if (segment->seen) {
			i++;
			continue;
		}
		reader->segments[i] = open_segment(reader, segment->name, strlen(segment->name));
		if (!reader->segments[i])
			reader->segments[i] = reader->segments[--reader->segment_count];
		else
			reader->segments[i++]->seen = true;
		retire(reader, segment);
		changed = 1;
	}
	if (reader->segment_count)
		qsort(reader->segments, reader->segment_count, sizeof(struct espalier_segment *), by_name);
	return changed;
}

static void release_retired(struct espalier_reader *reader)
{
	while (reader->retired_count)
		release(reader->retired[--reader->retired_count]);
}

/* True when a segment's header says that its rows are other ones than the nodes show. */
static bool rows_changed(struct espalier_segment *segment)
{
	return segment->map && !segment->problem[0] &&
	       segment_word(segment, offsetof(struct layout_header, structure)) != segment->structure;
}

static bool over(const struct espalier_segment *segment)
{
	return segment->map && segment_word(segment, offsetof(struct layout_header, state)) != LAYOUT_LIVE;
}

int espalier_reader_refresh(struct espalier_reader *reader)
{
	bool changed = !reader->built;
	int error;

	/* Without inotify the folder is looked at every time; a clean end or a replacement shows in the header. */
	for (uint32_t i = 0; i < reader->segment_count; i++) {
		struct espalier_segment *segment = reader->segments[i];

		if (segment->map && !segment->problem[0] && guard_tripped(segment->guard)) {
			problem(segment, "truncated while it was read");
			changed = reader->folder_changed = true;
		}
		reader->folder_changed = reader->folder_changed || over(segment);
		changed = changed || rows_changed(segment);
	}
	if (reader->folder_changed || reader->inotify < 0) {
		error = look(reader);
		if (error < 0)
			return error;
		changed = changed || error > 0;
		reader->folder_changed = false;
		link_update(reader);
	}
	if (!changed)
		return 0;
	error = tree_build(reader);
	if (error < 0)
		return error;
	release_retired(reader);
	return ESPALIER_NEW_STRUCTURE;
}

int espalier_reader_open(struct espalier_reader **result, const char *folder)
{
	struct espalier_reader *reader = calloc(1, sizeof(*reader));
	int error;

	*result = NULL;
	if (!reader)
		return -ENOMEM;
	reader->epoll = reader->inotify = reader->folder = -1;
	reader->path = strdup(folder_path(folder));
	error = reader->path ? 0 : -ENOMEM;
	if (error == 0)
		error = reader->folder = folder_open(folder, false);
	if (error >= 0)
		error = espalier_reader_refresh(reader);
	if (error < 0) {
		espalier_reader_close(reader);
		return error;
	}
	*result = reader;
	return 0;
}

void espalier_reader_close(struct espalier_reader *reader)
{
	if (!reader)
		return;
	link_close_all(reader);
	espalier_unwatch_all(reader);
	free(reader->watches);
	tree_clear(reader);
	release_retired(reader);
	for (uint32_t i = 0; i < reader->segment_count; i++)
		release(reader->segments[i]);
	if (reader->epoll >= 0)
		close(reader->epoll);
	if (reader->inotify >= 0)
		close(reader->inotify);
	if (reader->folder >= 0)
		close(reader->folder);
	free(reader->segments);
	free(reader->retired);
	free(reader->status);
	free(reader->packet);
	free(reader->path);
	free(reader);
}

/* ---- What there is */

static bool alive(const struct espalier_segment *segment)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return segment->fd >= 0 && fcntl(segment->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static double newest_row(struct espalier_reader *reader, const struct espalier_segment *segment)
{
	uint64_t newest = UINT64_MAX, age;
	struct espalier_value *values;

	values = calloc(ESPALIER_PARAMETERS_MAXIMUM, sizeof(*values));
	for (uint32_t i = 0; values && i < reader->node_count; i++) {
		const struct espalier_node *node = &reader->nodes[i];
		int error;

		if (node->kind != ESPALIER_NODE_ROW || node->object->segment != segment)
			continue;
		error = espalier_read_row(node, values, NULL, 0, &age);
		if ((error == 0 || error == -ENOSPC) && age < newest)
			newest = age;
	}
	free(values);
	return newest == UINT64_MAX ? -1 : (double)newest / 1000;
}

const struct espalier_segment_status *espalier_reader_segments(struct espalier_reader *reader, uint32_t *count)
{
	*count = 0;
	free(reader->status);
	reader->status = calloc(reader->segment_count + 1, sizeof(*reader->status));
	if (!reader->status)
		return NULL;
	for (uint32_t i = 0; i < reader->segment_count; i++) {
		struct espalier_segment *segment = reader->segments[i];
		bool readable = !segment->problem[0];

		reader->status[i] = (struct espalier_segment_status){
			.name = segment->name,
			.program = readable ? segment->schema.program : "",
			.version = readable ? segment->schema.version : "",
			.alive = alive(segment),
			.rows = segment->rows,
			.bytes = segment->header.size,
			.bytes_used = readable
					      ? segment->header.heap +
							segment_word(segment, offsetof(struct layout_header, heap_used))
					      : 0,
			.minor = segment->header.minor,
			.age = readable ? newest_row(reader, segment) : -1,
			.problem = readable ? NULL : segment->problem,
		};
	}
	*count = reader->segment_count;
	return reader->status;
}

bool espalier_reader_alive(struct espalier_reader *reader, const char *name)
{
	for (uint32_t i = 0; i < reader->segment_count; i++) {
		if (!strcmp(reader->segments[i]->name, name))
			return alive(reader->segments[i]);
	}
	return false;
}

const struct espalier_object_view *espalier_reader_object(struct espalier_reader *reader, uint32_t segment,
							  uint32_t object)
{
	if (segment >= reader->segment_count || reader->segments[segment]->problem[0] ||
	    object >= reader->segments[segment]->schema.count)
		return NULL;
	return &reader->segments[segment]->schema.objects[object].view;
}

const char *espalier_node_segment(const struct espalier_node *node)
{
	return node->object ? node->object->segment->name : "";
}

const char *espalier_node_program(const struct espalier_node *node)
{
	return node->object ? node->object->segment->schema.program : "";
}
