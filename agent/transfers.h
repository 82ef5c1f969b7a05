// SPDX-License-Identifier: GPL-2.0-or-later
// The queue of file transfers: accepted, kept over restarts, run one after the other, told to the ACS.
#pragma once

#include "agent/child.h"
#include "agent/transfer.h"
#include "agent/transfer-configuration.h"
#include "agent/transfer-firmware.h"
#include "agent/transfer-log.h"
#include "agent/transfer-type.h"

#define TRANSFERS_MAXIMUM	 16   // that wait, run, or have ended without the ACS knowing: a list has no more
#define TRANSFERS_LOCAL_MAXIMUM	 8    // of these, that local programs have asked for: the rest is the ACS's
#define TRANSFER_APPLY_MAXIMUM	 3    // times that an interrupted handler is started
#define TRANSFER_RESTART_SECONDS 3600 // within which the device restarts for a new image
#define TRANSFER_IDLE_SECONDS	 10   // without a session, after which "3 When Idle" takes the device for idle
#define TRANSFER_RETRY_SECONDS	 5    // before the first retry; each further wait is twice as long
#define TRANSFER_RETRY_MAXIMUM	 300  // seconds
#define TRANSFER_STORE_SECONDS	 30   // before what could not be made durable is tried again

// All fields are private to transfers*.c.
struct transfers {
	struct agent *agent;
	struct transfer *first; // in the order of their receipt
	uint32_t last_number;
	char folder[TRANSFER_PATH_SIZE];
	char program[TRANSFER_PATH_SIZE]; // espalier-transfer
	struct child child;		  // it, while it runs
	uint32_t child_number;		  // for this transfer
	struct transfer_report report;	  // its last
	struct transfer *active;	  // is run or applied; NULL while a cancelled one ends
	struct firmware_program firmware;
	struct log_program log;
	struct configuration_transfer configuration;
	struct alarm alarm;
	bool planning, started;
};

// Takes the records. The store must still be readable, the own segment be there. Returns 0 or -errno.
int transfers_open(struct agent *agent);

// Takes up what the last run of the agent left: call it when the events are open, before store_start().
void transfers_start(struct agent *agent);

// Ends the program that runs, frees everything; after ring_close().
void transfers_close(struct agent *agent);

// Starts what is due, and sets the alarm for what follows. Harmless at any time.
void transfers_plan(struct agent *agent);

// How many the queue has.
size_t transfers_count(const struct agent *agent);

// Accepts a transfer: it gets its number, and done() is called when it is durable (0), or not in the queue (-errno:
// -ENOSPC also when the disk is full). It belongs to the queue from here on. Returns 0, or -ENOSPC for a full queue or
// -ENOMEM: then it is still the caller's.
int transfers_add(struct agent *agent, struct transfer *transfer, void (*done)(int error, void *context),
		  void *context);

// Takes back all that the ACS has asked for with this key. done() follows, with 0 when they are gone for good,
// -EBUSY when there is one that can't be cancelled, or -errno. Returns 0 or -ENOMEM, and then done() is not called.
int transfers_cancel(struct agent *agent, const char *command_key, void (*done)(int error, void *context),
		     void *context);

// A person has agreed to what waits for it (window mode 4), by its instance number. Returns 0 or -ENOENT.
int transfers_confirm(struct agent *agent, uint32_t number);

// All is forgotten: a BOOTSTRAP or a factory reset. The records go with the transaction.
void transfers_discard(struct agent *agent, struct store_transaction *transaction);

// ---- Among transfers*.c

// The path of its file. `path` has TRANSFER_PATH_SIZE bytes.
void transfers_path(const struct transfers *transfers, uint32_t number, char *path);

// Makes its present state durable, without anybody who waits for it.
void transfers_save(struct agent *agent, struct transfer *transfer);

// It has ended: made durable, and then told to the ACS.
void transfers_complete(struct agent *agent, struct transfer *transfer, unsigned fault, const char *text);

// Made durable once more, what could not be before.
void transfers_store_again(struct agent *agent, struct transfer *transfer);

// The transfer of a number, or NULL.
struct transfer *transfers_find(const struct agent *agent, uint32_t number);

// The present moment, by both clocks.
void transfers_now(const struct agent *agent, struct transfer_receipt *now);

// Calls apply() of its handler; the record says so.
void transfers_apply(struct agent *agent, struct transfer *transfer);
