// SPDX-License-Identifier: GPL-2.0-or-later
// Which ciphers are offered, and in which order.
#include "agent/tls-cipher.h"

#include "agent/ring.h"
#include "shm/log.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>

#define RECORD	 (16 * 1024) // bytes: a full record
#define ATTEMPTS 3	     // the fastest counts, as others may take the CPU meanwhile

#define TLS_13_AES    "TLS13-AES128-GCM-SHA256"
#define TLS_13_CHACHA "TLS13-CHACHA20-POLY1305-SHA256"
#define TLS_12_AES    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256"
#define TLS_12_CHACHA "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-CHACHA20-POLY1305"
// Last: more rounds than anybody can break the smaller one without
#define LARGE_AES                                                                                                      \
	"TLS13-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384"

static unsigned char record[RECORD];

static int64_t time_aes(void)
{
	static const unsigned char key[16], nonce[12];
	unsigned char tag[16];
	int64_t best = INT64_MAX;
	Aes aes;

	if (wc_AesInit(&aes, NULL, INVALID_DEVID) != 0)
		return best;
	if (wc_AesGcmSetKey(&aes, key, sizeof(key)) == 0) {
		for (int i = 0; i < ATTEMPTS; i++) {
			int64_t started = ring_clock(CLOCK_MONOTONIC), took;

			wc_AesGcmEncrypt(&aes, record, record, sizeof(record), nonce, sizeof(nonce), tag, sizeof(tag),
					 NULL, 0);
			took = ring_clock(CLOCK_MONOTONIC) - started;
			best = took < best ? took : best;
		}
	}
	wc_AesFree(&aes);
	return best;
}

static int64_t time_chacha(void)
{
	static const unsigned char key[32], nonce[12];
	unsigned char tag[16];
	int64_t best = INT64_MAX;

	for (int i = 0; i < ATTEMPTS; i++) {
		int64_t started = ring_clock(CLOCK_MONOTONIC), took;

		wc_ChaCha20Poly1305_Encrypt(key, nonce, NULL, 0, record, sizeof(record), record, tag);
		took = ring_clock(CLOCK_MONOTONIC) - started;
		best = took < best ? took : best;
	}
	return best;
}

bool tls_cipher_aes_is_faster(void)
{
	int64_t aes = time_aes(), chacha = time_chacha();

	log_info("TLS: a record of %d KiB takes %lld us with AES-GCM and %lld us with ChaCha20-Poly1305", RECORD / 1024,
		 (long long)aes / 1000, (long long)chacha / 1000);
	return aes < chacha;
}

const char *tls_cipher_list(bool aes_first)
{
	return aes_first ? TLS_13_AES ":" TLS_13_CHACHA ":" TLS_12_AES ":" TLS_12_CHACHA ":" LARGE_AES
			 : TLS_13_CHACHA ":" TLS_13_AES ":" TLS_12_CHACHA ":" TLS_12_AES ":" LARGE_AES;
}
