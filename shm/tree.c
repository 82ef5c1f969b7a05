/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One tree out of all segments: nodes in tree order, with the plain objects and tables that have no row of their own.
 * Directory entries are copied and checked here; a segment with an impossible entry is left out and says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shm/reader.h"

enum { BUILD_TRIES = 4, INSTANCE_DIGITS = 10 };

/* A node before it has its place. */
struct item {
	size_t path; /* offset in the text */
	uint32_t length;
	uint16_t kind, instance;
	const struct espalier_object_view *object;
	const uint32_t *row;
	uint32_t generation;
	uint32_t order; /* of its segment: keeps the order of equal paths */
};

struct build {
	struct item *items;
	size_t count, capacity;
	char *text;
	size_t used, size;
	bool failed; /* no memory */
};

/* A directory entry and what was found out about it. */
struct row_entry {
	struct layout_entry entry;
	size_t path; /* offset in the text, once built */
	uint32_t length;
	enum { ROW_UNKNOWN, ROW_VISIBLE, ROW_INVISIBLE } state;
};

static char *reserve_text(struct build *build, size_t length)
{
	if (build->used + length > build->size) {
		size_t size = build->size ? 2 * build->size : 4096;
		char *grown;

		while (size < build->used + length)
			size *= 2;
		grown = realloc(build->text, size);
		if (!grown) {
			build->failed = true;
			return NULL;
		}
		build->text = grown;
		build->size = size;
	}
	return build->text + build->used;
}

static struct item *add_item(struct build *build)
{
	if (build->count == build->capacity) {
		size_t capacity = build->capacity ? 2 * build->capacity : 256;
		struct item *grown = realloc(build->items, capacity * sizeof(*grown));

		if (!grown) {
			build->failed = true;
			return NULL;
		}
		build->items = grown;
		build->capacity = capacity;
	}
	return &build->items[build->count++];
}

static uint32_t put_number(char *to, uint32_t number)
{
	char digits[INSTANCE_DIGITS];
	uint32_t count = 0, length = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		to[length++] = digits[--count];
	return length;
}

/*
 * Appends a path made of the path of the instance above (`above` bytes at `from`) and the rest of the object's path,
 * whose last {i}, if it has one, stands for `instance`. `cut` bytes of the end are left out (for a table: "{i}.").
 */
static bool put_path(struct build *build, size_t from, uint32_t above, const char *rest, size_t rest_length,
		     uint32_t instance, uint32_t *length)
{
	char *to = reserve_text(build, above + rest_length + INSTANCE_DIGITS + 1);
	const char *marker;
	uint32_t used = above;

	if (!to)
		return false;
	memcpy(to, build->text + from, above);
	marker = instance && rest_length >= 4 ? rest + rest_length - 4 : NULL;
	if (marker) {
		memcpy(to + used, rest, (size_t)(marker - rest));
		used += (uint32_t)(marker - rest);
		used += put_number(to + used, instance);
		to[used++] = '.';
	} else {
		memcpy(to + used, rest, rest_length);
		used += (uint32_t)rest_length;
	}
	to[used] = '\0';
	*length = used;
	build->used += used + 1;
	return true;
}

/*
 * Copies an entry so that all of it belongs to one life of its slot. The generation is a slot's version: the writer
 * stores it before anything else of a new life, and the state VISIBLE after everything else.
 */
static void copy_entry(const struct espalier_segment *segment, uint32_t index, struct layout_entry *entry)
{
	const uint32_t *words = (const uint32_t *)(segment->map + segment->header.directory +
						   (size_t)index * segment->header.directory_stride);
	uint32_t *to = (uint32_t *)entry;

	for (int tries = 0; tries < BUILD_TRIES; tries++) {
		to[1] = __atomic_load_n(&words[1], __ATOMIC_ACQUIRE);
		to[0] = __atomic_load_n(&words[0], __ATOMIC_ACQUIRE);
		for (size_t i = 2; i < sizeof(*entry) / sizeof(uint32_t); i++)
			to[i] = espalier_load(&words[i]);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (espalier_load(&words[1]) == to[1])
			return;
	}
	/* It comes or goes just now: the structure counter will say so again. */
	entry->state = LAYOUT_FREE;
}

static bool entry_valid(const struct espalier_segment *segment, const struct layout_entry *entry)
{
	uint64_t size;

	if (entry->object >= segment->schema.count || entry->parent > segment->header.directory_count || entry->row % 8)
		return false;
	size = layout_row_size(segment->schema.objects[entry->object].view.slot_words);
	return entry->row + size <= segment->header.heap_size &&
	       (entry->instance != 0) == segment->schema.objects[entry->object].table;
}

/* Finds out whether a row shows, and its path. False when the directory is corrupt. */
static bool resolve_row(struct build *build, const struct espalier_segment *segment, struct row_entry *rows,
			uint32_t count, uint32_t index, int depth)
{
	struct row_entry *row = &rows[index];
	const struct schema_object *object;
	size_t from = 0, skip = 0, path_at = 0;
	uint32_t above = 0;

	if (row->state != ROW_UNKNOWN)
		return true;
	row->state = ROW_INVISIBLE;
	if (row->entry.state != LAYOUT_VISIBLE)
		return true;
	if (depth > ESPALIER_DEPTH_MAXIMUM || !entry_valid(segment, &row->entry))
		return false;
	object = &segment->schema.objects[row->entry.object];
	if ((row->entry.parent != 0) != (object->ancestor != 0))
		return false;
	if (row->entry.parent) {
		struct row_entry *parent = &rows[row->entry.parent - 1];

		/* Entries are copied one after the other: the parent may have come since, or its slot may have another
		 * row now. Both change the structure counter, so that this is looked at again. */
		if (row->entry.parent > count)
			return true;
		if (!resolve_row(build, segment, rows, count, row->entry.parent - 1, depth + 1))
			return false;
		if (parent->state != ROW_VISIBLE || parent->entry.object + 1 != object->ancestor)
			return true;
		from = parent->path;
		above = parent->length;
		skip = strlen(segment->schema.objects[object->ancestor - 1].view.path);
	}
	path_at = build->used;
	if (!put_path(build, from, above, object->view.path + skip, strlen(object->view.path) - skip,
		      row->entry.instance, &row->length))
		return true;
	row->path = path_at;
	row->state = ROW_VISIBLE;
	return true;
}

/* The table node of a table object, below one instance (NULL: at the top). */
static void add_table(struct build *build, const struct espalier_segment *segment, const struct schema_object *object,
		      const struct row_entry *above, uint32_t order)
{
	size_t skip = above ? strlen(segment->schema.objects[object->ancestor - 1].view.path) : 0;
	struct item item = {.path = build->used, .kind = ESPALIER_NODE_TABLE, .object = &object->view, .order = order};
	struct item *to;

	if (!put_path(build, above ? above->path : 0, above ? above->length : 0, object->view.path + skip,
		      strlen(object->view.path) - skip - strlen("{i}."), 0, &item.length))
		return;
	to = add_item(build);
	if (to)
		*to = item;
}

static void add_row(struct build *build, struct espalier_segment *segment, const struct row_entry *row, uint32_t order)
{
	const struct schema_object *object = &segment->schema.objects[row->entry.object];
	struct item *item = add_item(build);

	segment->rows++;
	if (item)
		*item = (struct item){
			.path = row->path,
			.length = row->length,
			.kind = ESPALIER_NODE_ROW,
			.instance = object->table,
			.object = &object->view,
			.row = (const uint32_t *)(segment->map + segment->header.heap + row->entry.row),
			.generation = row->entry.generation,
			.order = order,
		};
}

/* All tables' nodes: one for each instance that a table lies in. False when they are too many. */
static bool add_tables(struct build *build, const struct espalier_segment *segment, const struct row_entry *rows,
		       uint32_t count, uint32_t order)
{
	const struct schema *schema = &segment->schema;
	size_t before = build->count;
	/* By the object that they lie in: the first table's index + 1, and each one's next. */
	uint32_t *first = calloc(schema->count + 1, sizeof(*first)), *next = calloc(schema->count + 1, sizeof(*next));

	build->failed = build->failed || !first || !next;
	for (uint32_t i = 0; i < schema->count && !build->failed; i++) {
		if (!schema->objects[i].table)
			continue;
		next[i] = first[schema->objects[i].ancestor];
		first[schema->objects[i].ancestor] = i + 1;
		if (!schema->objects[i].ancestor)
			add_table(build, segment, &schema->objects[i], NULL, order);
	}
	for (uint32_t i = 0; i < count && !build->failed && build->count - before <= LAYOUT_ROWS_MAXIMUM; i++)
		for (uint32_t j = rows[i].state == ROW_VISIBLE ? first[rows[i].entry.object + 1] : 0; j;
		     j = next[j - 1])
			add_table(build, segment, &schema->objects[j - 1], &rows[i], order);
	free(first);
	free(next);
	return build->count - before <= LAYOUT_ROWS_MAXIMUM;
}

static void add_segment(struct build *build, struct espalier_segment *segment, uint32_t order)
{
	size_t first_item = build->count, first_text = build->used;
	struct row_entry *rows;
	uint32_t count;
	bool valid;

	/* The counter before all else: whatever this look misses changes it afterwards. */
	segment->rows = 0;
	segment->structure = segment_word(segment, offsetof(struct layout_header, structure));
	count = segment_word(segment, offsetof(struct layout_header, entries));
	valid = count <= segment->header.directory_count && count <= LAYOUT_ROWS_MAXIMUM;
	rows = valid ? calloc(count + 1, sizeof(*rows)) : NULL;
	if (valid && !rows) {
		build->failed = true;
		return;
	}
	for (uint32_t i = 0; valid && i < count; i++)
		copy_entry(segment, i, &rows[i].entry);
	for (uint32_t i = 0; valid && i < count; i++) {
		valid = resolve_row(build, segment, rows, count, i, 0);
		if (valid && rows[i].state == ROW_VISIBLE)
			add_row(build, segment, &rows[i], order);
	}
	valid = valid && add_tables(build, segment, rows, count, order);
	free(rows);
	if (!valid) {
		build->count = first_item;
		build->used = first_text;
		segment->rows = 0;
		snprintf(segment->problem, sizeof(segment->problem), "corrupt directory");
	}
}

/* ---- Order */

/* Tree order of two paths: an object before its children, names by bytes, instance numbers by value. */
static int compare_paths(const char *a, const char *b)
{
	const char *digits_a, *digits_b, *start = a;
	size_t length_a, length_b;

	while (*a == *b && *a) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	/* Back to the start of a component that consists of figures. */
	for (digits_a = a, digits_b = b; digits_a > start && digits_a[-1] != '.'; digits_a--, digits_b--)
		;
	if (*digits_a >= '1' && *digits_a <= '9' && *digits_b >= '1' && *digits_b <= '9') {
		length_a = strcspn(digits_a, ".");
		length_b = strcspn(digits_b, ".");
		if (length_a != length_b)
			return length_a < length_b ? -1 : 1;
	}
	if (*a == '.' || *b == '.')
		return *a == '.' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare_items(const void *a, const void *b, void *text)
{
	const struct item *x = a, *y = b;
	int order = compare_paths((const char *)text + x->path, (const char *)text + y->path);

	if (order == 0)
		order = (int)x->kind - (int)y->kind;
	if (order == 0)
		order = x->order < y->order ? -1 : x->order > y->order;
	if (order == 0 && x->object && y->object)
		order = x->object->index < y->object->index ? -1 : x->object->index > y->object->index;
	return order;
}

static bool is_below(const char *path, const char *above, uint32_t above_length)
{
	return strncmp(path, above, above_length) == 0;
}

static bool takes_instances(const struct item *item)
{
	return item->kind == ESPALIER_NODE_TABLE && item->object->flags & (ESPALIER_WRITABLE | ESPALIER_CREATABLE);
}

/*
 * Adds the objects on the way to each item that have no node of their own, and drops tables named twice: of several
 * segments with rows of a table, the first that takes new ones stands for it, else the first.
 */
static void fill_in(struct build *build, struct build *full)
{
	const char *former = "";

	for (size_t i = 0; i < build->count && !full->failed; i++) {
		const struct item *item = &build->items[i];
		const char *path = build->text + item->path;
		struct item *to;

		if (item->kind == ESPALIER_NODE_TABLE && strcmp(path, former) == 0) {
			to = full->count ? &full->items[full->count - 1] : NULL;
			if (to && to->kind == ESPALIER_NODE_TABLE && !takes_instances(to) && takes_instances(item))
				*to = *item;
			continue;
		}
		for (uint32_t at = 0; at + 1 < item->length; at++) {
			if (path[at] != '.' || strncmp(path, former, at + 1) == 0)
				continue;
			to = add_item(full);
			if (!to)
				return;
			*to = (struct item){.path = item->path, .length = at + 1, .kind = ESPALIER_NODE_PLAIN};
		}
		to = add_item(full);
		if (!to)
			return;
		*to = *item;
		former = path;
	}
}

static uint32_t hash_path(const char *path, size_t length)
{
	uint64_t hash = 0x9e3779b97f4a7c15u ^ length;

	for (; length >= 8; length -= 8, path += 8) {
		uint64_t word;

		memcpy(&word, path, 8);
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	for (; length; length--, path++)
		hash = (hash ^ (unsigned char)*path) * 0x100000001b3u;
	hash = (hash ^ hash >> 29) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(hash >> 32);
}

/* Makes the array that readers get. Paths of plain objects are cut from those of the objects below them. */
static int make_nodes(struct espalier_reader *reader, struct build *build, struct build *full)
{
	uint32_t size = 16;
	size_t bytes = 0;
	char *to;

	for (size_t i = 0; i < full->count; i++)
		bytes += full->items[i].length + 1;
	reader->nodes = calloc(full->count + 1, sizeof(*reader->nodes));
	reader->paths = malloc(bytes + 1);
	while (size < 2 * full->count)
		size *= 2;
	reader->table = calloc(size, sizeof(*reader->table));
	reader->table_mask = size - 1;
	if (!reader->nodes || !reader->paths || !reader->table)
		return -ENOMEM;
	reader->node_count = (uint32_t)full->count;
	to = reader->paths;
	for (uint32_t i = 0; i < reader->node_count; i++) {
		const struct item *item = &full->items[i];
		struct espalier_node *node = &reader->nodes[i];
		uint32_t at;

		memcpy(to, build->text + item->path, item->length);
		to[item->length] = '\0';
		*node = (struct espalier_node){
			.path = to,
			.path_length = item->length,
			.kind = item->kind,
			.instance = item->instance,
			.object = item->object,
			.row = item->row,
			.generation = item->generation,
		};
		to += item->length + 1;
		/* The first node of a path is the one that is found. */
		if (i && node[-1].path_length == node->path_length && strcmp(node[-1].path, node->path) == 0)
			continue;
		at = hash_path(node->path, node->path_length) & reader->table_mask;
		while (reader->table[at])
			at = (at + 1) & reader->table_mask;
		reader->table[at] = i + 1;
	}
	return 0;
}

/* Sets `following`: from the end, a node's is the first later one that does not lie below it. */
static void set_following(struct espalier_reader *reader)
{
	struct espalier_node *nodes = reader->nodes;

	for (uint32_t i = reader->node_count; i-- > 0;) {
		uint32_t next = i + 1;

		while (next < reader->node_count && is_below(nodes[next].path, nodes[i].path, nodes[i].path_length))
			next = nodes[next].following;
		nodes[i].following = next;
	}
}

void tree_clear(struct espalier_reader *reader)
{
	free(reader->nodes);
	free(reader->paths);
	free(reader->table);
	reader->nodes = NULL;
	reader->paths = NULL;
	reader->table = NULL;
	reader->node_count = 0;
	reader->built = false;
}

int tree_build(struct espalier_reader *reader)
{
	struct build build = {0}, full = {0};
	int error = 0;

	tree_clear(reader);
	for (uint32_t i = 0; i < reader->segment_count; i++)
		if (!reader->segments[i]->problem[0])
			add_segment(&build, reader->segments[i], i);
	if (!build.failed && build.count)
		qsort_r(build.items, build.count, sizeof(*build.items), compare_items, build.text);
	if (!build.failed)
		fill_in(&build, &full);
	error = build.failed || full.failed ? -ENOMEM : make_nodes(reader, &build, &full);
	free(build.items);
	free(build.text);
	free(full.items);
	if (error < 0) {
		tree_clear(reader);
		return error;
	}
	set_following(reader);
	reader->built = true;
	return 0;
}

const struct espalier_node *espalier_reader_nodes(struct espalier_reader *reader, uint32_t *count)
{
	*count = reader->node_count;
	return reader->nodes;
}

/* ---- Finding */

int64_t espalier_find_object(struct espalier_reader *reader, const char *path, size_t length)
{
	if (length == 0)
		return reader->node_count ? 0 : -ENOENT;
	if (!reader->table || length > 2 * ESPALIER_PATH_MAXIMUM)
		return -ENOENT;
	for (uint32_t at = hash_path(path, length) & reader->table_mask; reader->table[at];
	     at = (at + 1) & reader->table_mask) {
		const struct espalier_node *node = &reader->nodes[reader->table[at] - 1];

		if (node->path_length == length && memcmp(node->path, path, length) == 0)
			return node - reader->nodes;
	}
	return -ENOENT;
}

static const struct schema_object *schema_of(const struct espalier_node *node)
{
	return (const struct schema_object *)node->object;
}

_Static_assert(offsetof(struct schema_object, view) == 0, "schema_of() relies on it");

int64_t espalier_find_parameter(struct espalier_reader *reader, const char *path, size_t length, uint32_t *parameter)
{
	const char *dot = memrchr(path, '.', length);
	size_t object_length = dot ? (size_t)(dot - path) + 1 : 0;
	int64_t index;

	if (!dot || object_length == length)
		return -ENOENT;
	index = espalier_find_object(reader, path, object_length);
	for (; index >= 0 && index < reader->node_count; index++) {
		const struct espalier_node *node = &reader->nodes[index];
		int found;

		if (node->path_length != object_length || memcmp(node->path, path, object_length) != 0)
			break;
		if (node->kind != ESPALIER_NODE_ROW)
			continue;
		found = schema_find_parameter(schema_of(node), path + object_length, length - object_length);
		if (found >= 0) {
			*parameter = (uint32_t)found;
			return index;
		}
	}
	return -ENOENT;
}

struct search {
	struct espalier_reader *reader;
	int (*found)(const struct espalier_node *node, uint32_t parameter, void *context);
	void *context;
	int64_t matches;
};

/* Resolves `rest` behind the object path in `path`; returns non-zero to stop. */
static int resolve_rest(struct search *search, char *path, size_t length, const char *rest, size_t rest_length)
{
	const char *star = memmem(rest, rest_length, "*.", 2);
	struct espalier_reader *reader = search->reader;
	size_t literal = star ? (size_t)(star - rest) : rest_length;
	uint32_t parameter = UINT32_MAX, end;
	int64_t index;
	int stop = 0;

	if (length + literal > ESPALIER_PATH_MAXIMUM)
		return 0;
	memcpy(path + length, rest, literal);
	length += literal;
	if (!star) {
		index = length && path[length - 1] != '.' ? espalier_find_parameter(reader, path, length, &parameter)
							  : espalier_find_object(reader, path, length);
		if (index < 0)
			return 0;
		search->matches++;
		return search->found(&reader->nodes[index], parameter, search->context);
	}
	index = espalier_find_object(reader, path, length);
	if (index < 0 || (length && path[length - 1] != '.'))
		return 0;
	end = reader->nodes[index].following;
	for (uint32_t i = (uint32_t)index + 1; i < end && !stop;) {
		const struct espalier_node *node = &reader->nodes[i];
		const char *component = node->path + length;

		if (*component >= '1' && *component <= '9' &&
		    node->path_length + rest_length <= ESPALIER_PATH_MAXIMUM) {
			memcpy(path, node->path, node->path_length);
			stop = resolve_rest(search, path, node->path_length, star + 2, rest_length - literal - 2);
		}
		i = node->following;
		/* Another segment's row of the same instance is not another instance. */
		while (i < end && strcmp(reader->nodes[i].path, node->path) == 0)
			i = reader->nodes[i].following;
	}
	return stop;
}

int64_t espalier_resolve(struct espalier_reader *reader, const char *path, size_t length,
			 int (*found)(const struct espalier_node *node, uint32_t parameter, void *context),
			 void *context)
{
	struct search search = {reader, found, context, 0};
	char buffer[2 * ESPALIER_PATH_MAXIMUM + 2];
	int stop;

	if (length > ESPALIER_PATH_MAXIMUM)
		return -ENOENT;
	stop = resolve_rest(&search, buffer, 0, path, length);
	if (stop)
		return stop;
	return search.matches ? search.matches : -ENOENT;
}
