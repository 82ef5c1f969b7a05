// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of the agent's own segment whose rows are added and deleted: rows and numbers are durable.
#include "agent/own-table.h"

#include "agent/agent.h"
#include "agent/inform-parameter.h"
#include "agent/xmpp-objects.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 12 // bytes of an instance number as text

static const struct {
	enum own_object object;
	const char *path;	      // of the table
	int parent;		      // the table whose instances it is in, or -1
	uint32_t maximum;	      // rows, in each parent
	enum own_object count_object; // of its NumberOfEntries: of the segment, or of the parent's table
	uint32_t count;
	int (*check)(uint32_t parameter, const struct espalier_value *value, const char **text);
	// Fills in what a new row starts with, between espalier_begin() and espalier_commit(); or NULL.
	void (*fill)(struct espalier_writer *writer, struct espalier_row row, uint32_t number);
} kinds[OWN_TABLES] = {
	[OWN_TABLE_INFORM_PARAMETER] = {OWN_INFORM_PARAMETER, OWN_INFORM_PARAMETER_PATH, -1, OWN_TABLE_ROWS_MAXIMUM,
					OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_INFORM_PARAMETER_NUMBER_OF_ENTRIES,
					inform_parameter_check, inform_parameter_fill},
	[OWN_TABLE_XMPP_CONNECTION] = {OWN_XMPP_CONNECTION, OWN_XMPP_PATH "Connection.", -1, XMPP_CONNECTIONS_MAXIMUM,
				       OWN_XMPP, XMPP_CONNECTION_NUMBER_OF_ENTRIES, xmpp_connection_check,
				       xmpp_connection_fill},
	[OWN_TABLE_XMPP_SERVER] = {OWN_XMPP_SERVER, OWN_XMPP_PATH "Connection.{i}.Server.", OWN_TABLE_XMPP_CONNECTION,
				   XMPP_SERVERS_MAXIMUM, OWN_XMPP_CONNECTION, XMPP_CONNECTION_SERVER_NUMBER_OF_ENTRIES,
				   xmpp_server_check, xmpp_server_fill},
};

static int table_of(uint32_t object)
{
	for (int table = 0; table < OWN_TABLES; table++) {
		if (kinds[table].object == object)
			return table;
	}
	return -ENOENT;
}

static bool take_number(const char **at, uint32_t *number)
{
	char *end;
	unsigned long value = strtoul(*at, &end, 10);

	if (end == *at || !value || value > UINT32_MAX)
		return false;
	*at = end;
	*number = (uint32_t)value;
	return true;
}

// Whether a path is that of a row of a table, or of something in it.
static bool matches(int table, const char *path, struct own_table_key *key, const char **rest)
{
	key->parent = 0;
	for (const char *at = kinds[table].path; *at;) {
		if (*at == '{') {
			if (!take_number(&path, &key->parent))
				return false;
			at += strlen("{i}");
		} else if (*at++ != *path++) {
			return false;
		}
	}
	if (!take_number(&path, &key->number) || *path != '.')
		return false;
	*rest = path + 1;
	return true;
}

// The table, the row and the rest of a path in a table. Returns the table or -ENOENT.
static int split(const char *path, struct own_table_key *key, const char **rest)
{
	// A table within another comes behind it, and has the longer path.
	for (int table = OWN_TABLES - 1; table >= 0; table--) {
		if (matches(table, path, key, rest))
			return table;
	}
	return -ENOENT;
}

static int parameter_of(int table, const char *name)
{
	const struct espalier_parameter *parameter;

	for (uint32_t i = 0; (parameter = own_parameter(kinds[table].object, i))->name; i++) {
		if (!strcmp(parameter->name, name))
			return (int)i;
	}
	return -ENOENT;
}

struct espalier_row own_table_row(const struct own_tables *tables, enum own_table table, struct own_table_key key)
{
	struct espalier_row parent = {0};

	if (kinds[table].parent >= 0) {
		parent = espalier_instance_find(tables->own->writer, kinds[kinds[table].parent].object, parent,
						key.parent);
		if (!parent.slot)
			return parent;
	}
	return espalier_instance_find(tables->own->writer, kinds[table].object, parent, key.number);
}

const struct own_table_rows *own_table_rows(const struct own_tables *tables, enum own_table table)
{
	return &tables->tables[table];
}

static uint32_t count_rows(const struct own_table_rows *rows, uint32_t parent)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rows->count; i++)
		count += rows->keys[i].parent == parent;
	return count;
}

static int publish_count(struct own_tables *tables, int table, uint32_t parent)
{
	struct espalier_writer *writer = tables->own->writer;
	struct espalier_row row = own_row(tables->own, kinds[table].count_object);
	int error;

	if (kinds[table].parent >= 0)
		row = own_table_row(tables, (enum own_table)kinds[table].parent, (struct own_table_key){parent, 0});
	error = espalier_begin(writer, row);
	if (error)
		return error;
	espalier_set_unsigned(writer, row, kinds[table].count, count_rows(&tables->tables[table], parent));
	return espalier_commit(writer, row);
}

// Makes a row that is in the store.
static int make_row(struct own_tables *tables, int table, struct own_table_key key, struct espalier_row *row)
{
	struct espalier_writer *writer = tables->own->writer;
	struct own_table_rows *rows = &tables->tables[table];
	struct espalier_row parent = {0};
	int error;

	if (rows->count == OWN_TABLE_ROWS_MAXIMUM)
		return -ENOSPC;
	if (kinds[table].parent >= 0) {
		parent = own_table_row(tables, (enum own_table)kinds[table].parent,
				       (struct own_table_key){key.parent, 0});
		if (!parent.slot)
			return -ENOENT;
	}
	error = espalier_instance_add(writer, kinds[table].object, parent, key.number, row);
	if (!error && kinds[table].fill) {
		error = espalier_begin(writer, *row);
		if (!error) {
			kinds[table].fill(writer, *row, key.number);
			error = espalier_commit(writer, *row);
		}
	}
	if (!error)
		error = espalier_instance_publish(writer, *row);
	if (error)
		return error;
	rows->keys[rows->count++] = key;
	return publish_count(tables, table, key.parent);
}

static void tell(struct own_tables *tables, int table)
{
	if (tables->changed)
		tables->changed(tables, (enum own_table)table);
}

// ---- Secrets, which no row has

struct own_secret {
	struct own_secret *next;
	char *path, *text, *former;
};

static struct own_secret *find_secret(const struct own_tables *tables, const char *path)
{
	struct own_secret *secret = tables->secrets;

	while (secret && strcmp(secret->path, path) != 0)
		secret = secret->next;
	return secret;
}

static void free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void free_secret(struct own_secret *secret)
{
	free_text(secret->text);
	free_text(secret->former);
	free(secret->path);
	free(secret);
}

static int take_secret(struct own_tables *tables, const char *path, const char *text, size_t length)
{
	struct own_secret *secret = find_secret(tables, path);
	char *copy = strndup(text, length);

	if (!secret && copy) {
		secret = calloc(1, sizeof(*secret));
		if (secret)
			secret->path = strdup(path);
		if (secret && secret->path) {
			secret->next = tables->secrets;
			tables->secrets = secret;
		} else {
			free(secret);
			secret = NULL;
		}
	}
	if (!secret || !copy) {
		free_text(copy);
		return -ENOMEM;
	}
	free_text(secret->former);
	secret->former = secret->text;
	secret->text = copy;
	return 0;
}

const char *own_table_secret(const struct own_tables *tables, const char *path)
{
	const struct own_secret *secret = find_secret(tables, path);

	return secret && secret->text ? secret->text : "";
}

const char *own_table_former_secret(const struct own_tables *tables, const char *path)
{
	const struct own_secret *secret = find_secret(tables, path);

	return secret && secret->former ? secret->former : "";
}

// The secrets of a row that is gone, and of what was in it.
static void forget_secrets(struct own_tables *tables, const char *row)
{
	struct own_secret **at = &tables->secrets;

	while (*at) {
		struct own_secret *secret = *at;

		if (strncmp(secret->path, row, strlen(row)) != 0) {
			at = &secret->next;
			continue;
		}
		*at = secret->next;
		free_secret(secret);
	}
}

void own_tables_free(struct own_tables *tables)
{
	forget_secrets(tables, "");
	alias_rows_free(&tables->aliases);
}

// ---- At the start

static int load_number(const char *name, const char *value, size_t length, void *context)
{
	struct own_tables *tables = context;

	(void)length;
	for (int table = 0; table < OWN_TABLES; table++) {
		if (!strcmp(name, kinds[table].path))
			tables->tables[table].highest = (uint32_t)strtoul(value, NULL, 10);
	}
	return 0;
}

// A row comes before its values and what is in it, in the order of the names' bytes.
static int load_row(const char *name, const char *value, size_t length, void *context)
{
	struct own_tables *tables = context;
	struct espalier_value parsed;
	struct own_table_key key;
	struct espalier_row row;
	const char *rest;
	int table = split(name, &key, &rest), parameter;

	if (table < 0)
		return alias_rows_load(&tables->aliases, name, value, length);
	if (!*rest) {
		int error;

		if (key.number > tables->tables[table].highest)
			tables->tables[table].highest = key.number;
		error = make_row(tables, table, key, &row);
		// Without its parent it is nothing that was promised to anybody.
		return error == -ENOENT ? 0 : error;
	}
	parameter = parameter_of(table, rest);
	if (parameter < 0 || !own_table_row(tables, (enum own_table)table, key).slot)
		return 0;
	if (espalier_value_parse(own_parameter(kinds[table].object, (uint32_t)parameter), value, length, &parsed)) {
		log_warning("the stored value of %s is none that it can have", name);
		return 0;
	}
	if (!own_table_take(tables, name, &parsed))
		own_table_publish(tables, name);
	return 0;
}

int own_tables_open(struct own_tables *tables, struct own *own, struct store *store)
{
	int error;

	tables->own = own;
	tables->store = store;
	tables->aliases.own = own;
	error = store_each(store, STORE_NUMBER, load_number, tables);
	if (!error)
		error = store_each(store, STORE_ROW, load_row, tables);
	return error;
}

// ---- Values

bool own_table_has(uint32_t object)
{
	return table_of(object) >= 0 || alias_rows_has(object);
}

int own_table_check(uint32_t object, uint32_t parameter, const struct espalier_value *value, const char **text)
{
	if (alias_rows_has(object))
		return alias_check(value, text);
	return kinds[table_of(object)].check(parameter, value, text);
}

void own_table_store(struct store_transaction *transaction, const char *path, const char *text, size_t length)
{
	store_put(transaction, STORE_ROW, path, text, length);
}

static struct espalier_row row_of(struct own_tables *tables, const char *path, int *table, int *parameter)
{
	struct own_table_key key;
	const char *rest;

	*table = split(path, &key, &rest);
	if (*table < 0)
		return (struct espalier_row){0};
	*parameter = parameter_of(*table, rest);
	return own_table_row(tables, (enum own_table) * table, key);
}

int own_table_take(struct own_tables *tables, const char *path, const struct espalier_value *value)
{
	struct espalier_writer *writer = tables->own->writer;
	int table, parameter = -ENOENT, error;
	struct espalier_row row = row_of(tables, path, &table, &parameter);

	if (!row.slot)
		return alias_rows_take(&tables->aliases, path, value);
	if (parameter < 0)
		return -ENOENT;
	if (own_parameter(kinds[table].object, (uint32_t)parameter)->flags & ESPALIER_HIDDEN)
		return take_secret(tables, path, value->text, value->length);
	error = espalier_begin(writer, row);
	// Busy: another value of the row was taken before.
	if (error && error != -EBUSY)
		return error;
	return espalier_set_value(writer, row, (uint32_t)parameter, value);
}

void own_table_publish(struct own_tables *tables, const char *path)
{
	int table, parameter;
	struct espalier_row row = row_of(tables, path, &table, &parameter);

	if (!row.slot) {
		alias_rows_publish(&tables->aliases, path);
		return;
	}
	// An error: a parameter before has had the row published, or it is a secret.
	espalier_commit(tables->own->writer, row);
	tell(tables, table);
}

void own_table_stored(struct own_tables *tables, const char *path, const char *text)
{
	int table, parameter = -ENOENT;
	struct espalier_row row = row_of(tables, path, &table, &parameter);

	if (!row.slot || parameter < 0)
		return;
	if (own_parameter(kinds[table].object, (uint32_t)parameter)->flags & ESPALIER_HIDDEN &&
	    take_secret(tables, path, text, strlen(text)))
		log_error("no memory for %s until the next start", path);
	tell(tables, table);
}

// ---- Rows that come and go

// A request that waits for the disk.
struct row_request {
	struct own_tables *tables;
	struct espalier_request *request;
	int table;
	struct own_table_key key;
};

static void put_number(struct store_transaction *transaction, int table, uint32_t number)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRIu32, number);
	store_put_string(transaction, STORE_NUMBER, kinds[table].path, text);
}

static void row_path(int table, struct own_table_key key, const char *name, char path[ESPALIER_PATH_MAXIMUM + 1])
{
	const char *place = strstr(kinds[table].path, "{i}");

	if (place)
		snprintf(path, ESPALIER_PATH_MAXIMUM + 1, "%.*s%" PRIu32 "%s%" PRIu32 ".%s",
			 (int)(place - kinds[table].path), kinds[table].path, key.parent, place + strlen("{i}"),
			 key.number, name);
	else
		snprintf(path, ESPALIER_PATH_MAXIMUM + 1, "%s%" PRIu32 ".%s", kinds[table].path, key.number, name);
}

// Whether a row is in another one.
static bool within(int table, struct own_table_key key, int outer_table, struct own_table_key outer)
{
	return kinds[table].parent == outer_table && key.parent == outer.number;
}

static void delete_row(struct own_tables *tables, struct store_transaction *transaction, int table,
		       struct own_table_key key)
{
	const struct espalier_parameter *parameter;
	char path[ESPALIER_PATH_MAXIMUM + 1];

	row_path(table, key, "", path);
	store_delete(transaction, STORE_ROW, path);
	for (uint32_t i = 0; (parameter = own_parameter(kinds[table].object, i))->name; i++) {
		row_path(table, key, parameter->name, path);
		store_delete(transaction, STORE_ROW, path);
	}
	for (int inner = table + 1; inner < OWN_TABLES; inner++) {
		const struct own_table_rows *rows = &tables->tables[inner];

		for (uint32_t i = 0; i < rows->count; i++) {
			if (within(inner, rows->keys[i], table, key))
				delete_row(tables, transaction, inner, rows->keys[i]);
		}
	}
}

// Takes the keys of a row, and of those in it, out of the lists.
static void forget_row(struct own_tables *tables, int table, struct own_table_key key)
{
	for (int at = table; at < OWN_TABLES; at++) {
		struct own_table_rows *rows = &tables->tables[at];
		uint32_t kept = 0;

		for (uint32_t i = 0; i < rows->count; i++) {
			struct own_table_key row = rows->keys[i];

			if (at == table ? row.number != key.number || row.parent != key.parent
					: !within(at, row, table, key))
				rows->keys[kept++] = row;
		}
		rows->count = kept;
	}
}

static void answer(struct row_request *waiting, int error, struct espalier_row row)
{
	espalier_answer(waiting->request, error ? ESPALIER_FAULT_RESOURCES : ESPALIER_OK, row,
			error ? "the state can't be written" : NULL);
	free(waiting);
}

static void added(int error, void *context)
{
	struct row_request *waiting = context;
	struct own_tables *tables = waiting->tables;
	struct espalier_row row = {0};

	tables->tables[waiting->table].pending--;
	if (!error) {
		error = make_row(tables, waiting->table, waiting->key, &row);
		if (error) {
			struct store_transaction *transaction = store_begin(tables->store);

			// It would come back at the next start.
			if (transaction)
				delete_row(tables, transaction, waiting->table, waiting->key);
			agent_commit(transaction);
		}
	}
	if (!error)
		tell(tables, waiting->table);
	answer(waiting, error, row);
}

static void removed(int error, void *context)
{
	struct row_request *waiting = context;
	struct own_tables *tables = waiting->tables;
	struct espalier_row row = own_table_row(tables, (enum own_table)waiting->table, waiting->key);
	char path[ESPALIER_PATH_MAXIMUM + 1];

	if (!error && row.slot) {
		espalier_instance_remove(tables->own->writer, row);
		forget_row(tables, waiting->table, waiting->key);
		row_path(waiting->table, waiting->key, "", path);
		forget_secrets(tables, path);
		publish_count(tables, waiting->table, waiting->key.parent);
		tell(tables, waiting->table);
	}
	answer(waiting, error, (struct espalier_row){0});
}

// A request that waits for the disk, and the transaction that it waits for. Returns NULL without memory.
static struct row_request *wait_for_disk(struct own_tables *tables, struct espalier_request *request,
					 struct store_transaction **transaction)
{
	struct row_request *waiting = malloc(sizeof(*waiting));

	*transaction = waiting ? store_begin(tables->store) : NULL;
	if (!*transaction) {
		free(waiting);
		return NULL;
	}
	*waiting = (struct row_request){.tables = tables, .request = request};
	return waiting;
}

int own_table_add(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
		  struct espalier_row parent, struct espalier_row *row, void *context)
{
	struct own_tables *tables = &((struct agent *)context)->tables;
	int table = table_of(object);
	struct own_table_key key = {0};
	struct store_transaction *transaction;
	struct own_table_rows *rows;
	struct row_request *waiting;
	char path[ESPALIER_PATH_MAXIMUM + 1];

	(void)row;
	if (table < 0)
		return ESPALIER_FAULT_NAME;
	rows = &tables->tables[table];
	if (kinds[table].parent >= 0)
		key.parent = espalier_instance_number(writer, parent);
	if (rows->count + rows->pending >= OWN_TABLE_ROWS_MAXIMUM ||
	    count_rows(rows, key.parent) + rows->pending >= kinds[table].maximum || rows->highest == UINT32_MAX)
		return ESPALIER_FAULT_RESOURCES;
	waiting = wait_for_disk(tables, request, &transaction);
	if (!waiting)
		return ESPALIER_FAULT_RESOURCES;
	key.number = ++rows->highest;
	waiting->table = table;
	waiting->key = key;
	rows->pending++;
	row_path(table, key, "", path);
	store_put_string(transaction, STORE_ROW, path, "");
	put_number(transaction, table, key.number);
	store_commit(transaction, added, waiting);
	return ESPALIER_PENDING;
}

int own_table_remove(struct espalier_writer *writer, struct espalier_request *request, struct espalier_row row,
		     void *context)
{
	struct own_tables *tables = &((struct agent *)context)->tables;
	char path[ESPALIER_PATH_MAXIMUM + 1];
	struct store_transaction *transaction;
	struct row_request *waiting;
	struct own_table_key key;
	const char *rest;
	int table;

	if (espalier_row_path(writer, row, path, sizeof(path)) < 0)
		return ESPALIER_FAULT_NAME;
	table = split(path, &key, &rest);
	if (table < 0)
		return ESPALIER_FAULT_NAME;
	waiting = wait_for_disk(tables, request, &transaction);
	if (!waiting)
		return ESPALIER_FAULT_RESOURCES;
	waiting->table = table;
	waiting->key = key;
	delete_row(tables, transaction, table, key);
	store_commit(transaction, removed, waiting);
	return ESPALIER_PENDING;
}
