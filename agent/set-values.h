// SPDX-License-Identifier: GPL-2.0-or-later
// Sets parameters of any owners, mostly for the ACS, all or nothing, durable before the answer.
#pragma once

#include "agent/soap-arguments.h"
#include "agent/tree.h"
#include "agent/unique-key.h"

struct agent;
struct set_values;
struct store_transaction;

// One parameter to set. The caller fills in name and value, whose texts end with a NUL and live as long as the set.
struct set_value {
	struct soap_string name;  // with instance numbers
	struct soap_string given; // as the request had it, for faults; nothing: the name
	struct soap_value value;
	int fault;	  // out: 0, or the enum espalier_fault of this entry
	const char *text; // out, with a fault: why, or NULL

	// Private
	struct tree_reference reference;
	struct espalier_value parsed;
	char segment[ESPALIER_NAME_MAXIMUM + 1];
	int setting;	// of the agent's own: enum setting; -1: none of them
	bool table_row; // in a table of the agent's own
	bool strong;	// it is a strong reference
};

// Checks entries against the schema: name, type, whether it can be written, value; and that
// they leave no two rows with the same unique key, where rows that are `gone` with the set (NULL: none)
// don't count. Marks all that are wrong. Returns 0, or the enum espalier_fault of the whole: ESPALIER_FAULT_ARGUMENTS
// when an entry is wrong.
int set_values_check(struct agent *agent, struct set_value *entries, size_t count, const struct unique_gone *gone);

// Who sets, and what goes with it.
struct set_values_steps {
	// All owners have applied their parts, and can still take them back: set_values_decide() or set_values_refuse()
	// must follow, now or within the time that owners wait. NULL: the set is decided at once.
	void (*ready)(struct set_values *set, void *context);
	// Adds what becomes durable with the decision. Called at most once. NULL: nothing.
	void (*also)(struct store_transaction *transaction, void *context);
	// The end: fault 0, or an enum espalier_fault with a text (may be NULL), and the entries' own faults are
	// marked.
	void (*finished)(struct set_values *set, int fault, const char *text, void *context);
	void *context;
	bool local; // not by the ACS, which is told of what changes
};

// Sets checked entries, and with them ParameterKey (NULL: it stays). finished() is called once, from the ring or at
// once. `entries` must live until then. Returns 0, or -errno with nothing started (-EBUSY: another set is under way, or
// what was decided before is just being applied again).
int set_values_start(struct set_values **set, struct agent *agent, struct set_value *entries, size_t count,
		     const char *parameter_key, const struct set_values_steps *steps);

// After ready(): the set holds, or it is taken back everywhere, for this enum espalier_fault.
void set_values_decide(struct set_values *set);
void set_values_refuse(struct set_values *set, int fault, const char *text);

// Frees a set: in or after finished(), or after ring_close().
void set_values_free(struct set_values *set);
