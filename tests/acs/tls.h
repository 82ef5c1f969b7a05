// SPDX-License-Identifier: GPL-2.0-or-later
// TLS for the HTTP server, over sockets that do not block.
#pragma once

#include <sys/types.h>

struct WOLFSSL;

/* Reads the certificate (with those between it and its authority behind it) and the key, both PEM. Returns NULL, or
 * what is wrong. */
const char *tls_open(const char *certificate, const char *key);

/* Frees what tls_open() made; harmless without. */
void tls_close(void);

/* The server's side on an accepted socket; NULL when there is no TLS or no memory. */
struct WOLFSSL *tls_accept(int fd);

/* As recv() and send() on a non-blocking socket, errno included. The handshake is part of the first of them. */
ssize_t tls_receive(struct WOLFSSL *tls, void *data, size_t size);
ssize_t tls_send(struct WOLFSSL *tls, const void *data, size_t length);

/* What a connection speaks, such as "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256 resumed"; "" before the handshake is done. */
const char *tls_describe(struct WOLFSSL *tls, char *text, size_t size);

/* Says goodbye and frees it; NULL is allowed. */
void tls_end(struct WOLFSSL *tls);
