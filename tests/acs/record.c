// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps every message in a folder: exact bodies, HTTP heads, and an index.

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/acs/loop.h"
#include "tests/acs/record.h"

static int folder_fd = -1;
static FILE *index_file;
static unsigned counter;

static int create(const char *name)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		fprintf(stderr, "espalier-acs: cannot record %s: %s\n", name, strerror(errno));
	return fd < 0 ? 0 : fd;
}

static void write_all(int fd, const char *data, size_t length)
{
	while (length) {
		ssize_t written = write(fd, data, length);

		if (written < 0) {
			fprintf(stderr, "espalier-acs: cannot record: %s\n", strerror(errno));
			return;
		}
		data += written;
		length -= (size_t)written;
	}
}

int record_open(const char *folder)
{
	char name[64];
	int fd;

	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return -errno;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0)
		return -errno;
	snprintf(name, sizeof(name), "%d-index.tsv", (int)getpid());
	fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	index_file = fdopen(fd, "w");
	return index_file ? 0 : -errno;
}

void record_close(void)
{
	if (index_file)
		fclose(index_file);
	if (folder_fd >= 0)
		close(folder_fd);
	index_file = NULL;
	folder_fd = -1;
}

bool record_on(void)
{
	return index_file;
}

static void file_name(const struct record *record, char *name, size_t size, const char *ending)
{
	snprintf(name, size, "%d-%06u-%s-agent.%s", (int)getpid(), record->number, record->from_agent ? "from" : "to",
		 ending);
}

void record_begin(struct record *record, bool from_agent, unsigned connection, const char *head, size_t length)
{
	char name[64];
	int fd;

	*record = (struct record){0};
	if (!index_file)
		return;
	record->number = ++counter;
	record->from_agent = from_agent;
	record->connection = connection;
	file_name(record, name, sizeof(name), "head");
	fd = create(name);
	if (fd) {
		write_all(fd, head, length);
		close(fd);
	}
	fprintf(index_file, "%06u\t%s\t%u\t%.3f\t%.*s\n", record->number, from_agent ? "from-agent" : "to-agent",
		connection, (double)now_ns() / 1e6, (int)strcspn(head, "\r\n"), head);
	fflush(index_file);
}

void record_body(struct record *record, const char *data, size_t length)
{
	char name[64];

	if (!record->number || !length)
		return;
	if (!record->body) {
		file_name(record, name, sizeof(name), "new");
		record->body = create(name);
	}
	if (record->body)
		write_all(record->body, data, length);
}

void record_end(struct record *record, bool whole)
{
	char name[64], end[64];

	if (record->body) {
		close(record->body);
		file_name(record, name, sizeof(name), "new");
		file_name(record, end, sizeof(end), !whole ? "part" : record->bad ? "bad" : "xml");
		renameat(folder_fd, name, folder_fd, end);
	}
	*record = (struct record){0};
}
