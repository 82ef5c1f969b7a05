// SPDX-License-Identifier: GPL-2.0-or-later
// CancelTransfer, GetQueuedTransfers and GetAllQueuedTransfers.
#include "agent/rpc.h"

#include "agent/agent.h"
#include "agent/session-run.h"
#include "agent/soap-transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_RESOURCES 9004
#define FAULT_CANCEL	9021

// As State of the standard has it.
enum { NOT_YET_STARTED = 1, IN_PROGRESS, COMPLETED };

static int state_of(const struct transfer *transfer)
{
	switch (transfer->state) {
	case TRANSFER_WAITING:
		return NOT_YET_STARTED;
	case TRANSFER_RUNNING:
	case TRANSFER_FETCHED:
	case TRANSFER_APPLYING:
	case TRANSFER_RESTARTING:
		return IN_PROGRESS;
	case TRANSFER_DONE:
	case TRANSFER_STATES:
		break;
	}
	return COMPLETED;
}

// A copy: what is queued may go while the answer is on its way.
struct entry {
	char command_key[TRANSFER_COMMAND_KEY_SIZE];
	char file_type[TRANSFER_FILE_TYPE_SIZE];
	char target_file_name[TRANSFER_TEXT_SIZE];
	uint32_t file_size;
	bool upload;
	int state;
};

struct list {
	struct soap_call_body body;
	size_t count;
	struct entry entries[TRANSFERS_MAXIMUM];
};

static void write_queued(struct soap_writer *writer, const void *context)
{
	const struct list *list = context;

	soap_open_array(writer, "TransferList", "cwmp:QueuedTransferStruct", list->count);
	for (size_t i = 0; i < list->count; i++) {
		soap_open(writer, "QueuedTransferStruct");
		soap_element_string(writer, "CommandKey", list->entries[i].command_key);
		soap_element_signed(writer, "State", list->entries[i].state);
		soap_close(writer, "QueuedTransferStruct");
	}
	soap_close(writer, "TransferList");
}

static void write_all_queued(struct soap_writer *writer, const void *context)
{
	const struct list *list = context;

	soap_open_array(writer, "TransferList", "cwmp:AllQueuedTransferStruct", list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct entry *entry = &list->entries[i];

		soap_open(writer, "AllQueuedTransferStruct");
		soap_element_string(writer, "CommandKey", entry->command_key);
		soap_element_signed(writer, "State", entry->state);
		soap_element_boolean(writer, "IsDownload", !entry->upload);
		soap_element_string(writer, "FileType", entry->file_type);
		soap_element_unsigned(writer, "FileSize", entry->file_size);
		soap_element_string(writer, "TargetFileName", entry->target_file_name);
		soap_close(writer, "AllQueuedTransferStruct");
	}
	soap_close(writer, "TransferList");
}

// Those that the ACS has asked for, and the device's own if `all`.
static int answer(struct rpc_call *call, const char *name, bool all)
{
	const struct agent *agent = call->rpc->agent;
	struct list *list = rpc_allocate(call, sizeof(*list));
	enum cwmp_version version = session_run_version(agent->session);

	if (!list)
		return -ENOMEM;
	for (const struct transfer *transfer = agent->transfers.first; transfer; transfer = transfer->next) {
		struct entry *entry = &list->entries[list->count];

		if (!all && transfer->origin == TRANSFER_LOCAL)
			continue;
		memcpy(entry->command_key, transfer->command_key, sizeof(entry->command_key));
		transfer_type_tell(transfer->file_type, transfer->upload ? TRANSFER_UP : TRANSFER_DOWN, version,
				   entry->file_type);
		memcpy(entry->target_file_name, transfer->target_file_name, sizeof(entry->target_file_name));
		entry->file_size = transfer->file_size;
		entry->upload = transfer->upload;
		entry->state = state_of(transfer);
		list->count++;
	}
	soap_call_init(&list->body, name, all ? write_all_queued : write_queued, list);
	rpc_answer(call, &list->body.body);
	return 0;
}

int rpc_get_queued_transfers(struct rpc_call *call)
{
	return answer(call, "GetQueuedTransfersResponse", false);
}

int rpc_get_all_queued_transfers(struct rpc_call *call)
{
	return answer(call, "GetAllQueuedTransfersResponse", true);
}

// ---- CancelTransfer

struct waiting {
	struct rpc_call *call; // NULL: the session has ended
};

static void cancelled(int error, void *context)
{
	struct waiting *waiting = context;
	struct rpc_call *call = waiting->call;

	free(waiting);
	if (!call)
		return;
	call->abandon = NULL;
	if (error == -EBUSY)
		rpc_fault(call, FAULT_CANCEL, "%s", soap_fault_text(FAULT_CANCEL));
	else if (error)
		rpc_fault(call, FAULT_RESOURCES, "the state can't be written: %s", strerror(-error));
	else if (rpc_answer_status(call, "CancelTransferResponse", -1))
		rpc_fault(call, FAULT_RESOURCES, "no memory");
}

static void abandon(struct rpc_call *call)
{
	struct waiting *waiting = call->state;

	waiting->call = NULL;
}

int rpc_cancel_transfer(struct rpc_call *call)
{
	const struct cancel_transfer_request *request = call->request;
	struct waiting *waiting = malloc(sizeof(*waiting));
	int error;

	if (!waiting)
		return -ENOMEM;
	waiting->call = call;
	call->state = waiting;
	call->abandon = abandon;
	error = transfers_cancel(call->rpc->agent, request->command_key.data, cancelled, waiting);
	if (!error)
		return 0;
	call->abandon = NULL;
	free(waiting);
	return error;
}
