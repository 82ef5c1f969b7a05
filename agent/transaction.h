// SPDX-License-Identifier: GPL-2.0-or-later
// One set over several owners, all or nothing: the order of the steps, without sockets and disks.
//
//	validate at each owner -> commit at each owner -> decide (durable) -> finish at each owner
//
// A fault, a dead owner or a timeout before the decision undoes the set everywhere. Owners undo by themselves when the
// agent dies before it tells them to finish; what was decided but not finished is applied again at the next start.
#pragma once

#include "shm/espalier.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSACTION_TIMEOUT 5000 // milliseconds that the owners have for each step

struct transaction;

// What the transaction needs of the world. All get the context of transaction_create().
struct transaction_operations {
	// Sends a request to an owner, as espalier_request_send(): done() is called once, never from within.
	int (*send)(void *context, const char *segment, enum espalier_request_kind kind,
		    const struct espalier_entry *entries, size_t count,
		    void (*done)(const struct espalier_result *result, void *done_context), void *done_context);
	// Has transaction_timeout() called after TRANSACTION_TIMEOUT, counted anew; `on` false: not at all.
	void (*timer)(void *context, bool on);
	// All owners have committed: makes the set durable, and has transaction_decided() called. May call it at once.
	void (*decide)(void *context);
	// The end: fault 0, or an enum espalier_fault with a text. transaction_entry_fault() tells of entries. The
	// transaction may be freed.
	void (*finished)(void *context, int fault, const char *text);
};

enum transaction_state {
	TRANSACTION_NEW,
	TRANSACTION_VALIDATING,
	TRANSACTION_COMMITTING,
	TRANSACTION_DECIDING,
	TRANSACTION_FINISHING,
	TRANSACTION_UNDOING,
	TRANSACTION_ENDED,
};

// Starts a list for at most `room` entries. Returns NULL without memory.
struct transaction *transaction_create(const struct transaction_operations *operations, void *context, size_t room);

// Frees it at any time. Requests under way are forgotten: their owners undo what is not finished.
void transaction_free(struct transaction *transaction);

// Adds an entry of another owner. `index` is the caller's, for transaction_entry_fault(), and larger at each call;
// `path` ends with a NUL and lives as long as the transaction, as does `value`. Returns 0 or -errno.
int transaction_add(struct transaction *transaction, const char *segment, size_t index, const char *path,
		    const char *value, size_t length);

// Begins. Without entries decide() comes at once.
void transaction_start(struct transaction *transaction);

// The set is durable (0), or is not (an enum espalier_fault with a text).
void transaction_decided(struct transaction *transaction, int fault, const char *text);

// The owners took too long.
void transaction_timeout(struct transaction *transaction);

enum transaction_state transaction_state(const struct transaction *transaction);

// The fault of the entry with the caller's index: 0 or an enum espalier_fault, with its text (NULL: none).
int transaction_entry_fault(const struct transaction *transaction, size_t index, const char **text);

// Whether the owner of the entry has finished it, so that it need not be applied again.
bool transaction_entry_finished(const struct transaction *transaction, size_t index);
