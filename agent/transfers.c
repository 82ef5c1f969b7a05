// SPDX-License-Identifier: GPL-2.0-or-later
// The queue of file transfers: what is in it, how it comes and goes, and what the ACS is told at the end. How one runs
// is in agent/transfers-run.c.
#include "agent/transfers.h"

#include "agent/agent.h"
#include "agent/clock.h"
#include "agent/soap-methods.h"
#include "agent/transfer-complete.h"
#include "agent/transfer-file.h"
#include "agent/transfer-objects.h"
#include "agent/transfer-told.h"
#include "shm/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND	1000000000ll				// nanoseconds
#define TABLE	"Device.X_ESPALIER_Transfers.Transfer." // whose instances are numbered
#define PROGRAM "espalier-transfer"
#define FOLDER	"transfers" // in the state folder

void transfers_path(const struct transfers *transfers, uint32_t number, char *path)
{
	int length = snprintf(path, TRANSFER_PATH_SIZE, "%s/%u", transfers->folder, number);

	if (length >= TRANSFER_PATH_SIZE)
		*path = 0;
}

void transfers_now(const struct agent *agent, struct transfer_receipt *now)
{
	now->boottime = ring_clock(CLOCK_BOOTTIME) / SECOND;
	now->realtime = clock_known() ? time(NULL) : 0;
	snprintf(now->boot_id, sizeof(now->boot_id), "%s", agent->boot_id);
}

size_t transfers_count(const struct agent *agent)
{
	size_t count = 0;

	for (const struct transfer *transfer = agent->transfers.first; transfer; transfer = transfer->next)
		count++;
	return count;
}

struct transfer *transfers_find(const struct agent *agent, uint32_t number)
{
	struct transfer *transfer = agent->transfers.first;

	while (transfer && transfer->number != number)
		transfer = transfer->next;
	return transfer;
}

static void append(struct agent *agent, struct transfer *transfer)
{
	struct transfer **place = &agent->transfers.first;

	transfer->agent = agent;
	transfer->next = NULL;
	while (*place)
		place = &(*place)->next;
	*place = transfer;
}

static void remove_file(const struct agent *agent, const struct transfer *transfer)
{
	char path[TRANSFER_PATH_SIZE];

	transfers_path(&agent->transfers, transfer->number, path);
	transfer_file_remove(path);
}

// Out of the queue, and its program ended. The record is the caller's affair.
static void take_out(struct agent *agent, struct transfer *transfer)
{
	struct transfers *transfers = &agent->transfers;
	struct transfer **place = &transfers->first;

	while (*place && *place != transfer)
		place = &(*place)->next;
	if (*place)
		*place = transfer->next;
	transfer_objects_remove(agent, transfer);
	if (child_running(&transfers->child) && transfers->child_number == transfer->number) {
		// Its file goes when nobody writes it any more.
		child_kill(&transfers->child);
	} else {
		remove_file(agent, transfer);
	}
	// What a handler still works on is freed when it has finished.
	if (transfer->handling) {
		transfer->cancelled = true;
		return;
	}
	if (transfers->active == transfer)
		transfers->active = NULL;
	transfer_free(transfer);
}

// ---- Durable

void transfers_save(struct agent *agent, struct transfer *transfer)
{
	struct store_transaction *transaction = store_begin(agent->store);

	if (transaction && transfer_store(transfer, transaction))
		log_error("no memory for the record of transfer %u", transfer->number);
	agent_commit(transaction);
	transfer_objects_publish(agent, transfer);
}

// Who waits for a commit. The transfer may be gone when it comes.
struct waiting {
	struct agent *agent;
	uint32_t number;
	bool busy;
	void (*done)(int error, void *context);
	void *context;
};

static struct waiting *wait_for(struct agent *agent, uint32_t number, void (*done)(int error, void *context),
				void *context)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));

	if (waiting)
		*waiting = (struct waiting){.agent = agent, .number = number, .done = done, .context = context};
	return waiting;
}

// ---- The end of a transfer

static void forgotten(int error, void *context)
{
	struct waiting *waiting = context;

	if (!error)
		transfer_told_remove(waiting->agent, waiting->number);
	free(waiting);
}

// Out of the queue, and its record goes. An agent that is killed before that finds out by the note.
static void take_record(struct agent *agent, struct transfer *transfer)
{
	struct waiting *waiting = wait_for(agent, transfer->number, NULL, NULL);
	struct store_transaction *transaction = waiting ? store_begin(agent->store) : NULL;
	char name[16];

	transfer_name(transfer, name);
	take_out(agent, transfer);
	if (!transaction) {
		free(waiting);
		return;
	}
	store_delete(transaction, STORE_TRANSFER, name);
	store_commit(transaction, forgotten, waiting);
}

// Nobody wants to know more of it.
static void forget(struct agent *agent, struct transfer *transfer)
{
	transfer_told_add(agent, transfer->number);
	take_record(agent, transfer);
}

static void request_ended(struct acs_request *request, enum acs_request_end end, const void *response)
{
	struct transfer *transfer = (struct transfer *)((char *)request - offsetof(struct transfer, request));
	char text[ACS_REQUEST_REFUSAL_SIZE];

	(void)response;
	// First of all: from here on a kill leads to no repetition.
	transfer_told_add(transfer->agent, transfer->number);
	if (end == ACS_REQUEST_ANSWERED)
		log_info("transfer %u: the ACS knows its end", transfer->number);
	else if (end == ACS_REQUEST_REFUSED)
		log_warning("%s of transfer %u was refused too often, with %s: it is given up", request->kind->name,
			    transfer->number, acs_request_refusal(request, text));
	take_record(transfer->agent, transfer);
}

static const struct acs_request_kind transfer_complete = {
	.name = "TransferComplete",
	.response = &soap_method_transfer_complete_response,
	.since = SOAP_NAMESPACE_CWMP_1_0,
	.event = EVENT_TRANSFER_COMPLETE,
	.write = transfer_complete_write,
	.ended = request_ended,
};

static const struct acs_request_kind autonomous_transfer_complete = {
	.name = "AutonomousTransferComplete",
	.response = &soap_method_autonomous_transfer_complete_response,
	.since = SOAP_NAMESPACE_CWMP_1_1,
	.event = EVENT_AUTONOMOUS_TRANSFER_COMPLETE,
	.write = autonomous_transfer_complete_write,
	.ended = request_ended,
};

static int method_event(enum transfer_origin origin)
{
	switch (origin) {
	case TRANSFER_DOWNLOAD:
		return EVENT_M_DOWNLOAD;
	case TRANSFER_UPLOAD:
		return EVENT_M_UPLOAD;
	case TRANSFER_SCHEDULE_DOWNLOAD:
		return EVENT_M_SCHEDULE_DOWNLOAD;
	case TRANSFER_LOCAL:
	case TRANSFER_ORIGINS:
		break;
	}
	return -1;
}

static void ask(struct agent *agent, struct transfer *transfer)
{
	int error;

	transfer->request = (struct acs_request){
		.kind = transfer->origin == TRANSFER_LOCAL ? &autonomous_transfer_complete : &transfer_complete,
		.method_event = method_event(transfer->origin),
	};
	snprintf(transfer->request.command_key, sizeof(transfer->request.command_key), "%s", transfer->command_key);
	error = agent_ask(agent, &transfer->request);
	if (error)
		log_error("the end of transfer %u can't be told before the next start: %s", transfer->number,
			  strerror(-error));
	else
		transfer->asked = true;
}

static void completion_stored(int error, void *context)
{
	struct waiting *waiting = context;
	struct agent *agent = waiting->agent;
	struct transfer *transfer = transfers_find(agent, waiting->number);

	free(waiting);
	if (!transfer)
		return;
	// Not before: without a record of its end it would be fetched once more. A disk that is full has room then.
	remove_file(agent, transfer);
	if (error) {
		log_error("the end of transfer %u can't be made durable: %s", transfer->number, strerror(-error));
		transfer->retry_at = ring_clock(CLOCK_BOOTTIME) + TRANSFER_STORE_SECONDS * SECOND;
	} else {
		transfer->durable = true;
		ask(agent, transfer);
	}
	transfers_plan(agent);
}

void transfers_store_again(struct agent *agent, struct transfer *transfer)
{
	struct waiting *waiting = wait_for(agent, transfer->number, NULL, NULL);
	struct store_transaction *transaction = waiting ? store_begin(agent->store) : NULL;

	// Not before it is known how this ended.
	transfer->retry_at = TRANSFER_NEVER;
	if (!transaction || transfer_store(transfer, transaction)) {
		store_abandon(transaction);
		free(waiting);
		log_error("no memory for the end of transfer %u before the next start", transfer->number);
		return;
	}
	store_commit(transaction, completion_stored, waiting);
}

void transfers_complete(struct agent *agent, struct transfer *transfer, unsigned fault, const char *text)
{
	if (agent->transfers.active == transfer)
		agent->transfers.active = NULL;
	if (fault)
		log_warning("transfer %u (%s, %s) has failed with fault %u: %s", transfer->number,
			    transfer_origin_name(transfer->origin), transfer->file_type, fault, text ? text : "");
	else
		log_notice("transfer %u (%s, %s) is complete", transfer->number, transfer_origin_name(transfer->origin),
			   transfer->file_type);
	transfer->state = TRANSFER_DONE;
	transfer->fault = fault;
	snprintf(transfer->fault_text, sizeof(transfer->fault_text), "%s", fault && text ? text : "");
	if (!transfer->completed)
		transfer->completed = clock_time();
	explicit_bzero(transfer->password, sizeof(transfer->password));
	if (transfer->origin == TRANSFER_LOCAL && !transfer_complete_wanted(agent, transfer)) {
		forget(agent, transfer);
		return;
	}
	transfer_objects_publish(agent, transfer);
	if (agent->transfers.started) {
		transfers_store_again(agent, transfer);
		return;
	}
	// At the start the store commits this before the first session can begin, whose Inform then has the event.
	transfers_save(agent, transfer);
	remove_file(agent, transfer);
	transfer->durable = true;
	ask(agent, transfer);
}

// ---- In and out

static void added(int error, void *context)
{
	struct waiting *waiting = context;
	struct agent *agent = waiting->agent;
	struct transfer *transfer = transfers_find(agent, waiting->number);

	// Gone meanwhile: a BOOTSTRAP.
	if (!transfer && !error)
		error = -ECANCELED;
	waiting->done(error, waiting->context);
	free(waiting);
	if (!transfer)
		return;
	if (error) {
		take_out(agent, transfer);
		return;
	}
	transfer->durable = true;
	log_notice("transfer %u (%s, %s) is accepted", transfer->number, transfer_origin_name(transfer->origin),
		   transfer->file_type);
	if (transfer->state == TRANSFER_DONE)
		ask(agent, transfer);
	transfer_objects_publish(agent, transfer);
	transfers_plan(agent);
}

static size_t local_count(const struct agent *agent)
{
	size_t count = 0;

	for (const struct transfer *transfer = agent->transfers.first; transfer; transfer = transfer->next)
		count += transfer->origin == TRANSFER_LOCAL;
	return count;
}

int transfers_add(struct agent *agent, struct transfer *transfer, void (*done)(int error, void *context), void *context)
{
	struct store_transaction *transaction;
	struct waiting *waiting;
	char number[16];

	if (transfers_count(agent) >= TRANSFERS_MAXIMUM ||
	    (transfer->origin == TRANSFER_LOCAL && local_count(agent) >= TRANSFERS_LOCAL_MAXIMUM))
		return -ENOSPC;
	transfer->number = agent->transfers.last_number + 1;
	waiting = wait_for(agent, transfer->number, done, context);
	transaction = waiting ? store_begin(agent->store) : NULL;
	transfers_now(agent, &transfer->receipt);
	if (!transaction || transfer_store(transfer, transaction)) {
		store_abandon(transaction);
		free(waiting);
		return -ENOMEM;
	}
	agent->transfers.last_number++;
	snprintf(number, sizeof(number), "%u", transfer->number);
	store_put_string(transaction, STORE_NUMBER, TABLE, number);
	append(agent, transfer);
	store_commit(transaction, added, waiting);
	return 0;
}

// Takes a transfer from its handler. Returns whether no handler works on it any more.
static bool give_up_handling(struct agent *agent, struct transfer *transfer)
{
	if (transfer->handling && transfer->type->cancel && !transfer->type->cancel(agent, transfer))
		transfer->handling = false;
	return !transfer->handling;
}

static bool cancellable(struct agent *agent, struct transfer *transfer)
{
	switch (transfer->state) {
	case TRANSFER_WAITING:
	case TRANSFER_FETCHED:
	case TRANSFER_RUNNING:
	case TRANSFER_APPLYING:
		return give_up_handling(agent, transfer);
	case TRANSFER_RESTARTING:
	case TRANSFER_DONE:
	case TRANSFER_STATES:
		break;
	}
	return false;
}

static void cancelled(int error, void *context)
{
	struct waiting *waiting = context;

	waiting->done(error ? error : waiting->busy ? -EBUSY : 0, waiting->context);
	transfers_plan(waiting->agent);
	free(waiting);
}

int transfers_cancel(struct agent *agent, const char *command_key, void (*done)(int error, void *context),
		     void *context)
{
	struct waiting *waiting = wait_for(agent, 0, done, context);
	struct store_transaction *transaction = waiting ? store_begin(agent->store) : NULL;
	struct transfer *transfer = agent->transfers.first, *next;
	char name[16];

	if (!transaction) {
		free(waiting);
		return -ENOMEM;
	}
	for (; transfer; transfer = next) {
		next = transfer->next;
		if (transfer->origin == TRANSFER_LOCAL || strcmp(transfer->command_key, command_key) != 0)
			continue;
		if (!cancellable(agent, transfer)) {
			waiting->busy = true;
			continue;
		}
		log_notice("transfer %u is cancelled", transfer->number);
		transfer_name(transfer, name);
		store_delete(transaction, STORE_TRANSFER, name);
		take_out(agent, transfer);
	}
	store_commit(transaction, cancelled, waiting);
	return 0;
}

int transfers_confirm(struct agent *agent, uint32_t number)
{
	struct transfer *transfer = transfers_find(agent, number);

	if (!transfer || transfer->state != TRANSFER_WAITING)
		return -ENOENT;
	transfer->confirmed = true;
	transfers_save(agent, transfer);
	transfers_plan(agent);
	return 0;
}

void transfers_discard(struct agent *agent, struct store_transaction *transaction)
{
	struct transfers *transfers = &agent->transfers;

	store_delete_all(transaction, STORE_TRANSFER);
	while (transfers->first) {
		struct transfer *transfer = transfers->first;

		if (transfer->asked)
			agent_ask_no_more(&transfer->request);
		give_up_handling(agent, transfer);
		take_out(agent, transfer);
	}
}

// ---- Start and end

static int load(const char *name, const char *value, size_t length, void *context)
{
	struct agent *agent = context;
	struct transfer *transfer;
	int error = transfer_load(&transfer, name, value, length);

	if (error == -EBADMSG)
		log_warning("the record of transfer %s is not understood, and left out", name);
	if (error)
		return error == -EBADMSG ? 0 : error;
	transfer->durable = true;
	append(agent, transfer);
	return 0;
}

// Files without a record are of transfers that have ended: only their end was made durable.
static void remove_strangers(struct agent *agent)
{
	struct transfers *transfers = &agent->transfers;
	char path[TRANSFER_PATH_SIZE];
	struct dirent *entry;
	DIR *folder = opendir(transfers->folder);

	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		uint32_t number = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (!number || transfers_find(agent, number))
			continue;
		transfers_path(transfers, number, path);
		transfer_file_remove(path);
	}
	closedir(folder);
}

// The records' order is that of their names' characters.
static void sort_by_number(struct transfers *transfers)
{
	struct transfer *sorted = NULL, *transfer;

	while ((transfer = transfers->first)) {
		struct transfer **place = &sorted;

		transfers->first = transfer->next;
		while (*place && (*place)->number < transfer->number)
			place = &(*place)->next;
		transfer->next = *place;
		*place = transfer;
	}
	transfers->first = sorted;
}

// espalier-transfer lies beside the agent.
static void find_program(struct transfers *transfers)
{
	char self[TRANSFER_PATH_SIZE - sizeof(PROGRAM)];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[length < 0 ? 0 : length] = 0;
	slash = strrchr(self, '/');
	if (slash)
		snprintf(transfers->program, sizeof(transfers->program), "%.*s/" PROGRAM, (int)(slash - self), self);
}

int transfers_open(struct agent *agent)
{
	struct transfers *transfers = &agent->transfers;
	char number[16];
	int error;

	transfers->agent = agent;
	find_program(transfers);
	if (snprintf(transfers->folder, sizeof(transfers->folder), "%s/" FOLDER, agent->daemon.state_folder) >=
	    (int)sizeof(transfers->folder) - 16)
		return -ENAMETOOLONG;
	if (mkdir(transfers->folder, 0700) < 0 && errno != EEXIST)
		log_warning("%s: %s: no file can be transferred", transfers->folder, strerror(errno));
	if (store_get(agent->store, STORE_NUMBER, TABLE, number, sizeof(number)) > 0)
		transfers->last_number = (uint32_t)strtoul(number, NULL, 10);
	error = store_each(agent->store, STORE_TRANSFER, load, agent);
	sort_by_number(transfers);
	return error;
}

void transfers_start(struct agent *agent)
{
	struct transfer *transfer, *next;

	remove_strangers(agent);
	transfer_told_clean(agent);
	for (transfer = agent->transfers.first; transfer; transfer = next) {
		next = transfer->next;
		if (transfer_told(agent, transfer->number)) {
			forget(agent, transfer);
			continue;
		}
		transfer_objects_publish(agent, transfer);
		if (transfer->state == TRANSFER_RUNNING)
			transfer->state = TRANSFER_WAITING;
		// The device has restarted while the handler was at it: what has become of it is seen now.
		if (transfer->state == TRANSFER_APPLYING && transfer->type && transfer->type->after_restart &&
		    strcmp(transfer->boot_id, agent->boot_id) != 0)
			transfer->state = TRANSFER_RESTARTING;
		if (transfer->state == TRANSFER_APPLYING)
			transfer->state = TRANSFER_FETCHED;
		if (transfer->state == TRANSFER_DONE)
			ask(agent, transfer);
	}
	transfers_plan(agent);
	agent->transfers.started = true;
}

void transfers_close(struct agent *agent)
{
	struct transfers *transfers = &agent->transfers;

	child_close(&transfers->child, true);
	transfer_firmware_close(&transfers->firmware);
	transfer_log_close(&transfers->log);
	transfer_configuration_close(&transfers->configuration);
	if (transfers->active && transfers->active->cancelled)
		transfer_free(transfers->active);
	while (transfers->first) {
		struct transfer *transfer = transfers->first;

		transfers->first = transfer->next;
		transfer_free(transfer);
	}
}
