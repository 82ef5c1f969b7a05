/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows that come and go: directory slots, instance numbers, and the wait before memory is used again. */
#include "shm/instance.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "shm/service.h"

struct writer_slot *writer_slot(struct espalier_writer *writer, struct espalier_row row)
{
	struct writer_slot *slot;

	if (row.slot == 0 || row.slot > writer->entries || row.generation == 0)
		return NULL;
	slot = &writer->slots[row.slot - 1];
	return slot->generation == row.generation ? slot : NULL;
}

struct espalier_row writer_row(const struct espalier_writer *writer, const struct writer_slot *slot)
{
	return (struct espalier_row){(uint32_t)(slot - writer->slots) + 1, slot->generation};
}

static int queue_push(struct writer_queue *queue, uint32_t slot, uint32_t row)
{
	if (queue->count == queue->capacity) {
		uint32_t capacity = queue->capacity ? 2 * queue->capacity : 16;
		struct writer_free *items = malloc(capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		for (uint32_t i = 0; i < queue->count; i++)
			items[i] = queue->items[(queue->first + i) % queue->capacity];
		free(queue->items);
		queue->items = items;
		queue->first = 0;
		queue->capacity = capacity;
	}
	queue->items[(queue->first + queue->count++) % queue->capacity] = (struct writer_free){slot, row, writer_now()};
	return 0;
}

/* The oldest that has waited long enough for readers that still copy from it. */
static bool queue_pop(struct writer_queue *queue, struct writer_free *item)
{
	if (!queue->count || writer_now() - queue->items[queue->first].since < WRITER_QUARANTINE_MS)
		return false;
	*item = queue->items[queue->first];
	queue->first = (queue->first + 1) % queue->capacity;
	queue->count--;
	return true;
}

/* Finds a directory slot and memory for a row of an object. May move to a larger segment. */
static int allocate(struct espalier_writer *writer, uint32_t object, uint32_t *slot, uint32_t *row)
{
	uint32_t size = layout_row_size(writer->schema.objects[object].view.slot_words);
	struct writer_free item;
	bool have_slot, have_row;
	int error;

	if (writer->entries == LAYOUT_ROWS_MAXIMUM && !writer->free_slots.count)
		return -ENOSPC;
	have_row = queue_pop(&writer->free_rows[object], &item);
	if (have_row)
		*row = item.row;
	have_slot = queue_pop(&writer->free_slots, &item);
	if (have_slot)
		*slot = item.slot;
	error = writer_make_room(writer, have_slot ? 0 : 1, have_row ? 0 : size + LAYOUT_ROW_ALIGNMENT);
	if (error < 0) {
		if (have_row)
			queue_push(&writer->free_rows[object], 0, *row);
		if (have_slot)
			queue_push(&writer->free_slots, *slot, 0);
		return error;
	}
	if (!have_row) {
		*row = (writer->heap_used + LAYOUT_ROW_ALIGNMENT - 1) & ~(uint32_t)(LAYOUT_ROW_ALIGNMENT - 1);
		writer->heap_used = *row + size;
		espalier_store(&writer->segment.header->heap_used, writer->heap_used);
	}
	if (!have_slot)
		*slot = writer->entries++;
	return 0;
}

/* Starts a row's life: zero values, a new generation. Who holds a handle of the row before it finds it gone. */
static void begin_row(struct espalier_writer *writer, struct writer_slot *slot)
{
	uint32_t words = writer->schema.objects[slot->object].view.slot_words;
	uint32_t *row = writer_words(writer, slot);
	uint32_t *values = espalier_row_prepare(row, words);

	for (uint32_t i = 0; i < words; i++)
		espalier_store(&values[i], 0);
	espalier_store64(values, writer_now());
	espalier_store(row + 1, slot->generation);
	espalier_row_publish(row);
	writer_row_texts_free(writer, slot);
}

static struct map_key key_of(uint32_t object, uint32_t parent, uint32_t instance)
{
	return (struct map_key){object, parent, instance};
}

static void link_child(struct espalier_writer *writer, struct writer_slot *slot, uint32_t number)
{
	struct writer_slot *parent;

	if (!slot->parent)
		return;
	parent = &writer->slots[slot->parent - 1];
	slot->next = parent->first_child;
	if (slot->next)
		writer->slots[slot->next - 1].previous = number;
	parent->first_child = number;
}

static void unlink_child(struct espalier_writer *writer, struct writer_slot *slot)
{
	if (!slot->parent)
		return;
	if (slot->next)
		writer->slots[slot->next - 1].previous = slot->previous;
	if (slot->previous)
		writer->slots[slot->previous - 1].next = slot->next;
	else
		writer->slots[slot->parent - 1].first_child = slot->next;
}

/* Adds one row, hidden. */
static int add_row(struct espalier_writer *writer, uint32_t object, uint32_t parent, uint32_t instance,
		   uint32_t *number)
{
	struct layout_entry *entry;
	struct writer_slot *slot;
	uint32_t at, row;
	int error = allocate(writer, object, &at, &row);

	if (error < 0)
		return error;
	if (++writer->generation == 0)
		writer->generation = 1;
	slot = &writer->slots[at];
	*slot = (struct writer_slot){
		.generation = writer->generation,
		.object = object,
		.parent = parent,
		.instance = instance,
		.row = row,
	};
	begin_row(writer, slot);
	link_child(writer, slot, at + 1);
	entry = &writer->segment.directory[at];
	/* The generation is new before anything else of the entry is: with it a reader that is in the middle of the
	 * slot's former life finds that out at its second look. */
	__atomic_store_n(&entry->generation, slot->generation, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	espalier_store(&entry->object, object);
	espalier_store(&entry->parent, parent);
	espalier_store(&entry->instance, instance);
	espalier_store(&entry->row, row);
	__atomic_store_n(&entry->state, LAYOUT_HIDDEN, __ATOMIC_RELEASE);
	__atomic_store_n(&writer->segment.header->entries, writer->entries, __ATOMIC_RELEASE);
	*number = at + 1;
	return map_set(&writer->rows, key_of(object, parent, instance), at + 1);
}

static void set_state(struct espalier_writer *writer, struct writer_slot *slot, uint32_t state)
{
	__atomic_store_n(&writer->segment.directory[slot - writer->slots].state, state, __ATOMIC_RELEASE);
	slot->visible = state == LAYOUT_VISIBLE;
}

static void structure_changed(struct espalier_writer *writer)
{
	uint32_t *structure = &writer->segment.header->structure;

	__atomic_store_n(structure, espalier_load(structure) + 1, __ATOMIC_RELEASE);
	if (writer->service)
		service_structure_changed(writer->service);
}

static void add_count(struct espalier_writer *writer, const struct writer_slot *slot, int by)
{
	struct map_key key = key_of(slot->object, slot->parent, 0);
	uint32_t count = map_find(&writer->counts, key);

	/* Kept plus one, since the map has no zero. It fails only for want of memory, and then the count is short. */
	map_set(&writer->counts, key, (count ? count : 1) + (uint32_t)by);
}

static int add_single_below(struct espalier_writer *writer, uint32_t first, uint32_t object, uint32_t parent)
{
	for (uint32_t i = first; i < writer->schema.count; i++) {
		uint32_t number;
		int error;

		if (writer->schema.objects[i].table || writer->schema.objects[i].ancestor != object ||
		    writer->schema.objects[i].view.flags & ESPALIER_OPERATION)
			continue;
		error = add_row(writer, i, parent, 0, &number);
		if (error < 0)
			return error;
		if (!parent || writer->slots[parent - 1].visible)
			set_state(writer, &writer->slots[number - 1], LAYOUT_VISIBLE);
		if (writer->service)
			service_row_added(writer->service, &writer->slots[number - 1]);
	}
	return 0;
}

int instance_add_single(struct espalier_writer *writer, uint32_t first)
{
	uint32_t entries = writer->entries;
	int error = add_single_below(writer, first, 0, 0);

	for (uint32_t i = 0; i < entries && error == 0; i++) {
		uint32_t object = writer->slots[i].object;

		if (writer->slots[i].generation && writer->schema.objects[object].table)
			error = add_single_below(writer, first, object + 1, i + 1);
	}
	structure_changed(writer);
	return error;
}

/* The slot number + 1 of the parent that an instance of `object` needs, or -errno. */
static int64_t parent_of(struct espalier_writer *writer, uint32_t object, struct espalier_row parent)
{
	struct writer_slot *slot;

	if (object >= writer->schema.count)
		return -EINVAL;
	if (writer->schema.objects[object].ancestor == 0)
		return 0;
	slot = writer_slot(writer, parent);
	if (!slot)
		return -ESTALE;
	return slot->object + 1 == writer->schema.objects[object].ancestor ? (int64_t)parent.slot : -EINVAL;
}

int espalier_instance_add(struct espalier_writer *writer, uint32_t object, struct espalier_row parent,
			  uint32_t instance, struct espalier_row *row)
{
	int64_t above = parent_of(writer, object, parent);
	uint32_t number;
	int error;

	*row = (struct espalier_row){0, 0};
	if (above < 0)
		return (int)above;
	if (!writer->schema.objects[object].table || instance == 0)
		return -EINVAL;
	if (map_find(&writer->rows, key_of(object, (uint32_t)above, instance)))
		return -EEXIST;
	error = add_row(writer, object, (uint32_t)above, instance, &number);
	if (error < 0)
		return error;
	*row = writer_row(writer, &writer->slots[number - 1]);
	add_count(writer, &writer->slots[number - 1], 1);
	service_row_added(writer->service, &writer->slots[number - 1]);
	error = add_single_below(writer, 0, object + 1, number);
	if (error < 0) {
		writer_remove(writer, &writer->slots[number - 1]);
		*row = (struct espalier_row){0, 0};
	}
	return error;
}

int espalier_instance_publish(struct espalier_writer *writer, struct espalier_row row)
{
	struct writer_slot *slot = writer_slot(writer, row);

	if (!slot)
		return -ESTALE;
	/* Readers take a row for visible when all above it are: the instance itself comes last. */
	for (uint32_t child = slot->first_child; child; child = writer->slots[child - 1].next)
		if (!writer->schema.objects[writer->slots[child - 1].object].table)
			set_state(writer, &writer->slots[child - 1], LAYOUT_VISIBLE);
	set_state(writer, slot, LAYOUT_VISIBLE);
	structure_changed(writer);
	return 0;
}

static void remove_one(struct espalier_writer *writer, struct writer_slot *slot)
{
	uint32_t number = (uint32_t)(slot - writer->slots);

	while (slot->first_child)
		remove_one(writer, &writer->slots[slot->first_child - 1]);
	espalier_abandon(writer, writer_row(writer, slot));
	set_state(writer, slot, LAYOUT_FREE);
	segment_end_row(writer_words(writer, slot));
	service_row_removed(writer->service, slot);
	unlink_child(writer, slot);
	map_remove(&writer->rows, key_of(slot->object, slot->parent, slot->instance));
	if (slot->instance)
		add_count(writer, slot, -1);
	/* Without memory for the queue the place is lost until the segment is written anew: no harm beyond it. */
	queue_push(&writer->free_rows[slot->object], 0, slot->row);
	queue_push(&writer->free_slots, number, 0);
	slot->generation = 0;
}

void writer_remove(struct espalier_writer *writer, struct writer_slot *slot)
{
	/* First the instance itself: with it all below is invisible, whatever happens to us next. */
	set_state(writer, slot, LAYOUT_FREE);
	remove_one(writer, slot);
	structure_changed(writer);
}

int espalier_instance_remove(struct espalier_writer *writer, struct espalier_row row)
{
	struct writer_slot *slot = writer_slot(writer, row);

	if (!slot)
		return -ESTALE;
	if (!slot->instance)
		return -EINVAL;
	writer_remove(writer, slot);
	return 0;
}

struct espalier_row espalier_row_of(struct espalier_writer *writer, uint32_t object, struct espalier_row instance)
{
	int64_t parent = parent_of(writer, object, instance);
	uint32_t number = parent < 0 ? 0 : map_find(&writer->rows, key_of(object, (uint32_t)parent, 0));

	return number ? writer_row(writer, &writer->slots[number - 1]) : (struct espalier_row){0, 0};
}

struct espalier_row espalier_instance_find(struct espalier_writer *writer, uint32_t object, struct espalier_row parent,
					   uint32_t instance)
{
	int64_t above = parent_of(writer, object, parent);
	uint32_t number = above < 0 ? 0 : map_find(&writer->rows, key_of(object, (uint32_t)above, instance));

	return number && instance ? writer_row(writer, &writer->slots[number - 1]) : (struct espalier_row){0, 0};
}

uint32_t espalier_instance_number(struct espalier_writer *writer, struct espalier_row row)
{
	struct writer_slot *slot = writer_slot(writer, row);

	if (slot && !slot->instance && slot->parent)
		slot = &writer->slots[slot->parent - 1];
	return slot ? slot->instance : 0;
}

uint32_t espalier_instance_count(struct espalier_writer *writer, uint32_t object, struct espalier_row parent)
{
	int64_t above = parent_of(writer, object, parent);
	uint32_t count = above < 0 ? 0 : map_find(&writer->counts, key_of(object, (uint32_t)above, 0));

	return count ? count - 1 : 0;
}

ssize_t espalier_row_path(struct espalier_writer *writer, struct espalier_row row, char *buffer, size_t size)
{
	struct writer_slot *slot = writer_slot(writer, row);
	uint32_t instances[ESPALIER_DEPTH_MAXIMUM] = {0}, depth = 0;
	const char *path, *marker;
	size_t used = 0, part;
	char number[16];

	if (!slot)
		return -ESTALE;
	path = writer->schema.objects[slot->object].view.path;
	for (; slot; slot = slot->parent ? &writer->slots[slot->parent - 1] : NULL)
		if (slot->instance)
			instances[depth++] = slot->instance;
	while ((marker = strstr(path, "{i}")) || *path) {
		part = marker ? (size_t)(marker - path) : strlen(path);
		number[0] = '\0';
		if (marker)
			snprintf(number, sizeof(number), "%u", instances[--depth]);
		if (used + part + strlen(number) >= size)
			return -ENOSPC;
		memcpy(buffer + used, path, part);
		memcpy(buffer + used + part, number, strlen(number) + 1);
		used += part + strlen(number);
		path += part + (marker ? strlen("{i}") : 0);
	}
	return (ssize_t)used;
}
