// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of HTTP authentication: picks a challenge, and writes Authorization headers.
#pragma once

#include "agent/digest.h"

enum authentication_scheme {
	AUTHENTICATION_NONE,
	AUTHENTICATION_BASIC,
	AUTHENTICATION_DIGEST,
};

struct authentication_challenge {
	enum authentication_scheme scheme;
	enum digest_algorithm algorithm;
	bool algorithm_given, qop_auth, stale, opaque_given;
	char realm[DIGEST_VALUE_MAX + 1], nonce[DIGEST_VALUE_MAX + 1], opaque[DIGEST_VALUE_MAX + 1];
};

// What a client knows about one server's protection space. Zeroed memory knows nothing. All fields are private.
struct authentication {
	struct authentication_challenge current; // answered in every request
	struct authentication_challenge offered; // best of the response being read
	char cnonce[33];
	unsigned nc;
};

// Forgets everything: a new session, or another server.
void authentication_clear(struct authentication *authentication);

// Starts to read the challenges of a new 401 response.
void authentication_offer_clear(struct authentication *authentication);

// Takes in one WWW-Authenticate header, which may hold several challenges, and keeps the strongest one that can be
// answered: Digest with SHA-256, then MD5, then Basic. What cannot be read is skipped.
void authentication_offer(struct authentication *authentication, const char *header, size_t length);

// Takes the strongest challenge offered for the answers to come. *stale tells whether only the nonce was too old.
// Returns 0, -EACCES when nothing that can be answered was offered, -EPERM when only Basic was and `basic_allowed` is
// false.
int authentication_accept(struct authentication *authentication, bool basic_allowed, bool *stale);

// Takes in an Authentication-Info header: nextnonce replaces the nonce.
void authentication_information(struct authentication *authentication, const char *header, size_t length);

// Takes a new cnonce for a new connection, except with -sess algorithms, whose key is bound to the first cnonce.
int authentication_new_connection(struct authentication *authentication);

// Writes the value of the Authorization header for the next request; every call counts nc up. Returns its length, 0
// when nothing has been asked for, -ENOSPC when `size` is too small, -EINVAL for a user name that cannot be sent.
int authentication_write(struct authentication *authentication, const char *user, const char *password,
			 const char *method, const char *uri, char *buffer, size_t size);
