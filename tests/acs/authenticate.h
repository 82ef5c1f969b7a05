// SPDX-License-Identifier: GPL-2.0-or-later
// Asks the agent who it is: Basic, or Digest in its variants, with nonces that go stale.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/acs/http.h"

struct authentication_options {
	bool basic;
	bool digest;
	bool md5, md5_sess, sha256; // offered with digest, strongest last
	bool qop;
	bool next_nonce;      // Authentication-Info: nextnonce in each answer
	uint64_t stale_after; // uses of a nonce before it is stale, 0 never
	const char *user, *password;
};

extern struct authentication_options authentication_options;

/* Sets the variant by its name on the command line. Returns false for an unknown one. */
bool authentication_choose(const char *name);

/*
 * Judges a request. Returns true when it may pass; `headers` then gets an Authentication-Info line where asked for.
 * False: `headers` gets the WWW-Authenticate lines for a 401.
 */
bool authenticate(const struct http_reader *request, struct buffer *headers);

/* Appends WWW-Authenticate lines with fresh nonces. */
void authentication_challenge(struct buffer *headers, bool stale);
