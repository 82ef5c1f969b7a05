/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of the methods about file transfers (TR-069 A.3.2.8, A.4.1; ). */
#include "agent/soap-transfer.h"

#include "agent/bounds.h"

#define TEXT(type, element, member, characters)                                                                        \
	{                                                                                                              \
		.name = (element), .kind = SOAP_STRING, .offset = offsetof(type, member),                              \
		.characters_maximum = (characters),                                                                    \
	}
#define NUMBER(type, element, member)                                                                                  \
	{                                                                                                              \
		.name = (element), .kind = SOAP_UNSIGNED_INT, .offset = offsetof(type, member),                        \
	}

/* What all three have in common. */
#define TRANSFER_ARGUMENTS(type)                                                                                       \
	TEXT(type, "CommandKey", command_key, CWMP_COMMAND_KEY_CHARACTERS),                                            \
		TEXT(type, "FileType", file_type, CWMP_FILE_TYPE_CHARACTERS),                                          \
		TEXT(type, "URL", url, CWMP_TEXT_CHARACTERS), TEXT(type, "Username", username, CWMP_TEXT_CHARACTERS),  \
		TEXT(type, "Password", password, CWMP_TEXT_CHARACTERS)

static const struct soap_argument download_arguments[] = {
	TRANSFER_ARGUMENTS(struct download_request),
	NUMBER(struct download_request, "FileSize", file_size),
	TEXT(struct download_request, "TargetFileName", target_file_name, CWMP_TEXT_CHARACTERS),
	NUMBER(struct download_request, "DelaySeconds", delay_seconds),
	{
		.name = "SuccessURL",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct download_request, success_url),
		.characters_maximum = CWMP_TEXT_CHARACTERS,
	},
	{
		.name = "FailureURL",
		.kind = SOAP_STRING,
		.presence = SOAP_OPTIONAL,
		.offset = offsetof(struct download_request, failure_url),
		.characters_maximum = CWMP_TEXT_CHARACTERS,
	},
	{.name = NULL},
};

const struct soap_method soap_method_download = {
	.name = "Download",
	.arguments = download_arguments,
	.request_size = sizeof(struct download_request),
};

static const struct soap_argument upload_arguments[] = {
	TRANSFER_ARGUMENTS(struct upload_request),
	NUMBER(struct upload_request, "DelaySeconds", delay_seconds),
	{.name = NULL},
};

const struct soap_method soap_method_upload = {
	.name = "Upload",
	.arguments = upload_arguments,
	.request_size = sizeof(struct upload_request),
};

static const struct soap_argument time_window_members[] = {
	NUMBER(struct time_window, "WindowStart", window_start),
	NUMBER(struct time_window, "WindowEnd", window_end),
	TEXT(struct time_window, "WindowMode", window_mode, CWMP_WINDOW_MODE_CHARACTERS),
	TEXT(struct time_window, "UserMessage", user_message, CWMP_TEXT_CHARACTERS),
	{.name = "MaxRetries", .kind = SOAP_INT, .offset = offsetof(struct time_window, max_retries)},
	{.name = NULL},
};

static const struct soap_argument time_window = {
	.name = "TimeWindowStruct",
	.kind = SOAP_STRUCT,
	.members = time_window_members,
};

static const struct soap_argument schedule_download_arguments[] = {
	TRANSFER_ARGUMENTS(struct schedule_download_request),
	NUMBER(struct schedule_download_request, "FileSize", file_size),
	TEXT(struct schedule_download_request, "TargetFileName", target_file_name, CWMP_TEXT_CHARACTERS),
	{
		.name = "TimeWindowList",
		.kind = SOAP_ARRAY,
		.offset = offsetof(struct schedule_download_request, time_window_list),
		.element = &time_window,
		.element_size = sizeof(struct time_window),
		.count_offset = offsetof(struct schedule_download_request, time_window_list_count),
		.count_minimum = 1,
	},
	{.name = NULL},
};

const struct soap_method soap_method_schedule_download = {
	.name = "ScheduleDownload",
	.arguments = schedule_download_arguments,
	.request_size = sizeof(struct schedule_download_request),
};

static const struct soap_argument cancel_transfer_arguments[] = {
	TEXT(struct cancel_transfer_request, "CommandKey", command_key, CWMP_COMMAND_KEY_CHARACTERS),
	{.name = NULL},
};

const struct soap_method soap_method_cancel_transfer = {
	.name = "CancelTransfer",
	.arguments = cancel_transfer_arguments,
	.request_size = sizeof(struct cancel_transfer_request),
};

const struct soap_method soap_method_get_queued_transfers = {.name = "GetQueuedTransfers"};
const struct soap_method soap_method_get_all_queued_transfers = {.name = "GetAllQueuedTransfers"};
