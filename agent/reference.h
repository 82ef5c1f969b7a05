// SPDX-License-Identifier: GPL-2.0-or-later
// References in values: a strong one becomes empty when its row goes, and a list loses the item.
//
// Owners empty what can't be set; what can be set is the agent's affair, whoever owns it. reference.c finds and empties
// references; reference-memory.c knows which rows are gone.
#pragma once

#include "agent/alarm.h"
#include "agent/store.h"
#include "agent/tree.h"

#define REFERENCE_WAIT_SECONDS 10 // for a row that its owner may bring back, as one that starts anew does

#define REFERENCES_MAXIMUM 16384 // that are remembered: 32 bytes each

struct agent;

// Picks an item of the reference `holder` (the path of the parameter, with instance numbers).
typedef bool reference_drop(const char *holder, const char *item, size_t length, void *context);

// What is done with all strong references that can be set.
struct reference_walk {
	void (*holder)(const char *path, void *context); // NULL, or called for each parameter, empty ones too
	reference_drop *drop;				 // NULL, or called for each item
	void *context;					 // of both
	// NULL, or called with the value that is left where items were picked. Other than 0 stops.
	int (*found)(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
		     void *context);
	void *found_context;
};

// Rows that references have led to, so that one that goes is told from one that is not there yet. Zeroed, then private.
struct references {
	struct reference_seen *seen; // in order
	size_t count, room;
	struct alarm alarm; // when rows that are missing count as gone
	bool armed;
	bool full; // there were too many, and that was said
};

// Walks. Returns what found() returned last, 0, or -ENOMEM.
int references_walk(struct tree *tree, const struct reference_walk *walk);

// Takes a stored record, for store_each(STORE_REFERENCE); the context is the agent, whose boot id is known. Returns 0
// or -ENOMEM.
int references_load(const char *name, const char *value, size_t length, void *context);

void references_free(struct references *references);

// Calls found() for each strong reference that can be set and leads to a row (its path ends in a dot) or below it, with
// the value that is left without it. Stops when found() returns other than 0, and returns that; else 0.
int references_each(struct tree *tree, const char *row,
		    int (*found)(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
				 void *context),
		    void *context);

// Has the references to a row emptied: durable with the transaction, then by redo_run().
void references_clear(struct agent *agent, const char *row, struct store_transaction *transaction);

// Has the items emptied that are picked: durable with the transaction, then by redo_run().
void references_empty(struct agent *agent, reference_drop *drop, void *context, struct store_transaction *transaction);

// The tree has a new structure, or a reference was set: one to a row that its living owner has removed becomes empty
// after REFERENCE_WAIT_SECONDS.
void references_follow(struct agent *agent);
