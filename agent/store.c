// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's durable state: named records in one SQLite file, written by a thread of its own, safe at any power cut.
#include "agent/store.h"

#include "shm/espalier.h"
#include "shm/log.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct store {
	sqlite3 *database; // used before the thread starts, and then by the thread only
	sqlite3_stmt *put, *remove, *remove_all;
	struct worker worker;
	bool started;
	struct store_transaction *early, **early_last; // given before the thread is started
	char path[PATH_MAX];
	bool failing; // the last commit failed: said once, not at each
	size_t queued;
};

enum change_kind { CHANGE_PUT, CHANGE_DELETE, CHANGE_DELETE_ALL };

// One change; name and value follow, each with a NUL.
struct change {
	struct change *next;
	enum change_kind change;
	enum store_kind kind;
	size_t name_length, length;
	char text[];
};

struct store_transaction {
	struct worker_job job;
	struct store *store;
	struct store_transaction *next; // among the early ones
	struct change *first, **last;
	int error;
	char message[128]; // of SQLite, when error is set by the thread
	void (*done)(int error, void *context);
	void *context;
};

static const char schema[] = "CREATE TABLE IF NOT EXISTS record(kind INTEGER NOT NULL, name TEXT NOT NULL, value BLOB, "
			     "PRIMARY KEY(kind, name)) WITHOUT ROWID;";

static int error_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	default:
		return -EIO;
	}
}

static int execute(struct store *store, const char *sql)
{
	return error_of(sqlite3_exec(store->database, sql, NULL, NULL, NULL));
}

static int integer(struct store *store, const char *sql, int *value)
{
	sqlite3_stmt *statement;
	int error = error_of(sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL));

	if (error)
		return error;
	if (sqlite3_step(statement) == SQLITE_ROW)
		*value = sqlite3_column_int(statement, 0);
	return error_of(sqlite3_finalize(statement));
}

static int sound(struct store *store)
{
	sqlite3_stmt *statement;
	int error = error_of(sqlite3_prepare_v2(store->database, "PRAGMA quick_check(1)", -1, &statement, NULL));

	if (error)
		return error;
	if (sqlite3_step(statement) != SQLITE_ROW || strcmp((const char *)sqlite3_column_text(statement, 0), "ok"))
		error = -EBADMSG;
	sqlite3_finalize(statement);
	return error;
}

static int prepare(struct store *store)
{
	sqlite3 *database = store->database;
	int code;

	code = sqlite3_prepare_v3(database, "INSERT OR REPLACE INTO record VALUES(?, ?, ?)", -1,
				  SQLITE_PREPARE_PERSISTENT, &store->put, NULL);
	if (!code)
		code = sqlite3_prepare_v3(database, "DELETE FROM record WHERE kind = ? AND name = ?", -1,
					  SQLITE_PREPARE_PERSISTENT, &store->remove, NULL);
	if (!code)
		code = sqlite3_prepare_v3(database, "DELETE FROM record WHERE kind = ?", -1, SQLITE_PREPARE_PERSISTENT,
					  &store->remove_all, NULL);
	return error_of(code);
}

static void close_database(struct store *store)
{
	sqlite3_finalize(store->put);
	sqlite3_finalize(store->remove);
	sqlite3_finalize(store->remove_all);
	store->put = store->remove = store->remove_all = NULL;
	sqlite3_close(store->database);
	store->database = NULL;
}

// Opens and checks the file. -EBADMSG says that its contents are of no use.
static int open_database(struct store *store)
{
	int version = 0, tables = 0, error;
	char cache[64];

	error = error_of(sqlite3_open_v2(store->path, &store->database,
					 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
	if (error)
		return error;
	sqlite3_extended_result_codes(store->database, 1);
	snprintf(cache, sizeof(cache), "PRAGMA cache_size=-%d", STORE_CACHE_KIB);
	// A rollback journal: one file between commits, and FULL makes each commit survive a power cut. EXCLUSIVE keeps
	// a second agent out.
	error = execute(store, "PRAGMA locking_mode=EXCLUSIVE");
	if (!error)
		error = execute(store, "PRAGMA journal_mode=PERSIST");
	if (!error)
		error = execute(store, "PRAGMA synchronous=FULL");
	if (!error)
		error = execute(store, cache);
	if (!error)
		error = sound(store);
	if (!error)
		error = integer(store, "PRAGMA user_version", &version);
	if (!error)
		error = integer(store, "SELECT count(*) FROM sqlite_master", &tables);
	if (error)
		return error;
	if (version > STORE_VERSION || (!version && tables)) {
		log_error("%s is of version %d, this program knows version %d", store->path, version, STORE_VERSION);
		return -EPROTO;
	}
	if (!version) {
		snprintf(cache, sizeof(cache), "PRAGMA user_version=%d", STORE_VERSION);
		error = execute(store, "BEGIN IMMEDIATE");
		if (!error)
			error = execute(store, schema);
		if (!error)
			error = execute(store, cache);
		if (!error)
			error = execute(store, "COMMIT");
	} else {
		// Takes the lock now, so that a second agent fails here.
		error = execute(store, "BEGIN IMMEDIATE");
		if (!error)
			error = execute(store, "COMMIT");
	}
	return error ? error : prepare(store);
}

static int set_aside(struct store *store)
{
	char aside[PATH_MAX + 16];

	snprintf(aside, sizeof(aside), "%s.corrupt", store->path);
	if (rename(store->path, aside))
		return -errno;
	log_error("%s is corrupt: it is now %s, and the agent starts from factory values", store->path, aside);
	snprintf(aside, sizeof(aside), "%s-journal", store->path);
	if (unlink(aside) && errno != ENOENT)
		return -errno;
	return 0;
}

static int make_folder(const char *folder)
{
	char path[PATH_MAX];
	size_t length = strlen(folder);

	if (length >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, folder, length + 1);
	for (size_t i = 1; i <= length; i++) {
		char kept = path[i];

		if (kept != '/' && kept)
			continue;
		path[i] = 0;
		if (mkdir(path, 0700) && errno != EEXIST)
			return -errno;
		path[i] = kept;
	}
	return 0;
}

int store_open(struct store **result, const char *folder)
{
	struct store *store = calloc(1, sizeof(*store));
	mode_t mask;
	int error;

	if (!store)
		return -ENOMEM;
	error = make_folder(folder);
	if (error) {
		log_error("state folder %s: %s", folder, strerror(-error));
		free(store);
		return error;
	}
	if (snprintf(store->path, sizeof(store->path), "%s/" STORE_FILE, folder) >= (int)sizeof(store->path)) {
		free(store);
		return -ENAMETOOLONG;
	}
	// The file has passwords: nobody else may read it.
	mask = umask(077);
	error = open_database(store);
	if (error == -EBADMSG) {
		close_database(store);
		error = set_aside(store);
		if (!error)
			error = open_database(store);
	}
	umask(mask);
	if (error && error != -EPROTO)
		log_error("%s: %s", store->path,
			  error == -EBUSY   ? "another agent uses it"
			  : store->database ? sqlite3_errmsg(store->database)
					    : strerror(-error));
	if (error) {
		close_database(store);
		free(store);
		return error;
	}
	store->early_last = &store->early;
	*result = store;
	return 0;
}

void store_close(struct store *store)
{
	struct store_transaction *next;

	if (!store)
		return;
	if (store->started)
		worker_close(&store->worker);
	for (struct store_transaction *transaction = store->early; transaction; transaction = next) {
		next = transaction->next;
		store_abandon(transaction);
	}
	close_database(store);
	free(store);
}

bool store_idle(const struct store *store)
{
	return !store->queued;
}

int store_each(struct store *store, enum store_kind kind,
	       int (*record)(const char *name, const char *value, size_t length, void *context), void *context)
{
	sqlite3_stmt *statement;
	int code, error;

	code = sqlite3_prepare_v2(store->database, "SELECT name, value FROM record WHERE kind = ? ORDER BY name", -1,
				  &statement, NULL);
	if (code)
		return error_of(code);
	sqlite3_bind_int(statement, 1, kind);
	error = 0;
	while (!error && sqlite3_step(statement) == SQLITE_ROW) {
		const char *value = sqlite3_column_blob(statement, 1);

		error = record((const char *)sqlite3_column_text(statement, 0), value ? value : "",
			       (size_t)sqlite3_column_bytes(statement, 1), context);
	}
	code = sqlite3_finalize(statement);
	return error ? error : error_of(code);
}

ssize_t store_get(struct store *store, enum store_kind kind, const char *name, char *buffer, size_t size)
{
	sqlite3_stmt *statement;
	ssize_t length = -ENOENT;
	int code;

	code = sqlite3_prepare_v2(store->database, "SELECT value FROM record WHERE kind = ? AND name = ?", -1,
				  &statement, NULL);
	if (code)
		return error_of(code);
	sqlite3_bind_int(statement, 1, kind);
	sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const void *value = sqlite3_column_blob(statement, 0);

		length = sqlite3_column_bytes(statement, 0);
		if ((size_t)length >= size) {
			length = -ENOSPC;
		} else {
			if (length)
				memcpy(buffer, value, (size_t)length);
			buffer[length] = 0;
		}
	}
	code = sqlite3_finalize(statement);
	return code ? error_of(code) : length;
}

static int apply(struct store *store, const struct change *change)
{
	sqlite3_stmt *statement = change->change == CHANGE_PUT	    ? store->put
				  : change->change == CHANGE_DELETE ? store->remove
								    : store->remove_all;
	int code;

	sqlite3_bind_int(statement, 1, change->kind);
	if (change->change != CHANGE_DELETE_ALL)
		sqlite3_bind_text(statement, 2, change->text, (int)change->name_length, SQLITE_STATIC);
	if (change->change == CHANGE_PUT)
		sqlite3_bind_blob(statement, 3, change->text + change->name_length + 1, (int)change->length,
				  SQLITE_STATIC);
	sqlite3_step(statement);
	code = sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return error_of(code);
}

static void run(struct worker_job *job)
{
	struct store_transaction *transaction = (struct store_transaction *)job;
	struct store *store = transaction->store;

	transaction->error = execute(store, "BEGIN IMMEDIATE");
	for (struct change *change = transaction->first; change && !transaction->error; change = change->next)
		transaction->error = apply(store, change);
	if (!transaction->error)
		transaction->error = execute(store, "COMMIT");
	if (!transaction->error)
		return;
	snprintf(transaction->message, sizeof(transaction->message), "%s", sqlite3_errmsg(store->database));
	if (!sqlite3_get_autocommit(store->database))
		execute(store, "ROLLBACK");
}

static void done(struct worker_job *job)
{
	struct store_transaction *transaction = (struct store_transaction *)job;
	struct store *store = transaction->store;

	if (transaction->error && !store->failing)
		log_error("%s: %s", store->path,
			  *transaction->message ? transaction->message : strerror(-transaction->error));
	else if (!transaction->error && store->failing)
		log_notice("%s can be written again", store->path);
	store->failing = transaction->error;
	store->queued--;
	if (transaction->done)
		transaction->done(transaction->error, transaction->context);
	store_abandon(transaction);
}

int store_start(struct store *store, struct ring *ring)
{
	struct store_transaction *next;
	int error;

	for (struct store_transaction *transaction = store->early; transaction; transaction = next) {
		next = transaction->next;
		run(&transaction->job);
		done(&transaction->job);
	}
	store->early = NULL;
	error = worker_open(&store->worker, ring, "store");

	if (error) {
		log_error("no thread for the state: %s", strerror(-error));
		return error;
	}
	store->started = true;
	return 0;
}

struct store_transaction *store_begin(struct store *store)
{
	struct store_transaction *transaction = calloc(1, sizeof(*transaction));

	if (!transaction)
		return NULL;
	transaction->store = store;
	transaction->last = &transaction->first;
	return transaction;
}

static void add(struct store_transaction *transaction, enum change_kind kind, enum store_kind about, const char *name,
		const char *value, size_t length)
{
	size_t name_length = strlen(name);
	struct change *change = NULL;

	if (name_length <= STORE_NAME_MAXIMUM && length <= INT_MAX / 2)
		change = malloc(sizeof(*change) + name_length + 1 + length + 1);
	if (!change) {
		transaction->error = -ENOMEM;
		return;
	}
	*change = (struct change){.change = kind, .kind = about, .name_length = name_length, .length = length};
	memcpy(change->text, name, name_length + 1);
	if (length)
		memcpy(change->text + name_length + 1, value, length);
	change->text[name_length + 1 + length] = 0;
	*transaction->last = change;
	transaction->last = &change->next;
}

void store_put(struct store_transaction *transaction, enum store_kind kind, const char *name, const char *value,
	       size_t length)
{
	add(transaction, CHANGE_PUT, kind, name, value, length);
}

void store_put_string(struct store_transaction *transaction, enum store_kind kind, const char *name, const char *value)
{
	add(transaction, CHANGE_PUT, kind, name, value, strlen(value));
}

void store_delete(struct store_transaction *transaction, enum store_kind kind, const char *name)
{
	add(transaction, CHANGE_DELETE, kind, name, NULL, 0);
}

void store_delete_all(struct store_transaction *transaction, enum store_kind kind)
{
	add(transaction, CHANGE_DELETE_ALL, kind, "", NULL, 0);
}

bool store_empty(const struct store_transaction *transaction)
{
	return !transaction->first && !transaction->error;
}

static void run_nothing(struct worker_job *job)
{
	(void)job;
}

void store_commit(struct store_transaction *transaction, void (*callback)(int error, void *context), void *context)
{
	struct store *store = transaction->store;

	transaction->done = callback;
	transaction->context = context;
	transaction->job.run = transaction->error ? run_nothing : run;
	transaction->job.done = done;
	store->queued++;
	if (store->started) {
		worker_submit(&store->worker, &transaction->job);
	} else {
		*store->early_last = transaction;
		store->early_last = &transaction->next;
	}
}

int store_fault(int error, const char **text)
{
	*text = error == -ENOSPC ? "the disk for the device's state is full"
		: error		 ? "the device's state can't be written"
				 : NULL;
	return error == -ENOSPC ? ESPALIER_FAULT_RESOURCES : error ? ESPALIER_FAULT_INTERNAL : ESPALIER_OK;
}

void store_abandon(struct store_transaction *transaction)
{
	struct change *change, *next;

	if (!transaction)
		return;
	for (change = transaction->first; change; change = next) {
		next = change->next;
		free(change);
	}
	free(transaction);
}
