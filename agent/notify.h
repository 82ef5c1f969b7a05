// SPDX-License-Identifier: GPL-2.0-or-later
// Value change notification: which parameters are watched, and which have changed since the ACS was last told.
#pragma once

#include "agent/attribute.h"
#include "agent/store.h"
#include "agent/tree.h"

// What notify_scan() found, as bits.
enum notify_change {
	NOTIFY_PASSIVE = 1,
	NOTIFY_ACTIVE = 2,
	NOTIFY_LIMITED = 4, // active, of the parameter that has a limit of its own
	NOTIFY_LIGHTWEIGHT_PASSIVE = 8,
	NOTIFY_LIGHTWEIGHT_ACTIVE = 16,
	NOTIFY_BY_INFORM = NOTIFY_PASSIVE | NOTIFY_ACTIVE | NOTIFY_LIMITED,
};

struct notify_value;
struct notify_row;

// All fields are private. Zero it, and set `tree` and `attributes`.
struct notify {
	struct tree *tree;
	const struct attributes *attributes;
	const char *limited;	     // path of the parameter whose changes are NOTIFY_LIMITED, or NULL
	struct notify_value *values; // those in the tree first, in tree order; then those that are not there now
	size_t count, present;
	uint32_t *order; // indices of values, by path
	struct notify_row *rows;
	size_t row_count;
	uint64_t watched; // hash of the paths that are watched
	unsigned held;
	char *buffer; // for values
	size_t buffer_size;
};

// A record of what was reported, of store_each(STORE_REPORTED). `context` is the struct notify.
int notify_load(const char *name, const char *value, size_t length, void *context);

void notify_free(struct notify *notify);

// To be called for a new structure of the tree and for new attributes: finds the parameters with notification, and asks
// their owners for wakes. What was not watched before counts as reported with its present value; that becomes durable
// with `transaction`. Call notify_scan() after it. Returns 0 or -ENOMEM.
int notify_rebuild(struct notify *notify, struct store_transaction *transaction);

// Looks for values that differ from what was reported. Returns a set of enum notify_change: new changes, and those that
// wait of parameters that have come since the last time. Nothing is found while held.
unsigned notify_scan(struct notify *notify, struct store_transaction *transaction);

// While the ACS sets values, changes do not count until the new values are taken as reported.
void notify_hold(struct notify *notify);
void notify_release(struct notify *notify);

// The ACS sets this value itself, so that it counts as reported: first for the store, with `transaction`, and when that
// is durable, in memory, with NULL.
void notify_set_by_acs(struct notify *notify, const char *path, const struct espalier_value *value,
		       struct store_transaction *transaction);

// All present values count as reported.
void notify_report_all(struct notify *notify, struct store_transaction *transaction);

// What waits to be reported, as a set of enum notify_change.
unsigned notify_waiting(const struct notify *notify);

// Calls take() for the path of each watched parameter that is there.
void notify_each(const struct notify *notify, void (*take)(const char *path, size_t length, void *context),
		 void *context);

// How many parameters wait to be reported in an Inform.
size_t notify_changed(const struct notify *notify);

// Fills in the parameters that wait to be reported, at most `room`, and remembers the values that they have now.
// Returns how many.
size_t notify_inform(struct notify *notify, struct tree_reference *references, size_t room);

// The Inform is delivered: what it carried is reported. Returns as notify_scan() for values that changed since.
unsigned notify_delivered(struct notify *notify, struct store_transaction *transaction);

// The session has failed before that.
void notify_failed(struct notify *notify);

// Calls add() for each parameter that waits for a lightweight notification, until it returns other than 0. Returns how
// many it has taken; notify_lightweight_sent() says that these were told.
size_t notify_lightweight(struct notify *notify,
			  int (*add)(const char *path, const struct espalier_value *value, void *context),
			  void *context);
void notify_lightweight_sent(struct notify *notify, struct store_transaction *transaction);

// The notification in force for a parameter.
int notify_notification(struct notify *notify, struct tree_reference reference);
