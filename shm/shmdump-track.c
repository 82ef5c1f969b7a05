/* SPDX-License-Identifier: BSD-2-Clause */
/* What was seen at the last look at the tree: by it, changes and their rates are known. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shm/format.h"
#include "shm/shmdump.h"

uint64_t track_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/** A row's segment is kept right behind its path. */
static const char *segment_of(const struct track_row *row)
{
	return row->path + strlen(row->path) + 1;
}

static int compare_rows(const struct track_row *a, const struct track_row *b)
{
	int order = strcmp(a->path, b->path);

	if (!order)
		order = strcmp(segment_of(a), segment_of(b));
	if (!order)
		order = a->object < b->object ? -1 : a->object > b->object;
	return order;
}

static int compare_sorted(const void *one, const void *other, void *context)
{
	const struct track_row *rows = context;

	return compare_rows(&rows[*(const uint32_t *)one], &rows[*(const uint32_t *)other]);
}

/** How much there will be. */
struct measure {
	uint32_t rows, values;
	size_t bytes;
};

static struct measure measure(struct shmdump *shmdump, const struct selection *selection)
{
	struct measure sum = {0};
	uint32_t count;
	const struct espalier_node *nodes = espalier_reader_nodes(shmdump->reader, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (nodes[i].kind != ESPALIER_NODE_ROW || !selection_has_node(selection, i))
			continue;
		sum.rows++;
		sum.bytes += nodes[i].path_length + strlen(espalier_node_segment(&nodes[i])) + 2;
		for (uint32_t j = 0; j < nodes[i].object->parameter_count; j++)
			sum.values += selection_has(selection, i, j);
	}
	return sum;
}

static void fill(struct track *track, struct shmdump *shmdump, const struct selection *selection)
{
	uint32_t count;
	const struct espalier_node *nodes = espalier_reader_nodes(shmdump->reader, &count);
	char *at = track->paths;

	for (uint32_t i = 0; i < count; i++) {
		const struct espalier_node *node = &nodes[i];
		const char *segment;
		struct track_row *row;

		if (node->kind != ESPALIER_NODE_ROW || !selection_has_node(selection, i))
			continue;
		segment = espalier_node_segment(node);
		row = &track->rows[track->row_count];
		*row = (struct track_row){
			.path = at, .node = node, .object = node->object->index, .first = track->value_count};
		memcpy(at, node->path, node->path_length);
		at += node->path_length;
		*at++ = '\0';
		at = stpcpy(at, segment) + 1;
		for (uint32_t j = 0; j < node->object->parameter_count; j++)
			if (selection_has(selection, i, j))
				track->values[track->value_count++] =
					(struct track_value){.row = track->row_count, .parameter = j};
		row->count = track->value_count - row->first;
		track->sorted[track->row_count] = track->row_count;
		track->row_count++;
	}
	qsort_r(track->sorted, track->row_count, sizeof(*track->sorted), compare_sorted, track->rows);
}

/** Keeps what is known of a row that stayed. Both have their parameters in order. */
static void keep(struct track *to, struct track_row *row, const struct track *from, const struct track_row *before)
{
	uint32_t j = 0;

	row->seen = before->seen;
	row->published = before->published;
	/* The row may lie elsewhere now, and then its version counts from another start. */
	row->moved = true;
	for (uint32_t i = 0; i < row->count; i++) {
		struct track_value *value = &to->values[row->first + i];

		while (j < before->count && from->values[before->first + j].parameter < value->parameter)
			j++;
		if (j < before->count && from->values[before->first + j].parameter == value->parameter) {
			uint32_t index = value->row;

			*value = from->values[before->first + j];
			value->row = index;
		}
	}
}

static bool is_path(const struct track *track, uint32_t index, const char *path)
{
	return track->rows && index < track->row_count && strcmp(track->rows[track->sorted[index]].path, path) == 0;
}

/**
 * Tells of a row that is in one list and not in the other, when it is the first one of its path there and the other
 * list has none of that path: several rows may add to one object. `index` and `other_index` are where the walk is.
 */
static void tell(const struct track *track, uint32_t index, const struct track *other, uint32_t other_index, bool came,
		 track_moved *moved, void *context)
{
	const char *path = track->rows ? track->rows[track->sorted[index]].path : "";

	if (moved && !(index && is_path(track, index - 1, path)) && !is_path(other, other_index, path) &&
	    !(other_index && is_path(other, other_index - 1, path)))
		moved(path, came, context);
}

/** Walks both lists of rows in their common order. */
static void merge(struct track *to, const struct track *from, track_moved *moved, void *context)
{
	uint32_t i = 0, j = 0;

	while (i < from->row_count || j < to->row_count) {
		struct track_row *before = i < from->row_count ? &from->rows[from->sorted[i]] : NULL;
		struct track_row *row = j < to->row_count ? &to->rows[to->sorted[j]] : NULL;
		int order = before && row ? compare_rows(before, row) : 0;

		if (!row || (before && order < 0)) {
			tell(from, i++, to, j, false, moved, context);
		} else if (!before || order > 0) {
			row->came = true;
			tell(to, j++, from, i, true, moved, context);
		} else {
			keep(to, row, from, before);
			i++;
			j++;
		}
	}
}

int track_build(struct track *track, struct shmdump *shmdump, track_moved *moved, void *context)
{
	struct track grown = {.looked = track->looked, .interval = track->interval};
	struct selection selection;
	struct measure sum;

	if (selection_make(&selection, shmdump, NULL) < 0)
		return -ENOMEM;
	sum = measure(shmdump, &selection);
	grown.rows = malloc((sum.rows + 1) * sizeof(*grown.rows));
	grown.values = malloc((sum.values + 1) * sizeof(*grown.values));
	grown.sorted = malloc((sum.rows + 1) * sizeof(*grown.sorted));
	grown.paths = malloc(sum.bytes + 1);
	if (!grown.rows || !grown.values || !grown.sorted || !grown.paths) {
		selection_clear(&selection);
		track_clear(&grown);
		return -ENOMEM;
	}
	fill(&grown, shmdump, &selection);
	selection_clear(&selection);
	if (track->paths)
		merge(&grown, track, moved, context);
	track_clear(track);
	*track = grown;
	return 0;
}

static uint64_t hash_text(const char *text, size_t length)
{
	/* FNV-1a, started with the length. */
	uint64_t hash = 14695981039346656037u ^ length;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
	return hash;
}

/**
 * Change per second of a number. The owner's own times are better than ours, unless it publishes only now and then: a
 * change then belongs to the time since our last look.
 */
static double rate_of(const struct track *track, const struct espalier_parameter *parameter, uint64_t before,
		      uint64_t now, uint64_t milliseconds, uint64_t since_look)
{
	double change;

	if (parameter->type == ESPALIER_INT || parameter->type == ESPALIER_LONG)
		change = (double)(int64_t)now - (double)(int64_t)before;
	else
		change = now >= before ? (double)(now - before) : -(double)(before - now);
	if (!milliseconds || (double)milliseconds > 2000 * track->interval)
		milliseconds = since_look;
	return milliseconds ? change * 1000 / (double)milliseconds : 0;
}

static void look_at_value(struct track *track, struct track_row *row, struct track_value *value,
			  const struct espalier_value *now, uint64_t published, uint64_t time, track_changed *changed,
			  void *context)
{
	const struct espalier_parameter *parameter = &row->node->object->parameters[value->parameter];
	bool text = format_is_text(parameter);
	uint64_t seen = text ? hash_text(now->text, now->length) : now->number;

	if (!text && row->seen)
		value->rate = parameter->type == ESPALIER_BOOLEAN
				      ? 0
				      : rate_of(track, parameter, value->seen, seen, published - row->published,
						time - track->looked);
	if ((row->seen && seen != value->seen) || (!row->seen && row->came)) {
		value->changed = time;
		value->seen = seen;
		if (changed)
			changed(track, value, now, context);
	}
	value->seen = seen;
	value->beginning = 0;
	for (uint32_t i = 0; text && i < 8; i++)
		value->beginning = value->beginning << 8 | (i < now->length ? (unsigned char)now->text[i] : 0);
}

void track_look(struct track *track, struct shmdump *shmdump, track_changed *changed, void *context)
{
	struct espalier_value *values = malloc(ESPALIER_PARAMETERS_MAXIMUM * sizeof(*values));
	uint64_t time = track_now();

	for (uint32_t i = 0; values && i < track->row_count; i++) {
		struct track_row *row = &track->rows[i];
		uint32_t version = espalier_row_begin(row->node->row);
		uint64_t age, published;

		if (row->seen && !row->moved && version == row->version)
			continue;
		if (shmdump_read_row(shmdump, row->node, values, &age) < 0)
			continue;
		published = age < time ? time - age : 0;
		for (uint32_t j = 0; j < row->count; j++) {
			struct track_value *value = &track->values[row->first + j];

			look_at_value(track, row, value, &values[value->parameter], published, time, changed, context);
		}
		row->published = published;
		row->version = version;
		row->seen = true;
		row->moved = false;
	}
	track->looked = time;
	free(values);
}

void track_clear(struct track *track)
{
	free(track->rows);
	free(track->values);
	free(track->sorted);
	free(track->paths);
	*track = (struct track){0};
}
