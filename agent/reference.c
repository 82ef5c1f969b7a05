// SPDX-License-Identifier: GPL-2.0-or-later
// References in values: a strong one becomes empty when its row goes, and a list loses the item.
#include "agent/reference.h"

#include "agent/agent.h"
#include "agent/list-item.h"
#include "shm/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_START 0xcbf29ce484222325u

// Decides over an item of a reference.
typedef bool drop_item(const char *item, size_t length, void *context);

static bool is_reference(const struct espalier_parameter *parameter)
{
	return (parameter->flags & ESPALIER_STRONG_REFERENCE) && (parameter->flags & ESPALIER_WRITABLE) &&
	       (parameter->type == ESPALIER_STRING || parameter->flags & ESPALIER_LIST);
}

// The next item of a value: all of it where it is no list.
static bool next_item(const struct espalier_value *value, bool list, const char **at, const char **item, size_t *length)
{
	const char *end = value->text + value->length;

	if (list)
		return list_item(at, end, item, length);
	if (*at == end)
		return false;
	*item = *at;
	*length = value->length;
	*at = end;
	return true;
}

// What is left of a value without the items that drop() picks, in `kept`, which has its size. Returns whether there was
// one.
static bool without(const struct espalier_value *value, bool list, drop_item *drop, void *context, char *kept,
		    size_t *length)
{
	const char *at = value->text, *item;
	bool found = false;
	size_t size;

	*length = 0;
	while (next_item(value, list, &at, &item, &size)) {
		if (drop(item, size, context)) {
			found = true;
			continue;
		}
		if (*length)
			kept[(*length)++] = ',';
		memcpy(kept + *length, item, size);
		*length += size;
	}
	return found;
}

struct walk {
	drop_item *drop;
	void *drop_context;
	int (*found)(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
		     void *context);
	void *context;
};

static int walk_row(struct tree *tree, uint32_t index, const struct walk *walk)
{
	uint32_t count;
	const struct espalier_node *node = &tree_nodes(tree, &count)[index];
	int result = 0;

	for (uint32_t i = 0; i < node->object->parameter_count && !result; i++) {
		const struct espalier_parameter *parameter = &node->object->parameters[i];
		const struct espalier_value *value;
		size_t length;
		char *text;

		if (!is_reference(parameter))
			continue;
		value = tree_read_row(tree, node);
		if (!value || !value[i].length)
			continue;
		text = malloc(value[i].length + 1);
		if (!text)
			return -ENOMEM;
		if (without(&value[i], parameter->flags & ESPALIER_LIST, walk->drop, walk->drop_context, text,
			    &length)) {
			text[length] = '\0';
			result = walk->found(tree, (struct tree_reference){.node = index, .parameter = i}, text, length,
					     walk->context);
		}
		free(text);
	}
	return result;
}

static bool has_references(const struct espalier_object_view *object)
{
	for (uint32_t i = 0; i < object->parameter_count; i++) {
		if (is_reference(&object->parameters[i]))
			return true;
	}
	return false;
}

static int walk_tree(struct tree *tree, const struct walk *walk)
{
	const struct espalier_object_view *last = NULL;
	const struct espalier_node *nodes;
	bool wanted = false;
	uint32_t count;
	int result = 0;

	nodes = tree_nodes(tree, &count);
	for (uint32_t i = 0; i < count && !result; i++) {
		if (nodes[i].kind != ESPALIER_NODE_ROW)
			continue;
		// Rows of a table follow one another.
		if (nodes[i].object != last)
			wanted = has_references(nodes[i].object);
		last = nodes[i].object;
		if (wanted)
			result = walk_row(tree, i, walk);
	}
	return result;
}

// A reference has the dot at its end, or not; what lies below the row goes with it.
static bool leads_to(const char *item, size_t length, void *context)
{
	const char *row = context;
	size_t row_length = strlen(row);

	return length + 1 >= row_length && !memcmp(item, row, row_length - 1) &&
	       (length + 1 == row_length || item[row_length - 1] == '.');
}

int references_each(struct tree *tree, const char *row,
		    int (*found)(struct tree *tree, struct tree_reference reference, const char *text, size_t length,
				 void *context),
		    void *context)
{
	return walk_tree(tree, &(struct walk){leads_to, (void *)row, found, context});
}

// ---- Emptying

struct clearing {
	struct agent *agent;
	struct store_transaction *transaction;
};

static int clear(struct tree *tree, struct tree_reference reference, const char *text, size_t length, void *context)
{
	struct clearing *clearing = context;
	char path[ESPALIER_PATH_MAXIMUM + 1];

	if (tree_path(tree, reference, path, sizeof(path)) < 0)
		return 0;
	log_notice("%s loses a reference to a row that is gone", path);
	store_put(clearing->transaction, STORE_REDO, path, text, length);
	redo_add(&clearing->agent->redo, path, text, length);
	return 0;
}

void references_clear(struct agent *agent, const char *row, struct store_transaction *transaction)
{
	struct clearing clearing = {agent, transaction};

	if (references_each(agent->tree, row, clear, &clearing))
		log_warning("%s: no memory for the references to it", row);
}

// ---- Rows that their owners remove

static uint64_t hash_of(const char *row, size_t length)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)row[i]) * 0x100000001b3u;
	return hash;
}

static int by_hash(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

// One look at all references.
struct look {
	struct agent *agent;
	uint64_t *seen; // that are there, or were there before
	size_t count, room;
	bool missing; // one was there before
	bool failed;
};

// The row's path with its dot. Returns its length, 0 for what is none.
static size_t row_of(const char *item, size_t length, char path[ESPALIER_PATH_MAXIMUM + 1])
{
	if (!length || length >= ESPALIER_PATH_MAXIMUM)
		return 0;
	memcpy(path, item, length);
	if (path[length - 1] != '.')
		path[length++] = '.';
	path[length] = '\0';
	return length;
}

// Whether a reference leads to a row that was there before and is not there now.
static bool is_missing(struct agent *agent, const char *row, size_t length, uint64_t *hash)
{
	struct references *references = &agent->references;

	*hash = hash_of(row, length);
	return espalier_find_object(tree_reader(agent->tree), row, length) < 0 && references->count &&
	       bsearch(hash, references->seen, references->count, sizeof(*hash), by_hash);
}

static bool note(const char *item, size_t length, void *context)
{
	struct look *look = context;
	char row[ESPALIER_PATH_MAXIMUM + 1];
	uint64_t hash;
	bool missing;

	length = row_of(item, length, row);
	if (!length)
		return false;
	missing = is_missing(look->agent, row, length, &hash);
	if (!missing && espalier_find_object(tree_reader(look->agent->tree), row, length) < 0)
		return false;
	look->missing |= missing;
	if (look->count == look->room) {
		size_t room = look->room ? look->room * 2 : 64;
		uint64_t *seen = reallocarray(look->seen, room, sizeof(*seen));

		if (!seen) {
			look->failed = true;
			return false;
		}
		look->seen = seen;
		look->room = room;
	}
	look->seen[look->count++] = hash;
	return false;
}

// Whether the owner of the table that a row was in lives: one that is away has removed nothing.
static bool owner_lives(struct agent *agent, const char *row, size_t length)
{
	struct espalier_reader *reader = tree_reader(agent->tree);
	const char *dot = memrchr(row, '.', length - 1);
	const struct espalier_node *node;
	int64_t table = dot ? espalier_find_object(reader, row, (size_t)(dot - row) + 1) : -ENOENT;
	uint32_t count;

	if (table < 0)
		return false;
	node = &tree_nodes(agent->tree, &count)[table];
	return node->object && espalier_reader_alive(reader, espalier_node_segment(node));
}

static bool is_gone(const char *item, size_t length, void *context)
{
	struct agent *agent = context;
	char row[ESPALIER_PATH_MAXIMUM + 1];
	uint64_t hash;

	length = row_of(item, length, row);
	return length && is_missing(agent, row, length, &hash) && owner_lives(agent, row, length);
}

static void waited(struct alarm *alarm)
{
	struct references *references = (struct references *)((char *)alarm - offsetof(struct references, alarm));
	struct agent *agent = (struct agent *)((char *)references - offsetof(struct agent, references));
	struct store_transaction *transaction = store_begin(agent->store);
	struct clearing clearing = {agent, transaction};

	references->armed = false;
	if (!transaction)
		return;
	agent_refresh_tree(agent);
	if (walk_tree(agent->tree, &(struct walk){is_gone, agent, clear, &clearing}))
		log_warning("no memory for references to rows that are gone");
	agent_commit(transaction);
	redo_run(&agent->redo);
}

static int nothing(struct tree *tree, struct tree_reference reference, const char *text, size_t length, void *context)
{
	(void)tree;
	(void)reference;
	(void)text;
	(void)length;
	(void)context;
	return 0;
}

void references_follow(struct agent *agent)
{
	struct references *references = &agent->references;
	struct look look = {.agent = agent};

	if (walk_tree(agent->tree, &(struct walk){note, &look, nothing, NULL}) || look.failed) {
		free(look.seen);
		return;
	}
	if (look.count)
		qsort(look.seen, look.count, sizeof(*look.seen), by_hash);
	free(references->seen);
	references->seen = look.seen;
	references->count = look.count;
	if (!look.missing || references->armed || !agent->running)
		return;
	references->alarm.ring = &agent->ring;
	references->alarm.rang = waited;
	references->armed = true;
	alarm_set(&references->alarm, CLOCK_BOOTTIME,
		  ring_clock(CLOCK_BOOTTIME) + REFERENCE_WAIT_SECONDS * 1000000000ll);
}

void references_free(struct references *references)
{
	free(references->seen);
	*references = (struct references){0};
}
