// SPDX-License-Identifier: GPL-2.0-or-later
// Which rows of the tree are those of a vendor configuration file, which are missing, and which are too many. Instance
// numbers are never used twice, so a row that was deleted comes back under another number: the file's paths, and
// references among its values, are translated.
//
// A row is known by its Alias, else by a unique key, else (where it has neither) by all its values, else by its number;
// rows of a table without Alias and keys of which nothing else is left, by their order.
#pragma once

#include "agent/configuration-file.h"
#include "agent/tree.h"

struct configuration_row {
	char *from; // in the file, with its dot
	char *to;   // in the tree; NULL: to be made
};

// Zeroed, then for configuration_rows_open(). Private, but for `extra`.
struct configuration_rows {
	const struct configuration_file *file;
	struct configuration_row *rows; // of all tables, in the order of `from`
	size_t count;
	bool *matched; // tables that have been looked at
	size_t next;   // table: those before have all their rows
	char **extra;  // rows of the tree that the file's tables do not have
	size_t extra_count, extra_room;
	// A table of the file that is none.
	void (*problem)(const char *path, const char *text, void *context);
	void *context;
};

// Takes the tables of a file, which must live as long. Returns 0 or -ENOMEM.
int configuration_rows_open(struct configuration_rows *rows, const struct configuration_file *file);

// A row by its path in the file, or NULL.
struct configuration_row *configuration_rows_find(const struct configuration_rows *rows, const char *from);

// A row by its table and its place there.
struct configuration_row *configuration_rows_of(const struct configuration_rows *rows,
						const struct configuration_file_table *table, size_t index);

void configuration_rows_free(struct configuration_rows *rows);

// Finds the rows of all tables that there are now: not of those within rows that are missing. Returns 0 or -ENOMEM.
int configuration_rows_match(struct configuration_rows *rows, struct tree *tree);

// The next row that is missing, and the path of its table in the tree; rows come before those in them. When it is made
// its `to` is to be filled in, and the tree brought up to date. Returns 0, 1 when there is none, or -ENOMEM.
int configuration_rows_missing(struct configuration_rows *rows, struct tree *tree, struct configuration_row **row,
			       char table[ESPALIER_PATH_MAXIMUM + 1]);

// The path in the tree of one in the file. Returns its length, -ENOENT: of a row that the file's tables do not have, or
// -EAGAIN: of one that is still to be made.
ssize_t configuration_rows_path(const struct configuration_rows *rows, const char *path, size_t length,
				char buffer[ESPALIER_PATH_MAXIMUM + 1]);

// A value of the file for a parameter, with its references translated; *result is NULL when it stays as it is, else to
// be freed. Returns 0, -EAGAIN: it refers to a row that is still to be made, or -ENOMEM.
int configuration_rows_value(const struct configuration_rows *rows, const struct espalier_parameter *parameter,
			     const char *text, char **result);
