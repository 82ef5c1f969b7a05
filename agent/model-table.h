// SPDX-License-Identifier: GPL-2.0-or-later
// What the data model says of a table and an owner's schema can't: its unique keys, and whether its rows have an Alias.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct model_table {
	const char *path; // "Device.IP.Interface.{i}."
	// Unique keys, separated by blanks, each one or more parameters by commas. '+' before a key: it counts for rows
	// whose Enable is true only (TR-106: a functional key). "Alias" comes first where the rows have one.
	const char *keys;
};

// All tables with a key, in the order of their paths' bytes.
extern const struct model_table model_tables[];
extern const size_t model_tables_count;

// The table with this path, or NULL when the model has none, or no key of it.
const struct model_table *model_table_find(const char *path);

// Whether the model gives the rows of a table an Alias.
bool model_table_has_alias(const char *path);
