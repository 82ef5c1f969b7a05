// SPDX-License-Identifier: GPL-2.0-or-later
// Which ciphers are offered, and in which order.
#pragma once

#include <stdbool.h>

// Whether this machine and library encrypt with AES-GCM faster than with ChaCha20-Poly1305: both are tried once, which
// takes less than a millisecond.
bool tls_cipher_aes_is_faster(void);

// The ciphers of TLS 1.3 and 1.2 as the library names them: authenticated encryption and forward secrecy only.
const char *tls_cipher_list(bool aes_first);
