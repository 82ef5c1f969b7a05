// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the tree as a vendor configuration file says, all or nothing over all owners.
#include "agent/configuration-restore.h"

#include "agent/agent.h"
#include "agent/clock.h"
#include "agent/configuration-entries.h"
#include "agent/session-run.h"
#include "agent/transfer-job.h"
#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGGED_MAXIMUM	   100	      // problems that the log names
#define TEXT_SIZE	   256	      // bytes of a text for one problem
#define ARENA_CHUNK	   (64 << 10) // bytes
#define ARENA_SIZE_MAXIMUM (64 << 20) // bytes: names and values of a file, with longer numbers, fit in many times

// ---- Problems

void configuration_restore_problem(const char *path, const char *text, void *context)
{
	struct configuration_restore *restore = context;
	size_t length = strlen(restore->list), room = sizeof(restore->list) - length;
	char name[ESPALIER_PATH_MAXIMUM + 1];
	int added;

	snprintf(name, sizeof(name), "%s", path);
	// It goes into messages and the log, and is what the file has.
	for (char *at = name; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	added = snprintf(restore->list + length, room, " %s (%s)", name, text);
	// What does not fit is left out as a whole.
	if (added < 0 || (size_t)added >= room)
		restore->list[length] = '\0';
	if (restore->problems++ < LOGGED_MAXIMUM)
		log_warning("configuration file: %s: %s", name, text);
}

static void forget_problems(struct configuration_restore *restore)
{
	restore->problems = 0;
	restore->list[0] = '\0';
}

// ---- The end

static void free_all(struct configuration_restore *restore)
{
	configuration_rows_free(&restore->rows);
	free(restore->made);
	free(restore->deleted);
	free(restore->removed);
	free(restore->entries);
	arena_exit(&restore->arena);
	restore->made = restore->deleted = restore->removed = NULL;
	restore->entries = NULL;
	restore->made_count = restore->deleted_count = restore->removed_count = 0;
	restore->count = restore->room = 0;
}

static void end(struct configuration_restore *restore, unsigned fault, const char *text)
{
	struct agent *agent = restore->agent;

	declared_devices_abandon(&agent->declared_devices);
	free_all(restore);
	restore->running = false;
	notify_release(&agent->notify);
	restore->finished(restore, fault, text);
	agent_look(agent);
	agent_plan(agent);
}

static void taken_back(void *context)
{
	struct configuration_restore *restore = context;

	end(restore, restore->fault, restore->report);
}

// Takes back what there is to be taken back, and then tells of the problems, or of `text` when there are none.
static void fail(struct configuration_restore *restore, unsigned fault, const char *text)
{
	struct agent *agent = restore->agent;

	restore->fault = restore->problems ? TRANSFER_FAULT_CORRUPTED : fault;
	if (restore->problems)
		snprintf(restore->report, sizeof(restore->report), "%zu of %zu refused:%s", restore->problems,
			 restore->file->value_count + restore->file->row_count, restore->list);
	else
		snprintf(restore->report, sizeof(restore->report), "%s", text ? text : "the values could not be set");
	for (size_t i = 0; i < restore->made_count; i++)
		row_change_fail(restore->made[i]);
	restore->made_count = 0;
	row_changes_settle(&agent->row_changes, taken_back, restore);
}

static void no_memory(struct configuration_restore *restore)
{
	forget_problems(restore);
	fail(restore, TRANSFER_FAULT_FAILURE, "there is no memory");
}

// ---- Rows that are too many

static void delete_first(struct configuration_restore *restore);

static void deleted(struct row_change *change, int fault, const char *text, void *context)
{
	struct configuration_restore *restore = context;
	const char *path = restore->rows.extra[restore->probe - 1];
	char why[TEXT_SIZE];

	restore->asked = NULL;
	if (!fault)
		restore->deleted[restore->deleted_count++] = change;
	if (!fault || fault == ESPALIER_FAULT_NAME) {
		// What is unknown has gone by itself.
		delete_first(restore);
	} else if (!restore->deleted_count) {
		snprintf(why, sizeof(why), "%s can't be deleted: %s", path, text ? text : "its owner refuses");
		set_values_refuse(restore->set, fault, why);
	} else {
		// There is no way back: the decision has it tried again.
		log_warning("%s can't be deleted: %s", path, text ? text : "its owner refuses");
		set_values_decide(restore->set);
	}
}

static bool has_deleted_at(const struct configuration_restore *restore, const char *segment)
{
	for (size_t i = 0; i < restore->deleted_count; i++) {
		if (!strcmp(restore->deleted[i]->segment, segment))
			return true;
	}
	return false;
}

// Deletes a row at the next owner that has not been asked; the agent itself never refuses.
static void delete_first(struct configuration_restore *restore)
{
	struct agent *agent = restore->agent;

	while (restore->probe < restore->rows.extra_count) {
		const char *path = restore->rows.extra[restore->probe++];
		const char *segment = row_owner(agent, path, strlen(path));

		if (!segment || !strcmp(segment, OWN_SEGMENT) || has_deleted_at(restore, segment))
			continue;
		if (!row_delete(agent, path, strlen(path), agent->parameter_key, deleted, restore, &restore->asked))
			return;
		deleted(NULL, ESPALIER_FAULT_RESOURCES, "no memory", restore);
		return;
	}
	set_values_decide(restore->set);
}

static void ready(struct set_values *set, void *context)
{
	struct configuration_restore *restore = context;

	restore->set = set;
	delete_first(restore);
}

static bool is_deleted(const struct configuration_restore *restore, const char *path)
{
	for (size_t i = 0; i < restore->deleted_count; i++) {
		if (!strcmp(restore->deleted[i]->path, path))
			return true;
	}
	return false;
}

// How many there still are, and the first of them.
static size_t count_extra(const struct configuration_restore *restore, const char **first)
{
	struct tree *tree = restore->agent->tree;
	struct tree_reference reference;
	size_t count = 0;

	for (size_t i = restore->rows.extra_count; i-- > 0;) {
		if (tree_resolve(tree, restore->rows.extra[i], strlen(restore->rows.extra[i]), &reference))
			continue;
		*first = restore->rows.extra[i];
		count++;
	}
	return count;
}

static void removed(void *context)
{
	struct configuration_restore *restore = context;
	struct agent *agent = restore->agent;
	const char *first = NULL;
	char why[TEXT_SIZE];
	size_t left;

	agent_refresh_tree(agent);
	left = count_extra(restore, &first);
	if (!left) {
		end(restore, 0, NULL);
	} else if (!row_changes_settled(&agent->row_changes) && left < restore->left) {
		// Many rows take longer than one.
		restore->left = left;
		row_changes_settle(&agent->row_changes, removed, restore);
	} else {
		snprintf(why, sizeof(why), "restored, but %.160s is still there: its owner has not deleted it", first);
		log_warning("configuration file: %s", why);
		end(restore, TRANSFER_FAULT_FAILURE, why);
	}
}

// ---- The decision

static void decided(struct store_transaction *transaction, void *context)
{
	struct configuration_restore *restore = context;
	struct agent *agent = restore->agent;

	for (size_t i = 0; i < restore->made_count; i++)
		row_change_keep(restore->made[i], transaction);
	for (size_t i = 0; i < restore->deleted_count; i++)
		row_change_keep(restore->deleted[i], transaction);
	for (size_t i = 0; i < restore->rows.extra_count; i++) {
		const char *path = restore->rows.extra[i];

		alias_rows_forget(&agent->tables.aliases, path, transaction);
		if (is_deleted(restore, path))
			continue;
		restore->removed[restore->removed_count] = row_remove(agent, path, transaction);
		if (restore->removed[restore->removed_count])
			restore->removed_count++;
		else
			log_error("%s: no memory to delete it", path);
	}
	if (restore->file->has_devices)
		declared_devices_store(&agent->declared_devices, transaction);
	date_time_format_utc(clock_time(), restore->date);
	store_put_string(transaction, STORE_STATE, CONFIGURATION_RESTORE_DATE, restore->date);
}

static void set_failed(struct configuration_restore *restore, const char *text)
{
	forget_problems(restore);
	configuration_entries_note(restore);
	for (size_t i = 0; i < restore->removed_count; i++)
		row_change_fail(restore->removed[i]);
	// The disk has failed after it: the rest of a deletion is done all the same.
	for (size_t i = 0; i < restore->deleted_count; i++)
		row_change_abandon(restore->deleted[i]);
	restore->removed_count = restore->deleted_count = 0;
	fail(restore, TRANSFER_FAULT_FAILURE, text);
}

static void finished(struct set_values *set, int fault, const char *text, void *context)
{
	struct configuration_restore *restore = context;
	struct agent *agent = restore->agent;

	restore->set = NULL;
	if (fault) {
		set_failed(restore, text);
		set_values_free(set);
		return;
	}
	for (size_t i = 0; i < restore->made_count; i++)
		row_change_kept(restore->made[i]);
	for (size_t i = 0; i < restore->deleted_count; i++)
		row_change_kept(restore->deleted[i]);
	if (restore->file->has_devices)
		declared_devices_take(&agent->declared_devices);
	restore->decided = true;
	log_notice("configuration file: %zu values were others, %zu rows were missing, %zu too many", restore->count,
		   restore->made_count, restore->rows.extra_count);
	restore->made_count = restore->deleted_count = 0;
	set_values_free(set);
	for (size_t i = 0; i < restore->removed_count; i++)
		row_remove_start(restore->removed[i]);
	restore->removed_count = 0;
	restore->left = SIZE_MAX;
	row_changes_settle(&agent->row_changes, removed, restore);
}

// All rows are there.
static void set(struct configuration_restore *restore)
{
	int error = configuration_entries_take(restore);

	if (!error)
		error = configuration_entries_add_extra(restore);
	if (!error)
		error = configuration_entries_check(restore);
	restore->deleted = calloc(restore->rows.extra_count + 1, sizeof(struct row_change *));
	restore->removed = calloc(restore->rows.extra_count + 1, sizeof(struct row_change *));
	if (error || !restore->deleted || !restore->removed) {
		no_memory(restore);
		return;
	}
	if (restore->problems) {
		fail(restore, TRANSFER_FAULT_CORRUPTED, NULL);
		return;
	}
	configuration_entries_keep_different(restore);
	error = set_values_start(&restore->set, restore->agent, restore->entries, restore->count, NULL,
				 &(struct set_values_steps){ready, decided, finished, restore, restore->local});
	if (error)
		fail(restore, TRANSFER_FAULT_FAILURE,
		     error == -EBUSY ? "another change is under way" : "there is no memory");
}

// ---- Rows that are missing

static void make_rows(struct configuration_restore *restore);

static void made(struct row_change *change, int fault, const char *text, void *context)
{
	struct configuration_restore *restore = context;
	char why[TEXT_SIZE];

	restore->asked = NULL;
	if (!fault) {
		restore->made[restore->made_count++] = change;
		restore->making->to = strdup(change->path);
	}
	if (fault) {
		snprintf(why, sizeof(why), "%.160s can't be added: %s", restore->making->from,
			 text && *text ? text : "its owner refuses");
		fail(restore, TRANSFER_FAULT_FAILURE, why);
	} else if (!restore->making->to) {
		no_memory(restore);
	} else {
		make_rows(restore);
	}
}

static void make_rows(struct configuration_restore *restore)
{
	char table[ESPALIER_PATH_MAXIMUM + 1];
	int result = configuration_rows_missing(&restore->rows, restore->agent->tree, &restore->making, table);

	// A table within a row that was made may be none.
	if (restore->problems) {
		fail(restore, TRANSFER_FAULT_CORRUPTED, NULL);
	} else if (result < 0) {
		no_memory(restore);
	} else if (result) {
		set(restore);
	} else {
		result = row_add(restore->agent, table, strlen(table), made, restore, &restore->asked);
		if (result == -ENOENT) {
			configuration_restore_problem(restore->making->from, "no row can be added", restore);
			fail(restore, TRANSFER_FAULT_CORRUPTED, NULL);
		} else if (result) {
			no_memory(restore);
		}
	}
}

// Looks for all that can be seen to be wrong before anything is done. Returns 0 or -ENOMEM.
static int look(struct configuration_restore *restore)
{
	struct agent *agent = restore->agent;
	struct configuration_rows *rows = &restore->rows;
	char table[ESPALIER_PATH_MAXIMUM + 1];
	int error = configuration_rows_match(rows, agent->tree);

	for (size_t i = 0; i < restore->file->table_count && !error; i++) {
		const struct configuration_file_table *from = &restore->file->tables[i];
		ssize_t length = configuration_rows_path(rows, from->path, strlen(from->path), table);

		if (length < 0 || espalier_find_object(tree_reader(agent->tree), table, (size_t)length) < 0)
			continue;
		for (size_t k = 0; k < from->count; k++) {
			const struct configuration_row *row = configuration_rows_of(rows, from, k);

			if (!row->to && !row_can_change(agent, table, (size_t)length, true))
				configuration_restore_problem(row->from, "no row can be added", restore);
		}
	}
	for (size_t i = 0; i < rows->extra_count && !error; i++) {
		if (!row_can_change(agent, rows->extra[i], strlen(rows->extra[i]), false))
			configuration_restore_problem(rows->extra[i], "the row can't be deleted", restore);
	}
	if (!error)
		error = configuration_entries_take(restore);
	return error ? error : configuration_entries_check(restore);
}

int configuration_restore_start(struct configuration_restore *restore, struct agent *agent,
				const struct configuration_file *file)
{
	int error = 0;

	// Rows that the last run of the agent left go first.
	row_changes_recover(&agent->row_changes);
	if (session_run_active(agent->session) || agent->redo.transaction || agent->setting ||
	    !row_changes_settled(&agent->row_changes))
		return -EBUSY;
	restore->agent = agent;
	restore->file = file;
	restore->running = true;
	restore->decided = false;
	restore->probe = 0;
	forget_problems(restore);
	arena_init(&restore->arena, ARENA_CHUNK, ARENA_CHUNK, ARENA_SIZE_MAXIMUM);
	// Nothing that was decided before is applied meanwhile: that would keep the values from being set.
	notify_hold(&agent->notify);
	agent_refresh_tree(agent);
	if (file->has_devices)
		error = declared_devices_prepare(&agent->declared_devices, file);
	restore->made = calloc(file->row_count + 1, sizeof(struct row_change *));
	restore->rows.problem = configuration_restore_problem;
	restore->rows.context = restore;
	if (!error)
		error = restore->made ? configuration_rows_open(&restore->rows, file) : -ENOMEM;
	if (!error)
		error = look(restore);
	if (error)
		no_memory(restore);
	else if (restore->problems)
		fail(restore, TRANSFER_FAULT_CORRUPTED, NULL);
	else
		make_rows(restore);
	return 0;
}

void configuration_restore_close(struct configuration_restore *restore)
{
	if (!restore->running)
		return;
	row_changes_settle(&restore->agent->row_changes, NULL, NULL);
	set_values_free(restore->set);
	if (restore->asked)
		row_change_abandon(restore->asked);
	for (size_t i = 0; i < restore->made_count; i++)
		row_change_abandon(restore->made[i]);
	for (size_t i = 0; i < restore->deleted_count; i++)
		row_change_abandon(restore->deleted[i]);
	free_all(restore);
}
