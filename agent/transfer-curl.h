// SPDX-License-Identifier: GPL-2.0-or-later
// Moves one file between a server and the disk with libcurl: HTTP, HTTPS, FTP, TFTP.
#pragma once

#include "agent/transfer-job.h"

// Does the job, and blocks as long. report() is told about once a second how far it is. Fills `result`.
void transfer_curl_run(const struct transfer_job *job, void (*report)(const struct transfer_report *report),
		       struct transfer_report *result);
