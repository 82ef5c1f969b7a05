/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands requests to the script on standard output, and its answers back to who asked. */
#include "shm/publish-request.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shm/format.h"

/** What became of a line. */
enum publish_done {
	PUBLISH_WAITS = 0,
	PUBLISH_APPLIED,
	PUBLISH_REFUSED,
};

/** One request. A set has a line, and a number, for each parameter. */
struct publish_wait {
	struct publish_wait *next;
	struct espalier_request *request;
	enum espalier_request_kind kind;
	uint32_t first_id, count; /* numbers of its lines */
	uint32_t left;		  /* lines not answered yet */
	uint8_t *done;		  /* for each line: enum publish_done */
	uint64_t deadline;
	const struct espalier_change *changes; /* of a set; live until it is answered */
	int fault;			       /* the first one */
	char text[PUBLISH_ERROR_SIZE];
	uint32_t object;	 /* of an addition */
	struct espalier_row row; /* its parent, or what is deleted */
};

uint64_t publish_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- To the script ---------------------------------------------------------------------------------------------- */

/** True when the script can be asked: it reads its requests, and can still answer. */
static bool can_ask(const struct publish_requests *requests)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return !requests->deaf && !ferror(stdout) && poll(&out, 1, 0) == 1 && !(out.revents & (POLLERR | POLLHUP));
}

/** Writes a word: as a value, but with its blanks escaped too. */
static void put_word(const char *text, size_t length)
{
	while (length) {
		const char *blank = memchr(text, ' ', length);
		size_t part = blank ? (size_t)(blank - text) : length;

		format_escaped(stdout, text, part);
		if (!blank)
			break;
		fputs("\\x20", stdout);
		text += part + 1;
		length -= part + 1;
	}
}

static void put_value(const struct espalier_value *value)
{
	char number[32];
	ssize_t length;

	switch (value->type) {
	case ESPALIER_INT:
	case ESPALIER_LONG:
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
	case ESPALIER_BOOLEAN:
		length = espalier_value_format(value, number, sizeof(number));
		fwrite(number, 1, length < 0 ? 0 : (size_t)length, stdout);
		break;
	case ESPALIER_STRING:
	case ESPALIER_DATE_TIME:
	case ESPALIER_BASE64:
	case ESPALIER_HEX_BINARY:
	case ESPALIER_DECIMAL:
		format_escaped(stdout, value->text, value->length);
		break;
	}
}

static void put_set(uint32_t id, const char *path, const struct espalier_value *value)
{
	printf("set %u %s ", (unsigned int)id, path);
	put_value(value);
	putchar('\n');
}

/** Begins to wait for `count` answers. NULL: no memory. */
static struct publish_wait *wait_for(struct publish_requests *requests, struct espalier_request *request,
				     enum espalier_request_kind kind, uint32_t count)
{
	struct publish_wait *wait = calloc(1, sizeof(*wait));

	if (!wait || !(wait->done = calloc(count, 1))) {
		free(wait);
		return NULL;
	}
	wait->request = request;
	wait->kind = kind;
	wait->first_id = requests->last_id + 1;
	wait->count = wait->left = count;
	wait->deadline = publish_now() + requests->milliseconds;
	wait->next = requests->waits;
	requests->last_id += count;
	requests->waits = wait;
	return wait;
}

static int ask_set(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		   size_t count, bool undo, void *context)
{
	struct publish_requests *requests = context;
	struct publish_wait *wait;

	(void)writer;
	/* What was set can be taken back in the tree even when the script is gone. */
	if (!can_ask(requests) || !count)
		return undo ? ESPALIER_OK : ESPALIER_FAULT_INTERNAL;
	wait = wait_for(requests, request, undo ? ESPALIER_UNDO : ESPALIER_COMMIT, (uint32_t)count);
	if (!wait)
		return ESPALIER_FAULT_RESOURCES;
	wait->changes = changes;
	for (uint32_t i = 0; i < wait->count; i++) {
		/* A secret's former value is not known here: what the script has, it keeps. */
		if (undo && publish_tree_is_secret(requests->tree, changes[i].object, changes[i].parameter)) {
			wait->done[i] = PUBLISH_REFUSED;
			wait->left--;
		} else {
			put_set(wait->first_id + i, changes[i].path, &changes[i].value);
		}
	}
	fflush(stdout);
	if (wait->left)
		return ESPALIER_PENDING;
	requests->waits = wait->next;
	free(wait->done);
	free(wait);
	return ESPALIER_OK;
}

static int ask_add(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
		   struct espalier_row parent, struct espalier_row *row, void *context)
{
	struct publish_requests *requests = context;
	char path[ESPALIER_PATH_MAXIMUM + 1];
	struct publish_wait *wait;

	(void)writer;
	(void)row;
	if (publish_tree_table_path(requests->tree, object, parent, path) < 0 || !can_ask(requests))
		return ESPALIER_FAULT_INTERNAL;
	wait = wait_for(requests, request, ESPALIER_ADD, 1);
	if (!wait)
		return ESPALIER_FAULT_RESOURCES;
	wait->object = object;
	wait->row = parent;
	printf("add %u %s\n", (unsigned int)wait->first_id, path);
	fflush(stdout);
	return ESPALIER_PENDING;
}

static int ask_remove(struct espalier_writer *writer, struct espalier_request *request, struct espalier_row row,
		      void *context)
{
	struct publish_requests *requests = context;
	char path[ESPALIER_PATH_MAXIMUM + 1];
	struct publish_wait *wait;

	if (espalier_row_path(writer, row, path, sizeof(path)) < 0 || !can_ask(requests))
		return ESPALIER_FAULT_INTERNAL;
	wait = wait_for(requests, request, ESPALIER_DELETE, 1);
	if (!wait)
		return ESPALIER_FAULT_RESOURCES;
	wait->row = row;
	printf("delete %u %s\n", (unsigned int)wait->first_id, path);
	fflush(stdout);
	return ESPALIER_PENDING;
}

static int ask_operate(struct espalier_writer *writer, struct espalier_request *request, const char *command,
		       const struct espalier_value *arguments, size_t count, void *context)
{
	struct publish_requests *requests = context;
	struct publish_wait *wait;

	(void)writer;
	if (!can_ask(requests))
		return ESPALIER_FAULT_INTERNAL;
	wait = wait_for(requests, request, ESPALIER_OPERATE, 1);
	if (!wait)
		return ESPALIER_FAULT_RESOURCES;
	printf("operate %u ", (unsigned int)wait->first_id);
	put_word(command, strlen(command));
	for (size_t i = 0; i < count; i++) {
		putchar(' ');
		put_word(arguments[i].text, arguments[i].length);
	}
	putchar('\n');
	fflush(stdout);
	return ESPALIER_PENDING;
}

/* ---- Back to who asked ------------------------------------------------------------------------------------------ */

/** Sends the script the present values of what it has set, or may yet set, after a part of the same set failed. */
static void take_back(struct publish_requests *requests, const struct publish_wait *wait)
{
	char *buffer = malloc(ESPALIER_VALUE_MAXIMUM);

	for (uint32_t i = 0; buffer && i < wait->count && can_ask(requests); i++) {
		const struct espalier_change *change = &wait->changes[i];
		struct espalier_value value;

		/* A secret's former value is not known here: what the script has, it keeps. */
		if (wait->done[i] == PUBLISH_REFUSED ||
		    publish_tree_is_secret(requests->tree, change->object, change->parameter))
			continue;
		if (espalier_get(requests->tree->writer, change->row, change->parameter, &value, buffer,
				 ESPALIER_VALUE_MAXIMUM) == 0)
			put_set(++requests->last_id, change->path, &value);
	}
	free(buffer);
	fflush(stdout);
}

/** Answers a request for good and forgets it. */
static void end_wait(struct publish_requests *requests, struct publish_wait *wait, uint32_t instance)
{
	struct espalier_row row = {0, 0};
	int error = 0;

	for (struct publish_wait **link = &requests->waits; *link; link = &(*link)->next) {
		if (*link == wait) {
			*link = wait->next;
			break;
		}
	}
	if (wait->fault) {
		if (wait->kind == ESPALIER_COMMIT)
			take_back(requests, wait);
	} else if (wait->kind == ESPALIER_ADD) {
		error = publish_tree_add(requests->tree, wait->object, wait->row, instance, &row);
	} else if (wait->kind == ESPALIER_DELETE) {
		error = publish_tree_remove(requests->tree, wait->row);
		/* The script's own "delete" line may have come before its answer. */
		error = error == -ESTALE || error == -ENOENT ? 0 : error;
	}
	if (error < 0) {
		wait->fault = ESPALIER_FAULT_RESOURCES;
		snprintf(wait->text, sizeof(wait->text), "%s", strerror(-error));
	}
	espalier_answer(wait->request, wait->fault, row, wait->text[0] ? wait->text : NULL);
	free(wait->done);
	free(wait);
}

/** Notes a fault; the first one is the request's. */
static void note_fault(struct publish_wait *wait, uint32_t index, int fault, const char *text)
{
	if (wait->fault)
		return;
	wait->fault = fault;
	if (wait->changes && wait->count > 1)
		snprintf(wait->text, sizeof(wait->text), "%s: %s", wait->changes[index].path, text);
	else
		snprintf(wait->text, sizeof(wait->text), "%s", text);
}

bool publish_request_answer(struct publish_requests *requests, const struct publish_line *line)
{
	struct publish_wait *wait = requests->waits;
	uint32_t index;

	while (wait && line->id - wait->first_id >= wait->count)
		wait = wait->next;
	/* A number that was given but no longer waits is a late answer, or one to a value taken back. */
	if (!wait)
		return line->id && line->id <= requests->last_id;
	index = line->id - wait->first_id;
	if (wait->done[index])
		return true;
	wait->done[index] = line->kind == PUBLISH_FAULT ? PUBLISH_REFUSED : PUBLISH_APPLIED;
	wait->left--;
	if (line->kind == PUBLISH_FAULT)
		note_fault(wait, index, line->fault, line->text);
	if (!wait->left)
		end_wait(requests, wait, line->instance);
	return true;
}

int publish_request_timeout(const struct publish_requests *requests)
{
	uint64_t now = publish_now(), next = UINT64_MAX;

	for (const struct publish_wait *wait = requests->waits; wait; wait = wait->next)
		if (wait->deadline < next)
			next = wait->deadline;
	if (next == UINT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

void publish_request_expire(struct publish_requests *requests, bool all, const char *text)
{
	uint64_t now = publish_now();

	for (struct publish_wait *wait = requests->waits, *next; wait; wait = next) {
		uint32_t index = 0;

		next = wait->next;
		if (!all && wait->deadline > now)
			continue;
		while (index + 1 < wait->count && wait->done[index])
			index++;
		note_fault(wait, index, ESPALIER_FAULT_INTERNAL, text);
		end_wait(requests, wait, 0);
	}
}

const struct espalier_owner publish_asking_owner = {
	.commit = ask_set,
	.add = ask_add,
	.remove = ask_remove,
	.operate = ask_operate,
};

/* ---- Asking nobody ---------------------------------------------------------------------------------------------- */

static int accept_add(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
		      struct espalier_row parent, struct espalier_row *row, void *context)
{
	struct publish_requests *requests = context;

	(void)writer;
	(void)request;
	return publish_tree_add(requests->tree, object, parent, 0, row) < 0 ? ESPALIER_FAULT_RESOURCES : ESPALIER_OK;
}

static int accept_remove(struct espalier_writer *writer, struct espalier_request *request, struct espalier_row row,
			 void *context)
{
	struct publish_requests *requests = context;

	(void)writer;
	(void)request;
	return publish_tree_remove(requests->tree, row) < 0 ? ESPALIER_FAULT_INTERNAL : ESPALIER_OK;
}

const struct espalier_owner publish_accepting_owner = {
	.add = accept_add,
	.remove = accept_remove,
};
