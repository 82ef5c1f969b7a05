// SPDX-License-Identifier: GPL-2.0-or-later
// Sets that were decided but not finished, because an owner or the agent died: they are applied again.
#pragma once

#include "agent/transaction-timer.h"

struct agent;

// All fields are private. Zero it, and set `agent`.
struct redo {
	struct agent *agent;
	struct redo_entry *entries;
	size_t count, room;
	struct transaction *transaction; // under way
	struct transaction_timer timer;
};

// Takes a record of store_each(STORE_REDO). `context` is the struct redo.
int redo_load(const char *name, const char *value, size_t length, void *context);

// Adds one that is in the store already, in place of an older one for the path. Without memory it waits for the next
// start.
void redo_add(struct redo *redo, const char *path, const char *value, size_t length);

// The path was set anew: what waited for it counts no more.
void redo_forget(struct redo *redo, const char *path);

// Applies what waits for owners that live now. Call it when the tree's structure changes.
void redo_run(struct redo *redo);

void redo_free(struct redo *redo);
