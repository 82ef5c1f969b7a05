// SPDX-License-Identifier: GPL-2.0-or-later
// One TLS connection without a socket: bytes of the peer in, bytes for the peer and plain text out.
#include "agent/tls-stream.h"

#include "agent/clock.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tls_stream {
	struct tls *tls;
	WOLFSSL *ssl;
	const struct tls_stream_events *events;
	void *context;
	char *host;
	uint16_t port;
	struct tls_verdict verdict;
	bool verify, offered, established, failed, busy, closed;

	const char *input; // of tls_stream_receive()
	size_t input_length;
	size_t taken;	// bytes of the handshake
	int64_t silent; // bytes that brought no plain text

	char *record; // where the next record of tls_stream_send() goes, or NULL
	const char *record_limit;
	size_t output_length;
	char output[TLS_OUTPUT_SIZE];
	char plain[TLS_RECORD_SIZE];
};

// ---- What the library calls

static int give_input(WOLFSSL *ssl, char *buffer, int size, void *context)
{
	struct tls_stream *stream = context;
	size_t length = (size_t)size < stream->input_length ? (size_t)size : stream->input_length;

	(void)ssl;
	if (length == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	memcpy(buffer, stream->input, length);
	stream->input += length;
	stream->input_length -= length;
	return (int)length;
}

static int take_output(WOLFSSL *ssl, char *data, int size, void *context)
{
	struct tls_stream *stream = context;

	(void)ssl;
	if (stream->record) {
		// The library has copied the plain bytes of this record, and those behind it must not be touched yet.
		if (stream->record + size > stream->record_limit)
			return WOLFSSL_CBIO_ERR_GENERAL;
		memcpy(stream->record, data, (size_t)size);
		stream->record += size;
		stream->record_limit += TLS_RECORD_SIZE;
		return size;
	}
	if ((size_t)size > sizeof(stream->output) - stream->output_length)
		return WOLFSSL_CBIO_ERR_WANT_WRITE;
	memcpy(stream->output + stream->output_length, data, (size_t)size);
	stream->output_length += (size_t)size;
	return size;
}

// The library keeps 400 KiB for each of the last 16 points of elliptic curves that it has met (FP_ECC), room for
// multiples that would be of use if they came again soon.
static void forget_points(void)
{
	wc_ecc_fp_free();
}

static int verify(int accepted, WOLFSSL_X509_STORE_CTX *store)
{
	struct tls_stream *stream = store->userCtx;
	int depth = store->error_depth;

	(void)accepted;
	forget_points();
	if (!stream->verify)
		return 1;
	if (depth < 0 || depth >= store->totalCerts || !store->certs)
		return store->error == 0;
	return tls_certificate_judge(&stream->verdict, depth, store->error, store->certs[depth].buffer,
				     store->certs[depth].length);
}

void tls_stream_prepare(WOLFSSL_CTX *context, bool check)
{
	wolfSSL_CTX_SetIORecv(context, give_input);
	wolfSSL_CTX_SetIOSend(context, take_output);
	wolfSSL_CTX_set_verify(context, check ? WOLFSSL_VERIFY_PEER : WOLFSSL_VERIFY_NONE, check ? verify : NULL);
}

// ---- What has gone wrong

static const char *alert_name(int code)
{
	switch (code) {
	case handshake_failure:
		return "handshake failure";
	case bad_certificate:
		return "bad certificate";
	case unsupported_certificate:
		return "unsupported certificate";
	case certificate_revoked:
		return "certificate revoked";
	case certificate_expired:
		return "certificate expired";
	case certificate_unknown:
		return "certificate unknown";
	case illegal_parameter:
		return "illegal parameter";
	case unknown_ca:
		return "unknown CA";
	case decode_error:
		return "decode error";
	case decrypt_error:
		return "decrypt error";
	case wolfssl_alert_protocol_version:
		return "protocol version";
	case unrecognized_name:
		return "unrecognised name";
	case no_application_protocol:
		return "no application protocol";
	case 49:
		return "access denied";
	case 71:
		return "insufficient security";
	case 80:
		return "internal error";
	case 116:
		return "certificate required";
	}
	return "alert";
}

static void explain_alert(struct tls_stream *stream)
{
	WOLFSSL_ALERT_HISTORY history = {0};
	const char *hint = "";
	int code;

	wolfSSL_get_alert_history(stream->ssl, &history);
	code = history.last_rx.code;
	if (code == wolfssl_alert_protocol_version)
		hint = ": it has neither TLS 1.2 nor 1.3";
	else if (code == handshake_failure && !stream->established)
		hint = ": no version or cipher in common, or it wants a certificate ([tls] certificate)";
	else if (code == 116)
		hint = " ([tls] certificate)";
	snprintf(stream->verdict.reason, sizeof(stream->verdict.reason), "the server refuses with \"%s\" (alert %d)%s",
		 alert_name(code), code, hint);
}

static int fail(struct tls_stream *stream, const char *reason)
{
	if (!*stream->verdict.reason)
		snprintf(stream->verdict.reason, sizeof(stream->verdict.reason), "%s", reason);
	stream->failed = true;
	return -EPROTO;
}

static int explain(struct tls_stream *stream, int error)
{
	// A certificate's fault has been said already.
	if (*stream->verdict.reason)
		return fail(stream, "");
	switch (error) {
	case FATAL_ERROR:
		explain_alert(stream);
		return fail(stream, "");
	case VERSION_ERROR:
		return fail(stream, "the server has neither TLS 1.2 nor 1.3");
	case UNKNOWN_RECORD_TYPE:
	case PARSE_ERROR:
	case LENGTH_ERROR:
		return fail(stream, stream->established ? "the server sends what is no record of TLS"
							: "the server does not speak TLS on this port");
	case WOLFSSL_ERROR_WANT_WRITE:
		return fail(stream, "the server makes too many answers necessary");
	case MATCH_SUITE_ERROR:
	case UNSUPPORTED_SUITE:
		return fail(stream, "the server chose a cipher that was not offered");
	case RSA_KEY_SIZE_E:
		return fail(stream, "the certificate has an RSA key of less than 2048 bits");
	case ECC_KEY_SIZE_E:
		return fail(stream, "the certificate has an ECC key of less than 256 bits");
	case DH_KEY_SIZE_E:
		return fail(stream, "the server's Diffie-Hellman key has less than 2048 bits");
	case VERIFY_MAC_ERROR:
	case AES_GCM_AUTH_E:
	case MAC_CMP_FAILED_E:
		return fail(stream, "a record was changed on its way");
	}
	return fail(stream, wolfSSL_ERR_reason_error_string((unsigned long)error));
}

// ---- The stream

static int shake_hands(struct tls_stream *stream)
{
	int error;

	if (wolfSSL_connect(stream->ssl) == WOLFSSL_SUCCESS) {
		stream->established = true;
		forget_points();
		return TLS_GOING_ON;
	}
	error = wolfSSL_get_error(stream->ssl, WOLFSSL_FATAL_ERROR);
	return error == WOLFSSL_ERROR_WANT_READ ? TLS_GOING_ON : explain(stream, error);
}

int tls_stream_open(struct tls_stream **made, struct tls *tls, const char *host, uint16_t port,
		    const struct tls_stream_events *events, void *context)
{
	struct tls_stream *stream = calloc(1, sizeof(*stream));
	WOLFSSL_SESSION *session;
	size_t length = strlen(host);
	int error;

	if (!stream)
		return -ENOMEM;
	stream->tls = tls;
	stream->events = events;
	stream->context = context;
	stream->port = port;
	stream->verify = tls->settings.verify;
	stream->host = strdup(host);
	stream->ssl = wolfSSL_new(tls->context);
	if (!stream->host || !stream->ssl) {
		tls_stream_close(stream);
		return -ENOMEM;
	}
	tls_host_set(&stream->verdict.host, stream->host);
	stream->verdict.dates_count = clock_known();
	wolfSSL_SetIOReadCtx(stream->ssl, stream);
	wolfSSL_SetIOWriteCtx(stream->ssl, stream);
	wolfSSL_SetCertCbCtx(stream->ssl, stream);
	// RFC 6066, 3: no address literals, no dot at the end.
	if (length > 1 && host[length - 1] == '.')
		length--;
	if (!stream->verdict.host.address_bytes)
		wolfSSL_UseSNI(stream->ssl, WOLFSSL_SNI_HOST_NAME, host, (unsigned short)length);
	session = tls_sessions_find(&tls->sessions, host, port, stream->verdict.dates_count, time(NULL));
	stream->offered = session && wolfSSL_set_session(stream->ssl, session) == WOLFSSL_SUCCESS;
	error = shake_hands(stream);
	if (error < 0) {
		tls_stream_close(stream);
		return error;
	}
	*made = stream;
	return 0;
}

static int read_plain(struct tls_stream *stream)
{
	while (!stream->closed) {
		int length = wolfSSL_read(stream->ssl, stream->plain, sizeof(stream->plain)), error;

		if (length > 0) {
			stream->silent -= (int64_t)length * TLS_IDLE_RATIO;
			if (stream->silent < 0)
				stream->silent = 0;
			stream->events->plain(stream->context, stream->plain, length);
			continue;
		}
		error = wolfSSL_get_error(stream->ssl, length);
		if (error == WOLFSSL_ERROR_ZERO_RETURN)
			return TLS_ENDED;
		if (error != WOLFSSL_ERROR_WANT_READ)
			return explain(stream, error);
		if (stream->silent > TLS_IDLE_MAX)
			return fail(stream, "the server sends records without content and does not stop");
		return TLS_GOING_ON;
	}
	return TLS_GOING_ON;
}

static int receive(struct tls_stream *stream)
{
	int result;

	if (!stream->established) {
		stream->taken += stream->input_length;
		if (stream->taken > TLS_HANDSHAKE_MAX)
			return fail(stream, "the server's handshake is too large");
		result = shake_hands(stream);
		if (result < 0 || !stream->established)
			return result;
		stream->events->established(stream->context);
	} else {
		stream->silent += (int64_t)stream->input_length;
	}
	return read_plain(stream);
}

static void destroy(struct tls_stream *stream)
{
	WOLFSSL_SESSION *session = stream->established && !stream->failed ? wolfSSL_get1_session(stream->ssl) : NULL;

	if (stream->offered && !stream->established)
		tls_sessions_drop(&stream->tls->sessions, stream->host, stream->port);
	if (session && wolfSSL_SESSION_is_resumable(session))
		tls_sessions_put(&stream->tls->sessions, stream->host, stream->port, session,
				 stream->verdict.dates_excused, stream->verdict.expires);
	else if (session)
		wolfSSL_SESSION_free(session);
	wolfSSL_free(stream->ssl);
	if (!stream->established)
		forget_points();
	free(stream->host);
	explicit_bzero(stream->plain, sizeof(stream->plain));
	free(stream);
}

int tls_stream_receive(struct tls_stream *stream, const char *data, size_t length)
{
	int result;

	stream->input = data;
	stream->input_length = length;
	stream->busy = true;
	result = receive(stream);
	stream->busy = false;
	stream->input_length = 0;
	if (stream->closed) {
		destroy(stream);
		return TLS_GOING_ON;
	}
	return result;
}

size_t tls_stream_room(size_t length)
{
	return (length / TLS_RECORD_SIZE + 1) * TLS_RECORD_EXTRA;
}

ssize_t tls_stream_send(struct tls_stream *stream, char *out, const char *data, size_t length)
{
	int result;

	assert(stream->established && out + tls_stream_room(length) <= data);
	stream->record = out;
	stream->record_limit = data + (length < TLS_RECORD_SIZE ? length : TLS_RECORD_SIZE);
	result = wolfSSL_write(stream->ssl, data, (int)length);
	if (result == (int)length) {
		ssize_t written = stream->record - out;

		stream->record = NULL;
		return written;
	}
	stream->record = NULL;
	return explain(stream, wolfSSL_get_error(stream->ssl, result));
}

const char *tls_stream_output(const struct tls_stream *stream, size_t *length)
{
	*length = stream->output_length;
	return stream->output;
}

void tls_stream_output_sent(struct tls_stream *stream, size_t length)
{
	assert(length <= stream->output_length);
	stream->output_length -= length;
	memmove(stream->output, stream->output + length, stream->output_length);
}

bool tls_stream_established(const struct tls_stream *stream)
{
	return stream->established;
}

bool tls_stream_offered(const struct tls_stream *stream)
{
	return stream->offered;
}

bool tls_stream_resumed(const struct tls_stream *stream)
{
	return wolfSSL_session_reused(stream->ssl);
}

const char *tls_stream_version(const struct tls_stream *stream)
{
	return wolfSSL_get_version(stream->ssl);
}

const char *tls_stream_cipher(const struct tls_stream *stream)
{
	return wolfSSL_get_cipher_name(stream->ssl);
}

const char *tls_stream_reason(const struct tls_stream *stream)
{
	return stream->verdict.reason;
}

void tls_stream_end(struct tls_stream *stream)
{
	if (stream->established && !stream->failed)
		wolfSSL_shutdown(stream->ssl);
}

void tls_stream_close(struct tls_stream *stream)
{
	if (!stream)
		return;
	stream->closed = true;
	if (!stream->busy)
		destroy(stream);
}
