// SPDX-License-Identifier: GPL-2.0-or-later
// HTTP Digest access authentication (RFC 7616, and RFC 2617 for old peers): what client and server have in common.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_VALUE_MAX      512  // bytes of one parameter: realm, nonce, opaque, user name, uri ...
#define DIGEST_URI_MAX	      2048 // bytes of the uri parameter
#define DIGEST_HEX_MAX	      64   // digits of the longest hash
#define DIGEST_USER_MAX	      256  // bytes of a user name and of a password
#define DIGEST_PARAMETERS_MAX 32   // parameters of one challenge or answer

enum digest_algorithm {
	DIGEST_MD5,
	DIGEST_MD5_SESS,
	DIGEST_SHA256,
	DIGEST_SHA256_SESS,
	DIGEST_UNKNOWN,
};

// All that enters a response value. `password` is the clear text. Strings end in NUL.
struct digest_input {
	enum digest_algorithm algorithm;
	const char *user, *realm, *password;
	const char *method, *uri;
	const char *nonce;
	const char *nc, *cnonce; // with qop=auth, else NULL (-sess needs cnonce)
	bool qop_auth;		 // false: the form of RFC 2069, without qop
};

// One name=value of a list such as that in WWW-Authenticate; value has its quotes and backslashes removed.
struct digest_parameter {
	const char *name; // inside the header, name_length bytes
	size_t name_length;
	char value[DIGEST_URI_MAX + 1];
	size_t value_length;
	bool quoted;
};

// The name by which an algorithm is called in headers.
const char *digest_algorithm_name(enum digest_algorithm algorithm);

// The algorithm of a name (any case), or DIGEST_UNKNOWN.
enum digest_algorithm digest_algorithm_parse(const char *name);

// Computes the `response` value as lower-case hexadecimal digits (RFC 7616, 3.4.1). Returns 0 or -EINVAL.
int digest_response(const struct digest_input *input, char response[DIGEST_HEX_MAX + 1]);

// Computes the SHA-256 HMAC of data with a key as lower-case hexadecimal digits. Returns 0 or -EINVAL.
int digest_keyed_hash(const void *key, size_t key_length, const void *data, size_t length,
		      char hex[DIGEST_HEX_MAX + 1]);

#define DIGEST_SHA1_DIGITS 40

// Computes the SHA-1 HMAC of texts, one behind the other, with a key as lower-case hexadecimal digits. Returns 0 or
// -EINVAL.
int digest_keyed_sha1(const char *key, const char *const parts[], size_t count, char hex[DIGEST_SHA1_DIGITS + 1]);

// Compares strings in a time that depends on the length of `given` only, never on where they differ.
bool digest_equal(const char *expected, const char *given);

// Whether the parameter has this name, in any case.
bool digest_is(const struct digest_parameter *parameter, const char *name);

// Reads the next parameter at *text, and moves *text behind it and the comma that follows. Returns 1, 0 at the end or
// where the next challenge of the same header starts (*text is then at its scheme), -EINVAL for what cannot be read.
int digest_next_parameter(const char **text, const char *end, struct digest_parameter *parameter);

// Reads a scheme ("Digest", "Basic") at *text and moves behind it. Returns its length with *scheme set, or 0 at the
// end.
size_t digest_next_scheme(const char **text, const char *end, const char **scheme);

// Whether a comma-separated qop list holds auth.
bool digest_qop_has_auth(const char *list);

// Copies a value into a fixed field. Returns false when it is too long, or holds a NUL or another control character.
bool digest_copy(char *field, size_t size, const struct digest_parameter *parameter);

// Writes `bytes` (at most 32) random bytes as hexadecimal digits and a NUL. Returns 0 or -errno.
int digest_random_hex(char *hex, size_t bytes);

// Writes "text" with quotes around it and backslashes before quotes and backslashes. Returns the length, or -ENOSPC, or
// -EINVAL for control characters.
int digest_quote(const char *text, char *buffer, size_t size);
