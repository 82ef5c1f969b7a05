// SPDX-License-Identifier: GPL-2.0-or-later
// References to rows that their owners remove, whether the agent runs then or not.
//
// That a row is not there says little: its owner may not have found it yet, or not run. So the agent remembers which
// rows references have led to, and in whose segment. A row is gone when it was there in this boot of the device, and
// the program of that segment lives and has not brought it back for REFERENCE_WAIT_SECONDS. After a boot the memory
// starts anew: an interface that is found late would else lose what was configured for it.
#include "agent/reference.h"

#include "agent/agent.h"
#include "shm/hexadecimal.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_START  0xcbf29ce484222325u
#define HASH_DIGITS 16

// Texts are kept as their hashes: there can be many references.
struct reference_seen {
	uint64_t holder;  // the parameter
	uint64_t row;	  // that it leads to
	uint64_t segment; // that has the row
	bool stale;	  // of another boot
};

static uint64_t hash_of(const char *text, size_t length)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	return hash;
}

static int by_holder(const void *left, const void *right)
{
	const struct reference_seen *a = left, *b = right;

	if (a->holder != b->holder)
		return a->holder > b->holder ? 1 : -1;
	return (a->row > b->row) - (a->row < b->row);
}

static const struct reference_seen *find_in(const struct reference_seen *list, size_t count, struct reference_seen key)
{
	return count ? bsearch(&key, list, count, sizeof(*list), by_holder) : NULL;
}

// What is remembered of a reference in this boot, or NULL.
static const struct reference_seen *find(const struct references *references, struct reference_seen key)
{
	const struct reference_seen *found = find_in(references->seen, references->count, key);

	return found && !found->stale ? found : NULL;
}

static int add(struct reference_seen **list, size_t *count, size_t *room, struct reference_seen seen)
{
	struct reference_seen *grown = *list;

	if (*count == REFERENCES_MAXIMUM)
		return -ENOSPC;
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 64;

		grown = reallocarray(*list, more, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*list = grown;
		*room = more;
	}
	grown[(*count)++] = seen;
	return 0;
}

// ---- The records

static bool parse(const char *digits, uint64_t *value)
{
	*value = 0;
	for (int i = 0; i < HASH_DIGITS; i++) {
		int digit = hexadecimal_digit(digits[i]);

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint64_t)digit;
	}
	return true;
}

int references_load(const char *name, const char *value, size_t length, void *context)
{
	struct agent *agent = context;
	struct references *references = &agent->references;
	struct reference_seen seen;
	int error;

	if (strlen(name) != 2 * HASH_DIGITS || length < HASH_DIGITS || !parse(name, &seen.holder) ||
	    !parse(name + HASH_DIGITS, &seen.row) || !parse(value, &seen.segment))
		return 0;
	length -= HASH_DIGITS;
	seen.stale = length != strlen(agent->boot_id) || memcmp(value + HASH_DIGITS, agent->boot_id, length) != 0;
	error = add(&references->seen, &references->count, &references->room, seen);
	return error == -ENOSPC ? 0 : error;
}

static void record_name(const struct reference_seen *seen, char name[2 * HASH_DIGITS + 1])
{
	snprintf(name, 2 * HASH_DIGITS + 1, "%016" PRIx64 "%016" PRIx64, seen->holder, seen->row);
}

// The difference between what is remembered and what was goes into the store.
static void keep(struct agent *agent, const struct reference_seen *now, size_t count)
{
	struct references *former = &agent->references;
	struct store_transaction *transaction = store_begin(agent->store);
	char name[2 * HASH_DIGITS + 1], value[HASH_DIGITS + sizeof(agent->boot_id)];

	if (!transaction)
		return;
	for (size_t i = 0; i < former->count; i++) {
		record_name(&former->seen[i], name);
		if (!find_in(now, count, former->seen[i]))
			store_delete(transaction, STORE_REFERENCE, name);
	}
	for (size_t i = 0; i < count; i++) {
		const struct reference_seen *before = find(former, now[i]);

		if (before && before->segment == now[i].segment)
			continue;
		record_name(&now[i], name);
		snprintf(value, sizeof(value), "%016" PRIx64 "%s", now[i].segment, agent->boot_id);
		store_put_string(transaction, STORE_REFERENCE, name, value);
	}
	agent_commit(transaction);
}

// ---- A look at all references

struct look {
	struct agent *agent;
	struct reference_seen *seen; // that lead to a row, or have led to one
	size_t count, room;
	bool missing; // a row is not there any more
	bool full;    // there are more than REFERENCES_MAXIMUM
	int error;
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

// The segment that has a row; the agent's aliases for the rows of others do not count.
static uint64_t segment_of(struct tree *tree, uint32_t index)
{
	const struct espalier_node *nodes;
	uint32_t count;
	size_t length;

	nodes = tree_nodes(tree, &count);
	length = nodes[index].path_length;
	for (uint32_t i = index;
	     i < count && nodes[i].path_length == length && !memcmp(nodes[i].path, nodes[index].path, length); i++) {
		if (nodes[i].object && !alias_rows_give(nodes[i].object)) {
			const char *name = espalier_node_segment(&nodes[i]);

			return hash_of(name, strlen(name));
		}
	}
	return HASH_START;
}

// The reference as it is remembered, and where its row is in the tree (-ENOENT: nowhere). Returns false for what leads
// to no row.
static bool identify(struct agent *agent, const char *holder, const char *item, size_t length,
		     struct reference_seen *key, int64_t *node)
{
	char row[ESPALIER_PATH_MAXIMUM + 1];

	length = row_of(item, length, row);
	if (!length)
		return false;
	*key = (struct reference_seen){.holder = hash_of(holder, strlen(holder)), .row = hash_of(row, length)};
	*node = espalier_find_object(tree_reader(agent->tree), row, length);
	return true;
}

static void take(struct look *look, struct reference_seen seen)
{
	int error = add(&look->seen, &look->count, &look->room, seen);

	if (error == -ENOSPC)
		look->full = true;
	else if (error)
		look->error = error;
}

static bool note(const char *holder, const char *item, size_t length, void *context)
{
	struct look *look = context;
	const struct reference_seen *former;
	struct reference_seen key;
	int64_t node;

	if (!identify(look->agent, holder, item, length, &key, &node))
		return false;
	former = find(&look->agent->references, key);
	if (node >= 0) {
		key.segment = segment_of(look->agent->tree, (uint32_t)node);
	} else if (former) {
		key.segment = former->segment;
		look->missing = true;
	} else {
		return false;
	}
	take(look, key);
	return false;
}

static void sort(struct look *look)
{
	size_t kept = 0;

	if (look->count)
		qsort(look->seen, look->count, sizeof(*look->seen), by_holder);
	for (size_t i = 0; i < look->count; i++) {
		if (!kept || by_holder(&look->seen[kept - 1], &look->seen[i]))
			look->seen[kept++] = look->seen[i];
	}
	look->count = kept;
}

// References of before that are not found now.
struct absent {
	struct reference_seen *seen;
	size_t count, room;
};

// The parameter is there, so that its value leads to the row no more.
static void forget(const char *holder, void *context)
{
	struct absent *absent = context;
	uint64_t hash = hash_of(holder, strlen(holder));
	size_t low = 0, high = absent->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (absent->seen[middle].holder < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < absent->count && absent->seen[low].holder == hash; low++)
		absent->seen[low].stale = true;
}

// What a parameter has led to is remembered while its own owner is away, too.
static int keep_absent(struct look *look)
{
	const struct references *references = &look->agent->references;
	size_t count = look->count;
	struct absent absent = {0};
	int error = 0;

	for (size_t i = 0; i < references->count && !error; i++) {
		if (!references->seen[i].stale && !find_in(look->seen, count, references->seen[i]))
			error = add(&absent.seen, &absent.count, &absent.room, references->seen[i]);
	}
	if (!error && absent.count)
		error = references_walk(look->agent->tree,
					&(struct reference_walk){.holder = forget, .context = &absent});
	for (size_t i = 0; i < absent.count && !error; i++) {
		if (!absent.seen[i].stale)
			take(look, absent.seen[i]);
	}
	free(absent.seen);
	sort(look);
	return error ? error : look->error;
}

// ---- Rows that are gone

static bool lives(struct agent *agent, uint64_t segment)
{
	const struct espalier_segment_status *segments;
	uint32_t count;

	segments = espalier_reader_segments(tree_reader(agent->tree), &count);
	for (uint32_t i = 0; i < count; i++) {
		if (hash_of(segments[i].name, strlen(segments[i].name)) == segment)
			return segments[i].alive && !segments[i].problem;
	}
	return false;
}

static bool is_gone(const char *holder, const char *item, size_t length, void *context)
{
	struct agent *agent = context;
	const struct reference_seen *seen;
	struct reference_seen key;
	int64_t node;

	if (!identify(agent, holder, item, length, &key, &node) || node >= 0)
		return false;
	seen = find(&agent->references, key);
	return seen && lives(agent, seen->segment);
}

static void waited(struct alarm *alarm)
{
	struct references *references = (struct references *)((char *)alarm - offsetof(struct references, alarm));
	struct agent *agent = (struct agent *)((char *)references - offsetof(struct agent, references));
	struct store_transaction *transaction = store_begin(agent->store);

	references->armed = false;
	if (!transaction)
		return;
	agent_refresh_tree(agent);
	references_empty(agent, is_gone, agent, transaction);
	agent_commit(transaction);
	redo_run(&agent->redo);
}

void references_follow(struct agent *agent)
{
	struct references *references = &agent->references;
	struct look look = {.agent = agent};
	int error = references_walk(agent->tree, &(struct reference_walk){.drop = note, .context = &look});

	if (!error)
		error = look.error;
	if (!error) {
		sort(&look);
		error = keep_absent(&look);
	}
	if (error) {
		log_warning("references to rows that go may stay: %s", strerror(-error));
		free(look.seen);
		return;
	}
	if (look.full && !references->full)
		log_warning("there are more than %d references: some to rows that go may stay", REFERENCES_MAXIMUM);
	references->full = look.full;
	keep(agent, look.seen, look.count);
	free(references->seen);
	references->seen = look.seen;
	references->count = look.count;
	references->room = look.room;
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
