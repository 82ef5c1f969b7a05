/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens, publishes, enlarges and closes an owner's segment. */
#include "shm/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shm/error.h"
#include "shm/folder.h"
#include "shm/guard.h"
#include "shm/instance.h"
#include "shm/service.h"

enum { ROWS_DEFAULT = 16, HEAP_SLACK = 4096 };

uint64_t writer_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A size that holds what is there, what is wanted, and as much again, so that enlarging stays rare. */
static uint32_t enlarged(uint32_t size, uint32_t used, uint32_t wanted)
{
	uint64_t need = (uint64_t)used + wanted;

	if (need <= size)
		return size;
	need = need * 2 > SEGMENT_SIZE_MAXIMUM ? SEGMENT_SIZE_MAXIMUM : need * 2;
	return (uint32_t)need;
}

/* Moves to a new segment of the given size and the present schema, and publishes it when the old one is. */
static int replace_segment(struct espalier_writer *writer, struct segment_size size)
{
	struct segment larger;
	struct writer_slot *slots;
	int error;

	if (guard_tripped(writer->segment.guard))
		return -EIO;
	slots = realloc(writer->slots, (size_t)size.directory_count * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	writer->slots = slots;
	error = segment_create(&larger, writer->folder, writer->name, &writer->schema, size, writer->mode);
	if (error < 0)
		return error;
	memcpy(larger.heap, writer->segment.heap, writer->heap_used);
	memcpy(larger.directory, writer->segment.directory, (size_t)writer->entries * sizeof(*larger.directory));
	larger.header->entries = writer->entries;
	larger.header->heap_used = writer->heap_used;
	larger.header->structure = writer->segment.header->structure + 1;
	error = segment_complete(writer->folder, writer->name, writer->published);
	if (error < 0) {
		segment_release(&larger);
		return error;
	}
	segment_retire(&writer->segment, LAYOUT_REPLACED);
	segment_release(&writer->segment);
	writer->segment = larger;
	writer->size = (struct segment_size){size.directory_count, larger.heap_size};
	return 0;
}

int writer_make_room(struct espalier_writer *writer, uint32_t rows, uint32_t bytes)
{
	struct segment_size size = {
		.directory_count = enlarged(writer->size.directory_count, writer->entries, rows),
		.heap = enlarged(writer->size.heap, writer->heap_used, bytes),
	};

	if (size.directory_count == writer->size.directory_count && size.heap == writer->size.heap)
		return 0;
	return replace_segment(writer, size);
}

/* Bytes of heap that the rows of an object take at first. */
static uint64_t first_heap(const struct schema *schema, uint32_t first, uint32_t rows)
{
	uint64_t bytes = HEAP_SLACK, widest = 0;

	for (uint32_t i = first; i < schema->count; i++) {
		uint32_t size = layout_row_size(schema->objects[i].view.slot_words);

		bytes += size;
		if (size > widest)
			widest = size;
	}
	return bytes + (uint64_t)rows * (widest < 512 ? widest : 512);
}

static int start(struct espalier_writer *writer, const struct espalier_writer_options *options)
{
	const char *program = options->program ? options->program : options->name;
	uint32_t rows = options->rows ? options->rows : ROWS_DEFAULT;
	uint64_t heap;
	int error;

	writer->mode = options->mode ? options->mode : 0644;
	writer->schema.program = strdup(program);
	writer->schema.version = strdup(options->version ? options->version : "");
	if (!writer->schema.program || !writer->schema.version)
		return -ENOMEM;
	error = schema_append(&writer->schema, options->objects);
	if (error < 0)
		return error;
	writer->folder = folder_open(options->folder, true);
	if (writer->folder < 0)
		return writer->folder;
	writer->lock = segment_own(writer->folder, writer->name);
	if (writer->lock < 0)
		return error_set(writer->lock, "segment %s: %s", writer->name,
				 writer->lock == -EBUSY ? "another living program publishes under this name"
							: strerror(-writer->lock));
	heap = first_heap(&writer->schema, 0, rows);
	if (heap > SEGMENT_SIZE_MAXIMUM / 2)
		heap = SEGMENT_SIZE_MAXIMUM / 2;
	writer->size = (struct segment_size){rows + writer->schema.count, (uint32_t)heap};
	writer->slots = calloc(writer->size.directory_count, sizeof(*writer->slots));
	writer->free_rows = calloc(writer->schema.count + 1, sizeof(*writer->free_rows));
	if (!writer->slots || !writer->free_rows)
		return -ENOMEM;
	error = segment_create(&writer->segment, writer->folder, writer->name, &writer->schema, writer->size,
			       writer->mode);
	if (error == 0)
		error = segment_complete(writer->folder, writer->name, false);
	if (error < 0)
		return error_set(error, "segment %s: %s", writer->name, strerror(-error));
	writer->size.heap = writer->segment.heap_size;
	error = instance_add_single(writer, 0);
	if (error == 0)
		error = service_open(&writer->service, writer, options->owner, options->context,
				     folder_path(options->folder));
	return error;
}

int espalier_writer_open(struct espalier_writer **result, const struct espalier_writer_options *options)
{
	struct espalier_writer *writer;
	int error;

	*result = NULL;
	error_set(0, "%s", "");
	if (!options->name || !segment_name_valid(options->name))
		return error_set(-EINVAL, "\"%s\" can't be a segment's name", options->name ? options->name : "");
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return -ENOMEM;
	snprintf(writer->name, sizeof(writer->name), "%s", options->name);
	writer->folder = writer->lock = writer->segment.fd = writer->segment.guard = -1;
	error = start(writer, options);
	if (error < 0) {
		espalier_writer_close(writer);
		if (!*espalier_error_text())
			error_set(error, "segment %s: %s", options->name, strerror(-error));
		return error;
	}
	*result = writer;
	return 0;
}

int espalier_writer_publish(struct espalier_writer *writer)
{
	int error;

	if (writer->published)
		return -EALREADY;
	error = segment_publish(writer->folder, writer->name);
	if (error == 0)
		writer->published = true;
	return error;
}

int espalier_writer_extend(struct espalier_writer *writer, const struct espalier_object *objects)
{
	uint32_t before = writer->schema.count;
	struct writer_queue *queues;
	struct segment_size size = writer->size;
	uint64_t wanted;
	int error = schema_append(&writer->schema, objects);

	if (error < 0)
		return error;
	queues = realloc(writer->free_rows, (writer->schema.count + 1) * sizeof(*queues));
	if (!queues) {
		schema_cut(&writer->schema, before);
		return -ENOMEM;
	}
	writer->free_rows = queues;
	memset(&queues[before + 1], 0, (writer->schema.count - before) * sizeof(*queues));
	wanted = first_heap(&writer->schema, before, 0);
	size.directory_count = enlarged(size.directory_count, writer->entries, writer->schema.count - before);
	size.heap = enlarged(size.heap, writer->heap_used, (uint32_t)wanted);
	error = replace_segment(writer, size);
	if (error < 0) {
		/* The present segment stays, and it knows nothing of the new objects. */
		schema_cut(&writer->schema, before);
		return error;
	}
	return instance_add_single(writer, before);
}

static void queue_clear(struct writer_queue *queue)
{
	free(queue->items);
}

void espalier_writer_close(struct espalier_writer *writer)
{
	if (!writer)
		return;
	if (writer->service)
		service_close(writer->service);
	if (writer->segment.map) {
		segment_remove(writer->folder, writer->name, writer->published);
		segment_retire(&writer->segment, LAYOUT_CLOSED);
	}
	segment_release(&writer->segment);
	if (writer->lock >= 0)
		segment_disown(writer->folder, writer->name, writer->lock);
	if (writer->folder >= 0)
		close(writer->folder);
	for (uint32_t i = 0; writer->free_rows && i <= writer->schema.count; i++)
		queue_clear(&writer->free_rows[i]);
	queue_clear(&writer->free_slots);
	for (int i = 0; i < WRITER_TEXT_CLASSES; i++)
		free(writer->free_texts[i].offsets);
	free(writer->free_rows);
	free(writer->slots);
	map_clear(&writer->rows);
	map_clear(&writer->counts);
	schema_clear(&writer->schema);
	free(writer);
}
