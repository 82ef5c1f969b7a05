// SPDX-License-Identifier: GPL-2.0-or-later
// Sets that were decided but not finished, because an owner or the agent died: they are applied again.
#include "agent/redo.h"

#include "agent/agent.h"
#include "shm/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct redo_entry {
	char *path, *value;
	size_t length;
	bool running; // in the transaction under way
};

static struct redo_entry *find(struct redo *redo, const char *path)
{
	for (size_t i = 0; i < redo->count; i++) {
		if (!strcmp(redo->entries[i].path, path))
			return &redo->entries[i];
	}
	return NULL;
}

static void entry_free(struct redo_entry *entry)
{
	free(entry->path);
	free(entry->value);
}

static int add(struct redo *redo, const char *path, const char *value, size_t length)
{
	struct redo_entry *entry;

	redo_forget(redo, path);
	if (redo->count == redo->room) {
		size_t room = redo->room ? redo->room * 2 : 8;
		struct redo_entry *entries = reallocarray(redo->entries, room, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		redo->entries = entries;
		redo->room = room;
	}
	entry = &redo->entries[redo->count];
	*entry = (struct redo_entry){.path = strdup(path), .value = strndup(value, length), .length = length};
	if (!entry->path || !entry->value) {
		entry_free(entry);
		return -ENOMEM;
	}
	redo->count++;
	return 0;
}

int redo_load(const char *name, const char *value, size_t length, void *context)
{
	return add(context, name, value, length);
}

void redo_add(struct redo *redo, const char *path, const char *value, size_t length)
{
	if (add(redo, path, value, length))
		log_warning("%s: no memory, its owner is told again at the next start", path);
}

void redo_forget(struct redo *redo, const char *path)
{
	struct redo_entry *entry = find(redo, path);

	// The entries of a transaction under way must stay in place.
	if (!entry || redo->transaction)
		return;
	entry_free(entry);
	*entry = redo->entries[--redo->count];
}

static int send_request(void *context, const char *segment, enum espalier_request_kind kind,
			const struct espalier_entry *entries, size_t count,
			void (*done)(const struct espalier_result *result, void *done_context), void *done_context)
{
	struct redo *redo = context;

	return espalier_request_send(tree_reader(redo->agent->tree), segment, kind, entries, count, done, done_context);
}

static void timer(void *context, bool on)
{
	struct redo *redo = context;

	transaction_timer_set(&redo->timer, on ? redo->transaction : NULL);
}

static void decide(void *context)
{
	struct redo *redo = context;

	transaction_decided(redo->transaction, ESPALIER_OK, NULL);
}

// An owner that refuses what it once accepted has changed its mind for good; one that did not answer is asked again.
static void finished(void *context, int fault, const char *text)
{
	struct redo *redo = context;
	struct store_transaction *changes = store_begin(redo->agent->store);
	struct transaction *transaction = redo->transaction;
	size_t kept = 0;

	notify_release(&redo->agent->notify);
	if (fault)
		log_warning("a set that was decided before could not be applied: %s", text ? text : "refused");
	for (size_t i = 0; i < redo->count; i++) {
		struct redo_entry *entry = &redo->entries[i];
		bool over = entry->running && fault != ESPALIER_FAULT_INTERNAL &&
			    (fault || transaction_entry_finished(transaction, i));

		entry->running = false;
		if (!over) {
			redo->entries[kept++] = *entry;
			continue;
		}
		if (changes)
			store_delete(changes, STORE_REDO, entry->path);
		entry_free(entry);
	}
	redo->count = kept;
	redo->transaction = NULL;
	transaction_free(transaction);
	agent_commit(changes);
}

static const struct transaction_operations operations = {
	.send = send_request,
	.timer = timer,
	.decide = decide,
	.finished = finished,
};

void redo_run(struct redo *redo)
{
	struct tree *tree = redo->agent->tree;
	const struct espalier_node *nodes;
	bool any = false;
	uint32_t count;

	// A connection to an owner holds one validated set at a time.
	if (!redo->count || redo->transaction || redo->agent->notify.held)
		return;
	redo->transaction = transaction_create(&operations, redo, redo->count);
	if (!redo->transaction)
		return;
	nodes = tree_nodes(tree, &count);
	for (size_t i = 0; i < redo->count; i++) {
		struct redo_entry *entry = &redo->entries[i];
		struct tree_reference reference;
		const char *segment;

		if (tree_resolve(tree, entry->path, strlen(entry->path), &reference) ||
		    reference.parameter == TREE_PARTIAL)
			continue;
		segment = espalier_node_segment(&nodes[reference.node]);
		if (!espalier_reader_alive(tree_reader(tree), segment))
			continue;
		entry->running =
			!transaction_add(redo->transaction, segment, i, entry->path, entry->value, entry->length);
		any |= entry->running;
	}
	if (!any) {
		transaction_free(redo->transaction);
		redo->transaction = NULL;
		return;
	}
	transaction_timer_prepare(&redo->timer, &redo->agent->ring);
	notify_hold(&redo->agent->notify);
	transaction_start(redo->transaction);
}

void redo_free(struct redo *redo)
{
	transaction_free(redo->transaction);
	for (size_t i = 0; i < redo->count; i++)
		entry_free(&redo->entries[i]);
	free(redo->entries);
	*redo = (struct redo){0};
}
