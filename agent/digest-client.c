// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of HTTP authentication: picks a challenge, and writes Authorization headers.
#include "agent/digest-client.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/coding.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CNONCE_BYTES 16

void authentication_clear(struct authentication *authentication)
{
	explicit_bzero(authentication, sizeof(*authentication));
}

void authentication_offer_clear(struct authentication *authentication)
{
	memset(&authentication->offered, 0, sizeof(authentication->offered));
}

// How much a challenge is preferred; 0 for one that cannot be answered.
static int preference(const struct authentication_challenge *challenge)
{
	if (challenge->scheme == AUTHENTICATION_BASIC)
		return 1;
	if (challenge->scheme != AUTHENTICATION_DIGEST)
		return 0;
	switch (challenge->algorithm) {
	case DIGEST_MD5_SESS:
		return 2;
	case DIGEST_MD5:
		return 3;
	case DIGEST_SHA256_SESS:
		return 4;
	case DIGEST_SHA256:
		return 5;
	case DIGEST_UNKNOWN:
		return 0;
	}
	return 0;
}

// Takes in one parameter of a challenge. Returns false when the challenge can no longer be answered.
static bool take_parameter(struct authentication_challenge *challenge, const struct digest_parameter *parameter)
{
	if (digest_is(parameter, "realm"))
		return digest_copy(challenge->realm, sizeof(challenge->realm), parameter);
	if (digest_is(parameter, "nonce"))
		return digest_copy(challenge->nonce, sizeof(challenge->nonce), parameter);
	if (digest_is(parameter, "opaque")) {
		challenge->opaque_given = true;
		return digest_copy(challenge->opaque, sizeof(challenge->opaque), parameter);
	}
	if (digest_is(parameter, "algorithm")) {
		challenge->algorithm_given = true;
		challenge->algorithm = digest_algorithm_parse(parameter->value);
		return challenge->algorithm != DIGEST_UNKNOWN;
	}
	if (digest_is(parameter, "qop")) {
		challenge->qop_auth = digest_qop_has_auth(parameter->value);
		return challenge->qop_auth;
	}
	if (digest_is(parameter, "stale"))
		challenge->stale = strcasecmp(parameter->value, "true") == 0;
	return true;
}

void authentication_offer(struct authentication *authentication, const char *header, size_t length)
{
	const char *text = header, *end = header + length, *scheme;
	size_t scheme_length;

	while ((scheme_length = digest_next_scheme(&text, end, &scheme)) > 0) {
		struct authentication_challenge challenge = {0};
		struct digest_parameter parameter;
		bool usable = true;
		int result;

		if (scheme_length == 6 && strncasecmp(scheme, "Digest", 6) == 0)
			challenge.scheme = AUTHENTICATION_DIGEST;
		else if (scheme_length == 5 && strncasecmp(scheme, "Basic", 5) == 0)
			challenge.scheme = AUTHENTICATION_BASIC;
		for (unsigned i = 0; (result = digest_next_parameter(&text, end, &parameter)) > 0; i++) {
			if (i == DIGEST_PARAMETERS_MAX)
				return;
			if (challenge.scheme == AUTHENTICATION_DIGEST && !take_parameter(&challenge, &parameter))
				usable = false;
		}
		if (result < 0)
			return;
		if (challenge.scheme == AUTHENTICATION_DIGEST && !challenge.nonce[0])
			usable = false;
		if (usable && preference(&challenge) > preference(&authentication->offered))
			authentication->offered = challenge;
	}
}

int authentication_accept(struct authentication *authentication, bool basic_allowed, bool *stale)
{
	struct authentication_challenge *offered = &authentication->offered;

	*stale = false;
	if (offered->scheme == AUTHENTICATION_NONE)
		return -EACCES;
	if (offered->scheme == AUTHENTICATION_BASIC && !basic_allowed)
		return -EPERM;
	*stale = offered->stale;
	authentication->current = *offered;
	authentication->nc = 0;
	if (authentication->cnonce[0])
		return 0;
	return digest_random_hex(authentication->cnonce, CNONCE_BYTES);
}

void authentication_information(struct authentication *authentication, const char *header, size_t length)
{
	const char *text = header, *end = header + length;
	struct digest_parameter parameter;

	for (unsigned i = 0; i < DIGEST_PARAMETERS_MAX && digest_next_parameter(&text, end, &parameter) > 0; i++) {
		char nonce[DIGEST_VALUE_MAX + 1];

		if (!digest_is(&parameter, "nextnonce") || !digest_copy(nonce, sizeof(nonce), &parameter) ||
		    !nonce[0] || strcmp(nonce, authentication->current.nonce) == 0)
			continue;
		memcpy(authentication->current.nonce, nonce, sizeof(nonce));
		authentication->nc = 0;
	}
}

int authentication_new_connection(struct authentication *authentication)
{
	enum digest_algorithm algorithm = authentication->current.algorithm;

	if (authentication->current.scheme != AUTHENTICATION_DIGEST || algorithm == DIGEST_MD5_SESS ||
	    algorithm == DIGEST_SHA256_SESS)
		return 0;
	return digest_random_hex(authentication->cnonce, CNONCE_BYTES);
}

static int write_basic(const char *user, const char *password, char *buffer, size_t size)
{
	unsigned char pair[2 * DIGEST_USER_MAX + 2];
	int length = snprintf((char *)pair, sizeof(pair), "%s:%s", user, password);
	word32 encoded;

	if (length < 0 || (size_t)length >= sizeof(pair) || size < sizeof("Basic ") || strchr(user, ':'))
		return -EINVAL;
	encoded = (word32)(size - sizeof("Basic "));
	memcpy(buffer, "Basic ", 6);
	length = Base64_Encode_NoNl(pair, (word32)length, (byte *)buffer + 6, &encoded);
	explicit_bzero(pair, sizeof(pair));
	if (length != 0)
		return -ENOSPC;
	buffer[6 + encoded] = '\0';
	return (int)(6 + encoded);
}

// A header's text as it grows; `error` stays once it is set.
struct writer {
	char *buffer;
	size_t size, length;
	int error;
};

static void put(struct writer *writer, const char *text)
{
	size_t length = strlen(text);

	if (writer->error)
		return;
	if (length >= writer->size - writer->length) {
		writer->error = -ENOSPC;
		return;
	}
	memcpy(writer->buffer + writer->length, text, length + 1);
	writer->length += length;
}

static void put_quoted(struct writer *writer, const char *name, const char *value)
{
	int length;

	put(writer, name);
	if (writer->error)
		return;
	length = digest_quote(value, writer->buffer + writer->length, writer->size - writer->length);
	if (length < 0)
		writer->error = length;
	else
		writer->length += (size_t)length;
}

static int write_digest(struct authentication *authentication, const char *user, const char *password,
			const char *method, const char *uri, char *buffer, size_t size)
{
	const struct authentication_challenge *challenge = &authentication->current;
	struct writer writer = {buffer, size, 0, 0};
	char response[DIGEST_HEX_MAX + 1], nc[9];
	struct digest_input input = {
		.algorithm = challenge->algorithm,
		.user = user,
		.realm = challenge->realm,
		.password = password,
		.method = method,
		.uri = uri,
		.nonce = challenge->nonce,
		.nc = nc,
		.cnonce = authentication->cnonce,
		.qop_auth = challenge->qop_auth,
	};

	snprintf(nc, sizeof(nc), "%08x", ++authentication->nc);
	if (digest_response(&input, response) != 0)
		return -EINVAL;
	put_quoted(&writer, "Digest username=", user);
	put_quoted(&writer, ", realm=", challenge->realm);
	put_quoted(&writer, ", nonce=", challenge->nonce);
	put_quoted(&writer, ", uri=", uri);
	put_quoted(&writer, ", response=", response);
	if (challenge->algorithm_given) {
		put(&writer, ", algorithm=");
		put(&writer, digest_algorithm_name(challenge->algorithm));
	}
	if (challenge->opaque_given)
		put_quoted(&writer, ", opaque=", challenge->opaque);
	if (challenge->qop_auth) {
		put(&writer, ", qop=auth, nc=");
		put(&writer, nc);
	}
	if (challenge->qop_auth || challenge->algorithm == DIGEST_MD5_SESS ||
	    challenge->algorithm == DIGEST_SHA256_SESS)
		put_quoted(&writer, ", cnonce=", authentication->cnonce);
	return writer.error ? writer.error : (int)writer.length;
}

int authentication_write(struct authentication *authentication, const char *user, const char *password,
			 const char *method, const char *uri, char *buffer, size_t size)
{
	switch (authentication->current.scheme) {
	case AUTHENTICATION_NONE:
		return 0;
	case AUTHENTICATION_BASIC:
		return write_basic(user, password, buffer, size);
	case AUTHENTICATION_DIGEST:
		return write_digest(authentication, user, password, method, uri, buffer, size);
	}
	return 0;
}
