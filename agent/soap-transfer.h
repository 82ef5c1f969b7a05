/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of the methods about file transfers (TR-069 A.3.2.8, A.4.1; ). */
#pragma once

#include "agent/soap-arguments.h"

/** struct download_request - R-63 */
struct download_request {
	struct soap_string command_key, file_type, url, username, password, target_file_name;
	uint32_t file_size; /* bytes, 0: unknown */
	uint32_t delay_seconds;
	struct soap_string success_url, failure_url; /* of a browser that asked for it: none does */
};

/** struct upload_request - R-68 */
struct upload_request {
	struct soap_string command_key, file_type, url, username, password;
	uint32_t delay_seconds;
};

/** struct time_window - one TimeWindowStruct */
struct time_window {
	uint32_t window_start, window_end; /* seconds from receipt */
	struct soap_string window_mode, user_message;
	int32_t max_retries;
};

/** struct schedule_download_request - R-66; the method checks the number of windows */
struct schedule_download_request {
	struct soap_string command_key, file_type, url, username, password, target_file_name;
	uint32_t file_size;
	const struct time_window *time_window_list;
	size_t time_window_list_count;
};

/** struct cancel_transfer_request - R-67 */
struct cancel_transfer_request {
	struct soap_string command_key;
};

/* GetQueuedTransfers and GetAllQueuedTransfers have no arguments. */
extern const struct soap_method soap_method_download;
extern const struct soap_method soap_method_upload;
extern const struct soap_method soap_method_schedule_download;
extern const struct soap_method soap_method_cancel_transfer;
extern const struct soap_method soap_method_get_queued_transfers;
extern const struct soap_method soap_method_get_all_queued_transfers;
