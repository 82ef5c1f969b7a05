// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of SCRAM-SHA-1 and SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677).
#pragma once

#include "agent/xmpp-message.h"

#define SCRAM_HASH_MAXIMUM	 32	 // bytes of a hash
#define SCRAM_NONCE_SIZE	 33	 // of our nonce, with its NUL
#define SCRAM_SALT_MAXIMUM	 256	 // bytes
#define SCRAM_ITERATIONS_MINIMUM 4096	 // RFC 7677, 4
#define SCRAM_ITERATIONS_MAXIMUM 1000000 // a server must not keep us busy for more than about a second
#define SCRAM_SERVER_MAXIMUM	 2048	 // bytes of a message of the server
#define SCRAM_MESSAGE_SIZE	 (2 * XMPP_USER_SIZE + SCRAM_SERVER_MAXIMUM + 256) // room for any message of ours

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256 };

// Private. Wipe it after use.
struct scram {
	enum scram_hash hash;
	char nonce[SCRAM_NONCE_SIZE];
	char first[SCRAM_MESSAGE_SIZE]; // the first message, without its header
	unsigned char server_signature[SCRAM_HASH_MAXIMUM];
	bool answered;
};

// Begins with a nonce (NULL: a random one), and writes the first message. Returns its length or -errno (-EMSGSIZE: the
// user name is too long).
int scram_start(struct scram *scram, enum scram_hash hash, const char *user, const char *nonce,
		char message[SCRAM_MESSAGE_SIZE]);

// Answers the server's first message. Returns the length of the final message, -EBADMSG when the server's is none or is
// beyond the bounds above, or -EINVAL.
int scram_answer(struct scram *scram, const char *challenge, const char *password, char message[SCRAM_MESSAGE_SIZE]);

// Whether the server's final message proves that it knows the password too.
bool scram_verify(const struct scram *scram, const char *final);
