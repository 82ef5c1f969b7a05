// SPDX-License-Identifier: GPL-2.0-or-later
// HTTP Digest access authentication: hashes by wolfCrypt, and the lists of parameters in its headers.
#include "agent/digest.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define RANDOM_BYTES_MAX 32

static const char *const algorithm_names[] = {
	[DIGEST_MD5] = "MD5",
	[DIGEST_MD5_SESS] = "MD5-sess",
	[DIGEST_SHA256] = "SHA-256",
	[DIGEST_SHA256_SESS] = "SHA-256-sess",
};

const char *digest_algorithm_name(enum digest_algorithm algorithm)
{
	return algorithm < DIGEST_UNKNOWN ? algorithm_names[algorithm] : "unknown";
}

enum digest_algorithm digest_algorithm_parse(const char *name)
{
	for (unsigned i = 0; i < DIGEST_UNKNOWN; i++) {
		if (strcasecmp(name, algorithm_names[i]) == 0)
			return (enum digest_algorithm)i;
	}
	return DIGEST_UNKNOWN;
}

static void to_hex(const unsigned char *bytes, size_t count, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * count] = '\0';
}

// Hashes the parts, with a colon between each two, to hexadecimal digits.
static int hash_parts(enum digest_algorithm algorithm, const char *const *parts, unsigned count,
		      char hex[DIGEST_HEX_MAX + 1])
{
	enum wc_HashType type =
		algorithm == DIGEST_MD5 || algorithm == DIGEST_MD5_SESS ? WC_HASH_TYPE_MD5 : WC_HASH_TYPE_SHA256;
	unsigned char bytes[DIGEST_HEX_MAX / 2];
	wc_HashAlg hash;
	int result;

	if (wc_HashInit(&hash, type) != 0)
		return -EINVAL;
	result = 0;
	for (unsigned i = 0; i < count && result == 0; i++) {
		if (i > 0)
			result = wc_HashUpdate(&hash, type, (const byte *)":", 1);
		if (result == 0 && *parts[i])
			result = wc_HashUpdate(&hash, type, (const byte *)parts[i], (word32)strlen(parts[i]));
	}
	if (result == 0)
		result = wc_HashFinal(&hash, type, bytes);
	wc_HashFree(&hash, type);
	if (result != 0)
		return -EINVAL;
	to_hex(bytes, (size_t)wc_HashGetDigestSize(type), hex);
	return 0;
}

int digest_response(const struct digest_input *input, char response[DIGEST_HEX_MAX + 1])
{
	const char *const a1[] = {input->user, input->realm, input->password};
	const char *const a2[] = {input->method, input->uri};
	char ha1[DIGEST_HEX_MAX + 1], ha2[DIGEST_HEX_MAX + 1];
	bool session = input->algorithm == DIGEST_MD5_SESS || input->algorithm == DIGEST_SHA256_SESS;
	int result;

	if (input->algorithm >= DIGEST_UNKNOWN || (session && !input->cnonce) ||
	    (input->qop_auth && (!input->cnonce || !input->nc)))
		return -EINVAL;
	result = hash_parts(input->algorithm, a1, 3, ha1);
	if (result == 0 && session) {
		char secret[DIGEST_HEX_MAX + 1];

		memcpy(secret, ha1, sizeof(secret));
		result = hash_parts(input->algorithm, (const char *const[]){secret, input->nonce, input->cnonce}, 3,
				    ha1);
		explicit_bzero(secret, sizeof(secret));
	}
	if (result == 0)
		result = hash_parts(input->algorithm, a2, 2, ha2);
	if (result == 0 && input->qop_auth)
		result = hash_parts(input->algorithm,
				    (const char *const[]){ha1, input->nonce, input->nc, input->cnonce, "auth", ha2}, 6,
				    response);
	else if (result == 0)
		result = hash_parts(input->algorithm, (const char *const[]){ha1, input->nonce, ha2}, 3, response);
	explicit_bzero(ha1, sizeof(ha1));
	return result;
}

// The HMAC of the parts, one behind the other; without lengths they are texts.
static int keyed(int type, const void *key, size_t key_length, const void *const parts[], const size_t lengths[],
		 size_t count, char *hex)
{
	unsigned char bytes[WC_SHA256_DIGEST_SIZE];
	Hmac hmac;
	int result = wc_HmacInit(&hmac, NULL, INVALID_DEVID);

	if (result != 0)
		return -EINVAL;
	result = wc_HmacSetKey(&hmac, type, key, (word32)key_length);
	for (size_t i = 0; i < count && result == 0; i++)
		result = wc_HmacUpdate(&hmac, parts[i], (word32)(lengths ? lengths[i] : strlen(parts[i])));
	if (result == 0)
		result = wc_HmacFinal(&hmac, bytes);
	wc_HmacFree(&hmac);
	if (result != 0)
		return -EINVAL;
	to_hex(bytes, type == WC_SHA ? WC_SHA_DIGEST_SIZE : WC_SHA256_DIGEST_SIZE, hex);
	return 0;
}

int digest_keyed_hash(const void *key, size_t key_length, const void *data, size_t length, char hex[DIGEST_HEX_MAX + 1])
{
	return keyed(WC_SHA256, key, key_length, &data, &length, 1, hex);
}

int digest_keyed_sha1(const char *key, const char *const parts[], size_t count, char hex[DIGEST_SHA1_DIGITS + 1])
{
	return keyed(WC_SHA, key, strlen(key), (const void *const *)parts, NULL, count, hex);
}

bool digest_equal(const char *expected, const char *given)
{
	size_t expected_length = strlen(expected), length = strlen(given);
	unsigned char difference = expected_length != length;

	for (size_t i = 0; i < length; i++)
		difference |= (unsigned char)(given[i] ^ expected[expected_length ? i % expected_length : 0]);
	return difference == 0;
}

static bool is_token_character(char c)
{
	return (unsigned char)c > 0x20 && (unsigned char)c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static void skip_spaces(const char **text, const char *end)
{
	while (*text < end && (**text == ' ' || **text == '\t'))
		(*text)++;
}

// Reads a quoted string; *text is behind its first quote.
static int read_quoted(const char **text, const char *end, struct digest_parameter *parameter)
{
	parameter->quoted = true;
	while (*text < end && **text != '"') {
		if (**text == '\\' && *text + 1 < end)
			(*text)++;
		if (parameter->value_length == DIGEST_URI_MAX)
			return -EINVAL;
		parameter->value[parameter->value_length++] = *(*text)++;
	}
	if (*text == end)
		return -EINVAL;
	(*text)++;
	return 0;
}

static int read_value(const char **text, const char *end, struct digest_parameter *parameter)
{
	parameter->value_length = 0;
	parameter->quoted = false;
	if (*text < end && **text == '"') {
		int result;

		(*text)++;
		result = read_quoted(text, end, parameter);
		if (result != 0)
			return result;
	} else {
		// Beyond a token's characters: some peers leave out the quotes around a uri or a base64 nonce.
		while (*text < end && **text != ',' && **text != ' ' && **text != '\t') {
			if (parameter->value_length == DIGEST_URI_MAX)
				return -EINVAL;
			parameter->value[parameter->value_length++] = *(*text)++;
		}
	}
	parameter->value[parameter->value_length] = '\0';
	return 1;
}

int digest_next_parameter(const char **text, const char *end, struct digest_parameter *parameter)
{
	const char *start;
	int result;

	while (*text < end && (**text == ' ' || **text == '\t' || **text == ','))
		(*text)++;
	start = *text;
	while (*text < end && is_token_character(**text))
		(*text)++;
	if (*text == start)
		return start == end ? 0 : -EINVAL;
	parameter->name = start;
	parameter->name_length = (size_t)(*text - start);
	skip_spaces(text, end);
	if (*text == end || **text != '=') {
		// A name without a value is the scheme of the next challenge.
		*text = start;
		return 0;
	}
	(*text)++;
	skip_spaces(text, end);
	result = read_value(text, end, parameter);
	if (result < 0)
		return result;
	skip_spaces(text, end);
	if (*text < end && **text != ',')
		return -EINVAL;
	return 1;
}

size_t digest_next_scheme(const char **text, const char *end, const char **scheme)
{
	while (*text < end && (**text == ' ' || **text == '\t' || **text == ','))
		(*text)++;
	*scheme = *text;
	while (*text < end && is_token_character(**text))
		(*text)++;
	return (size_t)(*text - *scheme);
}

bool digest_is(const struct digest_parameter *parameter, const char *name)
{
	return parameter->name_length == strlen(name) &&
	       strncasecmp(parameter->name, name, parameter->name_length) == 0;
}

bool digest_qop_has_auth(const char *list)
{
	while (*list) {
		size_t length;

		list += strspn(list, " \t,");
		length = strcspn(list, " \t,");
		if (length == 4 && strncasecmp(list, "auth", 4) == 0)
			return true;
		list += length;
	}
	return false;
}

bool digest_copy(char *field, size_t size, const struct digest_parameter *parameter)
{
	if (parameter->value_length >= size)
		return false;
	for (size_t i = 0; i < parameter->value_length; i++) {
		if ((unsigned char)parameter->value[i] < 0x20 || parameter->value[i] == 0x7f)
			return false;
	}
	memcpy(field, parameter->value, parameter->value_length + 1);
	return true;
}

int digest_random_hex(char *hex, size_t bytes)
{
	unsigned char random[RANDOM_BYTES_MAX];

	if (bytes > sizeof(random))
		return -EINVAL;
	if (getrandom(random, bytes, 0) != (ssize_t)bytes)
		return -errno;
	to_hex(random, bytes, hex);
	return 0;
}

int digest_quote(const char *text, char *buffer, size_t size)
{
	size_t length = 0;

	if (size < 3)
		return -ENOSPC;
	buffer[length++] = '"';
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return -EINVAL;
		if (length + 4 > size)
			return -ENOSPC;
		if (*text == '"' || *text == '\\')
			buffer[length++] = '\\';
		buffer[length++] = *text;
	}
	buffer[length++] = '"';
	buffer[length] = '\0';
	return (int)length;
}
