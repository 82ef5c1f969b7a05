// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's durable state: named records in one SQLite file, written by a thread of its own, safe at any power cut.
#pragma once

#include "agent/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_FILE	   "agent.db" // in the state folder
#define STORE_VERSION	   1	      // of the tables, kept as the database's user_version
#define STORE_CACHE_KIB	   64	      // of SQLite's page cache
#define STORE_NAME_MAXIMUM 1024	      // bytes of a record's name

// What a record is about; the numbers are in the database and never change their meaning.
enum store_kind {
	STORE_STATE = 1,	    // single facts, by name
	STORE_SETTING = 2,	    // values of own parameters that were set, by path
	STORE_ATTRIBUTE = 3,	    // notification and access list, by path
	STORE_REPORTED = 4,	    // what the ACS was told last, by path
	STORE_EVENT = 5,	    // undelivered events, by code and command key
	STORE_REDO = 6,		    // decided sets that an owner has still to apply, by path
	STORE_SCHEDULED_INFORM = 7, // Informs that the ACS has scheduled, by number
	STORE_DU_CHANGE = 8,	    // results of deployment unit changes that the ACS has not been told, by number
	STORE_TRANSFER = 9,	    // file transfers, until the ACS knows of their end, by number
	STORE_DECLARED_DEVICE = 10, // devices that a vendor configuration file declares, by serial
	STORE_REFERENCE = 11,	    // rows that references have led to in this boot, by their hashes
	STORE_ROW = 20,		    // rows of own tables, by path, the values in them and aliases, by path
	STORE_NUMBER = 21, // the highest instance number that an own table ever gave, by the table's path; permanent
	STORE_ROW_CHANGE = 22, // rows that are being added or deleted at their owner, by number
	STORE_LOG_FILE = 23,   // instance numbers of the log files, by path; permanent
	STORE_KINDS = 32,      // more than all
};

struct store;
struct store_transaction;

// Opens the database in `folder`, which is created when it is missing. A file that is no sound database is set aside
// under the name agent.db.corrupt and replaced by an empty one; so is a missing file, without a word. Reads and writes
// files: call it before the ring runs. Logs why when it fails. Returns 0 or -errno.
int store_open(struct store **store, const char *folder);

// Commits what was given to store_commit() so far, and starts the thread, which from now on is the only one that
// touches the file: nothing can be read any more. A disk that can't be written is no reason to fail. Returns 0 or
// -errno.
int store_start(struct store *store, struct ring *ring);

// Whether nothing is queued and no done() is due. Run the ring until it is, before the store is closed.
bool store_idle(const struct store *store);

// Closes. Call it after ring_close(). NULL is allowed.
void store_close(struct store *store);

// Calls record() for each record of a kind, in the order of the names' bytes. Blocks: before store_start()
// only. Returns 0 or -errno.
int store_each(struct store *store, enum store_kind kind,
	       int (*record)(const char *name, const char *value, size_t length, void *context), void *context);

// Reads one record's text to the buffer, with a NUL. Blocks as store_each(). Returns its length, -ENOENT, -ENOSPC,
// -errno.
ssize_t store_get(struct store *store, enum store_kind kind, const char *name, char *buffer, size_t size);

// Starts a list of changes that become durable together. Returns NULL without memory.
struct store_transaction *store_begin(struct store *store);

// Adds a change: the record's value (copied), replacing one of the same name. An error is remembered for
// store_commit().
void store_put(struct store_transaction *transaction, enum store_kind kind, const char *name, const char *value,
	       size_t length);
void store_put_string(struct store_transaction *transaction, enum store_kind kind, const char *name, const char *value);

// Adds a change: the record goes.
void store_delete(struct store_transaction *transaction, enum store_kind kind, const char *name);

// Adds a change: all records of the kind go.
void store_delete_all(struct store_transaction *transaction, enum store_kind kind);

// Whether nothing was added.
bool store_empty(const struct store_transaction *transaction);

// Has the changes committed, after all that were given before, and frees the transaction. done() (NULL: nobody) is
// called from the ring with 0 when they are on the disk, or with -errno (-ENOSPC for a full disk) when none of them is.
void store_commit(struct store_transaction *transaction, void (*done)(int error, void *context), void *context);

// What the ACS is told of a change that a commit has ended with 0 or -errno: enum espalier_fault, with a text that says
// why, or ESPALIER_OK with NULL.
int store_fault(int error, const char **text);

// Frees a transaction that is not wanted. NULL is allowed.
void store_abandon(struct store_transaction *transaction);
