/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Durable instance numbers: a text file with a line "table TAB key TAB number" for each key and a line
 * "table TAB TAB number" for the highest number ever given, so that none is given twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shm/error.h"
#include "shm/espalier.h"

enum { LINE_MAXIMUM = 1024, KEY_MAXIMUM = 255, ENTRIES_MAXIMUM = 1 << 20 };

struct entry {
	char *table, *key; /* key "": the highest number of the table */
	uint32_t number;
	uint32_t next; /* of the same hash, index + 1 */
};

struct espalier_numbering {
	char *file;
	struct entry *entries;
	uint32_t count, capacity;
	uint32_t *heads; /* index + 1 by hash */
	uint32_t mask;
	bool changed;
};

static uint32_t hash_of(const char *table, const char *key)
{
	uint32_t hash = 2166136261u;

	for (; *table; table++)
		hash = (hash ^ (unsigned char)*table) * 16777619u;
	hash = (hash ^ '\t') * 16777619u;
	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 16777619u;
	return hash ^ hash >> 15;
}

static struct entry *find(struct espalier_numbering *numbering, const char *table, const char *key)
{
	uint32_t at = numbering->heads ? numbering->heads[hash_of(table, key) & numbering->mask] : 0;

	while (at) {
		struct entry *entry = &numbering->entries[at - 1];

		if (strcmp(entry->table, table) == 0 && strcmp(entry->key, key) == 0)
			return entry;
		at = entry->next;
	}
	return NULL;
}

static int index_all(struct espalier_numbering *numbering)
{
	uint32_t size = 64;

	while (size < numbering->capacity)
		size *= 2;
	free(numbering->heads);
	numbering->heads = calloc(size, sizeof(*numbering->heads));
	if (!numbering->heads)
		return -ENOMEM;
	numbering->mask = size - 1;
	for (uint32_t i = 0; i < numbering->count; i++) {
		struct entry *entry = &numbering->entries[i];
		uint32_t *head = &numbering->heads[hash_of(entry->table, entry->key) & numbering->mask];

		entry->next = *head;
		*head = i + 1;
	}
	return 0;
}

static int add(struct espalier_numbering *numbering, const char *table, const char *key, uint32_t number)
{
	struct entry entry = {.table = strdup(table), .key = strdup(key), .number = number};
	uint32_t *head;

	if (!entry.table || !entry.key || numbering->count == ENTRIES_MAXIMUM)
		goto fail;
	if (numbering->count == numbering->capacity) {
		uint32_t capacity = numbering->capacity ? 2 * numbering->capacity : 64;
		struct entry *grown = realloc(numbering->entries, capacity * sizeof(*grown));

		if (!grown)
			goto fail;
		numbering->entries = grown;
		numbering->capacity = capacity;
		if (index_all(numbering) < 0)
			goto fail;
	}
	head = &numbering->heads[hash_of(table, key) & numbering->mask];
	entry.next = *head;
	*head = numbering->count + 1;
	numbering->entries[numbering->count++] = entry;
	return 0;
fail:
	free(entry.table);
	free(entry.key);
	return -ENOMEM;
}

/* Texts as they stand in the file: everything that would break a line is written %XX. */
static bool plain(unsigned char c)
{
	return c > ' ' && c != '%' && c != 0x7f;
}

static void put_text(FILE *stream, const char *text)
{
	for (; *text; text++)
		if (plain((unsigned char)*text))
			fputc(*text, stream);
		else
			fprintf(stream, "%%%02X", (unsigned char)*text);
}

static bool get_text(char *text)
{
	char *to = text;

	for (; *text; text++) {
		unsigned int c;

		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		if (sscanf(text + 1, "%2x", &c) != 1 || c == 0)
			return false;
		*to++ = (char)c;
		text += 2;
	}
	*to = '\0';
	return true;
}

static bool take_line(struct espalier_numbering *numbering, char *line)
{
	char *key = strchr(line, '\t'), *number, *end;
	unsigned long value;

	if (!key)
		return false;
	*key++ = '\0';
	number = strchr(key, '\t');
	if (!number)
		return false;
	*number++ = '\0';
	errno = 0;
	value = strtoul(number, &end, 10);
	if (errno || end == number || *end != '\n' || value == 0 || value > UINT32_MAX || !get_text(line) ||
	    !get_text(key) || !*line || find(numbering, line, key))
		return false;
	return add(numbering, line, key, (uint32_t)value) == 0;
}

static int load(struct espalier_numbering *numbering)
{
	FILE *stream = fopen(numbering->file, "re");
	char line[LINE_MAXIMUM];
	int error = 0;

	if (!stream)
		return errno == ENOENT ? 0 : error_set(-errno, "%s: %s", numbering->file, strerror(errno));
	for (unsigned int number = 1; error == 0 && fgets(line, sizeof(line), stream); number++)
		if (!take_line(numbering, line))
			error = error_set(-EBADMSG, "%s: line %u is not \"table TAB key TAB number\"", numbering->file,
					  number);
	if (error == 0 && ferror(stream))
		error = error_set(-EIO, "%s: can't be read", numbering->file);
	fclose(stream);
	return error;
}

int espalier_numbering_open(struct espalier_numbering **result, const char *file)
{
	struct espalier_numbering *numbering = calloc(1, sizeof(*numbering));
	int error;

	*result = NULL;
	if (!numbering)
		return -ENOMEM;
	numbering->file = file ? strdup(file) : NULL;
	error = !file ? 0 : numbering->file ? load(numbering) : -ENOMEM;
	if (error < 0) {
		espalier_numbering_close(numbering);
		return error;
	}
	*result = numbering;
	return 0;
}

void espalier_numbering_close(struct espalier_numbering *numbering)
{
	if (!numbering)
		return;
	for (uint32_t i = 0; i < numbering->count; i++) {
		free(numbering->entries[i].table);
		free(numbering->entries[i].key);
	}
	free(numbering->entries);
	free(numbering->heads);
	free(numbering->file);
	free(numbering);
}

int espalier_numbering_get(struct espalier_numbering *numbering, const char *table, const char *key, uint32_t *number)
{
	struct entry *entry;
	int error;

	if (!*table || !*key || strlen(table) > KEY_MAXIMUM || strlen(key) > KEY_MAXIMUM)
		return -EINVAL;
	entry = find(numbering, table, key);
	if (entry) {
		*number = entry->number;
		return 0;
	}
	error = espalier_numbering_next(numbering, table, number);
	return error < 0 ? error : add(numbering, table, key, *number);
}

int espalier_numbering_note(struct espalier_numbering *numbering, const char *table, uint32_t number)
{
	struct entry *last;
	int error;

	if (!*table || strlen(table) > KEY_MAXIMUM || !number)
		return -EINVAL;
	last = find(numbering, table, "");
	if (last && last->number >= number)
		return 0;
	error = last ? 0 : add(numbering, table, "", number);
	if (error < 0)
		return error;
	if (last)
		last->number = number;
	numbering->changed = true;
	return 0;
}

int espalier_numbering_next(struct espalier_numbering *numbering, const char *table, uint32_t *number)
{
	struct entry *last = find(numbering, table, "");

	if (last && last->number == UINT32_MAX)
		return -ENOSPC;
	*number = last ? last->number + 1 : 1;
	return espalier_numbering_note(numbering, table, *number);
}

int espalier_numbering_forget(struct espalier_numbering *numbering, const char *table, const char *key)
{
	struct entry *entry = *key ? find(numbering, table, key) : NULL;

	if (!entry)
		return -ENOENT;
	free(entry->table);
	free(entry->key);
	*entry = numbering->entries[--numbering->count];
	numbering->changed = true;
	return index_all(numbering);
}

int espalier_numbering_rename(struct espalier_numbering *numbering, const char *table, const char *key,
			      const char *new_key)
{
	struct entry *entry = *key ? find(numbering, table, key) : NULL;
	char *copy;

	if (!entry)
		return -ENOENT;
	if (!*new_key || strlen(new_key) > KEY_MAXIMUM)
		return -EINVAL;
	if (find(numbering, table, new_key))
		return -EEXIST;
	copy = strdup(new_key);
	if (!copy)
		return -ENOMEM;
	free(entry->key);
	entry->key = copy;
	numbering->changed = true;
	return index_all(numbering);
}

/* The folder is synced too: without it the rename may be lost with the power. */
static int sync_folder(const char *file)
{
	char *copy = strdup(file);
	int fd, error = 0;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0 && errno != EINVAL)
		error = -errno;
	close(fd);
	return error;
}

int espalier_numbering_save(struct espalier_numbering *numbering)
{
	char *temporary;
	FILE *stream;
	int error = 0;

	if (!numbering->changed || !numbering->file)
		return 0;
	if (asprintf(&temporary, "%s.new", numbering->file) < 0)
		return -ENOMEM;
	stream = fopen(temporary, "we");
	if (!stream) {
		error = error_set(-errno, "%s: %s", temporary, strerror(errno));
		free(temporary);
		return error;
	}
	for (uint32_t i = 0; i < numbering->count; i++) {
		put_text(stream, numbering->entries[i].table);
		fputc('\t', stream);
		put_text(stream, numbering->entries[i].key);
		fprintf(stream, "\t%" PRIu32 "\n", numbering->entries[i].number);
	}
	if (fflush(stream) != 0 || fsync(fileno(stream)) < 0)
		error = -errno;
	if (fclose(stream) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(temporary, numbering->file) < 0)
		error = -errno;
	if (error == 0)
		error = sync_folder(numbering->file);
	if (error < 0) {
		unlink(temporary);
		error_set(error, "%s: can't be written: %s", numbering->file, strerror(-error));
	} else {
		numbering->changed = false;
	}
	free(temporary);
	return error;
}
