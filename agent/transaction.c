// SPDX-License-Identifier: GPL-2.0-or-later
// One set over several owners, all or nothing: the order of the steps, without sockets and disks.
#include "agent/transaction.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 256 // bytes of a fault's text

struct entry {
	size_t index; // the caller's
	size_t participant;
	struct espalier_entry request;
	int fault;
	char *text;
};

// One owner. Its requests outlive the transaction when it does not answer.
struct participant {
	char name[ESPALIER_NAME_MAXIMUM + 1];
	struct espalier_entry *requests; // the entries of this owner
	size_t count;
	size_t *entries;   // which they are
	struct call *call; // under way
	bool reached;	   // it has got a VALIDATE, so it may have to undo
	bool finished;
};

// A request under way; freed by its answer.
struct call {
	struct transaction *transaction; // NULL: nobody waits for it any more
	size_t participant;
};

struct transaction {
	const struct transaction_operations *operations;
	void *context;
	enum transaction_state state;
	struct entry *entries;
	size_t count, room;
	struct participant *participants;
	size_t participant_count;
	size_t waiting;
	bool sending; // inside send_all(): answers are counted, but the next step is taken after it
	int fault;
	char text[TEXT_SIZE];
};

struct transaction *transaction_create(const struct transaction_operations *operations, void *context, size_t room)
{
	struct transaction *transaction = calloc(1, sizeof(*transaction));

	if (!transaction)
		return NULL;
	transaction->operations = operations;
	transaction->context = context;
	transaction->room = room;
	transaction->entries = calloc(room ? room : 1, sizeof(*transaction->entries));
	if (!transaction->entries) {
		free(transaction);
		return NULL;
	}
	return transaction;
}

static void forget_call(struct participant *participant)
{
	if (participant->call)
		participant->call->transaction = NULL;
	participant->call = NULL;
}

void transaction_free(struct transaction *transaction)
{
	if (!transaction)
		return;
	if (transaction->state != TRANSACTION_ENDED && transaction->state != TRANSACTION_NEW)
		transaction->operations->timer(transaction->context, false);
	for (size_t i = 0; i < transaction->participant_count; i++) {
		struct participant *participant = &transaction->participants[i];

		forget_call(participant);
		free(participant->requests);
		free(participant->entries);
	}
	for (size_t i = 0; i < transaction->count; i++)
		free(transaction->entries[i].text);
	free(transaction->participants);
	free(transaction->entries);
	free(transaction);
}

static int participant_of(struct transaction *transaction, const char *segment, size_t *index)
{
	struct participant *participants;

	for (*index = 0; *index < transaction->participant_count; (*index)++) {
		if (!strcmp(transaction->participants[*index].name, segment))
			return 0;
	}
	if (strlen(segment) > ESPALIER_NAME_MAXIMUM)
		return -EINVAL;
	participants = reallocarray(transaction->participants, *index + 1, sizeof(*participants));
	if (!participants)
		return -ENOMEM;
	transaction->participants = participants;
	participants[*index] = (struct participant){0};
	memcpy(participants[*index].name, segment, strlen(segment) + 1);
	transaction->participant_count++;
	return 0;
}

int transaction_add(struct transaction *transaction, const char *segment, size_t index, const char *path,
		    const char *value, size_t length)
{
	struct entry *entry = &transaction->entries[transaction->count];
	int error;

	if (transaction->count == transaction->room)
		return -ENOSPC;
	error = participant_of(transaction, segment, &entry->participant);
	if (error)
		return error;
	entry->index = index;
	entry->request = (struct espalier_entry){.path = path, .value = value, .length = (uint32_t)length};
	transaction->participants[entry->participant].count++;
	transaction->count++;
	return 0;
}

// Gathers each owner's entries.
static int gather(struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->participant_count; i++) {
		struct participant *participant = &transaction->participants[i];

		participant->requests = calloc(participant->count, sizeof(*participant->requests));
		participant->entries = calloc(participant->count, sizeof(*participant->entries));
		if (!participant->requests || !participant->entries)
			return -ENOMEM;
		participant->count = 0;
	}
	for (size_t i = 0; i < transaction->count; i++) {
		struct entry *entry = &transaction->entries[i];
		struct participant *participant = &transaction->participants[entry->participant];

		participant->requests[participant->count] = entry->request;
		participant->entries[participant->count++] = i;
	}
	return 0;
}

static void set_fault(struct transaction *transaction, int fault, const char *text)
{
	if (transaction->fault)
		return;
	transaction->fault = fault;
	snprintf(transaction->text, sizeof(transaction->text), "%s", text ? text : "");
}

static void set_entry_fault(struct transaction *transaction, const struct participant *participant,
			    const struct espalier_answer_entry *answer)
{
	struct entry *entry;

	if (answer->index >= participant->count || !answer->fault)
		return;
	entry = &transaction->entries[participant->entries[answer->index]];
	if (entry->fault)
		return;
	entry->fault = answer->fault;
	if (answer->text && *answer->text)
		entry->text = strdup(answer->text);
}

static void take_result(struct transaction *transaction, struct participant *participant,
			const struct espalier_result *result)
{
	char text[TEXT_SIZE];

	if (result->error) {
		snprintf(text, sizeof(text), "the owner \"%s\" does not answer", participant->name);
		set_fault(transaction, ESPALIER_FAULT_INTERNAL, text);
		return;
	}
	for (uint32_t i = 0; i < result->count; i++)
		set_entry_fault(transaction, participant, &result->entries[i]);
	if (result->fault)
		set_fault(transaction, result->fault, result->text);
}

static void go_on(struct transaction *transaction);

static void end(struct transaction *transaction)
{
	transaction->state = TRANSACTION_ENDED;
	transaction->operations->timer(transaction->context, false);
	transaction->operations->finished(transaction->context, transaction->fault,
					  *transaction->text ? transaction->text : NULL);
}

static void answered(const struct espalier_result *result, void *context)
{
	struct call *call = context;
	struct transaction *transaction = call->transaction;
	struct participant *participant;

	if (!transaction) {
		free(call);
		return;
	}
	participant = &transaction->participants[call->participant];
	participant->call = NULL;
	free(call);
	if (transaction->state == TRANSACTION_VALIDATING || transaction->state == TRANSACTION_COMMITTING)
		take_result(transaction, participant, result);
	else if (transaction->state == TRANSACTION_FINISHING)
		participant->finished = !result->error && !result->fault;
	transaction->waiting--;
	if (!transaction->waiting && !transaction->sending)
		go_on(transaction);
}

static int send(struct transaction *transaction, size_t index, enum espalier_request_kind kind)
{
	struct participant *participant = &transaction->participants[index];
	bool whole = kind == ESPALIER_VALIDATE;
	struct call *call = malloc(sizeof(*call));
	int error;

	if (!call)
		return -ENOMEM;
	*call = (struct call){transaction, index};
	error = transaction->operations->send(transaction->context, participant->name, kind,
					      whole ? participant->requests : NULL, whole ? participant->count : 0,
					      answered, call);
	if (error) {
		free(call);
		return error;
	}
	participant->call = call;
	participant->reached = true;
	transaction->waiting++;
	return 0;
}

static void send_all(struct transaction *transaction, enum transaction_state state, enum espalier_request_kind kind)
{
	transaction->state = state;
	transaction->sending = true;
	transaction->operations->timer(transaction->context, true);
	for (size_t i = 0; i < transaction->participant_count; i++) {
		struct participant *participant = &transaction->participants[i];
		int error;

		if (kind == ESPALIER_UNDO && !participant->reached)
			continue;
		error = send(transaction, i, kind);
		if (error && kind != ESPALIER_FINISH && kind != ESPALIER_UNDO) {
			take_result(transaction, participant, &(struct espalier_result){.error = error});
			break;
		}
	}
	transaction->sending = false;
	if (!transaction->waiting)
		go_on(transaction);
}

static bool failed(const struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->count; i++) {
		if (transaction->entries[i].fault)
			return true;
	}
	return transaction->fault;
}

// Every owner has answered the present step.
static void go_on(struct transaction *transaction)
{
	switch (transaction->state) {
	case TRANSACTION_NEW:
		send_all(transaction, TRANSACTION_VALIDATING, ESPALIER_VALIDATE);
		break;
	case TRANSACTION_VALIDATING:
	case TRANSACTION_COMMITTING:
		if (failed(transaction)) {
			set_fault(transaction, ESPALIER_FAULT_ARGUMENTS, NULL);
			send_all(transaction, TRANSACTION_UNDOING, ESPALIER_UNDO);
		} else if (transaction->state == TRANSACTION_VALIDATING) {
			send_all(transaction, TRANSACTION_COMMITTING, ESPALIER_COMMIT);
		} else {
			transaction->operations->timer(transaction->context, false);
			transaction->state = TRANSACTION_DECIDING;
			transaction->operations->decide(transaction->context);
		}
		break;
	case TRANSACTION_FINISHING:
	case TRANSACTION_UNDOING:
		end(transaction);
		break;
	case TRANSACTION_DECIDING:
	case TRANSACTION_ENDED:
		break;
	}
}

void transaction_start(struct transaction *transaction)
{
	if (gather(transaction)) {
		set_fault(transaction, ESPALIER_FAULT_RESOURCES, NULL);
		end(transaction);
		return;
	}
	go_on(transaction);
}

void transaction_decided(struct transaction *transaction, int fault, const char *text)
{
	if (fault) {
		set_fault(transaction, fault, text);
		send_all(transaction, TRANSACTION_UNDOING, ESPALIER_UNDO);
	} else {
		send_all(transaction, TRANSACTION_FINISHING, ESPALIER_FINISH);
	}
}

void transaction_timeout(struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->participant_count; i++) {
		struct participant *participant = &transaction->participants[i];

		if (!participant->call)
			continue;
		if (transaction->state == TRANSACTION_VALIDATING || transaction->state == TRANSACTION_COMMITTING)
			take_result(transaction, participant, &(struct espalier_result){.error = -ETIMEDOUT});
		forget_call(participant);
	}
	transaction->waiting = 0;
	go_on(transaction);
}

enum transaction_state transaction_state(const struct transaction *transaction)
{
	return transaction->state;
}

static const struct entry *entry_of(const struct transaction *transaction, size_t index)
{
	size_t low = 0, high = transaction->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (transaction->entries[middle].index == index)
			return &transaction->entries[middle];
		if (transaction->entries[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int transaction_entry_fault(const struct transaction *transaction, size_t index, const char **text)
{
	const struct entry *entry = entry_of(transaction, index);

	*text = entry ? entry->text : NULL;
	return entry ? entry->fault : 0;
}

bool transaction_entry_finished(const struct transaction *transaction, size_t index)
{
	const struct entry *entry = entry_of(transaction, index);

	return entry && transaction->participants[entry->participant].finished;
}
