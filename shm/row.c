/* SPDX-License-Identifier: BSD-2-Clause */
/* Updates of an owner's rows: fill the copy that nobody reads, then publish it with one store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shm/guard.h"
#include "shm/service.h"
#include "shm/value.h"
#include "shm/writer.h"

static uint32_t slot_words(const struct espalier_writer *writer, const struct writer_slot *slot)
{
	return writer->schema.objects[slot->object].view.slot_words;
}

static const uint32_t *published(const struct espalier_writer *writer, const struct writer_slot *slot)
{
	const uint32_t *row = writer_words(writer, slot);

	return espalier_row_slot(row, espalier_load(row), slot_words(writer, slot));
}

static uint32_t *prepared(const struct espalier_writer *writer, const struct writer_slot *slot)
{
	uint32_t *row = writer_words(writer, slot);

	return row + ESPALIER_ROW_HEADER_WORDS + ((espalier_load(row) + 1) & 1u) * slot_words(writer, slot);
}

/* ---- Texts outside the row */

/*
 * True for a text's place that this writer gave: others who may write to the file can have changed the words that we
 * kept there.
 */
static bool text_place_valid(const struct espalier_writer *writer, uint32_t offset, uint32_t length)
{
	return length <= ESPALIER_VALUE_MAXIMUM && offset % 8 == 0 && offset <= writer->heap_used &&
	       length <= writer->heap_used - offset;
}

const uint32_t *writer_text_words(const struct espalier_writer *writer, const uint32_t *value, uint32_t length,
				  uint32_t capacity)
{
	uint32_t place = espalier_load(value + 1);

	if (length <= capacity)
		return value + 1;
	return text_place_valid(writer, place, length) ? (const uint32_t *)(writer->segment.heap + place) : NULL;
}

static uint32_t text_class(uint32_t length)
{
	uint32_t class = 4;

	while (1u << class < length)
		class ++;
	return class;
}

int writer_text_allocate(struct espalier_writer *writer, uint32_t length, uint32_t *offset)
{
	uint32_t class = text_class(length), size = 1u << class;
	int error;

	if (writer->free_texts[class].count) {
		*offset = writer->free_texts[class].offsets[--writer->free_texts[class].count];
		return 0;
	}
	error = writer_make_room(writer, 0, size + 8);
	if (error < 0)
		return error;
	*offset = (writer->heap_used + 7) & ~7u;
	writer->heap_used = *offset + size;
	espalier_store(&writer->segment.header->heap_used, writer->heap_used);
	return 0;
}

void writer_text_free(struct espalier_writer *writer, uint32_t offset, uint32_t length)
{
	uint32_t class;

	if (!text_place_valid(writer, offset, length))
		return;
	class = text_class(length);
	if (writer->free_texts[class].count == writer->free_texts[class].capacity) {
		uint32_t capacity = writer->free_texts[class].capacity ? 2 * writer->free_texts[class].capacity : 8;
		uint32_t *grown = realloc(writer->free_texts[class].offsets, capacity * sizeof(*grown));

		/* Without memory the place is lost until the segment ends: no harm beyond it. */
		if (!grown)
			return;
		writer->free_texts[class].offsets = grown;
		writer->free_texts[class].capacity = capacity;
	}
	writer->free_texts[class].offsets[writer->free_texts[class].count++] = offset;
}

/* Frees the texts outside the row that `values` has and `others` has not. */
static void free_other_texts(struct espalier_writer *writer, const struct writer_slot *slot, const uint32_t *values,
			     const uint32_t *others)
{
	const struct schema_object *object = &writer->schema.objects[slot->object];

	for (uint32_t i = 0; i < object->view.parameter_count; i++) {
		uint32_t at = object->offsets[i], length;

		if (!layout_is_text(object->parameters[i].type, object->parameters[i].flags))
			continue;
		length = espalier_load(&values[at]);
		if (length <= object->capacities[i])
			continue;
		if (espalier_load(&others[at]) <= object->capacities[i] ||
		    espalier_load(&others[at + 1]) != espalier_load(&values[at + 1]))
			writer_text_free(writer, espalier_load(&values[at + 1]), length);
	}
}

void writer_row_texts_free(struct espalier_writer *writer, struct writer_slot *slot)
{
	free_other_texts(writer, slot, prepared(writer, slot), published(writer, slot));
}

static bool has_texts(const struct espalier_writer *writer, const struct writer_slot *slot, const uint32_t *values)
{
	const struct schema_object *object = &writer->schema.objects[slot->object];

	for (uint32_t i = 0; i < object->view.parameter_count; i++)
		if (object->capacities[i] && espalier_load(&values[object->offsets[i]]) > object->capacities[i])
			return true;
	return false;
}

/* ---- Begin, set, commit */

int espalier_begin(struct espalier_writer *writer, struct espalier_row row)
{
	struct writer_slot *slot = writer_slot(writer, row);
	const uint32_t *from;
	uint32_t *to, words;

	if (!slot)
		return -ESTALE;
	if (slot->updating)
		return -EBUSY;
	if (guard_tripped(writer->segment.guard))
		return -EIO;
	words = slot_words(writer, slot);
	to = espalier_row_prepare(writer_words(writer, slot), words);
	from = published(writer, slot);
	for (uint32_t i = 0; i < words; i++)
		espalier_store(&to[i], espalier_load(&from[i]));
	slot->updating = true;
	return 0;
}

void espalier_abandon(struct espalier_writer *writer, struct espalier_row row)
{
	struct writer_slot *slot = writer_slot(writer, row);

	if (!slot || !slot->updating)
		return;
	slot->updating = false;
	if (slot->texts) {
		free_other_texts(writer, slot, prepared(writer, slot), published(writer, slot));
		slot->texts = has_texts(writer, slot, published(writer, slot));
	}
}

int espalier_commit(struct espalier_writer *writer, struct espalier_row row)
{
	struct writer_slot *slot = writer_slot(writer, row);
	uint32_t *to;

	if (!slot)
		return -ESTALE;
	if (!slot->updating)
		return -EINVAL;
	slot->updating = false;
	to = prepared(writer, slot);
	espalier_store64(to, writer_now());
	if (slot->watches)
		service_row_changes(writer->service, slot, published(writer, slot), to);
	espalier_row_publish(writer_words(writer, slot));
	if (slot->texts) {
		/* After the publication: from now on nobody finds the former texts. */
		free_other_texts(writer, slot, prepared(writer, slot), published(writer, slot));
		slot->texts = has_texts(writer, slot, published(writer, slot));
	}
	if (slot->watches)
		service_wake(writer->service);
	return 0;
}

/* Puts a text's bytes into words, the last one filled up with zeros. */
static void store_bytes(uint32_t *words, const char *text, uint32_t length)
{
	uint32_t word;

	for (; length >= sizeof(word); length -= sizeof(word), text += sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		espalier_store(words++, word);
	}
	if (length) {
		word = 0;
		memcpy(&word, text, length);
		espalier_store(words, word);
	}
}

/* Making room may move the segment and the array of slots: what points into them is looked up anew after it. */
static int store_text(struct espalier_writer *writer, struct writer_slot *slot, uint32_t parameter, const char *text,
		      uint32_t length)
{
	const struct schema_object *object = &writer->schema.objects[slot->object];
	uint32_t at = object->offsets[parameter], capacity = object->capacities[parameter], place = 0;
	uint32_t number = (uint32_t)(slot - writer->slots);
	uint32_t *to = prepared(writer, slot) + at;
	uint32_t former = espalier_load(to), former_place = espalier_load(to + 1);
	const uint32_t *shown = published(writer, slot) + at;
	/* A text outside the row that only this unpublished update has may be dropped at once. */
	bool own = former > capacity && !(espalier_load(shown) > capacity && espalier_load(shown + 1) == former_place);

	if (length > capacity) {
		int error = writer_text_allocate(writer, length, &place);

		if (error < 0)
			return error;
		slot = &writer->slots[number];
		to = prepared(writer, slot) + at;
		/* As espalier_row_prepare(): who reads the new bytes also sees that the row that had this place before
		 * has gone on. */
		__atomic_thread_fence(__ATOMIC_RELEASE);
		store_bytes((uint32_t *)(writer->segment.heap + place), text, length);
		espalier_store(to + 1, place);
		slot->texts = true;
	} else {
		store_bytes(to + 1, text, length);
	}
	espalier_store(to, length);
	if (own)
		writer_text_free(writer, former_place, former);
	return 0;
}

int espalier_set_value(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
		       const struct espalier_value *value)
{
	struct writer_slot *slot = writer_slot(writer, row);
	const struct schema_object *object;
	const struct espalier_parameter *p;
	uint32_t *to;
	int error;

	if (!slot)
		return -ESTALE;
	object = &writer->schema.objects[slot->object];
	if (parameter >= object->view.parameter_count || !slot->updating)
		return -EINVAL;
	p = &object->parameters[parameter];
	error = value_check(p, value);
	if (error < 0)
		return error;
	/* What must not be read by others never enters the segment. */
	if (p->flags & (ESPALIER_HIDDEN | ESPALIER_COMMAND))
		return 0;
	if (layout_is_text(p->type, p->flags))
		return store_text(writer, slot, parameter, value->text, value->length);
	to = prepared(writer, slot) + object->offsets[parameter];
	if (p->type == ESPALIER_LONG || p->type == ESPALIER_UNSIGNED_LONG)
		espalier_store64(to, value->number);
	else
		espalier_store(to, (uint32_t)value->number);
	return 0;
}

/* Type of a parameter in which the setters' values arrive; 0 when there is no such row or parameter. */
static enum espalier_type type_of(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter)
{
	struct writer_slot *slot = writer_slot(writer, row);

	if (!slot || parameter >= writer->schema.objects[slot->object].view.parameter_count)
		return 0;
	return value_type(&writer->schema.objects[slot->object].parameters[parameter]);
}

int espalier_set_unsigned(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter, uint64_t number)
{
	struct espalier_value value = {.type = type_of(writer, row, parameter), .number = number};

	if (value.type == ESPALIER_UNSIGNED_INT || value.type == ESPALIER_UNSIGNED_LONG || !value.type)
		return espalier_set_value(writer, row, parameter, &value);
	return -EINVAL;
}

int espalier_set_signed(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter, int64_t integer)
{
	struct espalier_value value = {.type = type_of(writer, row, parameter), .integer = integer};

	if (value.type == ESPALIER_INT || value.type == ESPALIER_LONG || !value.type)
		return espalier_set_value(writer, row, parameter, &value);
	return -EINVAL;
}

int espalier_set_boolean(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter, bool boolean)
{
	struct espalier_value value = {.type = ESPALIER_BOOLEAN, .number = boolean};

	return espalier_set_value(writer, row, parameter, &value);
}

int espalier_set_text(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter, const char *text,
		      size_t length)
{
	struct espalier_value value = {.type = type_of(writer, row, parameter), .text = text};

	if (length > ESPALIER_VALUE_MAXIMUM)
		return -ERANGE;
	value.length = (uint32_t)length;
	if (value.type && !layout_is_text(value.type, 0))
		return -EINVAL;
	return espalier_set_value(writer, row, parameter, &value);
}

int espalier_set_string(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter, const char *text)
{
	return espalier_set_text(writer, row, parameter, text, strlen(text));
}

int espalier_get(struct espalier_writer *writer, struct espalier_row row, uint32_t parameter,
		 struct espalier_value *value, char *buffer, size_t size)
{
	struct writer_slot *slot = writer_slot(writer, row);
	const struct schema_object *object;
	const struct espalier_parameter *p;
	const uint32_t *from;

	if (!slot)
		return -ESTALE;
	object = &writer->schema.objects[slot->object];
	if (parameter >= object->view.parameter_count)
		return -EINVAL;
	p = &object->parameters[parameter];
	from = published(writer, slot) + object->offsets[parameter];
	*value = (struct espalier_value){.type = value_type(p)};
	if (layout_is_text(p->type, p->flags)) {
		const uint32_t *words;

		value->length = espalier_load(from);
		value->text = buffer;
		words = writer_text_words(writer, from, value->length, object->capacities[parameter]);
		if (!words)
			return -EIO;
		if (value->length > size)
			return -ENOSPC;
		if (value->length)
			memcpy(buffer, words, value->length);
	} else if (p->type == ESPALIER_LONG || p->type == ESPALIER_UNSIGNED_LONG) {
		value->number = espalier_load64(from);
	} else if (p->type == ESPALIER_INT) {
		value->integer = (int32_t)espalier_load(from);
	} else {
		value->number = espalier_load(from);
	}
	return 0;
}
