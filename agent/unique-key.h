// SPDX-License-Identifier: GPL-2.0-or-later
// Unique keys of tables: no two rows may be made equal.
#pragma once

#include "agent/tree.h"

// One value that is to be set.
struct unique_change {
	struct tree_reference reference;
	const struct espalier_value *value;
	bool clashes; // out: with another row, or with what is set there
};

// Rows that go with the set: their keys don't count.
struct unique_gone {
	const char *const *paths; // in the order of their bytes, each with its dot
	size_t count;
};

// One key of a table.
struct unique_key {
	const char *names; // of parameters, by commas; not NUL-terminated
	size_t length;
	bool enabled; // only rows with Enable true count
};

// The keys of a table, by the object of its rows, one after the other. `at` starts with 0. Returns false at the end.
bool unique_key_next(const struct espalier_object_view *object, size_t *at, struct unique_key *key);

// Looks whether a set leaves each table that it touches without equal keys. What counts is how the rows are after the
// whole set, so that two rows may swap. Keys are those of the data model, of other tables each parameter that the
// schema marks as a key. A functional key counts among rows that are enabled; a key of which no part has a value yet
// never clashes. `gone` may be NULL. Returns how many changes clash, or -ENOMEM.
int unique_keys_check(struct tree *tree, struct unique_change *changes, size_t count, const struct unique_gone *gone);
