/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads rows: copies under the row protocol, with every offset and length checked before it is used. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "shm/reader.h"
#include "shm/value.h"

const uint32_t *espalier_text_words(const struct espalier_node *node, const uint32_t *slot, uint32_t parameter,
				    uint32_t *length)
{
	const struct espalier_object_view *object = node->object;
	const struct espalier_segment *segment = object->segment;
	const uint32_t *words = slot + object->offsets[parameter];
	uint32_t offset;

	*length = espalier_load(words);
	if (*length <= object->capacities[parameter])
		return words + 1;
	offset = espalier_load(words + 1);
	if (*length > ESPALIER_VALUE_MAXIMUM || offset % 4 || offset > segment->header.heap_size ||
	    *length > segment->header.heap_size - offset)
		return NULL;
	return (const uint32_t *)(segment->map + segment->header.heap + offset);
}

static void copy_words(char *to, const uint32_t *words, uint32_t length)
{
	uint32_t word;

	for (; length >= sizeof(word); length -= sizeof(word), to += sizeof(word)) {
		word = espalier_load(words++);
		memcpy(to, &word, sizeof(word));
	}
	if (length) {
		word = espalier_load(words);
		memcpy(to, &word, length);
	}
}

/* Copies one value. Returns the bytes of text it took, -ENOSPC (with the length set) or -EBADMSG. */
static int64_t copy_value(const struct espalier_node *node, const uint32_t *slot, uint32_t parameter,
			  struct espalier_value *value, char *buffer, size_t size)
{
	const struct espalier_parameter *p = &node->object->parameters[parameter];
	const uint32_t *words = slot + node->object->offsets[parameter];

	*value = (struct espalier_value){.type = value_type(p)};
	if (layout_is_text(p->type, p->flags)) {
		const uint32_t *text = espalier_text_words(node, slot, parameter, &value->length);

		value->text = buffer;
		if (!text)
			return -EBADMSG;
		if (value->length > size || (value->length && !buffer))
			return -ENOSPC;
		copy_words(buffer, text, value->length);
		return value->length;
	}
	switch (p->type) {
	case ESPALIER_LONG:
	case ESPALIER_UNSIGNED_LONG:
		value->number = espalier_load64(words);
		break;
	case ESPALIER_INT:
		value->integer = (int32_t)espalier_load(words);
		break;
	case ESPALIER_BOOLEAN:
		value->number = espalier_load(words) != 0;
		break;
	default:
		value->number = espalier_load(words);
	}
	return 0;
}

static bool is_text(const struct espalier_node *node, uint32_t parameter)
{
	const struct espalier_parameter *p = &node->object->parameters[parameter];

	return layout_is_text(p->type, p->flags);
}

int espalier_read(const struct espalier_node *node, uint32_t parameter, struct espalier_value *value, char *buffer,
		  size_t size)
{
	for (uint32_t tries = 0; tries < ESPALIER_READ_TRIES; tries++) {
		uint32_t version = espalier_row_begin(node->row);
		uint32_t generation = espalier_load(node->row + 1);
		int64_t got = copy_value(node, espalier_row_slot(node->row, version, node->object->slot_words),
					 parameter, value, buffer, size);

		if (espalier_row_changed(node->row, version))
			continue;
		if (got == -EBADMSG && generation != node->generation) {
			*value = (struct espalier_value){.type = value->type, .text = buffer};
			got = 0;
			if (!is_text(node, parameter))
				value->number = 0;
		}
		if (got < 0)
			return (int)got;
		return generation == node->generation ? 0 : -ESTALE;
	}
	return -EAGAIN;
}

static uint64_t age_of(uint64_t published)
{
	struct timespec now;
	uint64_t milliseconds;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	milliseconds = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return milliseconds > published ? milliseconds - published : 0;
}

/* Measures the texts of a row: what a copy of it needs. */
static int64_t texts_size(const struct espalier_node *node, const uint32_t *slot)
{
	int64_t size = 0;

	for (uint32_t i = 0; i < node->object->parameter_count; i++) {
		uint32_t length;

		if (!is_text(node, i))
			continue;
		if (!espalier_text_words(node, slot, i, &length))
			return -EBADMSG;
		size += length;
	}
	return size;
}

int espalier_read_row(const struct espalier_node *node, struct espalier_value *values, char *buffer, size_t size,
		      uint64_t *age)
{
	const struct espalier_object_view *object = node->object;

	for (uint32_t tries = 0; tries < ESPALIER_READ_TRIES; tries++) {
		uint32_t version = espalier_row_begin(node->row);
		uint32_t generation = espalier_load(node->row + 1);
		const uint32_t *slot = espalier_row_slot(node->row, version, object->slot_words);
		uint64_t published = espalier_load64(slot);
		int64_t got = texts_size(node, slot);
		size_t used = 0;

		if (got > (int64_t)size)
			got = -ENOSPC;
		for (uint32_t i = 0; i < object->parameter_count && got >= 0; i++) {
			got = copy_value(node, slot, i, &values[i], buffer ? buffer + used : NULL, size - used);
			if (got > 0)
				used += (size_t)got;
		}
		if (espalier_row_changed(node->row, version))
			continue;
		if (age)
			*age = age_of(published);
		if (got < 0)
			return (int)got;
		return generation == node->generation ? 0 : -ESTALE;
	}
	return -EAGAIN;
}

int espalier_handle_open(const struct espalier_node *node, uint32_t parameter, struct espalier_handle *handle)
{
	const struct espalier_object_view *object = node->object;

	if (node->kind != ESPALIER_NODE_ROW || parameter >= object->parameter_count || is_text(node, parameter))
		return -EINVAL;
	*handle = (struct espalier_handle){
		.row = node->row,
		.generation = node->generation,
		.first = ESPALIER_ROW_HEADER_WORDS + object->offsets[parameter],
		.stride = object->slot_words,
		.wide = layout_words(object->parameters[parameter].type, 0, 0) == 2,
	};
	return 0;
}

int espalier_handle_read_again(const struct espalier_handle *handle, uint64_t *value)
{
	uint32_t generation;

	*value = 0;
	for (uint32_t tries = 0; tries < ESPALIER_READ_TRIES; tries++)
		if (espalier_handle_try(handle, value, &generation))
			return generation == handle->generation ? 0 : -ESTALE;
	return -EAGAIN;
}
