// SPDX-License-Identifier: GPL-2.0-or-later
// What the agent and espalier-transfer, the program that moves one file, say to each other: one packet each way at a
// time over a socket pair of the kind SOCK_SEQPACKET.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TRANSFER_TEXT_SIZE (256 * 4 + 1) // 256 characters: URL, user name, password, text of a fault
#define TRANSFER_PATH_SIZE 1024

#define TRANSFER_REDIRECTS_MAXIMUM   5	       // in a row
#define TRANSFER_CONNECT_SECONDS     30	       // until the server has answered
#define TRANSFER_DISK_RESERVE	     (1 << 20) // bytes of the disk that a file leaves free, for the agent's own state
#define TRANSFER_RESULT_TEXT_SIZE    256
#define TRANSFER_VALIDATOR_SIZE	     512 // bytes of what tells that a file is still the same, at most
#define TRANSFER_HEADER_SIZE_MAXIMUM 512 // bytes of a header field's value that is looked at

// Faults of the transfer's server and file.
enum transfer_fault {
	TRANSFER_FAULT_NONE = 0,
	TRANSFER_FAULT_INTERNAL = 9002,
	TRANSFER_FAULT_FAILURE = 9010,	      // file transfer failure
	TRANSFER_FAULT_UPLOAD = 9011,	      // upload failure
	TRANSFER_FAULT_AUTHENTICATION = 9012, // file transfer server authentication failure
	TRANSFER_FAULT_CONTACT = 9015,	      // unable to contact file server
	TRANSFER_FAULT_ACCESS = 9016,	      // unable to access file
	TRANSFER_FAULT_INCOMPLETE = 9017,     // unable to complete download
	TRANSFER_FAULT_CORRUPTED = 9018,      // file corrupted or otherwise unusable
	TRANSFER_FAULT_WINDOW = 9020,	      // unable to complete download within specified time windows
};

// The agent's only packet. Texts end with NUL.
struct transfer_job {
	bool upload;
	bool verify;		// the server's certificate is checked
	uint32_t timeout;	// seconds for all of it
	uint32_t stall_timeout; // seconds without a byte
	uint64_t size;		// that the file must have, 0: unknown
	uint64_t size_maximum;	// bytes
	char url[TRANSFER_TEXT_SIZE];
	char username[TRANSFER_TEXT_SIZE], password[TRANSFER_TEXT_SIZE];
	char path[TRANSFER_PATH_SIZE]; // of the file, complete; a download has `path`.part before
	// "": none
	char ca_file[TRANSFER_PATH_SIZE], crl_file[TRANSFER_PATH_SIZE];
	char certificate[TRANSFER_PATH_SIZE], private_key[TRANSFER_PATH_SIZE];
};

// The program's packets: how far it is, at most one a second, and then the result.
struct transfer_report {
	bool finished;
	bool temporary;			      // a failure that another try may not have
	uint32_t fault;			      // enum transfer_fault
	uint64_t transferred, total;	      // bytes; total 0: unknown
	char text[TRANSFER_RESULT_TEXT_SIZE]; // of a fault; plain ASCII, nothing secret
};
