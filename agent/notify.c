// SPDX-License-Identifier: GPL-2.0-or-later
// Value change notification: which parameters are watched, and which have changed since the ACS was last told.
//
// Nothing polls: owners wake the agent, and a look at the version words of the watched rows then tells which to
// compare. Of a value only a 64-bit hash is kept, in memory and in the store.
#include "agent/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABSENT_MAXIMUM	  1024 // values without a parameter that are kept beyond as many as there are with one
#define VALUE_BUFFER_SIZE 1024 // bytes, at first
#define HALF_SIZE	  24   // bytes of half a record

// One half of a notification: by Inform, or lightweight.
struct notify_half {
	uint64_t reported;    // hash of the value that the ACS was told
	uint64_t sent;	      // hash of the value in the Inform or datagram under way
	uint8_t notification; // ATTRIBUTE_OFF, ATTRIBUTE_PASSIVE or ATTRIBUTE_ACTIVE; 0 also before the first
			      // rebuilding
	bool known;   // `reported` holds
	bool changed; // waits to be reported
};

struct notify_value {
	char *path;
	struct notify_half inform, lightweight;
	uint32_t parameter;
	bool informed; // is in the Inform under way
	bool again;    // changed since that Inform
	bool datagram; // is in the datagram under way
	bool taken;    // while rebuilding: is in the new list too, which has its path now
	bool fresh;    // while rebuilding: is only in the new list
	bool back;     // was not there when a change of it was to be reported, and is there again
};

struct notify_row {
	uint32_t node;
	uint32_t version;
	uint32_t first, count; // in values
};

#define HASH_START 0xcbf29ce484222325u

// FNV-1a: short texts, no adversary that gains by a collision.
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

static bool is_text(const struct espalier_value *value)
{
	switch (value->type) {
	case ESPALIER_INT:
	case ESPALIER_LONG:
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
	case ESPALIER_BOOLEAN:
		return false;
	case ESPALIER_STRING:
	case ESPALIER_DATE_TIME:
	case ESPALIER_BASE64:
	case ESPALIER_HEX_BINARY:
	case ESPALIER_DECIMAL:
		return true;
	}
	return true;
}

// The hash of a value's canonical text, so that it holds on every CPU and when a parameter's type changes its width.
static uint64_t hash_value(const struct espalier_value *value)
{
	char number[64];
	ssize_t length;

	if (is_text(value))
		return hash_bytes(HASH_START, value->text, value->length);
	length = espalier_value_format(value, number, sizeof(number));
	return hash_bytes(HASH_START, number, length > 0 ? (size_t)length : 0);
}

// Reads a value; its text lies in a buffer that the next one uses too.
static int read_value(struct notify *notify, const struct espalier_node *node, uint32_t parameter,
		      struct espalier_value *value)
{
	int error;

	if (!notify->buffer) {
		notify->buffer = malloc(VALUE_BUFFER_SIZE);
		notify->buffer_size = notify->buffer ? VALUE_BUFFER_SIZE : 0;
	}
	for (;;) {
		char *buffer;

		error = espalier_read(node, parameter, value, notify->buffer, notify->buffer_size);
		if (error != -ENOSPC || notify->buffer_size > ESPALIER_VALUE_MAXIMUM)
			return error;
		buffer = realloc(notify->buffer, ESPALIER_VALUE_MAXIMUM + 1);
		if (!buffer)
			return -ENOMEM;
		notify->buffer = buffer;
		notify->buffer_size = ESPALIER_VALUE_MAXIMUM + 1;
	}
}

static int read_hash(struct notify *notify, const struct espalier_node *node, uint32_t parameter, uint64_t *hash)
{
	struct espalier_value value;
	int error = read_value(notify, node, parameter, &value);

	if (!error)
		*hash = hash_value(&value);
	return error;
}

static void format_half(const struct notify_half *half, char text[HALF_SIZE])
{
	if (half->known)
		snprintf(text, HALF_SIZE, "%016" PRIx64 "%s", half->reported, half->changed ? "!" : "");
	else
		snprintf(text, HALF_SIZE, "-");
}

// A record has one half or both, with a blank between: 16 digits, "!" behind them when it waits, or "-" where nothing
// is known.
static void record(struct store_transaction *transaction, const struct notify_value *value)
{
	char inform[HALF_SIZE], lightweight[HALF_SIZE], text[2 * HALF_SIZE];

	format_half(&value->inform, inform);
	format_half(&value->lightweight, lightweight);
	snprintf(text, sizeof(text), value->lightweight.known ? "%s %s" : "%s", inform, lightweight);
	store_put_string(transaction, STORE_REPORTED, value->path, text);
}

// Reads one half of a record, and returns what follows.
static const char *load_half(const char *text, struct notify_half *half)
{
	char *end;

	if (*text == '-' || !*text)
		return text + strspn(text, "- ");
	half->reported = strtoull(text, &end, 16);
	half->known = true;
	half->changed = *end == '!';
	return end + strspn(end, "! ");
}

int notify_load(const char *name, const char *text, size_t length, void *context)
{
	struct notify *notify = context;
	struct notify_value value = {0}, *values;

	(void)length;
	load_half(load_half(text, &value.inform), &value.lightweight);
	if (!value.inform.known && !value.lightweight.known)
		return 0;
	value.path = strdup(name);
	// store_each() comes in the order of the names; the room is a power of two.
	if (!(notify->count & (notify->count - 1))) {
		values = reallocarray(notify->values, notify->count ? notify->count * 2 : 1, sizeof(value));
		if (values)
			notify->values = values;
		else
			goto no_memory;
	}
	if (!value.path)
		goto no_memory;
	notify->values[notify->count++] = value;
	return 0;
no_memory:
	free(value.path);
	return -ENOMEM;
}

void notify_free(struct notify *notify)
{
	for (size_t i = 0; i < notify->count; i++)
		free(notify->values[i].path);
	free(notify->values);
	free(notify->order);
	free(notify->rows);
	free(notify->buffer);
	*notify = (struct notify){.tree = notify->tree, .attributes = notify->attributes};
}

static int by_path(const void *left, const void *right, void *context)
{
	const struct notify_value *values = context;

	return strcmp(values[*(const uint32_t *)left].path, values[*(const uint32_t *)right].path);
}

static int sort(struct notify *notify)
{
	uint32_t *order = reallocarray(notify->order, notify->count + 1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	notify->order = order;
	for (uint32_t i = 0; i < notify->count; i++)
		order[i] = i;
	if (notify->count)
		qsort_r(order, notify->count, sizeof(*order), by_path, notify->values);
	return 0;
}

static struct notify_value *find(struct notify *notify, const char *path)
{
	size_t low = 0, high = notify->order ? notify->count : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct notify_value *value = &notify->values[notify->order[middle]];
		int order = strcmp(value->path, path);

		if (!order)
			return value;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int notify_notification(struct notify *notify, struct tree_reference reference)
{
	const struct espalier_parameter *parameter = tree_parameter_of(notify->tree, reference);
	char path[ESPALIER_PATH_MAXIMUM + 1];
	ssize_t length = tree_path(notify->tree, reference, path, sizeof(path));

	if (length < 0)
		return ATTRIBUTE_OFF;
	return attribute_notification(parameter->flags,
				      attributes_notification(notify->attributes, path, (size_t)length));
}

static bool has_flags(const struct espalier_object_view *object)
{
	for (uint32_t i = 0; i < object->parameter_count; i++) {
		if (object->parameters[i].flags & (ESPALIER_NOTIFY_FORCED | ESPALIER_NOTIFY_DEFAULT))
			return true;
	}
	return false;
}

// What notify_rebuild() makes.
struct rebuild {
	struct notify_value *values;
	size_t count, room;
	struct notify_row *rows;
	size_t row_count, row_room;
};

static int add_value(struct rebuild *rebuild, struct notify_value value)
{
	if (rebuild->count == rebuild->room) {
		size_t room = rebuild->room ? rebuild->room * 2 : 16;
		struct notify_value *values = reallocarray(rebuild->values, room, sizeof(value));

		if (!values)
			return -ENOMEM;
		rebuild->values = values;
		rebuild->room = room;
	}
	rebuild->values[rebuild->count++] = value;
	return 0;
}

static struct notify_row *add_row(struct rebuild *rebuild, uint32_t node)
{
	if (rebuild->row_count == rebuild->row_room) {
		size_t room = rebuild->row_room ? rebuild->row_room * 2 : 16;
		struct notify_row *rows = reallocarray(rebuild->rows, room, sizeof(*rows));

		if (!rows)
			return NULL;
		rebuild->rows = rows;
		rebuild->row_room = room;
	}
	rebuild->rows[rebuild->row_count] = (struct notify_row){.node = node, .first = (uint32_t)rebuild->count};
	return &rebuild->rows[rebuild->row_count++];
}

// Takes the two halves of a notification. One that was off counts as reported with the present value, one that is off
// now is forgotten. Returns whether the record changes, or -errno.
static int set_notification(struct notify *notify, const struct espalier_node *node, uint32_t parameter,
			    int notification, struct notify_value *value)
{
	const int notifications[] = {attribute_by_inform(notification), attribute_lightweight(notification)};
	struct notify_half *halves[] = {&value->inform, &value->lightweight};
	int changed = 0, error;

	for (size_t i = 0; i < 2; i++) {
		struct notify_half *half = halves[i];

		if (notifications[i] != ATTRIBUTE_OFF && !half->known) {
			error = read_hash(notify, node, parameter, &half->reported);
			if (error)
				return error;
			half->known = true;
			changed = 1;
		} else if (notifications[i] == ATTRIBUTE_OFF && half->known) {
			*half = (struct notify_half){0};
			changed = 1;
		}
		half->notification = (uint8_t)notifications[i];
	}
	return changed;
}

static int rebuild_row(struct notify *notify, struct rebuild *rebuild, const struct espalier_node *nodes,
		       uint32_t index, struct store_transaction *transaction)
{
	const struct espalier_node *node = &nodes[index];
	struct notify_row *row = NULL;

	for (uint32_t i = 0; i < node->object->parameter_count; i++) {
		struct tree_reference reference = {.node = index, .parameter = i};
		int notification = notify_notification(notify, reference);
		struct notify_value value = {0}, *known;
		char path[ESPALIER_PATH_MAXIMUM + 1];
		int changed;

		if (notification == ATTRIBUTE_OFF)
			continue;
		tree_path(notify->tree, reference, path, sizeof(path));
		known = find(notify, path);
		if (known && known->taken)
			continue; // two owners publish the same parameter: the first counts
		if (known) {
			value = *known;
			if ((size_t)(known - notify->values) >= notify->present)
				value.back = true;
		}
		changed = set_notification(notify, node, i, notification, &value);
		if (changed < 0)
			continue; // the row has just gone
		if (!known) {
			value.fresh = true;
			value.path = strdup(path);
			if (!value.path)
				return -ENOMEM;
		}
		if (changed)
			record(transaction, &value);
		value.parameter = i;
		if (!row)
			row = add_row(rebuild, index);
		if (!row || add_value(rebuild, value)) {
			if (!known)
				free(value.path);
			return -ENOMEM;
		}
		if (known)
			known->taken = true;
		row->count++;
	}
	// Another version than the row's: the next scan compares all.
	if (row)
		row->version = espalier_load(node->row) - 1;
	return 0;
}

// Keeps what is known of parameters that are not there now, as their owner may come back.
static int keep_absent(struct notify *notify, struct rebuild *rebuild)
{
	size_t room = rebuild->count * 2 + ABSENT_MAXIMUM;

	for (size_t i = 0; i < notify->count && rebuild->count < room; i++) {
		struct notify_value *value = &notify->values[i];
		struct tree_reference reference;

		// What is there, and not watched any more, is forgotten: it counts as new when it is watched again.
		if (value->taken || !tree_resolve(notify->tree, value->path, strlen(value->path), &reference))
			continue;
		if (add_value(rebuild, *value))
			return -ENOMEM;
		value->taken = true;
	}
	return 0;
}

// Asks for wakes: for each path with attributes, and for the parameters that the schema wants notified.
static void watch(struct notify *notify)
{
	struct espalier_reader *reader = tree_reader(notify->tree);
	uint64_t hash = HASH_START;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < notify->attributes->count; i++) {
			const struct attribute *entry = &notify->attributes->entries[i];

			if (entry->notification <= ATTRIBUTE_OFF)
				continue;
			hash = hash_bytes(hash, entry->path, strlen(entry->path) + 1);
			if (pass)
				espalier_watch(reader, entry->path);
		}
		for (size_t i = 0; i < notify->present; i++) {
			const char *path = notify->values[i].path;

			if (attributes_notification(notify->attributes, path, strlen(path)) > ATTRIBUTE_OFF)
				continue;
			hash = hash_bytes(hash, path, strlen(path) + 1);
			if (pass)
				espalier_watch(reader, path);
		}
		if (!pass) {
			if (hash == notify->watched)
				return;
			notify->watched = hash;
			espalier_unwatch_all(reader);
		}
	}
}

// Goes back to what was before.
static void discard(struct notify *notify, struct rebuild *rebuild)
{
	for (size_t i = 0; i < rebuild->count; i++) {
		if (rebuild->values[i].fresh)
			free(rebuild->values[i].path);
	}
	free(rebuild->values);
	free(rebuild->rows);
	for (size_t i = 0; i < notify->count; i++)
		notify->values[i].taken = false;
}

int notify_rebuild(struct notify *notify, struct store_transaction *transaction)
{
	struct rebuild rebuild = {0};
	const struct espalier_node *nodes;
	uint32_t count;
	size_t present;
	int error = 0;

	nodes = tree_nodes(notify->tree, &count);
	if (sort(notify))
		return -ENOMEM;
	for (uint32_t i = 0; i < count && !error; i++) {
		if (nodes[i].kind != ESPALIER_NODE_ROW ||
		    (!has_flags(nodes[i].object) &&
		     !attributes_touch(notify->attributes, nodes[i].path, nodes[i].path_length)))
			continue;
		error = rebuild_row(notify, &rebuild, nodes, i, transaction);
	}
	present = rebuild.count;
	if (!error)
		error = keep_absent(notify, &rebuild);
	if (error) {
		discard(notify, &rebuild);
		return error;
	}
	for (size_t i = 0; i < notify->count; i++) {
		if (notify->values[i].taken)
			continue;
		store_delete(transaction, STORE_REPORTED, notify->values[i].path);
		free(notify->values[i].path);
	}
	for (size_t i = 0; i < rebuild.count; i++)
		rebuild.values[i].fresh = rebuild.values[i].taken = false;
	free(notify->values);
	free(notify->rows);
	notify->values = rebuild.values;
	notify->count = rebuild.count;
	notify->present = present;
	notify->rows = rebuild.rows;
	notify->row_count = rebuild.row_count;
	watch(notify);
	return sort(notify);
}

static unsigned change_of(const struct notify *notify, const struct notify_value *value)
{
	if (value->inform.notification != ATTRIBUTE_ACTIVE)
		return NOTIFY_PASSIVE;
	return notify->limited && !strcmp(value->path, notify->limited) ? NOTIFY_LIMITED : NOTIFY_ACTIVE;
}

static unsigned lightweight_change_of(const struct notify_value *value)
{
	return value->lightweight.notification == ATTRIBUTE_ACTIVE ? NOTIFY_LIGHTWEIGHT_ACTIVE
								   : NOTIFY_LIGHTWEIGHT_PASSIVE;
}

// What of a value waits to be reported, as a set of enum notify_change.
static unsigned waiting_of(const struct notify *notify, const struct notify_value *value)
{
	return (value->inform.changed ? change_of(notify, value) : 0) |
	       (value->lightweight.changed ? lightweight_change_of(value) : 0);
}

// Whether a half is to report the value, and was not yet.
static bool is_new(struct notify_half *half, uint64_t hash)
{
	if (half->notification == ATTRIBUTE_OFF || half->changed || hash == half->reported)
		return false;
	half->changed = true;
	return true;
}

unsigned notify_scan(struct notify *notify, struct store_transaction *transaction)
{
	const struct espalier_node *nodes;
	unsigned found = 0, of_value;
	uint32_t count;

	nodes = tree_nodes(notify->tree, &count);
	for (size_t i = 0; i < notify->row_count && !notify->held; i++) {
		struct notify_row *row = &notify->rows[i];
		uint32_t version = espalier_load(nodes[row->node].row);

		if (version == row->version)
			continue;
		row->version = version;
		for (uint32_t k = row->first; k < row->first + row->count; k++) {
			struct notify_value *value = &notify->values[k];
			uint64_t hash;

			if (read_hash(notify, &nodes[row->node], value->parameter, &hash))
				continue;
			if (value->informed && hash != value->inform.sent)
				value->again = true;
			of_value = 0;
			if (is_new(&value->inform, hash))
				of_value |= change_of(notify, value);
			if (is_new(&value->lightweight, hash))
				of_value |= lightweight_change_of(value);
			if (of_value)
				record(transaction, value);
			// The event of a change that was seen before may have gone without its value.
			if (value->back)
				of_value |= waiting_of(notify, value);
			value->back = false;
			found |= of_value;
		}
	}
	return found;
}

void notify_hold(struct notify *notify)
{
	notify->held++;
}

void notify_release(struct notify *notify)
{
	notify->held--;
}

void notify_set_by_acs(struct notify *notify, const char *path, const struct espalier_value *set,
		       struct store_transaction *transaction)
{
	struct notify_value *value = find(notify, path);
	struct notify_value reported;

	if (!value)
		return;
	reported = *value;
	reported.inform.reported = reported.lightweight.reported = hash_value(set);
	reported.inform.changed = reported.lightweight.changed = reported.again = reported.informed = false;
	if (transaction)
		record(transaction, &reported);
	else
		*value = reported;
}

void notify_report_all(struct notify *notify, struct store_transaction *transaction)
{
	const struct espalier_node *nodes;
	uint32_t count;

	nodes = tree_nodes(notify->tree, &count);
	for (size_t i = 0; i < notify->row_count; i++) {
		struct notify_row *row = &notify->rows[i];

		row->version = espalier_load(nodes[row->node].row);
		for (uint32_t k = row->first; k < row->first + row->count; k++) {
			struct notify_value *value = &notify->values[k];
			uint64_t hash;

			if (read_hash(notify, &nodes[row->node], value->parameter, &hash))
				continue;
			if (hash == value->inform.reported && !value->inform.changed &&
			    hash == value->lightweight.reported && !value->lightweight.changed)
				continue;
			value->inform.reported = value->lightweight.reported = hash;
			value->inform.changed = value->lightweight.changed = value->again = false;
			record(transaction, value);
		}
	}
}

unsigned notify_waiting(const struct notify *notify)
{
	unsigned found = 0;

	for (size_t i = 0; i < notify->present; i++)
		found |= waiting_of(notify, &notify->values[i]);
	return found;
}

void notify_each(const struct notify *notify, void (*take)(const char *path, size_t length, void *context),
		 void *context)
{
	for (size_t i = 0; i < notify->present; i++)
		take(notify->values[i].path, strlen(notify->values[i].path), context);
}

size_t notify_changed(const struct notify *notify)
{
	size_t changed = 0;

	for (size_t i = 0; i < notify->present; i++)
		changed += notify->values[i].inform.changed;
	return changed;
}

size_t notify_inform(struct notify *notify, struct tree_reference *references, size_t room)
{
	const struct espalier_node *nodes;
	size_t filled = 0;
	uint32_t count;

	nodes = tree_nodes(notify->tree, &count);
	for (size_t i = 0; i < notify->row_count; i++) {
		struct notify_row *row = &notify->rows[i];

		for (uint32_t k = row->first; k < row->first + row->count && filled < room; k++) {
			struct notify_value *value = &notify->values[k];

			if (!value->inform.changed ||
			    read_hash(notify, &nodes[row->node], value->parameter, &value->inform.sent))
				continue;
			value->informed = true;
			value->again = false;
			references[filled++] =
				(struct tree_reference){.node = row->node, .parameter = value->parameter};
		}
	}
	return filled;
}

unsigned notify_delivered(struct notify *notify, struct store_transaction *transaction)
{
	unsigned found = 0;

	for (size_t i = 0; i < notify->count; i++) {
		struct notify_value *value = &notify->values[i];

		if (!value->informed)
			continue;
		value->informed = false;
		value->inform.reported = value->inform.sent;
		value->inform.changed = value->again;
		value->again = false;
		record(transaction, value);
		if (value->inform.changed)
			found |= change_of(notify, value);
	}
	return found;
}

void notify_failed(struct notify *notify)
{
	for (size_t i = 0; i < notify->count; i++)
		notify->values[i].informed = notify->values[i].again = false;
}

size_t notify_lightweight(struct notify *notify,
			  int (*add)(const char *path, const struct espalier_value *value, void *context),
			  void *context)
{
	const struct espalier_node *nodes;
	size_t taken = 0;
	uint32_t count;

	nodes = tree_nodes(notify->tree, &count);
	for (size_t i = 0; i < notify->present; i++)
		notify->values[i].datagram = false;
	for (size_t i = 0; i < notify->row_count; i++) {
		struct notify_row *row = &notify->rows[i];

		for (uint32_t k = row->first; k < row->first + row->count; k++) {
			struct notify_value *value = &notify->values[k];
			struct espalier_value present;

			if (!value->lightweight.changed ||
			    read_value(notify, &nodes[row->node], value->parameter, &present))
				continue;
			if (add(value->path, &present, context))
				return taken;
			value->lightweight.sent = hash_value(&present);
			value->datagram = true;
			taken++;
		}
	}
	return taken;
}

void notify_lightweight_sent(struct notify *notify, struct store_transaction *transaction)
{
	for (size_t i = 0; i < notify->present; i++) {
		struct notify_value *value = &notify->values[i];

		if (!value->datagram)
			continue;
		value->datagram = false;
		value->lightweight.reported = value->lightweight.sent;
		value->lightweight.changed = false;
		record(transaction, value);
	}
}
