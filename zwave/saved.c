/* SPDX-License-Identifier: BSD-2-Clause */
/* What a manager has set and no source keeps: aliases, and which source is read. One "name value" a line of a file. */
#include "zwave/saved.h"

#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int saved_open(struct saved *saved, const char *file)
{
	char line[SAVED_NAME_SIZE + SAVED_VALUE_SIZE + 2];
	unsigned int number = 0;
	FILE *from;

	memset(saved, 0, sizeof(*saved));
	saved->file = strdup(file);
	if (!saved->file)
		return -ENOMEM;
	from = fopen(file, "re");
	if (!from) {
		int error = -errno;

		if (error == -ENOENT)
			return 0;
		saved_close(saved);
		return error;
	}
	while (fgets(line, sizeof(line), from)) {
		char *value;

		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		value = strchr(line, ' ');
		if (value)
			*value++ = '\0';
		if (!value || saved_set(saved, line, value))
			log_warning("%s:%u: left out", file, number);
	}
	fclose(from);
	saved->changed = false;
	return 0;
}

static void remove_at(struct saved *saved, size_t at)
{
	free(saved->records[at].name);
	free(saved->records[at].value);
	saved->records[at] = saved->records[--saved->count];
	saved->changed = true;
}

void saved_close(struct saved *saved)
{
	while (saved->count > 0)
		remove_at(saved, saved->count - 1);
	free(saved->records);
	free(saved->file);
	memset(saved, 0, sizeof(*saved));
}

static struct saved_record *find(const struct saved *saved, const char *name)
{
	for (size_t i = 0; i < saved->count; i++) {
		if (strcmp(saved->records[i].name, name) == 0)
			return &saved->records[i];
	}
	return NULL;
}

const char *saved_get(const struct saved *saved, const char *name)
{
	const struct saved_record *record = find(saved, name);

	return record ? record->value : NULL;
}

static int append(struct saved *saved, const char *name, char *value)
{
	struct saved_record *record;

	if (saved->count >= SAVED_RECORDS_MAXIMUM)
		return -ENOSPC;
	if (saved->count == saved->capacity) {
		size_t capacity = saved->capacity ? saved->capacity * 2 : 16;

		record = realloc(saved->records, capacity * sizeof(*record));
		if (!record)
			return -ENOMEM;
		saved->records = record;
		saved->capacity = capacity;
	}
	record = &saved->records[saved->count];
	record->name = strdup(name);
	if (!record->name)
		return -ENOMEM;
	record->value = value;
	saved->count++;
	return 0;
}

int saved_set(struct saved *saved, const char *name, const char *value)
{
	struct saved_record *record = find(saved, name);
	char *copy;
	int error = 0;

	if (!value) {
		if (record)
			remove_at(saved, (size_t)(record - saved->records));
		return 0;
	}
	if (strlen(name) >= SAVED_NAME_SIZE || strlen(value) >= SAVED_VALUE_SIZE || strpbrk(name, " \r\n") ||
	    strpbrk(value, "\r\n"))
		return -EINVAL;
	if (record && strcmp(record->value, value) == 0)
		return 0;
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	if (record) {
		free(record->value);
		record->value = copy;
	} else {
		error = append(saved, name, copy);
		if (error)
			free(copy);
	}
	saved->changed = saved->changed || !error;
	return error;
}

static int write_records(const struct saved *saved, FILE *to)
{
	fprintf(to, "# Kept by espalier-zwave; change it only while that is not running.\n");
	for (size_t i = 0; i < saved->count; i++)
		fprintf(to, "%s %s\n", saved->records[i].name, saved->records[i].value);
	if (fflush(to) || ferror(to) || fsync(fileno(to)))
		return errno ? -errno : -EIO;
	return 0;
}

/* The rename is durable when the folder is. */
static int sync_folder(const char *file)
{
	char path[PATH_MAX];
	int folder, error = 0;

	snprintf(path, sizeof(path), "%s", file);
	folder = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	if (fsync(folder))
		error = -errno;
	close(folder);
	return error;
}

int saved_save(struct saved *saved)
{
	char temporary[PATH_MAX];
	FILE *to;
	int fd, error;

	if (!saved->changed)
		return 0;
	if (snprintf(temporary, sizeof(temporary), "%s.new", saved->file) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	to = fd < 0 ? NULL : fdopen(fd, "w");
	if (!to) {
		error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	error = write_records(saved, to);
	if (fclose(to) && !error)
		error = -errno;
	if (!error && rename(temporary, saved->file))
		error = -errno;
	if (error) {
		unlink(temporary);
		return error;
	}
	error = sync_folder(saved->file);
	if (!error)
		saved->changed = false;
	return error;
}
