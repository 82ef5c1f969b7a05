// SPDX-License-Identifier: GPL-2.0-or-later
// Which row of a table is which of a vendor configuration file: by Alias, key, values, number, order.
#pragma once

#include "agent/configuration-rows.h"

// Finds the rows of the file's table with this index in the tree: each `to` that there is, and what the tree has
// beyond. A table that is none is told by problem(). Returns 0, -EAGAIN when it is in a row that is still to be made,
// or -ENOMEM.
int configuration_match(struct configuration_rows *rows, struct tree *tree, size_t index);
