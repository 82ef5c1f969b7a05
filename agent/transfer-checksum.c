// SPDX-License-Identifier: GPL-2.0-or-later
// The checksums of a file that a server gives in header fields: Content-MD5, Digest and Repr-Digest.
#include "agent/transfer-checksum.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/hash.h>

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define READ_SIZE 16384

// From weak to strong.
static const struct {
	const char *name;
	enum wc_HashType type;
} algorithms[] = {
	{"md5", WC_HASH_TYPE_MD5},
	{"sha", WC_HASH_TYPE_SHA},
	{"sha-256", WC_HASH_TYPE_SHA256},
	{"sha-512", WC_HASH_TYPE_SHA512},
};

#define ALGORITHMS (sizeof(algorithms) / sizeof(*algorithms))

static size_t strength(int type)
{
	for (size_t i = 0; i < ALGORITHMS; i++) {
		if ((int)algorithms[i].type == type)
			return i;
	}
	return 0;
}

static void take(struct transfer_checksum *checksum, size_t algorithm, const char *text, size_t length)
{
	int type = algorithms[algorithm].type;
	unsigned char bytes[TRANSFER_CHECKSUM_SIZE + 3]; // wolfSSL asks for room for what the padding stands for
	word32 size = sizeof(bytes);

	if (checksum->size && strength(checksum->type) >= algorithm)
		return;
	if (Base64_Decode((const byte *)text, (word32)length, bytes, &size) != 0 ||
	    (int)size != wc_HashGetDigestSize(type))
		return;
	checksum->type = type;
	checksum->size = size;
	memcpy(checksum->bytes, bytes, size);
}

// "sha-256=BASE64,md5=..." or, with colons around the value, "sha-256=:BASE64:,...".
static void take_list(struct transfer_checksum *checksum, const char *list)
{
	while (*list) {
		size_t length, equals;

		list += strspn(list, " \t,");
		length = strcspn(list, ",");
		equals = strcspn(list, "=");
		for (size_t i = 0; i < ALGORITHMS && equals < length; i++) {
			const char *value = list + equals + 1;
			size_t size = length - equals - 1;

			if (strlen(algorithms[i].name) != equals || strncasecmp(list, algorithms[i].name, equals) != 0)
				continue;
			while (size && strchr(" \t", value[size - 1]))
				size--;
			if (size >= 2 && *value == ':' && value[size - 1] == ':') {
				value++;
				size -= 2;
			}
			take(checksum, i, value, size);
		}
		list += length;
	}
}

void transfer_checksum_take(struct transfer_checksum *checksum, const char *name, const char *value, bool partial)
{
	if (!strcasecmp(name, "Content-MD5")) {
		if (!partial)
			take(checksum, 0, value, strlen(value));
	} else if (!strcasecmp(name, "Digest") || !strcasecmp(name, "Repr-Digest")) {
		take_list(checksum, value);
	}
}

int transfer_checksum_verify(const struct transfer_checksum *checksum, int descriptor)
{
	enum wc_HashType type = (enum wc_HashType)checksum->type;
	unsigned char bytes[TRANSFER_CHECKSUM_SIZE], buffer[READ_SIZE];
	wc_HashAlg hash;
	ssize_t length;
	off_t at = 0;
	int result;

	if (!checksum->size)
		return 0;
	if (wc_HashInit(&hash, type) != 0)
		return -EINVAL;
	result = 0;
	while (!result && (length = pread(descriptor, buffer, sizeof(buffer), at)) != 0) {
		if (length < 0) {
			result = -errno;
			break;
		}
		if (wc_HashUpdate(&hash, type, buffer, (word32)length) != 0)
			result = -EINVAL;
		at += length;
	}
	if (!result && wc_HashFinal(&hash, type, bytes) != 0)
		result = -EINVAL;
	wc_HashFree(&hash, type);
	if (result)
		return result;
	return memcmp(bytes, checksum->bytes, checksum->size) ? -EBADMSG : 0;
}
