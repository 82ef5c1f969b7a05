// SPDX-License-Identifier: GPL-2.0-or-later
// One file transfer: what was asked for, how far it is, and its durable record.
#pragma once

#include "agent/acs-request.h"
#include "agent/store.h"
#include "agent/transfer-job.h"
#include "agent/transfer-type.h"
#include "agent/transfer-window.h"
#include "shm/espalier.h"

#define TRANSFER_COMMAND_KEY_SIZE EVENT_COMMAND_KEY_SIZE
#define TRANSFER_ANNOUNCE_SIZE	  (1024 * 4 + 1) // 1024 characters
#define TRANSFER_RECORD_SIZE	  (32 * 1024)	 // bytes of a record: every text at its longest, and room

// What has asked for it.
enum transfer_origin {
	TRANSFER_DOWNLOAD,
	TRANSFER_UPLOAD,
	TRANSFER_SCHEDULE_DOWNLOAD,
	TRANSFER_LOCAL, // a program of the device, or the device itself
	TRANSFER_ORIGINS
};

enum transfer_state {
	TRANSFER_WAITING,    // not yet started, or to be tried again
	TRANSFER_RUNNING,    // between server and disk
	TRANSFER_FETCHED,    // a download is on the disk, and waits for the end of the session
	TRANSFER_APPLYING,   // its handler has it
	TRANSFER_RESTARTING, // handed over; takes effect with a restart of the device
	TRANSFER_DONE,	     // ended, well or not; the ACS has not been told
	TRANSFER_STATES
};

struct transfer_file_type;

struct transfer {
	uint32_t number; // of its record, its file, and its instance; never used twice
	enum transfer_origin origin;
	enum transfer_state state;
	bool upload;
	bool confirmed; // by a person, where a window asks for it

	char command_key[TRANSFER_COMMAND_KEY_SIZE];
	char file_type[TRANSFER_FILE_TYPE_SIZE];
	char url[TRANSFER_TEXT_SIZE];
	char username[TRANSFER_TEXT_SIZE], password[TRANSFER_TEXT_SIZE]; // wiped when it is done
	char target_file_name[TRANSFER_TEXT_SIZE];
	char announce_url[TRANSFER_ANNOUNCE_SIZE]; // of a local one
	uint32_t file_size;			   // bytes, 0: unknown
	struct transfer_receipt receipt;
	uint32_t delay; // seconds since then
	struct transfer_window windows[TRANSFER_WINDOWS_MAXIMUM];
	uint32_t window_count;

	uint32_t window;	    // the one that `attempts` counts in
	uint32_t attempts;	    // failed ones; of a handler, starts
	int64_t started, completed; // seconds since 1970, 0: not yet
	int64_t handed_over;	    // CLOCK_BOOTTIME in seconds, in the boot `boot_id`
	char boot_id[TRANSFER_BOOT_ID_SIZE];
	char version[65 * 4]; // SoftwareVersion before a firmware image was handed over
	uint32_t fault;
	char fault_text[TRANSFER_TEXT_SIZE];

	// Not in the record
	struct agent *agent;
	struct transfer *next;
	const struct transfer_file_type *type;
	int64_t retry_at; // nanoseconds of CLOCK_BOOTTIME, 0: at once
	uint64_t transferred, total;
	uint64_t logged; // of `transferred`
	bool durable;	 // DONE: the record says so
	bool handling;	 // its handler has it
	bool cancelled;	 // while its handler has it: it is in no queue any more
	struct espalier_row row;
	struct acs_request request;
	bool asked; // the request is in the queue
};

// The name of its record, and of its file below the state folder's `transfers`.
void transfer_name(const struct transfer *transfer, char name[16]);

// Puts the record into the transaction. Returns 0 or -ENOMEM.
int transfer_store(const struct transfer *transfer, struct store_transaction *transaction);

// Makes one from a record. Returns 0, -EBADMSG for what is none, or -ENOMEM.
int transfer_load(struct transfer **transfer, const char *name, const char *value, size_t length);

// Frees it, and what is secret in it. NULL is allowed.
void transfer_free(struct transfer *transfer);

// "Download" and so on, for the log.
const char *transfer_origin_name(enum transfer_origin origin);

// Checks a URL of a transfer: returns 0, 9003 for what is no URL or has user information, 9013 for another
// scheme than http, https, ftp and tftp.
unsigned transfer_check_url(const char *url, size_t length);
