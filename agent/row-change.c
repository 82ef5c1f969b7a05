// SPDX-License-Identifier: GPL-2.0-or-later
// Rows that the ACS adds and deletes at their owners, with a record of each in the store.
#include "agent/row-change.h"

#include "agent/agent.h"
#include "agent/reference.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE   24
#define RECORD_SIZE (sizeof(((struct row_change *)0)->path) + 2 * ROW_KEY_SIZE + 32)
#define ADD	    "add"
#define DELETE	    "delete"
#define REMOVE	    "remove"

// ---- The list and its records

static struct row_change *new_change(struct row_changes *changes)
{
	struct row_change *change = calloc(1, sizeof(*change)), **end = &changes->first;

	if (!change)
		return NULL;
	change->agent = changes->agent;
	change->number = ++changes->last;
	while (*end)
		end = &(*end)->next;
	*end = change;
	return change;
}

static void forget(struct row_change *change)
{
	struct row_changes *changes = &change->agent->row_changes;

	if (changes->asking == change) {
		changes->asking = NULL;
		alarm_clear(&changes->alarm);
	}
	for (struct row_change **at = &changes->first; *at; at = &(*at)->next) {
		if (*at != change)
			continue;
		*at = change->next;
		break;
	}
	free(change);
}

static void record_name(const struct row_change *change, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu64, change->number);
}

void row_change_keep(const struct row_change *change, struct store_transaction *transaction)
{
	char name[NAME_SIZE];

	record_name(change, name);
	store_delete(transaction, STORE_ROW_CHANGE, name);
}

void row_change_kept(struct row_change *change)
{
	forget(change);
}

// The record goes by itself.
static void drop(struct row_change *change)
{
	struct store_transaction *transaction = store_begin(change->agent->store);

	if (transaction)
		row_change_keep(change, transaction);
	agent_commit(transaction);
	forget(change);
}

// Lines: what, the path, the highest number, the keys.
static void put_record(const struct row_change *change, struct store_transaction *transaction)
{
	char name[NAME_SIZE], text[RECORD_SIZE];

	record_name(change, name);
	snprintf(text, sizeof(text), "%s\n%s\n%" PRIu32 "\n%s\n%s",
		 change->add	  ? ADD
		 : change->remove ? REMOVE
				  : DELETE,
		 change->path, change->highest, change->key, change->former);
	store_put_string(transaction, STORE_ROW_CHANGE, name, text);
}

// Copies the next line to a field. Returns false when it does not fit.
static bool take_line(const char **at, char *field, size_t size)
{
	size_t length = strcspn(*at, "\n");

	if (length >= size)
		return false;
	memcpy(field, *at, length);
	field[length] = '\0';
	*at += length + ((*at)[length] == '\n');
	return true;
}

int row_changes_load(const char *name, const char *value, size_t length, void *context)
{
	struct row_changes *changes = context;
	struct row_change *change = new_change(changes);
	char what[sizeof(DELETE)], highest[NAME_SIZE];

	(void)length;
	if (!change)
		return -ENOMEM;
	change->number = strtoull(name, NULL, 10);
	change->state = ROW_LEFT;
	if (change->number > changes->last)
		changes->last = change->number;
	if (!take_line(&value, what, sizeof(what)) || !take_line(&value, change->path, ESPALIER_PATH_MAXIMUM + 1) ||
	    !take_line(&value, highest, sizeof(highest)) || !take_line(&value, change->key, sizeof(change->key)) ||
	    !take_line(&value, change->former, sizeof(change->former))) {
		log_warning("the record of a row that was to change is not understood");
		forget(change);
		return 0;
	}
	change->add = !strcmp(what, ADD);
	change->remove = !strcmp(what, REMOVE);
	change->highest = (uint32_t)strtoul(highest, NULL, 10);
	return 0;
}

void row_changes_free(struct row_changes *changes)
{
	while (changes->first)
		forget(changes->first);
}

// ---- What is left over

// The node of a table (add), or of an instance, that takes the request: of several with the path the first that does.
static const struct espalier_node *find_node(struct tree *tree, const char *path, size_t length, bool add)
{
	uint32_t allowed = ESPALIER_WRITABLE | (add ? ESPALIER_CREATABLE : ESPALIER_DELETABLE), count;
	struct tree_reference reference;
	const struct espalier_node *nodes;

	if (!length || path[length - 1] != '.' || tree_resolve(tree, path, length, &reference))
		return NULL;
	nodes = tree_nodes(tree, &count);
	for (uint32_t i = reference.node; i < count; i++) {
		if (nodes[i].path_length != length || memcmp(nodes[i].path, path, length) != 0)
			return NULL;
		if (nodes[i].kind == (add ? ESPALIER_NODE_TABLE : ESPALIER_NODE_ROW) && (add || nodes[i].instance) &&
		    nodes[i].object->flags & allowed)
			return &nodes[i];
	}
	return NULL;
}

// The bytes of the path of the table that a row is in.
static size_t table_length(const char *row)
{
	const char *dot = memrchr(row, '.', strlen(row) - 1);

	return dot ? (size_t)(dot - row) + 1 : 0;
}

// The lowest number in a table above another, which is that of the row that was added after it; and the highest of all.
static uint32_t number_above(struct tree *tree, const struct espalier_node *table, uint32_t number, uint32_t *highest)
{
	uint32_t count, lowest = 0;
	const struct espalier_node *nodes = tree_nodes(tree, &count);
	uint32_t first = (uint32_t)espalier_find_object(tree_reader(tree), table->path, table->path_length);
	uint32_t end = tree_end(tree, first);

	*highest = 0;
	for (uint32_t node = tree_next_instance(tree, first, first); node < end;
	     node = tree_next_instance(tree, first, node)) {
		uint32_t found = (uint32_t)strtoul(nodes[node].path + table->path_length, NULL, 10);

		if (found > number && (!lowest || found < lowest))
			lowest = found;
		if (found > *highest)
			*highest = found;
	}
	return lowest;
}

static void tell_settled(struct row_changes *changes)
{
	void (*settled)(void *context) = changes->settled;

	changes->settled = NULL;
	alarm_clear(&changes->alarm);
	if (settled)
		settled(changes->settled_context);
}

bool row_changes_settled(const struct row_changes *changes)
{
	for (const struct row_change *change = changes->first; change; change = change->next) {
		if (change->state == ROW_UNDOING)
			return false;
	}
	return true;
}

static void undone(const struct espalier_result *result, void *context)
{
	struct row_change *change = context;
	struct row_changes *changes = &change->agent->row_changes;

	if (result->error) {
		// The owner has died, or the agent ends: again when both live.
		change->state = ROW_LEFT;
	} else {
		if (result->fault && result->fault != ESPALIER_FAULT_NAME)
			log_warning(change->remove ? "%s was to be deleted, but its owner refuses"
						   : "%s was added, but its ACS does not know",
				    change->path);
		drop(change);
	}
	if (changes->settled && row_changes_settled(changes))
		tell_settled(changes);
}

static void delete_again(struct row_change *change)
{
	struct espalier_entry entry = {.path = change->path, .value = ""};

	change->state = ROW_UNDOING;
	if (espalier_request_send(tree_reader(change->agent->tree), change->segment, ESPALIER_DELETE, &entry, 1, undone,
				  change))
		change->state = ROW_LEFT;
}

static void name_row(struct row_change *change, uint32_t instance)
{
	size_t length = strlen(change->path);

	change->instance = instance;
	snprintf(change->path + length, sizeof(change->path) - length, "%" PRIu32 ".", instance);
}

static void recover_add(struct row_change *change)
{
	struct tree *tree = change->agent->tree;
	const struct espalier_node *table;
	uint32_t found, highest;

	if (change->instance) {
		if (espalier_reader_alive(tree_reader(tree), change->segment))
			delete_again(change);
		return;
	}
	table = find_node(tree, change->path, strlen(change->path), true);
	if (!table || !espalier_reader_alive(tree_reader(tree), espalier_node_segment(table)))
		return;
	snprintf(change->segment, sizeof(change->segment), "%s", espalier_node_segment(table));
	found = number_above(tree, table, change->highest, &highest);
	if (!found) {
		drop(change);
		return;
	}
	log_notice("%s%" PRIu32 ".: its ACS was not told of it, it is deleted again", change->path, found);
	name_row(change, found);
	delete_again(change);
}

// The row is gone: the rest of what DeleteObject does becomes durable in one commit.
static void complete_delete(struct row_change *change)
{
	struct agent *agent = change->agent;
	struct store_transaction *transaction = store_begin(agent->store);
	struct espalier_value key = {
		.type = ESPALIER_STRING, .length = (uint32_t)strlen(change->key), .text = change->key};

	if (!transaction)
		return;
	log_notice("%s is deleted, as its ACS wanted", change->path);
	references_clear(agent, change->path, transaction);
	alias_rows_forget(&agent->tables.aliases, change->path, transaction);
	// A later call may have set it since.
	if (!strcmp(agent->parameter_key, change->former)) {
		store_put_string(transaction, STORE_STATE, STATE_PARAMETER_KEY, change->key);
		notify_set_by_acs(&agent->notify, OWN_PARAMETER_KEY_PATH, &key, transaction);
		notify_set_by_acs(&agent->notify, OWN_PARAMETER_KEY_PATH, &key, NULL);
		snprintf(agent->parameter_key, sizeof(agent->parameter_key), "%s", change->key);
		own_set(&agent->own, OWN_MANAGEMENT_SERVER, MANAGEMENT_SERVER_PARAMETER_KEY, change->key);
	}
	row_change_keep(change, transaction);
	store_commit(transaction, NULL, NULL);
	forget(change);
}

static void recover_delete(struct row_change *change)
{
	struct tree *tree = change->agent->tree;
	size_t length = table_length(change->path);
	int64_t table = espalier_find_object(tree_reader(tree), change->path, length);
	struct tree_reference reference;
	uint32_t count;

	if (table < 0 || !tree_nodes(tree, &count)[table].object ||
	    !espalier_reader_alive(tree_reader(tree), espalier_node_segment(&tree_nodes(tree, &count)[table])))
		return;
	if (tree_resolve(tree, change->path, strlen(change->path), &reference))
		complete_delete(change);
	else
		drop(change);
}

static void recover_remove(struct row_change *change)
{
	struct tree *tree = change->agent->tree;
	const struct espalier_node *row = find_node(tree, change->path, strlen(change->path), false);
	int64_t table = espalier_find_object(tree_reader(tree), change->path, table_length(change->path));
	uint32_t count;

	if (row && espalier_reader_alive(tree_reader(tree), espalier_node_segment(row))) {
		snprintf(change->segment, sizeof(change->segment), "%s", espalier_node_segment(row));
		delete_again(change);
	} else if (!row && table >= 0 && tree_nodes(tree, &count)[table].object &&
		   espalier_reader_alive(tree_reader(tree), espalier_node_segment(&tree_nodes(tree, &count)[table]))) {
		drop(change);
	}
}

void row_changes_recover(struct row_changes *changes)
{
	struct row_change *next;

	for (struct row_change *change = changes->first; change; change = next) {
		next = change->next;
		if (change->state != ROW_LEFT)
			continue;
		if (change->add)
			recover_add(change);
		else if (change->remove)
			recover_remove(change);
		else
			recover_delete(change);
	}
	redo_run(&changes->agent->redo);
}

void row_change_fail(struct row_change *change)
{
	change->done = NULL;
	if (change->add)
		row_change_abandon(change);
	else
		drop(change);
}

void row_change_abandon(struct row_change *change)
{
	change->done = NULL;
	if (change->state != ROW_DONE)
		return;
	change->state = ROW_LEFT;
	if (!change->agent->stopping)
		row_changes_recover(&change->agent->row_changes);
}

// ---- The owner

static void tell(struct row_change *change, int fault, const char *text)
{
	void (*done)(struct row_change * change, int fault, const char *text, void *context) = change->done;

	change->done = NULL;
	if (done)
		done(change, fault, text, change->context);
}

static void answered(const struct espalier_result *result, void *context)
{
	struct row_change *change = context;
	struct row_changes *changes = &change->agent->row_changes;

	if (changes->asking == change) {
		changes->asking = NULL;
		alarm_clear(&changes->alarm);
	}
	if (change->dropped) {
		free(change);
		return;
	}
	if (result->error) {
		// It may have done it all the same: that is seen when it lives again.
		change->state = ROW_LEFT;
		tell(change, ESPALIER_FAULT_INTERNAL, "the owner does not answer");
		return;
	}
	if (result->fault) {
		tell(change, result->fault, result->text);
		drop(change);
		return;
	}
	if (change->add)
		name_row(change, result->instance);
	change->state = ROW_DONE;
	agent_refresh_tree(change->agent);
	if (change->done)
		change->done(change, ESPALIER_OK, NULL, change->context);
	else
		row_change_abandon(change);
}

static void too_late(struct alarm *alarm)
{
	struct row_changes *changes = (struct row_changes *)((char *)alarm - offsetof(struct row_changes, alarm));
	struct row_change *change = changes->asking;

	if (!change) {
		tell_settled(changes);
		return;
	}
	changes->asking = NULL;
	// An instance that is added after all is deleted again. One that is deleted after all is gone; its ACS was told
	// of a failure, so that the rest of the call is not done.
	tell(change, ESPALIER_FAULT_INTERNAL, "the owner does not answer");
	if (!change->add) {
		struct store_transaction *transaction = store_begin(change->agent->store);

		if (transaction)
			row_change_keep(change, transaction);
		agent_commit(transaction);
		change->dropped = true;
		for (struct row_change **at = &changes->first; *at; at = &(*at)->next) {
			if (*at != change)
				continue;
			*at = change->next;
			break;
		}
	}
}

static void set_alarm(struct row_changes *changes)
{
	changes->alarm.ring = &changes->agent->ring;
	changes->alarm.rang = too_late;
	alarm_set(&changes->alarm, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + TRANSACTION_TIMEOUT * 1000000ll);
}

void row_changes_settle(struct row_changes *changes, void (*settled)(void *context), void *context)
{
	changes->settled = settled;
	changes->settled_context = context;
	if (!settled)
		return;
	if (row_changes_settled(changes))
		tell_settled(changes);
	else
		set_alarm(changes);
}

static void recorded(int error, void *context)
{
	struct row_change *change = context;
	struct row_changes *changes = &change->agent->row_changes;
	struct espalier_entry entry = {.path = change->path, .value = ""};

	const char *text = NULL;
	int fault = store_fault(error, &text);

	if (fault || !change->done) {
		tell(change, fault, text);
		drop(change);
		return;
	}
	change->state = ROW_ASKING;
	if (espalier_request_send(tree_reader(change->agent->tree), change->segment,
				  change->add ? ESPALIER_ADD : ESPALIER_DELETE, &entry, 1, answered, change)) {
		tell(change, ESPALIER_FAULT_INTERNAL, "the owner is not there");
		drop(change);
		return;
	}
	changes->asking = change;
	set_alarm(changes);
}

static int start(struct agent *agent, const struct espalier_node *node, bool add, const char *key,
		 void (*done)(struct row_change *change, int fault, const char *text, void *context), void *context,
		 struct row_change **result)
{
	struct store_transaction *transaction;
	struct row_change *change;

	if (!node)
		return -ENOENT;
	change = new_change(&agent->row_changes);
	transaction = change ? store_begin(agent->store) : NULL;
	if (!transaction) {
		if (change)
			forget(change);
		return -ENOMEM;
	}
	change->add = add;
	change->done = done;
	change->context = context;
	memcpy(change->path, node->path, node->path_length);
	snprintf(change->segment, sizeof(change->segment), "%s", espalier_node_segment(node));
	snprintf(change->key, sizeof(change->key), "%s", key);
	snprintf(change->former, sizeof(change->former), "%s", agent->parameter_key);
	if (add)
		number_above(agent->tree, node, 0, &change->highest);
	put_record(change, transaction);
	*result = change;
	store_commit(transaction, recorded, change);
	return 0;
}

int row_add(struct agent *agent, const char *table, size_t length,
	    void (*done)(struct row_change *change, int fault, const char *text, void *context), void *context,
	    struct row_change **change)
{
	return start(agent, find_node(agent->tree, table, length, true), true, "", done, context, change);
}

int row_delete(struct agent *agent, const char *path, size_t length, const char *key,
	       void (*done)(struct row_change *change, int fault, const char *text, void *context), void *context,
	       struct row_change **change)
{
	return start(agent, find_node(agent->tree, path, length, false), false, key, done, context, change);
}

bool row_can_change(struct agent *agent, const char *path, size_t length, bool add)
{
	return find_node(agent->tree, path, length, add);
}

const char *row_owner(struct agent *agent, const char *path, size_t length)
{
	const struct espalier_node *row = find_node(agent->tree, path, length, false);

	return row ? espalier_node_segment(row) : NULL;
}

struct row_change *row_remove(struct agent *agent, const char *path, struct store_transaction *transaction)
{
	struct row_change *change = new_change(&agent->row_changes);

	if (!change)
		return NULL;
	change->remove = true;
	snprintf(change->path, sizeof(change->path), "%s", path);
	put_record(change, transaction);
	return change;
}

void row_remove_start(struct row_change *change)
{
	change->state = ROW_LEFT;
	row_changes_recover(&change->agent->row_changes);
}
