// SPDX-License-Identifier: GPL-2.0-or-later
// Aliases of rows: what an alias may be, and those that the agent keeps for owners that know of none.
#pragma once

#include "agent/own.h"
#include "agent/store.h"
#include "agent/tree.h"

#define ALIAS_NAME	     "Alias"
#define ALIAS_CHARACTERS     64
#define ALIAS_ROWS_MAXIMUM   16384 // rows whose alias the agent keeps
#define ALIAS_VALUES_MAXIMUM 4096  // aliases of rows that are not there now

// Checks an alias that is set: a letter, then anything that can stand in a path. Returns 0, or ESPALIER_FAULT_VALUE
// with a static text.
int alias_check(const struct espalier_value *value, const char **text);

// The alias that a row has until another is set: "cpe-NUMBER". Returns its length.
size_t alias_default(uint32_t instance, char buffer[TREE_ALIAS_SIZE]);

// Rows of the agent's own segment that add the parameter Alias to others, of other owners and its own: where the data
// model has it, and they do not. They come and go with these. Zeroed memory, then for alias_rows_load(); private.
struct alias_rows {
	struct own *own;
	struct alias_object *objects; // of the segment, in the order in which they were added
	size_t object_count;
	struct alias_row *rows; // in the order of their paths' bytes
	size_t count, room;
	struct alias_value *values; // that were set, of rows that are not there now
	size_t value_count;
};

void alias_rows_free(struct alias_rows *aliases);

// Takes a stored alias; `path` is the parameter's. What is no alias is left out. Returns 0 or -ENOMEM.
int alias_rows_load(struct alias_rows *aliases, const char *path, const char *value, size_t length);

// Whether an object of the agent's own segment belongs here.
bool alias_rows_has(uint32_t object);

// Whether an object of any segment is one of those that only give aliases to the rows of others.
bool alias_rows_give(const struct espalier_object_view *object);

// Adds and removes rows so that they are those of the tree. Returns 1 when something has changed, so that the tree has
// to be read again, or 0.
int alias_rows_follow(struct alias_rows *aliases, struct tree *tree);

// Sets the alias in the row, unseen until alias_rows_publish(); `path` is the parameter's. Returns 0 or -errno.
int alias_rows_take(struct alias_rows *aliases, const char *path, const struct espalier_value *value);
void alias_rows_publish(struct alias_rows *aliases, const char *path);

// A row (its path ends in a dot) was deleted for good: adds to the transaction that its alias, and those of rows below
// it, go.
void alias_rows_forget(struct alias_rows *aliases, const char *path, struct store_transaction *transaction);
