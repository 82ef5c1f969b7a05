// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of the agent's own segment whose rows are added and deleted: rows and numbers are durable.
#include "agent/own-table.h"

#include "agent/agent.h"
#include "agent/inform-parameter.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 12 // bytes of an instance number as text

static const struct {
	enum own_object object;
	const char *path;			// of the table
	enum management_server_parameter count; // its NumberOfEntries
	int (*check)(uint32_t parameter, const struct espalier_value *value, const char **text);
} kinds[OWN_TABLES] = {
	[OWN_TABLE_INFORM_PARAMETER] = {OWN_INFORM_PARAMETER, OWN_INFORM_PARAMETER_PATH,
					MANAGEMENT_SERVER_INFORM_PARAMETER_NUMBER_OF_ENTRIES, inform_parameter_check},
};

static int table_of(uint32_t object)
{
	for (int table = 0; table < OWN_TABLES; table++) {
		if (kinds[table].object == object)
			return table;
	}
	return -ENOENT;
}

// The table, the number of the row and the rest of a path in a table. Returns the table or -ENOENT.
static int split(const char *path, uint32_t *number, const char **rest)
{
	for (int table = 0; table < OWN_TABLES; table++) {
		size_t length = strlen(kinds[table].path);
		unsigned long value;
		char *end;

		if (strncmp(path, kinds[table].path, length) != 0)
			continue;
		value = strtoul(path + length, &end, 10);
		if (*end != '.' || !value || value > UINT32_MAX)
			return -ENOENT;
		*number = (uint32_t)value;
		*rest = end + 1;
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

struct espalier_row own_table_row(const struct own_tables *tables, enum own_table table, uint32_t number)
{
	return espalier_instance_find(tables->own->writer, kinds[table].object, (struct espalier_row){0}, number);
}

const struct own_table_rows *own_table_rows(const struct own_tables *tables, enum own_table table)
{
	return &tables->tables[table];
}

static int publish_count(struct own_tables *tables, int table)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRIu32, tables->tables[table].count);
	return own_set(tables->own, OWN_MANAGEMENT_SERVER, kinds[table].count, text);
}

// Makes a row that is in the store.
static int make_row(struct own_tables *tables, int table, uint32_t number, struct espalier_row *row)
{
	struct espalier_writer *writer = tables->own->writer;
	struct own_table_rows *rows = &tables->tables[table];
	int error;

	if (rows->count == OWN_TABLE_ROWS_MAXIMUM)
		return -ENOSPC;
	error = espalier_instance_add(writer, kinds[table].object, (struct espalier_row){0}, number, row);
	if (!error)
		error = espalier_instance_publish(writer, *row);
	if (error)
		return error;
	rows->numbers[rows->count++] = number;
	return publish_count(tables, table);
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

// A row comes before its values, in the order of the names' bytes.
static int load_row(const char *name, const char *value, size_t length, void *context)
{
	struct own_tables *tables = context;
	struct espalier_value parsed;
	struct espalier_row row;
	const char *rest;
	uint32_t number;
	int table = split(name, &number, &rest), parameter;

	if (table < 0)
		return 0;
	if (!*rest) {
		if (number > tables->tables[table].highest)
			tables->tables[table].highest = number;
		return make_row(tables, table, number, &row);
	}
	parameter = parameter_of(table, rest);
	if (parameter < 0 || !own_table_row(tables, (enum own_table)table, number).slot)
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
	error = store_each(store, STORE_NUMBER, load_number, tables);
	if (!error)
		error = store_each(store, STORE_ROW, load_row, tables);
	return error;
}

// ---- Values

bool own_table_has(uint32_t object)
{
	return table_of(object) >= 0;
}

int own_table_check(uint32_t object, uint32_t parameter, const struct espalier_value *value, const char **text)
{
	return kinds[table_of(object)].check(parameter, value, text);
}

void own_table_store(struct store_transaction *transaction, const char *path, const char *text, size_t length)
{
	store_put(transaction, STORE_ROW, path, text, length);
}

static struct espalier_row row_of(struct own_tables *tables, const char *path, int *parameter)
{
	const char *rest;
	uint32_t number;
	int table = split(path, &number, &rest);

	if (table < 0)
		return (struct espalier_row){0};
	*parameter = parameter_of(table, rest);
	return own_table_row(tables, (enum own_table)table, number);
}

int own_table_take(struct own_tables *tables, const char *path, const struct espalier_value *value)
{
	struct espalier_writer *writer = tables->own->writer;
	int parameter = -ENOENT, error;
	struct espalier_row row = row_of(tables, path, &parameter);

	if (!row.slot || parameter < 0)
		return -ENOENT;
	error = espalier_begin(writer, row);
	// Busy: another value of the row was taken before.
	if (error && error != -EBUSY)
		return error;
	return espalier_set_value(writer, row, (uint32_t)parameter, value);
}

void own_table_publish(struct own_tables *tables, const char *path)
{
	int parameter;
	struct espalier_row row = row_of(tables, path, &parameter);

	// An error: a parameter before has had the row published.
	if (row.slot)
		espalier_commit(tables->own->writer, row);
}

// ---- Rows that come and go

// A request that waits for the disk.
struct row_request {
	struct own_tables *tables;
	struct espalier_request *request;
	int table;
	uint32_t number;
};

static void put_number(struct store_transaction *transaction, int table, uint32_t number)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%" PRIu32, number);
	store_put_string(transaction, STORE_NUMBER, kinds[table].path, text);
}

static void row_path(int table, uint32_t number, const char *name, char path[ESPALIER_PATH_MAXIMUM + 1])
{
	snprintf(path, ESPALIER_PATH_MAXIMUM + 1, "%s%" PRIu32 ".%s", kinds[table].path, number, name);
}

static void delete_row(struct store_transaction *transaction, int table, uint32_t number)
{
	const struct espalier_parameter *parameter;
	char path[ESPALIER_PATH_MAXIMUM + 1];

	row_path(table, number, "", path);
	store_delete(transaction, STORE_ROW, path);
	for (uint32_t i = 0; (parameter = own_parameter(kinds[table].object, i))->name; i++) {
		row_path(table, number, parameter->name, path);
		store_delete(transaction, STORE_ROW, path);
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
		error = make_row(tables, waiting->table, waiting->number, &row);
		if (error) {
			struct store_transaction *transaction = store_begin(tables->store);

			// It would come back at the next start.
			if (transaction)
				delete_row(transaction, waiting->table, waiting->number);
			agent_commit(transaction);
		}
	}
	answer(waiting, error, row);
}

static void removed(int error, void *context)
{
	struct row_request *waiting = context;
	struct own_tables *tables = waiting->tables;
	struct own_table_rows *rows = &tables->tables[waiting->table];

	for (uint32_t i = 0; i < rows->count && !error; i++) {
		if (rows->numbers[i] != waiting->number)
			continue;
		espalier_instance_remove(tables->own->writer,
					 own_table_row(tables, (enum own_table)waiting->table, waiting->number));
		memmove(&rows->numbers[i], &rows->numbers[i + 1], (--rows->count - i) * sizeof(*rows->numbers));
		publish_count(tables, waiting->table);
		break;
	}
	answer(waiting, error, (struct espalier_row){0});
}

int own_table_add(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
		  struct espalier_row parent, struct espalier_row *row, void *context)
{
	struct own_tables *tables = &((struct agent *)context)->tables;
	int table = table_of(object);
	struct store_transaction *transaction;
	struct own_table_rows *rows;
	struct row_request *waiting;
	char path[ESPALIER_PATH_MAXIMUM + 1];

	(void)writer;
	(void)parent;
	(void)row;
	if (table < 0)
		return ESPALIER_FAULT_NAME;
	rows = &tables->tables[table];
	if (rows->count + rows->pending >= OWN_TABLE_ROWS_MAXIMUM || rows->highest == UINT32_MAX)
		return ESPALIER_FAULT_RESOURCES;
	waiting = malloc(sizeof(*waiting));
	transaction = store_begin(tables->store);
	if (!waiting || !transaction) {
		free(waiting);
		store_abandon(transaction);
		return ESPALIER_FAULT_RESOURCES;
	}
	*waiting = (struct row_request){tables, request, table, ++rows->highest};
	rows->pending++;
	row_path(table, waiting->number, "", path);
	store_put_string(transaction, STORE_ROW, path, "");
	put_number(transaction, table, waiting->number);
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
	const char *rest;
	uint32_t number;
	int table;

	if (espalier_row_path(writer, row, path, sizeof(path)) < 0)
		return ESPALIER_FAULT_NAME;
	table = split(path, &number, &rest);
	if (table < 0)
		return ESPALIER_FAULT_NAME;
	waiting = malloc(sizeof(*waiting));
	transaction = store_begin(tables->store);
	if (!waiting || !transaction) {
		free(waiting);
		store_abandon(transaction);
		return ESPALIER_FAULT_RESOURCES;
	}
	*waiting = (struct row_request){tables, request, table, number};
	delete_row(transaction, table, number);
	store_commit(transaction, removed, waiting);
	return ESPALIER_PENDING;
}
