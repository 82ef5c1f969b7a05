// SPDX-License-Identifier: GPL-2.0-or-later
// TLS for the HTTP server, over sockets that do not block.

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#include "tests/acs/tls.h"

static WOLFSSL_CTX *context;

const char *tls_open(const char *certificate, const char *key)
{
	if (wolfSSL_Init() != WOLFSSL_SUCCESS || !(context = wolfSSL_CTX_new(wolfSSLv23_server_method())) ||
	    wolfSSL_CTX_SetMinVersion(context, WOLFSSL_TLSV1_2) != WOLFSSL_SUCCESS)
		return "TLS cannot be set up";
	if (wolfSSL_CTX_use_certificate_chain_file(context, certificate) != WOLFSSL_SUCCESS)
		return "no certificate in PEM can be read from the file of --certificate";
	if (wolfSSL_CTX_use_PrivateKey_file(context, key, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS)
		return "no private key in PEM can be read from the file of --key";
	return NULL;
}

void tls_close(void)
{
	if (context)
		wolfSSL_CTX_free(context);
	context = NULL;
}

WOLFSSL *tls_accept(int fd)
{
	WOLFSSL *tls = context ? wolfSSL_new(context) : NULL;

	if (!tls)
		return NULL;
	wolfSSL_set_fd(tls, fd);
	wolfSSL_SetIOWriteFlags(tls, MSG_NOSIGNAL);
	// The agent knows what is fast on its CPU, and that is the slower one.
	wolfSSL_UseClientSuites(tls);
	return tls;
}

/* What a negative or zero result means to callers of recv() and send(). */
static ssize_t failed(WOLFSSL *tls, int result)
{
	switch (wolfSSL_get_error(tls, result)) {
	case WOLFSSL_ERROR_WANT_READ:
	case WOLFSSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case WOLFSSL_ERROR_ZERO_RETURN:
		return 0;
	}
	errno = ECONNRESET;
	return -1;
}

ssize_t tls_receive(WOLFSSL *tls, void *data, size_t size)
{
	size_t taken = 0;

	while (taken < size) {
		int length = wolfSSL_read(tls, (char *)data + taken, (int)(size - taken));

		if (length <= 0)
			return taken ? (ssize_t)taken : failed(tls, length);
		taken += (size_t)length;
	}
	return (ssize_t)taken;
}

ssize_t tls_send(WOLFSSL *tls, const void *data, size_t length)
{
	int sent = wolfSSL_write(tls, data, length > INT_MAX ? INT_MAX : (int)length);

	return sent > 0 ? sent : failed(tls, sent);
}

const char *tls_describe(WOLFSSL *tls, char *text, size_t size)
{
	*text = '\0';
	if (wolfSSL_is_init_finished(tls))
		snprintf(text, size, "%s %s%s", wolfSSL_get_version(tls), wolfSSL_get_cipher_name(tls),
			 wolfSSL_session_reused(tls) ? " resumed" : "");
	return text;
}

void tls_end(WOLFSSL *tls)
{
	if (!tls)
		return;
	if (wolfSSL_is_init_finished(tls))
		wolfSSL_shutdown(tls);
	wolfSSL_free(tls);
}
