// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the tree as a vendor configuration file says, all or nothing over all owners: values, rows, declared devices.
//
//	match -> check -> rows that are missing are added -> one set: validate, commit at each owner
//	      -> the first deletion at each owner -> decide (durable) -> finish -> the other deletions
//
// Until the decision everything is taken back when something fails or the agent dies: rows that were added are deleted
// again, as those of any call (row-change.h). A deletion can't be taken back, so rows that are too many go last; each
// of them is disabled by the set, and the first one at each owner goes before the decision: who refuses one refuses
// most likely the first. What is decided is brought to its end whoever dies.
#pragma once

#include "agent/arena.h"
#include "agent/configuration-rows.h"
#include "agent/date-time.h"
#include "agent/row-change.h"
#include "agent/set-values.h"

#define CONFIGURATION_RESTORE_DATE	  "configuration-file-date" // when a file was last applied: record of the state
#define CONFIGURATION_RESTORE_REPORT_SIZE 256
#define CONFIGURATION_RESTORE_LIST_SIZE	  208 // bytes: a report has more before it

// Zeroed; private, but for `running`, and for what finished() may see.
struct configuration_restore {
	struct agent *agent;
	const struct configuration_file *file;
	bool running; // no session starts meanwhile
	bool local;   // to be set before the start: not the ACS has sent the file, and it is told of what changes
	struct configuration_rows rows;
	struct configuration_row *making; // the row that is being added
	struct row_change *asked;	  // the change whose owner has to answer
	struct row_change **made;	  // additions
	size_t made_count;
	struct row_change **deleted; // before the decision
	size_t deleted_count;
	struct row_change **removed; // decided with the set
	size_t removed_count;
	size_t left;	    // of rows.extra, when last looked
	size_t probe;	    // of rows.extra: looked at for a first deletion
	struct arena arena; // texts of entries
	struct set_value *entries;
	size_t count, room;
	struct set_values *set;
	bool decided;		   // for finished(): the file is applied
	char date[DATE_TIME_SIZE]; // of the decision
	unsigned fault;		   // to be told when all is taken back
	size_t problems;
	char list[CONFIGURATION_RESTORE_LIST_SIZE]; // of them
	char report[CONFIGURATION_RESTORE_REPORT_SIZE];
	// The end: fault 0, or of TransferComplete, with its text. Called once for each start.
	void (*finished)(struct configuration_restore *restore, unsigned fault, const char *text);
};

// Restores a file, which must live until finished(). Returns 0, or -EBUSY with nothing started: a session runs, or
// another change. With everything else finished() comes, maybe at once.
int configuration_restore_start(struct configuration_restore *restore, struct agent *agent,
				const struct configuration_file *file);

// After ring_close(), while the tree is open: nobody is told any more.
void configuration_restore_close(struct configuration_restore *restore);

// Notes one thing that is wrong with the file; the context is the struct configuration_restore. All are in the log, and
// as many as fit in TransferComplete.
void configuration_restore_problem(const char *path, const char *text, void *context);
