// SPDX-License-Identifier: GPL-2.0-or-later
// HTTP Digest (RFC 7616) and Basic (RFC 7617): the calculations that a server and a client share.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>

#include "tests/acs/buffer.h"
#include "tests/acs/digest.h"

static const char *const names[] = {
	[DIGEST_MD5] = "MD5",
	[DIGEST_MD5_SESS] = "MD5-sess",
	[DIGEST_SHA256] = "SHA-256",
};

const char *digest_name(enum digest_algorithm algorithm)
{
	return names[algorithm];
}

bool digest_by_name(const char *name, enum digest_algorithm *algorithm)
{
	*algorithm = DIGEST_MD5;
	if (!name)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcasecmp(names[i], name)) {
			*algorithm = (enum digest_algorithm)i;
			return true;
		}
	}
	return false;
}

/* Cuts a quoted string or token at *text into a string in place and moves *text behind it. */
static char *take_value(char **text)
{
	char *value = *text, *out;

	if (*value != '"') {
		*text += strcspn(value, ", \t");
		if (**text)
			*(*text)++ = '\0';
		return value;
	}
	out = ++value;
	for (char *in = value;; in++) {
		if (!*in)
			return NULL;
		if (*in == '"') {
			*text = in + 1;
			break;
		}
		if (*in == '\\' && in[1])
			in++;
		*out++ = *in;
	}
	*out = '\0';
	return value;
}

bool digest_parse(struct digest_parameters *parameters, const char *value)
{
	size_t length = strcspn(value, " ");
	char *text;

	*parameters = (struct digest_parameters){.text = copy_string(value)};
	if (length >= sizeof(parameters->scheme))
		return false;
	memcpy(parameters->scheme, value, length);
	text = parameters->text + length;
	if (!strcasecmp(parameters->scheme, "Basic")) {
		parameters->list[parameters->count].name = "credentials";
		parameters->list[parameters->count++].value = text + strspn(text, " ");
		return true;
	}
	while (*(text += strspn(text, " \t,")) && parameters->count < DIGEST_PARAMETERS) {
		const char *name = text;

		text += strcspn(text, "= \t,");
		if (*text != '=')
			return false;
		*text++ = '\0';
		parameters->list[parameters->count].name = name;
		parameters->list[parameters->count].value = take_value(&text);
		if (!parameters->list[parameters->count++].value)
			return false;
	}
	return true;
}

void digest_parameters_free(struct digest_parameters *parameters)
{
	free(parameters->text);
	*parameters = (struct digest_parameters){0};
}

const char *digest_parameter(const struct digest_parameters *parameters, const char *name)
{
	for (size_t i = 0; i < parameters->count; i++)
		if (!strcasecmp(parameters->list[i].name, name))
			return parameters->list[i].value;
	return NULL;
}

static void hex(const uint8_t *bytes, size_t length, char *text)
{
	for (size_t i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static void hash(enum digest_algorithm algorithm, const struct buffer *input, char result[DIGEST_HEX_SIZE])
{
	uint8_t bytes[32];
	bool sha256 = algorithm == DIGEST_SHA256;

	wc_Hash(sha256 ? WC_HASH_TYPE_SHA256 : WC_HASH_TYPE_MD5, (const uint8_t *)buffer_string(input),
		(uint32_t)input->length, bytes, sha256 ? 32 : 16);
	hex(bytes, sha256 ? 32 : 16, result);
}

void digest_response(const struct digest_input *input, char result[DIGEST_HEX_SIZE])
{
	struct buffer text = {0};
	char a1[DIGEST_HEX_SIZE], a2[DIGEST_HEX_SIZE];

	buffer_format(&text, "%s:%s:%s", input->user, input->realm, input->password);
	hash(input->algorithm, &text, a1);
	if (input->algorithm == DIGEST_MD5_SESS) {
		buffer_clear(&text);
		buffer_format(&text, "%s:%s:%s", a1, input->nonce, input->cnonce);
		hash(input->algorithm, &text, a1);
	}
	buffer_clear(&text);
	buffer_format(&text, "%s:%s", input->method, input->uri);
	hash(input->algorithm, &text, a2);
	buffer_clear(&text);
	if (input->qop)
		buffer_format(&text, "%s:%s:%s:%s:%s:%s", a1, input->nonce, input->nc, input->cnonce, input->qop, a2);
	else
		buffer_format(&text, "%s:%s:%s", a1, input->nonce, a2);
	hash(input->algorithm, &text, result);
	buffer_free(&text);
}

void digest_token(char token[33])
{
	uint8_t bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		abort();
	hex(bytes, sizeof(bytes), token);
}

char *basic_credentials(const char *user, const char *password)
{
	struct buffer text = {0};
	uint32_t length;
	char *result;

	buffer_format(&text, "%s:%s", user, password);
	length = (uint32_t)text.length * 4 / 3 + 8;
	result = zalloc(length + 1);
	if (Base64_Encode_NoNl((const uint8_t *)text.data, (uint32_t)text.length, (uint8_t *)result, &length))
		length = 0;
	result[length] = '\0';
	buffer_free(&text);
	return result;
}

void digest_keyed_sha1(const char *key, const char *data, size_t length, char result[DIGEST_SHA1_SIZE])
{
	unsigned char bytes[WC_SHA_DIGEST_SIZE];
	Hmac hmac;
	int error = wc_HmacInit(&hmac, NULL, INVALID_DEVID);

	*result = 0;
	if (error)
		return;
	error = wc_HmacSetKey(&hmac, WC_SHA, (const byte *)key, (word32)strlen(key));
	if (!error)
		error = wc_HmacUpdate(&hmac, (const byte *)data, (word32)length);
	if (!error)
		error = wc_HmacFinal(&hmac, bytes);
	wc_HmacFree(&hmac);
	for (size_t i = 0; !error && i < sizeof(bytes); i++)
		snprintf(result + 2 * i, 3, "%02x", bytes[i]);
}
