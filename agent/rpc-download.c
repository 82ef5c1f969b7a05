// SPDX-License-Identifier: GPL-2.0-or-later
// Download, Upload and ScheduleDownload: the transfer is accepted into the queue, and the answer promises that it is
// durable. It always runs after the session, so that Status is 1.
#include "agent/rpc.h"

#include "agent/agent.h"
#include "agent/soap-transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_ARGUMENTS 9003
#define FAULT_RESOURCES 9004

// A call that waits for the disk.
struct waiting {
	struct rpc_call *call; // NULL: the session has ended
	const char *response;  // with a Status and two times; NULL: empty
};

static void write_response(struct soap_writer *writer, const void *context)
{
	(void)context;
	soap_element_unsigned(writer, "Status", 1);
	soap_element_time(writer, "StartTime", 0);
	soap_element_time(writer, "CompleteTime", 0);
}

static int answer(struct rpc_call *call, const char *response)
{
	struct soap_call_body *body;

	if (!response)
		return rpc_answer_status(call, "ScheduleDownloadResponse", -1);
	body = rpc_allocate(call, sizeof(*body));
	if (!body)
		return -ENOMEM;
	soap_call_init(body, response, write_response, NULL);
	rpc_answer(call, &body->body);
	return 0;
}

static void stored(int error, void *context)
{
	struct waiting *waiting = context;
	struct rpc_call *call = waiting->call;

	if (call) {
		call->abandon = NULL;
		if (error)
			rpc_fault(call, FAULT_RESOURCES, "the transfer can't be made durable: %s", strerror(-error));
		else if (answer(call, waiting->response))
			rpc_fault(call, FAULT_RESOURCES, "no memory");
	}
	free(waiting);
}

static void abandon(struct rpc_call *call)
{
	struct waiting *waiting = call->state;

	waiting->call = NULL;
}

static void copy(char *field, size_t size, struct soap_string text)
{
	snprintf(field, size, "%.*s", (int)text.length, text.data ? text.data : "");
}

// Checks what all have in common, and queues it. Takes the transfer.
static int queue(struct rpc_call *call, struct transfer *transfer, const char *response)
{
	struct agent *agent = call->rpc->agent;
	struct waiting *waiting;
	const char *text = NULL;
	uint32_t instance;
	unsigned fault = transfer_check_url(transfer->url, strlen(transfer->url));
	int error;

	if (fault) {
		transfer_free(transfer);
		return rpc_fault(call, fault, "%s: URL", soap_fault_text(fault));
	}
	transfer->type = transfer_type_find(transfer->file_type, strlen(transfer->file_type),
					    transfer->upload ? TRANSFER_UP : TRANSFER_DOWN, &instance);
	if (!transfer->type) {
		fault = FAULT_ARGUMENTS;
		text = "FileType is not supported";
	} else if (transfer->type->accept) {
		fault = transfer->type->accept(agent, instance, &text);
	}
	if (!fault && transfer->file_size > (uint64_t)agent->configuration.transfer_maximum_size << 20) {
		fault = FAULT_RESOURCES;
		text = "FileSize is more than the device takes";
	}
	if (fault) {
		transfer_free(transfer);
		return rpc_fault(call, fault, "%s", text ? text : soap_fault_text(fault));
	}
	waiting = malloc(sizeof(*waiting));
	if (!waiting) {
		transfer_free(transfer);
		return -ENOMEM;
	}
	*waiting = (struct waiting){call, response};
	call->state = waiting;
	call->abandon = abandon;
	error = transfers_add(agent, transfer, stored, waiting);
	if (!error)
		return 0;
	call->abandon = NULL;
	free(waiting);
	transfer_free(transfer);
	return error == -ENOSPC ? rpc_fault(call, FAULT_RESOURCES, "%d transfers are queued already", TRANSFERS_MAXIMUM)
				: error;
}

// A new transfer with the arguments that all three methods have. NULL without memory.
static struct transfer *create(enum transfer_origin origin, struct soap_string command_key,
			       struct soap_string file_type, struct soap_string url, struct soap_string username,
			       struct soap_string password)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return NULL;
	transfer->origin = origin;
	copy(transfer->command_key, sizeof(transfer->command_key), command_key);
	copy(transfer->file_type, sizeof(transfer->file_type), file_type);
	copy(transfer->url, sizeof(transfer->url), url);
	copy(transfer->username, sizeof(transfer->username), username);
	copy(transfer->password, sizeof(transfer->password), password);
	return transfer;
}

int rpc_download(struct rpc_call *call)
{
	const struct download_request *request = call->request;
	struct transfer *transfer = create(TRANSFER_DOWNLOAD, request->command_key, request->file_type, request->url,
					   request->username, request->password);

	if (!transfer)
		return -ENOMEM;
	copy(transfer->target_file_name, sizeof(transfer->target_file_name), request->target_file_name);
	transfer->file_size = request->file_size;
	transfer->delay = request->delay_seconds;
	return queue(call, transfer, "DownloadResponse");
}

int rpc_upload(struct rpc_call *call)
{
	const struct upload_request *request = call->request;
	struct transfer *transfer = create(TRANSFER_UPLOAD, request->command_key, request->file_type, request->url,
					   request->username, request->password);

	if (!transfer)
		return -ENOMEM;
	transfer->upload = true;
	transfer->delay = request->delay_seconds;
	return queue(call, transfer, "UploadResponse");
}

// Takes the windows. Returns 0, or -EINVAL for windows that the standard does not allow.
static int take_windows(struct transfer *transfer, const struct schedule_download_request *request)
{
	if (request->time_window_list_count > TRANSFER_WINDOWS_MAXIMUM)
		return -EINVAL;
	for (size_t i = 0; i < request->time_window_list_count; i++) {
		const struct time_window *given = &request->time_window_list[i];
		struct transfer_window *window = &transfer->windows[i];
		int mode = transfer_mode_of(given->window_mode.data, given->window_mode.length);

		if (mode < 0)
			return mode;
		window->start = given->window_start;
		window->end = given->window_end;
		window->mode = (enum transfer_mode)mode;
		window->retries = given->max_retries;
		copy(window->user_message, sizeof(window->user_message), given->user_message);
	}
	transfer->window_count = (uint32_t)request->time_window_list_count;
	return transfer_windows_valid(transfer->windows, transfer->window_count) ? 0 : -EINVAL;
}

int rpc_schedule_download(struct rpc_call *call)
{
	const struct schedule_download_request *request = call->request;
	struct transfer *transfer = create(TRANSFER_SCHEDULE_DOWNLOAD, request->command_key, request->file_type,
					   request->url, request->username, request->password);

	if (!transfer)
		return -ENOMEM;
	if (take_windows(transfer, request)) {
		transfer_free(transfer);
		return rpc_fault(call, FAULT_ARGUMENTS, "%s: TimeWindowList", soap_fault_text(FAULT_ARGUMENTS));
	}
	copy(transfer->target_file_name, sizeof(transfer->target_file_name), request->target_file_name);
	transfer->file_size = request->file_size;
	return queue(call, transfer, NULL);
}
