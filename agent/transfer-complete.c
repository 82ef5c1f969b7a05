// SPDX-License-Identifier: GPL-2.0-or-later
// What the ACS is told when a transfer has ended: TransferComplete and AutonomousTransferComplete.
#include "agent/transfer-complete.h"

#include "agent/agent.h"
#include "agent/list-item.h"
#include "agent/session-run.h"
#include "agent/soap-encode.h"

#include <string.h>

static enum transfer_direction direction_of(const struct transfer *transfer)
{
	return transfer->upload ? TRANSFER_UP : TRANSFER_DOWN;
}

static const struct transfer *transfer_of(const struct acs_request *request)
{
	return (const struct transfer *)((const char *)request - offsetof(struct transfer, request));
}

// CompleteTime says when the file was applied: of a failed transfer it is unknown.
static void write_end(const struct transfer *transfer, struct soap_writer *writer)
{
	enum cwmp_version version = session_run_version(transfer->request.agent->session);

	soap_write_fault_struct(writer, "FaultStruct",
				cwmp_version_transfer_fault(version, transfer->fault, transfer->upload),
				*transfer->fault_text ? transfer->fault_text : NULL);
	soap_element_time(writer, "StartTime", transfer->started);
	soap_element_time(writer, "CompleteTime", transfer->fault ? 0 : transfer->completed);
}

void transfer_complete_write(const struct acs_request *request, struct soap_writer *writer)
{
	const struct transfer *transfer = transfer_of(request);

	soap_element_string(writer, "CommandKey", transfer->command_key);
	write_end(transfer, writer);
}

void autonomous_transfer_complete_write(const struct acs_request *request, struct soap_writer *writer)
{
	const struct transfer *transfer = transfer_of(request);
	char type[TRANSFER_FILE_TYPE_SIZE];

	transfer_type_tell(transfer->file_type, direction_of(transfer), session_run_version(request->agent->session),
			   type);
	soap_element_string(writer, "AnnounceURL", transfer->announce_url);
	soap_element_string(writer, "TransferURL", transfer->url);
	soap_element_boolean(writer, "IsDownload", !transfer->upload);
	soap_element_string(writer, "FileType", type);
	soap_element_unsigned(writer, "FileSize", transfer->file_size);
	soap_element_string(writer, "TargetFileName", transfer->target_file_name);
	write_end(transfer, writer);
}

// Whether a comma-separated list has the file type. An empty list has none.
static bool listed(const char *list, const char *file_type)
{
	const char *end = list + strlen(list), *item;
	size_t length;

	while (list_item(&list, end, &item, &length)) {
		if (length == strlen(file_type) && !memcmp(item, file_type, length))
			return true;
	}
	return false;
}

bool transfer_complete_wanted(const struct agent *agent, const struct transfer *transfer)
{
	const struct settings *settings = &agent->settings;
	const char *direction = settings_text(settings, SETTING_AUTONOMOUS_TRANSFER_TYPE);
	const char *result = settings_text(settings, SETTING_AUTONOMOUS_RESULT_TYPE);
	const char *type = transfer_type_filter(transfer->file_type, direction_of(transfer));

	return settings_boolean(settings, SETTING_AUTONOMOUS_ENABLE) &&
	       (!strcmp(direction, "Both") || !strcmp(direction, transfer->upload ? "Upload" : "Download")) &&
	       (!strcmp(result, "Both") || !strcmp(result, transfer->fault ? "Failure" : "Success")) &&
	       listed(settings_text(settings, SETTING_AUTONOMOUS_FILE_TYPE), type);
}
