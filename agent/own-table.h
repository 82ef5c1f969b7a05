// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of the agent's own segment whose rows are added and deleted: rows and numbers are durable. Values
// of aliases that the agent keeps for other owners' rows go the same ways (alias.h).
#pragma once

#include "agent/alias.h"
#include "agent/own.h"
#include "agent/store.h"

// A table within another comes behind it.
enum own_table { OWN_TABLE_INFORM_PARAMETER, OWN_TABLE_XMPP_CONNECTION, OWN_TABLE_XMPP_SERVER, OWN_TABLES };

#define OWN_TABLE_ROWS_MAXIMUM 64 // in each table: more are refused with 9004

struct own_secret;

// A row of a table.
struct own_table_key {
	uint32_t number;
	uint32_t parent; // number of the instance that the table is in, 0: none
};

// Zeroed, then for own_tables_open(). Private but for what own_table_rows() gives, and for changed().
struct own_tables {
	struct own *own;
	struct store *store;
	struct own_secret *secrets;
	// Rows, or values in rows, have changed or are about to; may be NULL.
	void (*changed)(struct own_tables *tables, enum own_table table);
	struct own_table_rows {
		uint32_t highest;				   // number that a row ever had
		uint32_t pending;				   // rows that wait for the disk
		struct own_table_key keys[OWN_TABLE_ROWS_MAXIMUM]; // of the rows, in the order of their addition
		uint32_t count;
	} tables[OWN_TABLES];
	struct alias_rows aliases;
};

// Takes the stored rows, before the segment is published and the store started. Returns 0 or -errno.
int own_tables_open(struct own_tables *tables, struct own *own, struct store *store);

void own_tables_free(struct own_tables *tables);

// The rows of a table, to go through.
const struct own_table_rows *own_table_rows(const struct own_tables *tables, enum own_table table);

// A row by its number, {0,0} when there is none.
struct espalier_row own_table_row(const struct own_tables *tables, enum own_table table, struct own_table_key key);

// A hidden parameter's value, and the one before it for an undo; "" when there is none. By its full path.
const char *own_table_secret(const struct own_tables *tables, const char *path);
const char *own_table_former_secret(const struct own_tables *tables, const char *path);

// Whether an object of the segment is such a table, or has aliases.
bool own_table_has(uint32_t object);

// Checks a value beyond its type. Returns 0, or an enum espalier_fault with a static text.
int own_table_check(uint32_t object, uint32_t parameter, const struct espalier_value *value, const char **text);

// Adds the value of a row's parameter to what is to become durable. `path` is its full path.
void own_table_store(struct store_transaction *transaction, const char *path, const char *text, size_t length);

// Sets the value in the row, unseen until own_table_publish() for a parameter of the same row. Returns 0 or -errno.
int own_table_take(struct own_tables *tables, const char *path, const struct espalier_value *value);
void own_table_publish(struct own_tables *tables, const char *path);

// A local program's set is durable, and the library is about to put the value in its row: all but a secret's.
void own_table_stored(struct own_tables *tables, const char *path, const char *text);

// As struct espalier_owner has them: durable before the answer. The writer's context is the struct agent.
int own_table_add(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
		  struct espalier_row parent, struct espalier_row *row, void *context);
int own_table_remove(struct espalier_writer *writer, struct espalier_request *request, struct espalier_row row,
		     void *context);
