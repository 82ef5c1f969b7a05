/* SPDX-License-Identifier: BSD-2-Clause */
/* What managers have set and the kernel does not keep: aliases, addresses, the rows that they made. */
#include "netlink/state.h"

#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One record a line: kind, path, and the value up to the line's end. Spaces separate; a path has none. */
static const char *const kind_names[STATE_KINDS] = {
	[STATE_ALIAS] = "alias", [STATE_ADDRESS] = "address", [STATE_VALUE] = "value"};

#define LINE_SIZE (16 + STATE_PATH_SIZE + STATE_VALUE_SIZE)

static int read_line(struct state *state, char *line)
{
	char *path = strchr(line, ' '), *value = path ? strchr(path + 1, ' ') : NULL;

	if (!value)
		return -EINVAL;
	*path++ = '\0';
	*value++ = '\0';
	for (int kind = 0; kind < STATE_KINDS; kind++) {
		if (strcmp(line, kind_names[kind]) == 0)
			return state_set(state, (enum state_kind)kind, path, value);
	}
	return -EINVAL;
}

int state_open(struct state *state, const char *file)
{
	char line[LINE_SIZE];
	unsigned int number = 0;
	FILE *from;

	memset(state, 0, sizeof(*state));
	state->file = strdup(file);
	if (!state->file)
		return -ENOMEM;
	from = fopen(file, "re");
	if (!from) {
		int error = -errno;

		if (error == -ENOENT)
			return 0;
		state_close(state);
		return error;
	}
	while (fgets(line, sizeof(line), from)) {
		size_t length = strcspn(line, "\n");
		int error;

		number++;
		line[length] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		error = read_line(state, line);
		if (error)
			log_warning("%s:%u: left out: %s", file, number, strerror(-error));
	}
	fclose(from);
	state->changed = false;
	return 0;
}

static void remove_at(struct state *state, size_t at)
{
	free(state->records[at].path);
	free(state->records[at].value);
	state->records[at] = state->records[--state->count];
	state->changed = true;
}

void state_close(struct state *state)
{
	while (state->count > 0)
		remove_at(state, state->count - 1);
	free(state->records);
	free(state->file);
	memset(state, 0, sizeof(*state));
}

static struct state_record *find(const struct state *state, enum state_kind kind, const char *path)
{
	for (size_t i = 0; i < state->count; i++) {
		struct state_record *record = &state->records[i];

		if (record->kind == kind && strcmp(record->path, path) == 0)
			return record;
	}
	return NULL;
}

const char *state_get(const struct state *state, enum state_kind kind, const char *path)
{
	const struct state_record *record = find(state, kind, path);

	return record ? record->value : NULL;
}

static int append(struct state *state, enum state_kind kind, const char *path, char *value)
{
	struct state_record *record;

	if (state->count >= STATE_RECORDS_MAXIMUM)
		return -ENOSPC;
	if (state->count == state->capacity) {
		size_t capacity = state->capacity ? state->capacity * 2 : 16;

		record = realloc(state->records, capacity * sizeof(*record));
		if (!record)
			return -ENOMEM;
		state->records = record;
		state->capacity = capacity;
	}
	record = &state->records[state->count];
	record->kind = kind;
	record->path = strdup(path);
	if (!record->path)
		return -ENOMEM;
	record->value = value;
	state->count++;
	return 0;
}

int state_set(struct state *state, enum state_kind kind, const char *path, const char *value)
{
	struct state_record *record = find(state, kind, path);
	char *copy;
	int error;

	if (!value) {
		if (record)
			remove_at(state, (size_t)(record - state->records));
		return 0;
	}
	if (strlen(path) >= STATE_PATH_SIZE || strlen(value) >= STATE_VALUE_SIZE || strpbrk(path, " \n") ||
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
		error = append(state, kind, path, copy);
		if (error) {
			free(copy);
			return error;
		}
	}
	state->changed = true;
	return 0;
}

void state_remove_below(struct state *state, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = state->count; i-- > 0;) {
		if (strncmp(state->records[i].path, path, length) == 0)
			remove_at(state, i);
	}
}

static int write_records(const struct state *state, FILE *to)
{
	fprintf(to, "# Kept by Espalier; change it only while the program of this name is not running.\n");
	for (size_t i = 0; i < state->count; i++) {
		const struct state_record *record = &state->records[i];

		fprintf(to, "%s %s %s\n", kind_names[record->kind], record->path, record->value);
	}
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

int state_save(struct state *state)
{
	char temporary[PATH_MAX];
	FILE *to;
	int fd, error;

	if (!state->changed)
		return 0;
	if (snprintf(temporary, sizeof(temporary), "%s.new", state->file) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	to = fd < 0 ? NULL : fdopen(fd, "w");
	if (!to) {
		error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	error = write_records(state, to);
	if (fclose(to) && !error)
		error = -errno;
	if (!error && rename(temporary, state->file))
		error = -errno;
	if (error) {
		unlink(temporary);
		return error;
	}
	error = sync_folder(state->file);
	if (!error)
		state->changed = false;
	return error;
}
