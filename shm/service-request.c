/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to an owner. A set is checked first and applied second, and can be taken back until the manager says that
 * all owners have done their part: that is how one SetParameterValues over several owners is all or nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shm/operation.h"
#include "shm/service-private.h"
#include "shm/value.h"

/* A set from its check to its end. */
struct transaction {
	struct connection *connection; /* NULL when it went away */
	struct message message;	       /* the texts that changes point into */
	struct espalier_change *changes;
	struct espalier_change *former; /* the same entries with the values before */
	char **former_texts;
	size_t count;
	bool committed;
};

/* One request being answered. */
struct espalier_request {
	struct espalier_request *next; /* operation of its connection */
	struct service *service;
	struct connection *connection; /* NULL when it went away */
	int kind;
	uint32_t id;
	struct espalier_row row;
	bool no_room; /* UNDO: of a set that was applied, but could not be stored in the rows */
};

/* ---- Answers */

static void answer(struct connection *connection, uint32_t id, int fault, uint32_t value, const char *text,
		   const struct espalier_change *changes, size_t count)
{
	struct message message = {
		.header = {.kind = MESSAGE_ANSWER, .id = id, .fault = (uint32_t)fault, .value = value}};
	int error = 0;

	if (!connection || connection->dead)
		return;
	if (text && *text)
		error = message_add(&message, &(struct message_part){.index = UINT32_MAX,
								     .fault = (uint32_t)fault,
								     .text = text,
								     .text_length = (uint32_t)strnlen(text, 1024)});
	for (size_t i = 0; i < count && error == 0; i++) {
		const char *why = changes[i].text ? changes[i].text : "";

		if (changes[i].fault)
			error = message_add(&message,
					    &(struct message_part){.index = (uint32_t)i,
								   .fault = (uint32_t)changes[i].fault,
								   .text = why,
								   .text_length = (uint32_t)strnlen(why, 1024)});
	}
	connection_send(connection, &message);
	message_clear(&message);
}

static void arm_timer(struct service *service, struct timespec delay)
{
	struct itimerspec when = {.it_value = delay};

	timerfd_settime(service->timer, 0, &when, NULL);
}

static void end_transaction(struct service *service)
{
	struct transaction *transaction = service->transaction;

	if (!transaction)
		return;
	service->transaction = NULL;
	/* A set that ends outside a round of events must start one for those who wait for its end. */
	arm_timer(service, (struct timespec){.tv_nsec = service->resume});
	for (size_t i = 0; transaction->former_texts && i < transaction->count; i++)
		free(transaction->former_texts[i]);
	free(transaction->former_texts);
	free(transaction->changes);
	free(transaction->former);
	message_clear(&transaction->message);
	free(transaction);
}

/* ---- Applying values */

/* Stores a set's values in their rows, each row once. */
static int store(struct espalier_writer *writer, const struct espalier_change *changes, size_t count)
{
	int error = 0;
	size_t i;

	for (i = 0; i < count && error == 0; i++) {
		error = espalier_begin(writer, changes[i].row);
		/* -EBUSY: begun for an earlier entry of this set. A row that has gone has nothing to store. */
		if (error == -EBUSY)
			error = 0;
		if (error == 0)
			error = espalier_set_value(writer, changes[i].row, changes[i].parameter, &changes[i].value);
		if (error == -ESTALE)
			error = 0;
	}
	for (size_t j = 0; j < i; j++) {
		if (error == 0)
			espalier_commit(writer, changes[j].row);
		else
			espalier_abandon(writer, changes[j].row);
	}
	return error;
}

static int remember_former(struct espalier_writer *writer, struct transaction *transaction)
{
	size_t count = transaction->count;

	transaction->former = calloc(count + 1, sizeof(*transaction->former));
	transaction->former_texts = calloc(count + 1, sizeof(*transaction->former_texts));
	if (!transaction->former || !transaction->former_texts)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct espalier_change *former = &transaction->former[i];
		struct espalier_value value = {0};
		int error;

		*former = transaction->changes[i];
		error = espalier_get(writer, former->row, former->parameter, &value, NULL, 0);
		if (error == -ENOSPC) {
			transaction->former_texts[i] = malloc(value.length);
			if (!transaction->former_texts[i])
				return -ENOMEM;
			error = espalier_get(writer, former->row, former->parameter, &value,
					     transaction->former_texts[i], value.length);
		}
		if (error < 0)
			return error;
		former->value = value;
	}
	return 0;
}

static int call_commit(struct service *service, struct espalier_request *request, struct espalier_change *changes,
		       size_t count, bool undo)
{
	if (!service->owner->commit)
		return ESPALIER_OK;
	return service->owner->commit(service->writer, request, changes, count, undo, service->context);
}

/* ---- The end of a request, at once or by espalier_answer() */

static void finish_validate(struct espalier_request *request, int fault, const char *text)
{
	struct transaction *transaction = request->service->transaction;

	answer(request->connection, request->id, fault, 0, text, transaction->changes, transaction->count);
	if (fault || !request->connection)
		end_transaction(request->service);
}

static void undo(struct service *service, struct connection *connection, uint32_t id);

static void finish_undo(struct espalier_request *request, int fault, const char *text)
{
	struct service *service = request->service;
	struct transaction *transaction = service->transaction;

	if (request->no_room) {
		fault = ESPALIER_FAULT_RESOURCES;
		text = "no room for the values";
	} else if (!fault && store(service->writer, transaction->former, transaction->count) < 0) {
		fault = ESPALIER_FAULT_RESOURCES;
		text = "no room for the former values";
	}
	answer(request->connection, request->id, fault, 0, text, NULL, 0);
	end_transaction(service);
}

/* False: the request goes on as an undo, whose answer comes later. */
static bool finish_commit(struct espalier_request *request, int fault, const char *text)
{
	struct service *service = request->service;
	struct transaction *transaction = service->transaction;

	if (!fault && store(service->writer, transaction->changes, transaction->count) < 0) {
		/* The owner has applied what the tree can't show: it must take it back. */
		request->kind = ESPALIER_UNDO;
		request->no_room = true;
		fault = call_commit(service, request, transaction->former, transaction->count, true);
		if (fault == ESPALIER_PENDING)
			return false;
		finish_undo(request, fault, NULL);
		return true;
	}
	if (!fault)
		transaction->committed = true;
	answer(request->connection, request->id, fault, 0, text, transaction->changes, fault ? transaction->count : 0);
	if (fault)
		end_transaction(service);
	else if (!request->connection)
		undo(service, NULL, 0);
	return true;
}

static void end_operation(struct connection *connection, struct espalier_request *request)
{
	struct espalier_request **at = &connection->operations;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	connection->operation_count--;
}

static void end_request(struct espalier_request *request)
{
	struct connection *connection = request->connection;

	if (connection && request->kind == ESPALIER_OPERATE) {
		end_operation(connection, request);
	} else if (connection) {
		connection->request = NULL;
		connection_pause(connection, connection->waiting);
	}
	free(request);
}

static void finish(struct espalier_request *request, int fault, const char *text)
{
	struct connection *connection = request->connection;
	uint32_t instance = 0;

	switch (request->kind) {
	case ESPALIER_VALIDATE:
		finish_validate(request, fault, text);
		break;
	case ESPALIER_COMMIT:
		if (!finish_commit(request, fault, text))
			return;
		break;
	case ESPALIER_UNDO:
		finish_undo(request, fault, text);
		break;
	default:
		if (request->kind == ESPALIER_ADD && !fault)
			instance = espalier_instance_number(request->service->writer, request->row);
		answer(connection, request->id, fault, instance, text, NULL, 0);
	}
	end_request(request);
}

void espalier_answer(struct espalier_request *request, int fault, struct espalier_row row, const char *text)
{
	request->row = row;
	finish(request, fault, text);
}

void espalier_answer_values(struct espalier_request *request, const struct espalier_operation_value *values,
			    size_t count)
{
	struct connection *connection = request->connection;
	struct message message = {.header = {.kind = MESSAGE_ANSWER, .id = request->id}};
	int error = 0;

	for (size_t i = 0; i < count && i < ESPALIER_OPERATION_VALUES_MAXIMUM && error == 0; i++)
		error = message_add(&message, &(struct message_part){.index = (uint32_t)i,
								     .path = values[i].name,
								     .path_length = (uint32_t)strlen(values[i].name),
								     .text = values[i].value,
								     .text_length = (uint32_t)strlen(values[i].value)});
	if (error < 0) {
		finish(request, ESPALIER_FAULT_RESOURCES, "the results are too large");
	} else {
		if (connection && !connection->dead)
			connection_send(connection, &message);
		end_request(request);
	}
	message_clear(&message);
}

static struct espalier_request *new_request(struct service *service, struct connection *connection, int kind,
					    uint32_t id)
{
	struct espalier_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	*request = (struct espalier_request){.service = service, .connection = connection, .kind = kind, .id = id};
	if (connection && kind == ESPALIER_OPERATE) {
		request->next = connection->operations;
		connection->operations = request;
		connection->operation_count++;
	} else if (connection) {
		connection->request = request;
		connection_pause(connection, true);
	}
	return request;
}

static void undo(struct service *service, struct connection *connection, uint32_t id)
{
	struct transaction *transaction = service->transaction;
	struct espalier_request *request;
	int fault;

	if (!transaction->committed) {
		end_transaction(service);
		answer(connection, id, ESPALIER_OK, 0, NULL, NULL, 0);
		return;
	}
	request = new_request(service, connection, ESPALIER_UNDO, id);
	if (!request)
		return;
	fault = call_commit(service, request, transaction->former, transaction->count, true);
	if (fault != ESPALIER_PENDING)
		finish(request, fault, NULL);
}

/* ---- Requests as they come */

/* Checks one entry against the tree and its schema. */
static void check_entry(struct espalier_writer *writer, const struct message_part *part, struct espalier_change *change)
{
	struct writer_slot *slot;
	const struct espalier_parameter *parameter;

	*change = (struct espalier_change){.path = part->path};
	slot = service_find(writer, part->path, part->path_length, &change->parameter);
	if (!slot || change->parameter == UINT32_MAX) {
		change->fault = ESPALIER_FAULT_NAME;
		change->text = "no such parameter";
		return;
	}
	change->row = writer_row(writer, slot);
	change->object = slot->object;
	parameter = &writer->schema.objects[slot->object].parameters[change->parameter];
	if (!(parameter->flags & ESPALIER_WRITABLE)) {
		change->fault = ESPALIER_FAULT_READ_ONLY;
		change->text = "the parameter can't be set";
	} else if (espalier_value_parse(parameter, part->text, part->text_length, &change->value) < 0) {
		change->fault = ESPALIER_FAULT_VALUE;
		change->text = "the value is outside what the parameter takes";
	}
}

static int begin_set(struct connection *connection, struct transaction **result)
{
	struct service *service = connection->service;
	struct transaction *transaction = calloc(1, sizeof(*transaction));

	if (!transaction)
		return -ENOMEM;
	transaction->connection = connection;
	transaction->message = connection->message;
	connection->message = (struct message){.header = transaction->message.header};
	transaction->count = transaction->message.count;
	transaction->changes = calloc(transaction->count + 1, sizeof(*transaction->changes));
	service->transaction = transaction;
	*result = transaction;
	return transaction->changes ? 0 : -ENOMEM;
}

static void validate(struct connection *connection, uint32_t id)
{
	struct service *service = connection->service;
	struct espalier_request *request = new_request(service, connection, ESPALIER_VALIDATE, id);
	struct transaction *transaction;
	int fault = ESPALIER_OK;

	if (!request || begin_set(connection, &transaction) < 0) {
		connection->request = NULL;
		connection_pause(connection, false);
		free(request);
		end_transaction(service);
		answer(connection, id, ESPALIER_FAULT_RESOURCES, 0, "no memory", NULL, 0);
		return;
	}
	arm_timer(service, (struct timespec){.tv_sec = SERVICE_TRANSACTION_SECONDS});
	for (size_t i = 0; i < transaction->count; i++) {
		check_entry(service->writer, &transaction->message.parts[i], &transaction->changes[i]);
		if (transaction->changes[i].fault)
			fault = ESPALIER_FAULT_ARGUMENTS;
	}
	if (!fault && service->owner->validate)
		fault = service->owner->validate(service->writer, request, transaction->changes, transaction->count,
						 service->context);
	if (fault != ESPALIER_PENDING)
		finish(request, fault, NULL);
}

static void commit(struct connection *connection, uint32_t id)
{
	struct service *service = connection->service;
	struct transaction *transaction = service->transaction;
	struct espalier_request *request;
	int fault;

	if (!transaction || transaction->connection != connection || transaction->committed) {
		answer(connection, id, ESPALIER_FAULT_INTERNAL, 0, "there is no checked set to apply", NULL, 0);
		return;
	}
	if (remember_former(service->writer, transaction) < 0) {
		answer(connection, id, ESPALIER_FAULT_RESOURCES, 0, "a row of the set is gone, or no memory", NULL, 0);
		end_transaction(service);
		return;
	}
	request = new_request(service, connection, ESPALIER_COMMIT, id);
	if (!request) {
		answer(connection, id, ESPALIER_FAULT_RESOURCES, 0, "no memory", NULL, 0);
		end_transaction(service);
		return;
	}
	fault = call_commit(service, request, transaction->changes, transaction->count, false);
	if (fault != ESPALIER_PENDING)
		finish(request, fault, NULL);
}

static int add(struct connection *connection, struct espalier_request *request, const char **text)
{
	struct service *service = connection->service;
	struct espalier_row parent;
	uint32_t object;

	if (connection->message.count != 1 ||
	    service_find_table(service->writer, connection->message.parts[0].path,
			       connection->message.parts[0].path_length, &object, &parent) < 0) {
		*text = "no such table";
		return ESPALIER_FAULT_NAME;
	}
	if (!(service->writer->schema.objects[object].view.flags & (ESPALIER_WRITABLE | ESPALIER_CREATABLE))) {
		*text = "instances of this table can't be added";
		return ESPALIER_FAULT_NAME;
	}
	if (!service->owner->add) {
		*text = "the owner adds no instances";
		return ESPALIER_FAULT_DENIED;
	}
	return service->owner->add(service->writer, request, object, parent, &request->row, service->context);
}

static int delete (struct connection *connection, struct espalier_request *request, const char **text)
{
	struct service *service = connection->service;
	struct writer_slot *slot = NULL;
	uint32_t parameter = 0;

	if (connection->message.count == 1)
		slot = service_find(service->writer, connection->message.parts[0].path,
				    connection->message.parts[0].path_length, &parameter);
	if (!slot || parameter != UINT32_MAX || !slot->instance ||
	    !(service->writer->schema.objects[slot->object].view.flags & (ESPALIER_WRITABLE | ESPALIER_DELETABLE))) {
		*text = "no such instance, or it can't be deleted";
		return ESPALIER_FAULT_NAME;
	}
	if (!service->owner->remove) {
		*text = "the owner deletes no instances";
		return ESPALIER_FAULT_DENIED;
	}
	return service->owner->remove(service->writer, request, writer_row(service->writer, slot), service->context);
}

static int operate(struct connection *connection, struct espalier_request *request, const char **text)
{
	struct service *service = connection->service;
	const struct message *message = &connection->message;
	const struct schema_object *operation;
	struct espalier_value *arguments;
	int fault;

	if (!service->owner->operate || !message->count) {
		*text = "the owner has no such command";
		return ESPALIER_FAULT_DENIED;
	}
	operation = operation_find(&service->writer->schema, message->parts[0].path);
	fault = operation ? operation_check(operation, message->parts + 1, message->count - 1, text) : ESPALIER_OK;
	if (fault)
		return fault;
	arguments = calloc(message->count, sizeof(*arguments));
	if (!arguments)
		return ESPALIER_FAULT_RESOURCES;
	for (size_t i = 1; i < message->count; i++)
		/* "name=value": message_add() laid the name, a NUL and the value next to each other. */
		arguments[i - 1] = (struct espalier_value){
			.type = ESPALIER_STRING,
			.length = message->parts[i].path_length + 1 + message->parts[i].text_length,
			.text = message->parts[i].path,
		};
	for (size_t i = 1; i < message->count; i++)
		((char *)message->parts[i].path)[message->parts[i].path_length] = '=';
	fault = service->owner->operate(service->writer, request, message->parts[0].path, arguments, message->count - 1,
					service->context);
	free(arguments);
	return fault;
}

static void single_request(struct connection *connection, int kind, uint32_t id)
{
	struct espalier_request *request;
	const char *text = NULL;
	int fault;

	if (kind == ESPALIER_OPERATE && connection->operation_count == SERVICE_OPERATIONS_MAXIMUM) {
		answer(connection, id, ESPALIER_FAULT_RESOURCES, 0, "too many commands have no answer yet", NULL, 0);
		return;
	}
	request = new_request(connection->service, connection, kind, id);
	if (!request) {
		answer(connection, id, ESPALIER_FAULT_RESOURCES, 0, "no memory", NULL, 0);
		return;
	}
	if (kind == ESPALIER_ADD)
		fault = add(connection, request, &text);
	else if (kind == ESPALIER_DELETE)
		fault = delete (connection, request, &text);
	else
		fault = operate(connection, request, &text);
	if (fault != ESPALIER_PENDING)
		finish(request, fault, text);
}

void request_handle(struct connection *connection)
{
	struct service *service = connection->service;
	struct message_header header = connection->message.header;
	bool own = service->transaction && service->transaction->connection == connection;

	if (!connection->may_change) {
		answer(connection, header.id, ESPALIER_FAULT_DENIED, 0, "not permitted to this user", NULL, 0);
		return;
	}
	if (!service->owner) {
		answer(connection, header.id, ESPALIER_FAULT_DENIED, 0, "the owner takes no requests", NULL, 0);
		return;
	}
	switch (header.kind) {
	case ESPALIER_VALIDATE:
		if (own) {
			answer(connection, header.id, ESPALIER_FAULT_INTERNAL, 0, "the former set is not finished",
			       NULL, 0);
		} else if (service->transaction) {
			connection->waiting = service->resume = true;
			connection_pause(connection, true);
		} else {
			validate(connection, header.id);
		}
		break;
	case ESPALIER_COMMIT:
		commit(connection, header.id);
		break;
	case ESPALIER_UNDO:
		if (own)
			undo(service, connection, header.id);
		else
			answer(connection, header.id, ESPALIER_OK, 0, NULL, NULL, 0);
		break;
	case ESPALIER_FINISH:
		if (own && service->transaction->committed)
			end_transaction(service);
		else
			own = false;
		answer(connection, header.id, own ? ESPALIER_OK : ESPALIER_FAULT_INTERNAL, 0,
		       own ? NULL : "there is no applied set to keep", NULL, 0);
		break;
	default:
		single_request(connection, header.kind, header.id);
	}
}

/* ---- Ends that nobody asked for */

void request_abandon(struct connection *connection)
{
	struct service *service = connection->service;

	connection->waiting = false;
	for (struct espalier_request *operation = connection->operations; operation; operation = operation->next)
		operation->connection = NULL;
	connection->operations = NULL;
	if (connection->request) {
		/* Its answer will come; what it applied is undone then. */
		connection->request->connection = NULL;
		if (service->transaction && service->transaction->connection == connection)
			service->transaction->connection = NULL;
		connection->request = NULL;
	} else if (service->transaction && service->transaction->connection == connection) {
		service->transaction->connection = NULL;
		undo(service, NULL, 0);
	}
}

void request_timeout(struct service *service)
{
	struct transaction *transaction = service->transaction;
	uint64_t count;

	if (read(service->timer, &count, sizeof(count)) < 0 || !transaction)
		return;
	if (transaction->connection && !transaction->connection->request) {
		transaction->connection = NULL;
		undo(service, NULL, 0);
	}
}

void request_close(struct service *service)
{
	end_transaction(service);
}
