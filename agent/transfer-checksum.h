// SPDX-License-Identifier: GPL-2.0-or-later
// The checksums of a file that a server gives in header fields: Content-MD5 (RFC 1864), Digest (RFC 3230) and
// Repr-Digest (RFC 9530).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSFER_CHECKSUM_SIZE 64 // bytes of the longest hash

// Zeroed memory is no checksum.
struct transfer_checksum {
	int type;    // enum wc_HashType; the strongest that was given
	size_t size; // bytes; 0: none
	unsigned char bytes[TRANSFER_CHECKSUM_SIZE];
};

// Takes the value (NUL-terminated) of a header field, if it is one of the three with a hash that is known and better
// than the one that is there. `partial`: the response has only a part of the file, which Content-MD5 is about then.
void transfer_checksum_take(struct transfer_checksum *checksum, const char *name, const char *value, bool partial);

// Whether the file (read from its start) has the checksum. Returns 0, -EBADMSG when it has another one, or -errno.
int transfer_checksum_verify(const struct transfer_checksum *checksum, int descriptor);
