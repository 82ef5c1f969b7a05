// SPDX-License-Identifier: GPL-2.0-or-later
// References in values: a strong one becomes empty when its row goes, and a list loses the item.
//
// Owners empty what can't be set; what can be set is the agent's affair, whoever owns it.
#pragma once

#include "agent/alarm.h"
#include "agent/store.h"
#include "agent/tree.h"

#define REFERENCE_WAIT_SECONDS 10 // for a row that its owner may bring back, as one that starts anew does

struct agent;

// Rows that references have led to, so that one that goes is told from one that is not there yet. Zeroed, then private.
struct references {
	uint64_t *seen; // hashes of the rows' paths, in order
	size_t count;
	struct alarm alarm; // when rows that are missing count as gone
	bool armed;
};

void references_free(struct references *references);

// Calls found() for each strong reference that can be set and leads to a row (its path ends in a dot) or below it, with
// the value that is left without it. Stops when found() returns other than 0, and returns that; else 0.
int references_each(struct tree *tree, const char *row,
		    int (*found)(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
				 void *context),
		    void *context);

// Has the references to a row emptied: durable with the transaction, then by redo_run().
void references_clear(struct agent *agent, const char *row, struct store_transaction *transaction);

// The tree has a new structure: a reference to a row that its living owner has removed becomes empty after
// REFERENCE_WAIT_SECONDS.
void references_follow(struct agent *agent);
