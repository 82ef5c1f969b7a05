// SPDX-License-Identifier: GPL-2.0-or-later
// What came of the changes of deployment units that the ACS asked for, until it has been told.
#pragma once

#include "agent/acs-request.h"
#include "agent/bounds.h"
#include "agent/store.h"

#include <stdint.h>

#define DU_CHANGES_MAXIMUM 16 // ChangeDUStates that wait; more are refused with 9004

#define DU_UUID_SIZE	37				  // 36 characters
#define DU_VERSION_SIZE (CWMP_VERSION_CHARACTERS * 4 + 1) // bytes in UTF-8

// The result of one operation.
struct du_result {
	unsigned fault; // 9022 and so on
	int64_t time;	// when it started and ended
	char uuid[DU_UUID_SIZE];
	char version[DU_VERSION_SIZE];
};

// One ChangeDUState.
struct du_change {
	struct acs_request request;
	struct du_change *next;
	uint32_t number; // of its record
	size_t count;
	struct du_result results[CWMP_DU_OPERATIONS_MAXIMUM]; // in the order of the operations
};

// Those that the ACS has not been told. All fields are private.
struct du_changes {
	struct agent *agent;
	struct du_change *first;
	uint32_t last_number;
};

struct du_operation;

// Loads what waits; while the store can be read. Returns 0 or -errno.
int du_changes_open(struct du_changes *changes, struct agent *agent);

void du_changes_free(struct du_changes *changes);

// After the start: what was loaded is put into the queue of requests.
void du_changes_resume(struct du_changes *changes);

// BOOTSTRAP: all go. Those in the queue of requests must have left it before.
void du_changes_discard(struct du_changes *changes, struct store_transaction *transaction);

// Carries the operations out and makes a record of the results, which becomes durable with the transaction. Returns 0,
// -ENOSPC beyond DU_CHANGES_MAXIMUM, or -ENOMEM.
int du_changes_add(struct du_changes *changes, struct store_transaction *transaction,
		   const struct du_operation *operations, size_t count, const char *command_key);

// The last one is durable: the ACS is told. Or it is not, and is taken back.
void du_changes_stored(struct du_changes *changes, int error);
