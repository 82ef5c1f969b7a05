// SPDX-License-Identifier: GPL-2.0-or-later
// The server's side of HTTP Digest authentication: nonces, challenges, and the check of answers.
#pragma once

#include "agent/digest.h"

#include <stdint.h>

#define DIGEST_NONCE_SECONDS 60	 // a nonce is good for this long
#define DIGEST_NONCES_USED   32	 // nonces whose nc is remembered; when full, the nonces issued before the oldest end
#define DIGEST_NONCE_LENGTH  48	 // digits of a nonce
#define DIGEST_CHALLENGE_MAX 512 // bytes of the value of a WWW-Authenticate header

enum digest_verdict {
	DIGEST_GRANTED,
	DIGEST_NO_CREDENTIALS, // no Authorization header, or another scheme
	DIGEST_MALFORMED,
	DIGEST_WRONG_ALGORITHM,
	DIGEST_WRONG_REALM,
	DIGEST_WRONG_USER,
	DIGEST_WRONG_URI,
	DIGEST_WRONG_RESPONSE, // that is: the password
	DIGEST_STALE,	       // the right password, but the nonce is too old or not ours
	DIGEST_REPLAYED,       // the right password, but the nonce count has been used
	DIGEST_VERDICTS,
};

// A nonce is its time of issue and an HMAC over it with a key of this process, so that issuing one costs no memory, and
// a flood of requests without credentials cannot push out anybody's nonce. Only nonces that were used with the right
// password are remembered.
struct digest_server {
	char key[65], opaque[33];
	const char *realm;
	bool sha256;	     // offer SHA-256 besides MD5
	int64_t last_issued; // nanoseconds, no two nonces have the same
	int64_t not_before;  // nonces issued up to here are stale
	struct {
		int64_t issued;
		uint32_t nc;
	} used[DIGEST_NONCES_USED];
	unsigned used_count;
};

// What an Authorization header said, for the log. Strings are from outside, but without control characters.
struct digest_answer {
	char user[DIGEST_VALUE_MAX + 1], realm[DIGEST_VALUE_MAX + 1];
};

// Prepares a server with fresh secrets. `realm` must stay in place and needs no quoting. Returns 0 or -errno.
int digest_server_open(struct digest_server *server, const char *realm, bool sha256);

// Writes the value of a WWW-Authenticate header for `algorithm` (DIGEST_MD5 or DIGEST_SHA256) with a fresh nonce. `now`
// is nanoseconds of a clock that is never set. Returns its length; `size` must be DIGEST_CHALLENGE_MAX or more.
int digest_server_challenge(struct digest_server *server, enum digest_algorithm algorithm, bool stale, int64_t now,
			    char *buffer, size_t size);

// Checks the value of an Authorization header (NULL: none came) against a user and a password.
enum digest_verdict digest_server_check(struct digest_server *server, const char *header, size_t length,
					const char *method, const char *target, const char *user, const char *password,
					int64_t now, struct digest_answer *answer);

// The verdict in words.
const char *digest_verdict_text(enum digest_verdict verdict);
