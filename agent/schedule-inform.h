// SPDX-License-Identifier: GPL-2.0-or-later
// The Informs that the ACS has scheduled: durable, each with its time and its command key.
#pragma once

#include "agent/alarm.h"
#include "agent/event.h"
#include "agent/store.h"

#define SCHEDULE_INFORM_MAXIMUM 64 // that wait; more are refused with 9004

struct agent;

struct scheduled_inform {
	uint32_t number; // of its record
	uint32_t delay;	 // seconds, as asked for
	int64_t due;	 // nanoseconds of CLOCK_BOOTTIME
	char command_key[EVENT_COMMAND_KEY_SIZE];
};

// All fields are private.
struct schedule_inform {
	struct agent *agent;
	struct alarm alarm;
	uint32_t last_number;
	int64_t last_due; // nanoseconds of CLOCK_BOOTTIME, of those that have been raised
	size_t count;
	struct scheduled_inform entries[SCHEDULE_INFORM_MAXIMUM];
};

// Loads what waits; while the store can be read and the boot id is known. Returns 0 or -errno.
int schedule_inform_open(struct schedule_inform *schedule, struct agent *agent);

// Adds one, which becomes durable with the transaction. Returns 0, or -ENOSPC beyond SCHEDULE_INFORM_MAXIMUM.
int schedule_inform_add(struct schedule_inform *schedule, struct store_transaction *transaction, uint32_t delay,
			const char *command_key);

// Takes the last one back, which did not become durable.
void schedule_inform_forget(struct schedule_inform *schedule);

// Whether one was due since `then` (nanoseconds of CLOCK_BOOTTIME).
bool schedule_inform_due_since(const struct schedule_inform *schedule, int64_t then);

// BOOTSTRAP: all go.
void schedule_inform_discard(struct schedule_inform *schedule, struct store_transaction *transaction);
