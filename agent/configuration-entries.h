// SPDX-License-Identifier: GPL-2.0-or-later
// The set that a vendor configuration file leads to: its values by the tree's paths, and what goes with rows that go.
#pragma once

#include "agent/configuration-restore.h"

// Takes the file's values in place of all entries. What is of a row that is still to be made, or refers to one, is left
// out; what is of a row that the file does not list is told as a problem. Returns 0 or -ENOMEM.
int configuration_entries_take(struct configuration_restore *restore);

// Adds what goes with rows that the file does not have: they are disabled, and references to them become empty. Returns
// 0 or -ENOMEM.
int configuration_entries_add_extra(struct configuration_restore *restore);

// Checks all entries, and tells what is wrong. Returns 0 or -ENOMEM.
int configuration_entries_check(struct configuration_restore *restore);

// Leaves out what is so already, after the check: then nobody need be asked.
void configuration_entries_keep_different(struct configuration_restore *restore);

// Tells the faults of entries as problems.
void configuration_entries_note(struct configuration_restore *restore);
