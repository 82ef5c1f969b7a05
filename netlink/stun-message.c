/* SPDX-License-Identifier: BSD-2-Clause */
/* STUN binding messages: written and read, with bounds (RFC 3489 as TR-069 Annex G wants it, RFC 8489, RFC 5780). */
#include "netlink/stun-message.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/hmac.h>
#include <nettle/md5.h>

#define ATTRIBUTE_HEADER   4u
#define FAMILY_IPV4	   1u
#define FAMILY_IPV6	   2u
#define INTEGRITY_BLOCK	   64u /* RFC 3489, 11.2.8 */
#define CONNECTION_BINDING "dslforum.org/TR-111 "
#define COOKIE_SIZE	   4u

static const uint8_t cookie_bytes[COOKIE_SIZE] = {0x21, 0x12, 0xA4, 0x42};

static void put16(uint8_t *bytes, unsigned int value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static unsigned int get16(const uint8_t *bytes)
{
	return (unsigned int)bytes[0] << 8 | bytes[1];
}

int stun_identifier(uint8_t identifier[STUN_IDENTIFIER_SIZE], bool cookie)
{
	if (getrandom(identifier, STUN_IDENTIFIER_SIZE, 0) != (ssize_t)STUN_IDENTIFIER_SIZE)
		return -errno;
	if (cookie)
		memcpy(identifier, cookie_bytes, COOKIE_SIZE);
	else if (stun_has_cookie(identifier))
		identifier[0] ^= 0xFF;
	return 0;
}

bool stun_has_cookie(const uint8_t identifier[STUN_IDENTIFIER_SIZE])
{
	return memcmp(identifier, cookie_bytes, COOKIE_SIZE) == 0;
}

/* ---- Writing ------------------------------------------------------------------------------------------------ */

struct output {
	uint8_t *message;
	size_t length;
	bool full;
};

/* Room for an attribute's value, with its header written and its padding set; NULL when the message is full. */
static uint8_t *add(struct output *output, unsigned int type, size_t length)
{
	size_t padded = (length + 3) & ~(size_t)3;
	uint8_t *attribute = output->message + output->length;

	if (output->full || padded > STUN_MESSAGE_MAXIMUM - output->length - ATTRIBUTE_HEADER ||
	    output->length + ATTRIBUTE_HEADER > STUN_MESSAGE_MAXIMUM) {
		output->full = true;
		return NULL;
	}
	put16(attribute, type);
	put16(attribute + 2, (unsigned int)length);
	memset(attribute + ATTRIBUTE_HEADER, 0, padded);
	output->length += ATTRIBUTE_HEADER + padded;
	return attribute + ATTRIBUTE_HEADER;
}

static void add_bytes(struct output *output, unsigned int type, const void *bytes, size_t length)
{
	uint8_t *value = add(output, type, length);

	if (value)
		memcpy(value, bytes, length);
}

static void add_number(struct output *output, unsigned int type, const uint8_t bytes[4])
{
	add_bytes(output, type, bytes, 4);
}

static void add_endpoint(struct output *output, unsigned int type, const union endpoint *endpoint)
{
	size_t length;
	const uint8_t *bytes = endpoint_bytes(endpoint, &length);
	uint8_t *value = add(output, type, 4 + length);

	if (!value)
		return;
	value[1] = endpoint->any.sa_family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4;
	put16(value + 2, endpoint_port(endpoint));
	memcpy(value + 4, bytes, length);
}

/* RFC 3489 has no padding of attributes: the value itself is made a multiple of 4 long. */
static void add_username(struct output *output, const char *username, bool cookie)
{
	size_t length = strlen(username), padded = cookie ? length : (length + 3) & ~(size_t)3;
	uint8_t *value;

	if (length > STUN_USERNAME_MAXIMUM) {
		output->full = true;
		return;
	}
	value = add(output, STUN_USERNAME, padded);
	if (!value)
		return;
	memset(value, ' ', padded);
	memcpy(value, username, length);
}

/* The key of a long-term credential: MD5 of user, realm and password with colons between (RFC 8489, 9.2.2). */
static void long_term_key(const struct stun_request *request, uint8_t key[MD5_DIGEST_SIZE])
{
	struct md5_ctx hash;

	md5_init(&hash);
	md5_update(&hash, strlen(request->username), (const uint8_t *)request->username);
	md5_update(&hash, 1, (const uint8_t *)":");
	md5_update(&hash, strlen(request->realm), (const uint8_t *)request->realm);
	md5_update(&hash, 1, (const uint8_t *)":");
	md5_update(&hash, strlen(request->password), (const uint8_t *)request->password);
	md5_digest(&hash, MD5_DIGEST_SIZE, key);
}

static void add_integrity(struct output *output, const struct stun_request *request, bool cookie)
{
	static const uint8_t zeros[INTEGRITY_BLOCK];
	size_t covered = output->length;
	uint8_t *value = add(output, STUN_MESSAGE_INTEGRITY, STUN_DIGEST_SIZE);
	struct hmac_sha1_ctx hash;
	uint8_t key[MD5_DIGEST_SIZE];

	if (!value)
		return;
	put16(output->message + 2, (unsigned int)(output->length - STUN_HEADER_SIZE));
	if (request->realm) {
		long_term_key(request, key);
		hmac_sha1_set_key(&hash, sizeof(key), key);
	} else {
		hmac_sha1_set_key(&hash, strlen(request->password), (const uint8_t *)request->password);
	}
	hmac_sha1_update(&hash, covered, output->message);
	if (!cookie && covered % INTEGRITY_BLOCK)
		hmac_sha1_update(&hash, INTEGRITY_BLOCK - covered % INTEGRITY_BLOCK, zeros);
	hmac_sha1_digest(&hash, STUN_DIGEST_SIZE, value);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(&hash, sizeof(hash));
}

int stun_write(uint8_t *message, const uint8_t identifier[STUN_IDENTIFIER_SIZE], const struct stun_request *request)
{
	struct output output = {.message = message, .length = STUN_HEADER_SIZE};
	bool cookie = stun_has_cookie(identifier), named = request->username && *request->username;

	put16(message, STUN_BINDING_REQUEST);
	memcpy(message + 4, identifier, STUN_IDENTIFIER_SIZE);
	if (request->connection_request_binding)
		add_bytes(&output, STUN_CONNECTION_REQUEST_BINDING, CONNECTION_BINDING, strlen(CONNECTION_BINDING));
	if (request->binding_change)
		add(&output, STUN_BINDING_CHANGE, 0);
	if (request->change)
		add_number(&output, STUN_CHANGE_REQUEST, (const uint8_t[4]){0, 0, 0, request->change});
	if (request->response_to.any.sa_family != AF_UNSPEC)
		add_endpoint(&output, STUN_RESPONSE_ADDRESS, &request->response_to);
	if (request->response_port)
		add_number(&output, STUN_RESPONSE_PORT,
			   (const uint8_t[4]){(uint8_t)(request->response_port >> 8), (uint8_t)request->response_port});
	if (named)
		add_username(&output, request->username, cookie);
	if (named && request->realm) {
		add_bytes(&output, STUN_REALM, request->realm, strlen(request->realm));
		if (request->nonce)
			add_bytes(&output, STUN_NONCE, request->nonce, strlen(request->nonce));
	}
	if (named && request->password)
		add_integrity(&output, request, cookie);
	if (output.full)
		return -EMSGSIZE;
	put16(message + 2, (unsigned int)(output.length - STUN_HEADER_SIZE));
	return (int)output.length;
}

/* ---- Reading ------------------------------------------------------------------------------------------------ */

static int read_endpoint(const uint8_t *value, size_t length, const uint8_t *mask, union endpoint *endpoint)
{
	uint8_t bytes[16];
	size_t size;
	int family;

	if (length < 4)
		return -EBADMSG;
	family = value[1] == FAMILY_IPV4 ? AF_INET : value[1] == FAMILY_IPV6 ? AF_INET6 : AF_UNSPEC;
	size = family == AF_INET6 ? 16 : 4;
	if (family == AF_UNSPEC || length != 4 + size)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++)
		bytes[i] = value[4 + i] ^ (mask ? mask[i] : 0);
	*endpoint = endpoint_make(family, bytes, (uint16_t)(get16(value + 2) ^ (mask ? get16(mask) : 0)));
	return 0;
}

static int read_text(const uint8_t *value, size_t length, char *text)
{
	if (length > STUN_TEXT_MAXIMUM || memchr(value, '\0', length))
		return -EBADMSG;
	memcpy(text, value, length);
	text[length] = '\0';
	return 0;
}

static int read_error(const uint8_t *value, size_t length, unsigned int *error)
{
	if (length < 4 || (value[2] & 7) < 1 || value[3] > 99)
		return -EBADMSG;
	*error = (value[2] & 7u) * 100u + value[3];
	return 0;
}

static int read_attribute(unsigned int type, const uint8_t *value, size_t length, struct stun_response *response,
			  bool *xored)
{
	union endpoint endpoint;
	int error = 0;

	switch (type) {
	case STUN_MAPPED_ADDRESS:
		error = read_endpoint(value, length, NULL, &endpoint);
		if (!error && !*xored)
			response->mapped = endpoint;
		return error;
	case STUN_XOR_MAPPED_ADDRESS:
	case STUN_OLD_XOR_MAPPED_ADDRESS:
		*xored = true;
		return read_endpoint(value, length, response->identifier, &response->mapped);
	case STUN_CHANGED_ADDRESS:
	case STUN_OTHER_ADDRESS:
		return read_endpoint(value, length, NULL, &response->other);
	case STUN_ERROR_CODE:
		return read_error(value, length, &response->error);
	case STUN_REALM:
		return read_text(value, length, response->realm);
	case STUN_NONCE:
		return read_text(value, length, response->nonce);
	default:
		return 0;
	}
}

int stun_read(const uint8_t *message, size_t length, struct stun_response *response)
{
	unsigned int count = 0;
	size_t at = STUN_HEADER_SIZE;
	bool xored = false;

	memset(response, 0, sizeof(*response));
	if (length < STUN_HEADER_SIZE || length > STUN_MESSAGE_MAXIMUM ||
	    get16(message + 2) != length - STUN_HEADER_SIZE)
		return -EBADMSG;
	response->type = (uint16_t)get16(message);
	if (response->type != STUN_BINDING_RESPONSE && response->type != STUN_BINDING_ERROR)
		return -EBADMSG;
	memcpy(response->identifier, message + 4, STUN_IDENTIFIER_SIZE);
	while (at < length) {
		unsigned int type;
		size_t size;

		if (length - at < ATTRIBUTE_HEADER || ++count > STUN_ATTRIBUTES_MAXIMUM)
			return -EBADMSG;
		type = get16(message + at);
		size = get16(message + at + 2);
		at += ATTRIBUTE_HEADER;
		if (size > length - at || read_attribute(type, message + at, size, response, &xored))
			return -EBADMSG;
		/* The padding of the last attribute may be missing: RFC 3489 knows none. */
		size = (size + 3) & ~(size_t)3;
		at = size > length - at ? length : at + size;
	}
	if (response->type == STUN_BINDING_ERROR ? !response->error : response->mapped.any.sa_family == AF_UNSPEC)
		return -EBADMSG;
	return 0;
}
