// SPDX-License-Identifier: GPL-2.0-or-later
// The datagram of a lightweight notification: an HTTP request whose body is signed (R-98, TR-069 Annex M).
#pragma once

#include "shm/espalier.h"

#include <stdbool.h>

#define LIGHTWEIGHT_DATAGRAM_USUAL 1200 // bytes of a body beyond which the next parameter goes into another datagram
#define LIGHTWEIGHT_VALUE_MAXIMUM  8192 // bytes of a value's text; a longer one can't be sent
#define LIGHTWEIGHT_HOST_SIZE	   320	// bytes of the Host header's value, with its NUL

// A message and its signature always fit: the head, what identifies the device, the usual part, one more parameter.
#define LIGHTWEIGHT_BODY_SIZE                                                                                          \
	(32 * 1024 + LIGHTWEIGHT_DATAGRAM_USUAL + (LIGHTWEIGHT_VALUE_MAXIMUM + ESPALIER_PATH_MAXIMUM) * 6 + 64)

// Who sends: texts that must live while the message is made.
struct lightweight_device {
	const char *username; // ManagementServer.Username
	const char *oui, *product_class, *serial_number;
};

struct lightweight_message {
	size_t length; // of the body
	bool any;      // has a parameter
	char body[LIGHTWEIGHT_BODY_SIZE];
	char datagram[LIGHTWEIGHT_BODY_SIZE + LIGHTWEIGHT_HOST_SIZE + 256];
};

// Begins a message made at `time` (seconds since 1970), with a nonce.
void lightweight_message_begin(struct lightweight_message *message, const struct lightweight_device *device,
			       int64_t time, const char *nonce);

// Adds a parameter. Returns 0; -ENOSPC when it belongs into another message; -EMSGSIZE when it can't be sent at all.
int lightweight_message_add(struct lightweight_message *message, const char *name, enum espalier_type type,
			    const char *text, size_t length);

// Ends the message: `datagram` is what to send to `host` ("name:port"). Returns its length, or -EINVAL.
long lightweight_message_end(struct lightweight_message *message, const char *host, const char *password);
