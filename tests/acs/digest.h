// SPDX-License-Identifier: GPL-2.0-or-later
// HTTP Digest (RFC 7616) and Basic (RFC 7617): the calculations that a server and a client share.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	DIGEST_HEX_SIZE = 65, // the longest, SHA-256, with NUL
	DIGEST_SHA1_SIZE = 41,
	DIGEST_PARAMETERS = 16,
};

enum digest_algorithm {
	DIGEST_MD5,
	DIGEST_MD5_SESS,
	DIGEST_SHA256,
};

/* The comma-separated parameters of a challenge or of credentials. */
struct digest_parameters {
	char *text;
	char scheme[16];
	struct {
		const char *name;
		const char *value;
	} list[DIGEST_PARAMETERS];
	size_t count;
};

struct digest_input {
	enum digest_algorithm algorithm;
	const char *user, *password, *realm, *nonce, *method, *uri;
	const char *qop, *nc, *cnonce; // qop NULL for the form without
};

/* Reads a WWW-Authenticate or Authorization value. Returns false when it cannot be read. Free in either case. */
bool digest_parse(struct digest_parameters *parameters, const char *value);
void digest_parameters_free(struct digest_parameters *parameters);

/* The value of a parameter, or NULL. */
const char *digest_parameter(const struct digest_parameters *parameters, const char *name);

/* The name of the algorithm as in the header, and back; returns false for an unknown one. NULL means MD5. */
const char *digest_name(enum digest_algorithm algorithm);
bool digest_by_name(const char *name, enum digest_algorithm *algorithm);

/* The response, in lower-case hexadecimal. */
void digest_response(const struct digest_input *input, char result[DIGEST_HEX_SIZE]);

/* The HMAC-SHA1 of data with a key, in lower-case hexadecimal; "" when it cannot be computed. */
void digest_keyed_sha1(const char *key, const char *data, size_t length, char result[DIGEST_SHA1_SIZE]);

/* A random token of 32 hexadecimal digits. */
void digest_token(char token[33]);

/* The base64 of `user:password`, with NUL; the caller frees it. */
char *basic_credentials(const char *user, const char *password);
