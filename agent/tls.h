// SPDX-License-Identifier: GPL-2.0-or-later
// What all TLS connections share: authorities, own certificate and key, ciphers, and sessions to resume.
#pragma once

#include "agent/tls-session.h"

#include <stdbool.h>
#include <stddef.h>

#define TLS_FILE_MAX	    (4 * 1024 * 1024) // bytes of a file of certificates
#define TLS_MESSAGE_SIZE    1400	      // holds a path of 1023 bytes and the words
#define TLS_CA_FILE_DEFAULT "/etc/ssl/certs/ca-certificates.crt"

struct WOLFSSL_CTX;

#define TLS_PATH_SIZE 1024

// Paths may be "".
struct tls_settings {
	char ca_file[TLS_PATH_SIZE]; // "": TLS_CA_FILE_DEFAULT
	char crl_file[TLS_PATH_SIZE];
	char certificate[TLS_PATH_SIZE], private_key[TLS_PATH_SIZE];
	bool verify;
};

// Zeroed memory is one that has nothing loaded. All members but `settings` are private.
struct tls {
	struct tls_settings settings; // to be set before any call but tls_load()
	struct WOLFSSL_CTX *context;
	struct tls_sessions sessions;
};

// Takes these settings and reads all files at once. When that fails, what was loaded before stays in use, with its
// settings; connections that stand keep what they have anyway. Takes some ms with a system's bundle of authorities.
// Returns 0, or -errno with one line in `message` that names the key and the file. Warns in the log of what is allowed
// but not safe.
int tls_load(struct tls *tls, const struct tls_settings *settings, char message[TLS_MESSAGE_SIZE]);

// Loads by tls->settings, unless that has been done. As tls_load().
int tls_ready(struct tls *tls, char message[TLS_MESSAGE_SIZE]);

// Forgets what was loaded and all sessions.
void tls_unload(struct tls *tls);
