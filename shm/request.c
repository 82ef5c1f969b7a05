/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests for tools that may wait: a set over any owners, all or nothing, and single requests. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shm/operation.h"
#include "shm/reader.h"

/* What one owner has to do in a set, and what it answered. */
struct part {
	const char *segment;
	struct espalier_entry *entries;
	uint32_t *indices; /* in the caller's array */
	size_t count;
	bool answered, committed;
	int error, fault;
	char text[256];
	uint32_t instance;
	struct espalier_answer_entry *faults; /* indices are the caller's */
	uint32_t fault_count;
	struct espalier_operation_value *values;
	uint32_t value_count;
};

struct set {
	struct espalier_reader *reader;
	struct part *parts;
	size_t count;
	int64_t end; /* ms of CLOCK_MONOTONIC */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void keep_values(struct part *part, const struct espalier_result *result)
{
	part->values = calloc(result->value_count, sizeof(*part->values));
	for (uint32_t i = 0; part->values && i < result->value_count; i++) {
		char *name = strdup(result->values[i].name), *value = strdup(result->values[i].value);

		if (!name || !value) {
			free(name);
			free(value);
			break;
		}
		part->values[part->value_count++] = (struct espalier_operation_value){name, value};
	}
}

static void on_answer(const struct espalier_result *result, void *context)
{
	struct part *part = context;

	part->answered = true;
	part->error = result->error;
	part->fault = result->fault;
	part->instance = result->instance;
	if (result->value_count)
		keep_values(part, result);
	if (result->text)
		strncpy(part->text, result->text, sizeof(part->text) - 1);
	for (uint32_t i = 0; i < result->count; i++) {
		struct espalier_answer_entry *grown;

		if (result->entries[i].index >= part->count)
			continue;
		grown = realloc(part->faults, (part->fault_count + 1) * sizeof(*grown));
		if (!grown)
			break;
		part->faults = grown;
		grown[part->fault_count++] = (struct espalier_answer_entry){
			part->indices ? part->indices[result->entries[i].index] : result->entries[i].index,
			result->entries[i].fault,
			strdup(result->entries[i].text),
		};
	}
}

/* Waits until the part is answered or the time is over. */
static int await(struct set *set, struct part *part)
{
	while (!part->answered) {
		struct pollfd poll_fd = {.fd = espalier_reader_fd(set->reader), .events = POLLIN};
		int64_t left = set->end - now_ms();
		int processed;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&poll_fd, 1, (int)left) < 0)
			return -errno;
		processed = espalier_reader_process(set->reader);
		if (processed < 0)
			return processed;
	}
	return part->error;
}

static int ask(struct set *set, struct part *part, enum espalier_request_kind kind)
{
	bool values = kind != ESPALIER_COMMIT && kind != ESPALIER_UNDO && kind != ESPALIER_FINISH;
	int error;

	part->answered = false;
	part->fault = 0;
	part->text[0] = '\0';
	error = espalier_request_send(set->reader, part->segment, kind, values ? part->entries : NULL,
				      values ? part->count : 0, on_answer, part);
	if (error == 0)
		error = await(set, part);
	part->error = error;
	return error < 0 ? error : part->fault;
}

/* Until now the owner's answer may still come and must find nobody: the connection ends, which also undoes. */
static void give_up(struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (!set->parts[i].answered) {
			link_close_all(set->reader);
			return;
		}
}

static void tell(struct set *set, const struct part *culprit, int error, int fault, const char *text,
		 void (*done)(const struct espalier_result *result, void *context), void *context)
{
	struct espalier_result result = {.error = error, .fault = fault, .text = text};
	struct espalier_answer_entry *all = NULL;
	uint32_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += set->parts[i].fault_count;
	all = calloc(count + 1, sizeof(*all));
	for (size_t i = 0; all && i < set->count; i++)
		for (uint32_t j = 0; j < set->parts[i].fault_count; j++)
			all[result.count++] = set->parts[i].faults[j];
	result.entries = all;
	if (culprit) {
		result.instance = culprit->instance;
		result.values = culprit->values;
		result.value_count = culprit->value_count;
		if (!text && culprit->text[0])
			result.text = culprit->text;
	}
	done(&result, context);
	free(all);
}

static struct part *part_of(struct set *set, const char *segment, size_t entries)
{
	struct part *part;

	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->parts[i].segment, segment) == 0)
			return &set->parts[i];
	part = &set->parts[set->count];
	part->segment = segment;
	part->entries = calloc(entries, sizeof(*part->entries));
	part->indices = calloc(entries, sizeof(*part->indices));
	part->answered = true;
	if (!part->entries || !part->indices) {
		free(part->entries);
		free(part->indices);
		return NULL;
	}
	set->count++;
	return part;
}

static void free_set(struct set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		for (uint32_t j = 0; j < set->parts[i].fault_count; j++)
			free((char *)set->parts[i].faults[j].text);
		for (uint32_t j = 0; j < set->parts[i].value_count; j++) {
			free((char *)set->parts[i].values[j].name);
			free((char *)set->parts[i].values[j].value);
		}
		free(set->parts[i].values);
		free(set->parts[i].faults);
		free(set->parts[i].entries);
		free(set->parts[i].indices);
	}
	free(set->parts);
}

/* Sorts the entries by owner. An unknown name is a fault of its entry. */
static int split(struct set *set, const struct espalier_entry *entries, size_t count,
		 struct espalier_answer_entry *unknown)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t parameter, node_count;
		int64_t index =
			espalier_find_parameter(set->reader, entries[i].path, strlen(entries[i].path), &parameter);
		struct part *part;

		if (index < 0) {
			*unknown =
				(struct espalier_answer_entry){(uint32_t)i, ESPALIER_FAULT_NAME, "no such parameter"};
			return ESPALIER_FAULT_ARGUMENTS;
		}
		part = part_of(set, espalier_node_segment(&espalier_reader_nodes(set->reader, &node_count)[index]),
			       count);
		if (!part)
			return -ENOMEM;
		part->indices[part->count] = (uint32_t)i;
		part->entries[part->count++] = entries[i];
	}
	return 0;
}

static int run_set(struct set *set, struct part **culprit)
{
	static const enum espalier_request_kind steps[] = {ESPALIER_VALIDATE, ESPALIER_COMMIT, ESPALIER_FINISH};
	int first = 0;

	for (size_t step = 0; step < sizeof(steps) / sizeof(steps[0]); step++) {
		for (size_t i = 0; i < set->count; i++) {
			int result = ask(set, &set->parts[i], steps[step]);

			if (result && !first) {
				first = result;
				*culprit = &set->parts[i];
			}
			if (result && steps[step] == ESPALIER_COMMIT)
				break;
		}
		if (first)
			break;
	}
	return first;
}

int espalier_set_wait(struct espalier_reader *reader, const struct espalier_entry *entries, size_t count,
		      int milliseconds, void (*done)(const struct espalier_result *result, void *context),
		      void *context)
{
	struct set set = {.reader = reader, .end = now_ms() + milliseconds};
	struct espalier_answer_entry unknown;
	struct espalier_result result = {.fault = ESPALIER_FAULT_ARGUMENTS, .entries = &unknown, .count = 1};
	struct part *culprit = NULL;
	char text[256] = "";
	int first;

	set.parts = calloc(ESPALIER_SEGMENTS_MAXIMUM + 1, sizeof(*set.parts));
	if (!set.parts)
		return -ENOMEM;
	first = split(&set, entries, count, &unknown);
	if (first > 0) {
		done(&result, context);
	} else if (first == 0) {
		first = run_set(&set, &culprit);
		if (culprit)
			memcpy(text, culprit->text, sizeof(text));
		give_up(&set);
		for (size_t i = 0; first && i < set.count; i++) {
			int error = set.parts[i].error;

			if (error == 0)
				ask(&set, &set.parts[i], ESPALIER_UNDO);
		}
		tell(&set, NULL, first < 0 ? first : 0, first > 0 ? first : 0, *text ? text : NULL, done, context);
	}
	give_up(&set);
	free_set(&set);
	return first;
}

/* Finds who owns what a single request names: the table, the instance, the declared command, or what comes closest to
 * a command that nobody declares. */
static const char *owner_of(struct espalier_reader *reader, const char *path)
{
	size_t length = strlen(path);
	uint32_t count;
	const struct espalier_node *nodes = espalier_reader_nodes(reader, &count);

	for (uint32_t i = 0; i < reader->segment_count; i++) {
		const struct espalier_segment *segment = reader->segments[i];

		if (!segment->problem[0] && operation_find(&segment->schema, path))
			return segment->name;
	}
	while (length) {
		int64_t index = path[length - 1] == '.' ? espalier_find_object(reader, path, length) : -ENOENT;

		if (index >= 0 && nodes[index].object)
			return espalier_node_segment(&nodes[index]);
		length--;
	}
	return NULL;
}

int espalier_request_wait(struct espalier_reader *reader, enum espalier_request_kind kind,
			  const struct espalier_entry *entries, size_t count, int milliseconds,
			  void (*done)(const struct espalier_result *result, void *context), void *context)
{
	struct part *part = calloc(1, sizeof(*part));
	struct set set = {.reader = reader, .parts = part, .count = 1, .end = now_ms() + milliseconds};
	int result;

	if (!part)
		return -ENOMEM;
	part->answered = true;
	part->segment = count ? owner_of(reader, entries[0].path) : NULL;
	if (!part->segment) {
		result = ESPALIER_FAULT_NAME;
		tell(&set, NULL, 0, result, "nobody owns this name", done, context);
	} else {
		part->entries = malloc(count * sizeof(*entries));
		if (part->entries) {
			memcpy(part->entries, entries, count * sizeof(*entries));
			part->count = count;
			result = ask(&set, part, kind);
			give_up(&set);
			tell(&set, part, result < 0 ? result : 0, result > 0 ? result : 0, NULL, done, context);
		} else {
			result = -ENOMEM;
		}
	}
	free_set(&set);
	return result;
}
