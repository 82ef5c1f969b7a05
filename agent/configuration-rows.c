// SPDX-License-Identifier: GPL-2.0-or-later
// Which rows of the tree are those of a vendor configuration file.
#include "agent/configuration-rows.h"

#include "agent/configuration-match.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- Rows by path

static int by_from(const void *left, const void *right)
{
	const struct configuration_row *a = left, *b = right;

	return strcmp(a->from, b->from);
}

struct configuration_row *configuration_rows_find(const struct configuration_rows *rows, const char *from)
{
	struct configuration_row wanted = {.from = (char *)from};

	return rows->count ? bsearch(&wanted, rows->rows, rows->count, sizeof(*rows->rows), by_from) : NULL;
}

struct configuration_row *configuration_rows_of(const struct configuration_rows *rows,
						const struct configuration_file_table *table, size_t index)
{
	char path[ESPALIER_PATH_MAXIMUM + 16];

	snprintf(path, sizeof(path), "%s%" PRIu32 ".", table->path, table->numbers[index]);
	return configuration_rows_find(rows, path);
}

static int table_by_path(const void *left, const void *right)
{
	const struct configuration_file_table *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static bool is_table(const struct configuration_rows *rows, const char *path)
{
	const struct configuration_file *file = rows->file;
	struct configuration_file_table wanted = {.path = (char *)path};

	return bsearch(&wanted, file->tables, file->table_count, sizeof(*file->tables), table_by_path);
}

int configuration_rows_open(struct configuration_rows *rows, const struct configuration_file *file)
{
	char path[ESPALIER_PATH_MAXIMUM + 16];

	rows->file = file;
	rows->rows = calloc(file->row_count + 1, sizeof(*rows->rows));
	rows->matched = calloc(file->table_count + 1, sizeof(*rows->matched));
	if (!rows->rows || !rows->matched)
		return -ENOMEM;
	for (size_t i = 0; i < file->table_count; i++) {
		const struct configuration_file_table *table = &file->tables[i];

		for (size_t k = 0; k < table->count; k++) {
			snprintf(path, sizeof(path), "%s%" PRIu32 ".", table->path, table->numbers[k]);
			rows->rows[rows->count].from = strdup(path);
			if (!rows->rows[rows->count].from)
				return -ENOMEM;
			rows->count++;
		}
	}
	if (rows->count)
		qsort(rows->rows, rows->count, sizeof(*rows->rows), by_from);
	return 0;
}

void configuration_rows_free(struct configuration_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		free(rows->rows[i].from);
		free(rows->rows[i].to);
	}
	for (size_t i = 0; i < rows->extra_count; i++)
		free(rows->extra[i]);
	free(rows->rows);
	free(rows->matched);
	free(rows->extra);
	*rows = (struct configuration_rows){0};
}

ssize_t configuration_rows_path(const struct configuration_rows *rows, const char *path, size_t length,
				char buffer[ESPALIER_PATH_MAXIMUM + 1])
{
	char from[ESPALIER_PATH_MAXIMUM + 1];
	const struct configuration_row *row = NULL;
	size_t translated = 0, to_length;
	bool in_table = false;

	if (length > ESPALIER_PATH_MAXIMUM)
		return -ENOENT;
	for (size_t i = 0; i < length && rows->file->table_count; i++) {
		from[i] = path[i];
		from[i + 1] = '\0';
		if (path[i] != '.')
			continue;
		if (in_table) {
			row = configuration_rows_find(rows, from);
			if (!row)
				return -ENOENT;
			translated = i + 1;
		}
		in_table = is_table(rows, from);
	}
	if (row && !row->to)
		return -EAGAIN;
	to_length = row ? strlen(row->to) : 0;
	if (to_length + length - translated > ESPALIER_PATH_MAXIMUM)
		return -ENOENT;
	memcpy(buffer, row ? row->to : "", to_length);
	memcpy(buffer + to_length, path + translated, length - translated);
	buffer[to_length + length - translated] = '\0';
	return (ssize_t)(to_length + length - translated);
}

// Adds one item of a reference. Returns 1 when it has become another, 0, or -EAGAIN.
static int put_item(const struct configuration_rows *rows, const char *item, size_t length, FILE *out)
{
	char path[ESPALIER_PATH_MAXIMUM + 1], to[ESPALIER_PATH_MAXIMUM + 1];
	bool dot = length && item[length - 1] == '.';
	ssize_t filled = -ENOENT;

	// References have no dot at their end, or have one.
	if (length && length < ESPALIER_PATH_MAXIMUM) {
		memcpy(path, item, length);
		path[length] = '.';
		filled = configuration_rows_path(rows, path, length + !dot, to);
	}
	if (filled == -EAGAIN)
		return -EAGAIN;
	if (filled < 0) {
		fwrite(item, 1, length, out);
		return 0;
	}
	filled -= !dot;
	fwrite(to, 1, (size_t)filled, out);
	return (size_t)filled != length || memcmp(to, item, length) != 0;
}

int configuration_rows_value(const struct configuration_rows *rows, const struct espalier_parameter *parameter,
			     const char *text, char **result)
{
	bool list = parameter->flags & ESPALIER_LIST;
	size_t length = strlen(text), size;
	bool other = false;
	int error = 0;
	FILE *out;

	*result = NULL;
	if (!(parameter->flags & (ESPALIER_REFERENCE | ESPALIER_STRONG_REFERENCE)) || !length || !rows->count)
		return 0;
	out = open_memstream(result, &size);
	if (!out)
		return -ENOMEM;
	for (size_t at = 0; at <= length && error >= 0;) {
		const char *comma = list ? memchr(text + at, ',', length - at) : NULL;
		size_t end = comma ? (size_t)(comma - text) : length, from = at, to = end;

		while (from < to && isspace((unsigned char)text[from]))
			from++;
		while (to > from && isspace((unsigned char)text[to - 1]))
			to--;
		error = put_item(rows, text + from, to - from, out);
		other |= error > 0;
		if (comma)
			putc(',', out);
		at = end + 1;
	}
	if (ferror(out) && error >= 0)
		error = -ENOMEM;
	if (fclose(out) && error >= 0)
		error = -ENOMEM;
	if (error < 0 || !other) {
		free(*result);
		*result = NULL;
	}
	return error < 0 ? error : 0;
}

// ---- Tables

int configuration_rows_match(struct configuration_rows *rows, struct tree *tree)
{
	for (size_t i = 0; i < rows->file->table_count; i++) {
		if (!rows->matched[i] && configuration_match(rows, tree, i) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

int configuration_rows_missing(struct configuration_rows *rows, struct tree *tree, struct configuration_row **row,
			       char table[ESPALIER_PATH_MAXIMUM + 1])
{
	for (; rows->next < rows->file->table_count; rows->next++) {
		const struct configuration_file_table *from = &rows->file->tables[rows->next];

		// What it is in was made before.
		if (!rows->matched[rows->next] && configuration_match(rows, tree, rows->next) == -ENOMEM)
			return -ENOMEM;
		for (size_t i = 0; i < from->count; i++) {
			*row = configuration_rows_of(rows, from, i);
			if ((*row)->to)
				continue;
			if (configuration_rows_path(rows, from->path, strlen(from->path), table) >= 0)
				return 0;
		}
	}
	return 1;
}
