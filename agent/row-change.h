// SPDX-License-Identifier: GPL-2.0-or-later
// Rows that the ACS adds and deletes at their owners, with a record of each in the store from before the owner is asked
// until the whole call is decided: a kill in between leaves no row that nobody knows of.
//
//	record (durable) -> owner -> the caller decides, and with the same commit the record goes
//
// A record that is there at a start tells of a call that nobody was answered. A row that was added is deleted again; a
// row that is gone was deleted, and the rest of that call is done: ParameterKey, and references that become empty.
//
// row_remove() is for a deletion that is decided before its owner is asked: the record stays until the row is gone.
#pragma once

#include "agent/alarm.h"
#include "agent/store.h"
#include "shm/espalier.h"

#define ROW_KEY_SIZE (32 * 4 + 1) // of ParameterKey

struct agent;

enum row_change_state {
	ROW_RECORDING, // the record is on its way to the disk
	ROW_ASKING,    // the owner has to answer
	ROW_DONE,      // the owner has done it, and the caller has still to decide
	ROW_LEFT,      // nobody waits: recovered when its owner lives
	ROW_UNDOING,   // being recovered
};

struct row_change {
	struct row_change *next;
	struct agent *agent;
	uint64_t number; // the record's name
	enum row_change_state state;
	bool add;
	bool remove;			       // decided already
	bool dropped;			       // the record is gone: freed with the answer that is due
	char path[ESPALIER_PATH_MAXIMUM + 16]; // the table's; then, and for a deletion, the row's
	char segment[ESPALIER_NAME_MAXIMUM + 1];
	uint32_t highest;	   // add: the highest number in the table before
	uint32_t instance;	   // that was added
	char key[ROW_KEY_SIZE];	   // delete: ParameterKey of the call
	char former[ROW_KEY_SIZE]; // and before it
	// The owner has answered: fault 0, or an enum espalier_fault with a text (may be NULL), and then the change is
	// gone. NULL: nobody waits.
	void (*done)(struct row_change *change, int fault, const char *text, void *context);
	void *context;
};

// All that there is a record of. Zeroed memory, then for row_changes_load(); private.
struct row_changes {
	struct agent *agent;
	struct row_change *first;
	struct row_change *asking; // the one whose owner has to answer, for the alarm
	struct alarm alarm;
	uint64_t last; // number of a record
	void (*settled)(void *context);
	void *settled_context;
};

// Takes a stored record, for store_each(); the context is the struct row_changes, whose agent is set. Returns 0 or
// -ENOMEM.
int row_changes_load(const char *name, const char *value, size_t length, void *context);

// Frees everything; after the tree is closed.
void row_changes_free(struct row_changes *changes);

// Brings what is left over from before to its end, where the owner lives. Harmless at any time.
void row_changes_recover(struct row_changes *changes);

// Adds an instance to a table (path with instance numbers). Returns 0, -ENOENT: no table that takes one, or -ENOMEM.
int row_add(struct agent *agent, const char *table, size_t length,
	    void (*done)(struct row_change *change, int fault, const char *text, void *context), void *context,
	    struct row_change **change);

// Deletes an instance, in a call with this ParameterKey. Returns as row_add().
int row_delete(struct agent *agent, const char *path, size_t length, const char *key,
	       void (*done)(struct row_change *change, int fault, const char *text, void *context), void *context,
	       struct row_change **change);

// Whether a table takes an instance, or an instance can be deleted.
bool row_can_change(struct agent *agent, const char *path, size_t length, bool add);

// The segment of the owner that can be asked to delete an instance, or NULL.
const char *row_owner(struct agent *agent, const char *path, size_t length);

// With this transaction it is decided that an instance goes. Then row_remove_start() when it is on the disk, which asks
// its owner, now or when it lives, or row_change_fail() when it is not. Returns NULL without memory.
struct row_change *row_remove(struct agent *agent, const char *path, struct store_transaction *transaction);
void row_remove_start(struct row_change *change);

// The call is decided: with this transaction the record goes. Then row_change_kept() when it is on the disk.
void row_change_keep(const struct row_change *change, struct store_transaction *transaction);
void row_change_kept(struct row_change *change);

// The call has failed, and its ACS is told so: a row that was added is deleted again, one that was deleted is gone. The
// change is gone for the caller.
void row_change_fail(struct row_change *change);

// Nobody waits any more, and nobody is told: a row that was added is deleted again, the deletion of one is completed.
// The change is gone for the caller.
void row_change_abandon(struct row_change *change);

// Whether no owner is being asked to delete a row (again).
bool row_changes_settled(const struct row_changes *changes);

// Calls settled() when all rows that are to be deleted (again) are gone, or when their owners took too long; at once
// when there are none. One caller at a time; NULL: nobody waits any more.
void row_changes_settle(struct row_changes *changes, void (*settled)(void *context), void *context);
