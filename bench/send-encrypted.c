/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference of "send" over TLS: answers each request that comes with the finished bytes of a file, encrypted by
 * wolfSSL with the agent's ciphers. The library does it as it comes; its records are sent in pieces of the agent's
 * size, since one system call for each would cost more.
 *
 *     send-encrypted PORT FILE
 */
#include "agent/ring.h"
#include "agent/tls-cipher.h"
#include "bench/finished.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char piece[RING_COPIED_SIZE];
static size_t used;

static void send_piece(int peer)
{
	if (used > 0 && send(peer, piece, used, MSG_NOSIGNAL) != (ssize_t)used)
		err(1, "send");
	used = 0;
}

static int collect(WOLFSSL *ssl, char *data, int size, void *context)
{
	int peer = *(int *)context;

	(void)ssl;
	if (used + (size_t)size > sizeof(piece))
		send_piece(peer);
	memcpy(piece + used, data, (size_t)size);
	used += (size_t)size;
	return size;
}

static int take(WOLFSSL *ssl, char *data, int size, void *context)
{
	int peer = *(int *)context;
	ssize_t length;

	(void)ssl;
	send_piece(peer);
	length = recv(peer, data, (size_t)size, 0);
	return length > 0 ? (int)length : WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

int main(int argc, char **argv)
{
	char request[65536], *bytes;
	WOLFSSL_CTX *context;
	WOLFSSL *ssl;
	size_t size;
	int peer;

	if (argc != 3)
		errx(2, "usage: send-encrypted PORT FILE");
	bytes = finished_read(argv[2], &size);
	peer = finished_connect(argv[1]);
	wolfSSL_Init();
	context = wolfSSL_CTX_new(wolfSSLv23_client_method());
	if (!context ||
	    wolfSSL_CTX_set_cipher_list(context, tls_cipher_list(tls_cipher_aes_is_faster())) != WOLFSSL_SUCCESS)
		errx(1, "wolfSSL");
	wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
	wolfSSL_CTX_SetIORecv(context, take);
	wolfSSL_CTX_SetIOSend(context, collect);
	ssl = wolfSSL_new(context);
	if (!ssl)
		errx(1, "wolfSSL");
	wolfSSL_SetIOReadCtx(ssl, &peer);
	wolfSSL_SetIOWriteCtx(ssl, &peer);
	if (wolfSSL_connect(ssl) != WOLFSSL_SUCCESS)
		errx(1, "the handshake has failed");
	send_piece(peer);
	while (wolfSSL_read(ssl, request, sizeof(request)) > 0) {
		if (wolfSSL_write(ssl, bytes, (int)size) != (int)size)
			errx(1, "wolfSSL_write");
		send_piece(peer);
	}
	wolfSSL_free(ssl);
	wolfSSL_CTX_free(context);
	wolfSSL_Cleanup();
	free(bytes);
	close(peer);
	return 0;
}
