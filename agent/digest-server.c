// SPDX-License-Identifier: GPL-2.0-or-later
// The server's side of HTTP Digest authentication: nonces, challenges, and the check of answers.
#include "agent/digest-server.h"

#include "shm/hexadecimal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ISSUED_DIGITS 16 // the first digits of a nonce are its time of issue

// The parameters of an Authorization header.
struct credentials {
	char nonce[DIGEST_VALUE_MAX + 1], cnonce[DIGEST_VALUE_MAX + 1], opaque[DIGEST_VALUE_MAX + 1];
	char uri[DIGEST_URI_MAX + 1];
	char response[DIGEST_HEX_MAX + 1], nc[9], qop[8], algorithm_name[32];
	enum digest_algorithm algorithm;
	uint32_t count;
};

int digest_server_open(struct digest_server *server, const char *realm, bool sha256)
{
	int result;

	memset(server, 0, sizeof(*server));
	server->realm = realm;
	server->sha256 = sha256;
	result = digest_random_hex(server->key, (sizeof(server->key) - 1) / 2);
	if (result == 0)
		result = digest_random_hex(server->opaque, (sizeof(server->opaque) - 1) / 2);
	return result;
}

static int make_nonce(const struct digest_server *server, int64_t issued, char nonce[DIGEST_NONCE_LENGTH + 1])
{
	char hash[DIGEST_HEX_MAX + 1];
	int result;

	snprintf(nonce, ISSUED_DIGITS + 1, "%016" PRIx64, (uint64_t)issued);
	result = digest_keyed_hash(server->key, sizeof(server->key) - 1, nonce, ISSUED_DIGITS, hash);
	if (result != 0)
		return result;
	memcpy(nonce + ISSUED_DIGITS, hash, DIGEST_NONCE_LENGTH - ISSUED_DIGITS);
	nonce[DIGEST_NONCE_LENGTH] = '\0';
	return 0;
}

int digest_server_challenge(struct digest_server *server, enum digest_algorithm algorithm, bool stale, int64_t now,
			    char *buffer, size_t size)
{
	char nonce[DIGEST_NONCE_LENGTH + 1];
	int length;

	server->last_issued = now > server->last_issued ? now : server->last_issued + 1;
	if (make_nonce(server, server->last_issued, nonce) != 0)
		return -EINVAL;
	length = snprintf(
		buffer, size, "Digest realm=\"%s\", qop=\"auth\", algorithm=%s, nonce=\"%s\", opaque=\"%s\"%s",
		server->realm, digest_algorithm_name(algorithm), nonce, server->opaque, stale ? ", stale=true" : "");
	return length < 0 || (size_t)length >= size ? -ENOSPC : length;
}

static bool take_parameter(struct credentials *credentials, struct digest_answer *answer,
			   const struct digest_parameter *parameter)
{
	const struct {
		const char *name;
		char *field;
		size_t size;
	} fields[] = {
		{"username", answer->user, sizeof(answer->user)},
		{"realm", answer->realm, sizeof(answer->realm)},
		{"nonce", credentials->nonce, sizeof(credentials->nonce)},
		{"uri", credentials->uri, sizeof(credentials->uri)},
		{"response", credentials->response, sizeof(credentials->response)},
		{"opaque", credentials->opaque, sizeof(credentials->opaque)},
		{"cnonce", credentials->cnonce, sizeof(credentials->cnonce)},
		{"nc", credentials->nc, sizeof(credentials->nc)},
		{"qop", credentials->qop, sizeof(credentials->qop)},
		{"algorithm", credentials->algorithm_name, sizeof(credentials->algorithm_name)},
	};

	for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!digest_is(parameter, fields[i].name))
			continue;
		// A parameter that comes twice could mean one thing to us and another to whoever looked before us.
		return !fields[i].field[0] && digest_copy(fields[i].field, fields[i].size, parameter);
	}
	return true;
}

static bool parse_count(struct credentials *credentials)
{
	if (strlen(credentials->nc) != 8)
		return false;
	credentials->count = 0;
	for (const char *p = credentials->nc; *p; p++) {
		int digit = hexadecimal_digit(*p);

		if (digit < 0)
			return false;
		credentials->count = credentials->count * 16 + (uint32_t)digit;
	}
	return credentials->count > 0;
}

static enum digest_verdict parse(struct credentials *credentials, struct digest_answer *answer, const char *header,
				 size_t length)
{
	const char *text = header, *end = header + length, *scheme;
	size_t scheme_length = digest_next_scheme(&text, end, &scheme);
	struct digest_parameter parameter;
	int result;

	if (scheme_length != 6 || strncasecmp(scheme, "Digest", 6) != 0)
		return DIGEST_NO_CREDENTIALS;
	for (unsigned i = 0; (result = digest_next_parameter(&text, end, &parameter)) > 0; i++) {
		if (i == DIGEST_PARAMETERS_MAX || !take_parameter(credentials, answer, &parameter))
			return DIGEST_MALFORMED;
	}
	if (result < 0 || text != end || !credentials->nonce[0] || !credentials->uri[0] || !credentials->response[0])
		return DIGEST_MALFORMED;
	for (char *p = credentials->response; *p; p++) {
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p | 0x20);
	}
	if (credentials->algorithm_name[0])
		credentials->algorithm = digest_algorithm_parse(credentials->algorithm_name);
	if (credentials->qop[0]) {
		if (strcasecmp(credentials->qop, "auth") != 0 || !credentials->cnonce[0] || !parse_count(credentials))
			return DIGEST_MALFORMED;
	} else {
		// A client of RFC 2069 has no count: it can use a nonce once.
		credentials->count = UINT32_MAX;
	}
	return DIGEST_GRANTED;
}

// The uri is the request target, or an absolute form of it.
static bool uri_matches(const char *uri, const char *target)
{
	if (strncasecmp(uri, "http://", 7) == 0) {
		uri = strchr(uri + 7, '/');
		if (!uri)
			return false;
	}
	return strcmp(uri, target) == 0;
}

// Judges the nonce and its count, and remembers them. The password is known to be right.
static enum digest_verdict use_nonce(struct digest_server *server, const struct credentials *credentials, int64_t now)
{
	char expected[DIGEST_NONCE_LENGTH + 1], digits[ISSUED_DIGITS + 1];
	unsigned oldest = 0, slot;
	int64_t issued;

	if (strlen(credentials->nonce) != DIGEST_NONCE_LENGTH)
		return DIGEST_STALE;
	memcpy(digits, credentials->nonce, ISSUED_DIGITS);
	digits[ISSUED_DIGITS] = '\0';
	if (strspn(digits, "0123456789abcdef") != ISSUED_DIGITS)
		return DIGEST_STALE;
	issued = (int64_t)strtoull(digits, NULL, 16);
	if (make_nonce(server, issued, expected) != 0 || !digest_equal(expected, credentials->nonce))
		return DIGEST_STALE;
	if (issued <= server->not_before || now - issued > (int64_t)DIGEST_NONCE_SECONDS * 1000000000)
		return DIGEST_STALE;
	for (slot = 0; slot < server->used_count; slot++) {
		if (server->used[slot].issued == issued) {
			if (credentials->count <= server->used[slot].nc)
				return DIGEST_REPLAYED;
			server->used[slot].nc = credentials->count;
			return DIGEST_GRANTED;
		}
		if (server->used[slot].issued < server->used[oldest].issued)
			oldest = slot;
	}
	if (slot == DIGEST_NONCES_USED) {
		slot = oldest;
		server->not_before = server->used[oldest].issued;
		if (issued <= server->not_before)
			return DIGEST_STALE;
	} else {
		server->used_count++;
	}
	server->used[slot].issued = issued;
	server->used[slot].nc = credentials->count;
	return DIGEST_GRANTED;
}

static bool algorithm_offered(const struct digest_server *server, enum digest_algorithm algorithm)
{
	return algorithm == DIGEST_MD5 || (algorithm == DIGEST_SHA256 && server->sha256);
}

enum digest_verdict digest_server_check(struct digest_server *server, const char *header, size_t length,
					const char *method, const char *target, const char *user, const char *password,
					int64_t now, struct digest_answer *answer)
{
	struct credentials credentials = {.algorithm = DIGEST_MD5};
	char expected[DIGEST_HEX_MAX + 1];
	enum digest_verdict verdict;
	bool right_user, right_response;
	struct digest_input input = {
		.user = user,
		.realm = server->realm,
		.password = password,
		.method = method,
		.uri = credentials.uri,
		.nonce = credentials.nonce,
		.nc = credentials.nc,
		.cnonce = credentials.cnonce,
	};

	memset(answer, 0, sizeof(*answer));
	if (!header)
		return DIGEST_NO_CREDENTIALS;
	verdict = parse(&credentials, answer, header, length);
	if (verdict != DIGEST_GRANTED)
		return verdict;
	if (!algorithm_offered(server, credentials.algorithm))
		return DIGEST_WRONG_ALGORITHM;
	if (strcmp(answer->realm, server->realm) != 0)
		return DIGEST_WRONG_REALM;
	if (!uri_matches(credentials.uri, target))
		return DIGEST_WRONG_URI;
	input.algorithm = credentials.algorithm;
	input.qop_auth = credentials.qop[0] != '\0';
	if (digest_response(&input, expected) != 0)
		return DIGEST_MALFORMED;
	// The response is computed and compared for a wrong user too, so that time does not tell which names exist.
	right_user = digest_equal(user, answer->user);
	right_response = digest_equal(expected, credentials.response);
	if (!right_user)
		return DIGEST_WRONG_USER;
	if (!right_response)
		return DIGEST_WRONG_RESPONSE;
	// Another opaque is that of an earlier process, whose nonces are gone too.
	if (credentials.opaque[0] && !digest_equal(server->opaque, credentials.opaque))
		return DIGEST_STALE;
	return use_nonce(server, &credentials, now);
}

const char *digest_verdict_text(enum digest_verdict verdict)
{
	static const char *const texts[DIGEST_VERDICTS] = {
		[DIGEST_GRANTED] = "granted",
		[DIGEST_NO_CREDENTIALS] = "no Digest credentials",
		[DIGEST_MALFORMED] = "the Authorization header cannot be read",
		[DIGEST_WRONG_ALGORITHM] = "the algorithm was not offered",
		[DIGEST_WRONG_REALM] = "wrong realm",
		[DIGEST_WRONG_USER] = "wrong user",
		[DIGEST_WRONG_URI] = "the uri is not the one requested",
		[DIGEST_WRONG_RESPONSE] = "wrong password",
		[DIGEST_STALE] = "the nonce is too old",
		[DIGEST_REPLAYED] = "the nonce count was used before",
	};

	return texts[verdict];
}
