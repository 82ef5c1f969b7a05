// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of SCRAM-SHA-1 and SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677).
#include "agent/xmpp-scram.h"

#include "agent/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#define HEADER	     "n,,"
#define HEADER_64    "biws" // the same in base64
#define BASE_64_SIZE 64	    // room for a hash in base64

static int hash_type(const struct scram *scram)
{
	return scram->hash == SCRAM_SHA_1 ? WC_SHA : WC_SHA256;
}

static word32 hash_size(const struct scram *scram)
{
	return scram->hash == SCRAM_SHA_1 ? WC_SHA_DIGEST_SIZE : WC_SHA256_DIGEST_SIZE;
}

static int keyed(const struct scram *scram, const unsigned char *key, const char *text, unsigned char *result)
{
	Hmac hmac;
	int error = wc_HmacInit(&hmac, NULL, INVALID_DEVID);

	if (error)
		return -EINVAL;
	error = wc_HmacSetKey(&hmac, hash_type(scram), key, hash_size(scram));
	if (!error)
		error = wc_HmacUpdate(&hmac, (const byte *)text, (word32)strlen(text));
	if (!error)
		error = wc_HmacFinal(&hmac, result);
	wc_HmacFree(&hmac);
	return error ? -EINVAL : 0;
}

int scram_start(struct scram *scram, enum scram_hash hash, const char *user, const char *nonce,
		char message[SCRAM_MESSAGE_SIZE])
{
	char name[2 * XMPP_USER_SIZE + 3];
	size_t length = 0;
	int error;

	*scram = (struct scram){.hash = hash};
	for (; *user; user++) {
		const char *escaped = *user == ',' ? "=2C" : *user == '=' ? "=3D" : NULL;

		if (length + 4 > sizeof(name))
			return -EMSGSIZE;
		length += (size_t)snprintf(name + length, 4, escaped ? "%s" : "%.1s", escaped ? escaped : user);
	}
	name[length] = '\0';
	if (nonce) {
		snprintf(scram->nonce, sizeof(scram->nonce), "%s", nonce);
	} else {
		error = digest_random_hex(scram->nonce, sizeof(scram->nonce) / 2);
		if (error)
			return error;
	}
	snprintf(scram->first, sizeof(scram->first), "n=%s,r=%s", name, scram->nonce);
	return snprintf(message, SCRAM_MESSAGE_SIZE, HEADER "%s", scram->first);
}

// The value of a one-letter attribute at *at, which moves behind it. Returns its length or -EBADMSG.
static int attribute(const char **at, char letter, const char **value)
{
	size_t length;

	*value = "";
	if ((*at)[0] != letter || (*at)[1] != '=')
		return -EBADMSG;
	*value = *at + 2;
	length = strcspn(*value, ",");
	*at = *value + length;
	if (**at == ',')
		(*at)++;
	return (int)length;
}

// What the server has challenged us with.
struct challenge {
	const char *nonce;
	int nonce_length;
	unsigned char salt[SCRAM_SALT_MAXIMUM];
	word32 salt_length;
	unsigned long iterations;
};

static int read_challenge(const struct scram *scram, const char *text, struct challenge *challenge)
{
	const char *salt, *iterations;
	size_t own = strlen(scram->nonce);
	char *end;
	int length;

	if (strlen(text) > SCRAM_SERVER_MAXIMUM)
		return -EBADMSG;
	challenge->nonce_length = attribute(&text, 'r', &challenge->nonce);
	// The server's part comes behind ours, and is not empty.
	if (challenge->nonce_length <= (int)own || memcmp(challenge->nonce, scram->nonce, own) != 0)
		return -EBADMSG;
	length = attribute(&text, 's', &salt);
	challenge->salt_length = sizeof(challenge->salt);
	if (length <= 0 ||
	    Base64_Decode((const byte *)salt, (word32)length, challenge->salt, &challenge->salt_length) ||
	    !challenge->salt_length)
		return -EBADMSG;
	length = attribute(&text, 'i', &iterations);
	if (length <= 0 || *iterations < '0' || *iterations > '9')
		return -EBADMSG;
	challenge->iterations = strtoul(iterations, &end, 10);
	if (end != iterations + length || challenge->iterations < SCRAM_ITERATIONS_MINIMUM ||
	    challenge->iterations > SCRAM_ITERATIONS_MAXIMUM)
		return -EBADMSG;
	return 0;
}

// Finds our proof, and what the server's signature has to be.
static int prove(struct scram *scram, const struct challenge *challenge, const char *password, const char *messages,
		 unsigned char proof[SCRAM_HASH_MAXIMUM])
{
	unsigned char salted[SCRAM_HASH_MAXIMUM], key[SCRAM_HASH_MAXIMUM], stored[SCRAM_HASH_MAXIMUM];
	word32 size = hash_size(scram);
	enum wc_HashType type = scram->hash == SCRAM_SHA_1 ? WC_HASH_TYPE_SHA : WC_HASH_TYPE_SHA256;
	int error = wc_PBKDF2(salted, (const byte *)password, (int)strlen(password), challenge->salt,
			      (int)challenge->salt_length, (int)challenge->iterations, (int)size, hash_type(scram));

	if (!error)
		error = keyed(scram, salted, "Client Key", key);
	if (!error)
		error = wc_Hash(type, key, size, stored, size);
	if (!error)
		error = keyed(scram, stored, messages, proof);
	for (word32 i = 0; i < size && !error; i++)
		proof[i] ^= key[i];
	if (!error)
		error = keyed(scram, salted, "Server Key", key);
	if (!error)
		error = keyed(scram, key, messages, scram->server_signature);
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(stored, sizeof(stored));
	return error ? -EINVAL : 0;
}

int scram_answer(struct scram *scram, const char *challenge_text, const char *password,
		 char message[SCRAM_MESSAGE_SIZE])
{
	char messages[2 * SCRAM_MESSAGE_SIZE], proof_64[BASE_64_SIZE];
	unsigned char proof[SCRAM_HASH_MAXIMUM];
	struct challenge challenge;
	word32 length = sizeof(proof_64) - 1;
	int error = read_challenge(scram, challenge_text, &challenge);

	if (error)
		return error;
	snprintf(messages, sizeof(messages), "%s,%s,c=" HEADER_64 ",r=%.*s", scram->first, challenge_text,
		 challenge.nonce_length, challenge.nonce);
	error = prove(scram, &challenge, password, messages, proof);
	if (!error && Base64_Encode_NoNl(proof, hash_size(scram), (byte *)proof_64, &length))
		error = -EINVAL;
	explicit_bzero(proof, sizeof(proof));
	if (error)
		return error;
	scram->answered = true;
	return snprintf(message, SCRAM_MESSAGE_SIZE, "c=" HEADER_64 ",r=%.*s,p=%.*s", challenge.nonce_length,
			challenge.nonce, (int)length, proof_64);
}

bool scram_verify(const struct scram *scram, const char *final)
{
	unsigned char signature[SCRAM_SERVER_MAXIMUM], different = 0;
	word32 length = sizeof(signature);
	const char *value;
	int size;

	if (!scram->answered || strlen(final) > SCRAM_SERVER_MAXIMUM)
		return false;
	size = attribute(&final, 'v', &value);
	if (size <= 0 || Base64_Decode((const byte *)value, (word32)size, signature, &length) ||
	    length != hash_size(scram))
		return false;
	for (word32 i = 0; i < length; i++)
		different |= signature[i] ^ scram->server_signature[i];
	return !different;
}
