// SPDX-License-Identifier: GPL-2.0-or-later
// One TLS connection without a socket: bytes of the peer in, bytes for the peer and plain text out.
#pragma once

#include "agent/tls-certificate.h"
#include "agent/tls.h"

#include <sys/types.h>

#define TLS_RECORD_SIZE	  (16 * 1024) // plain bytes of a full record (RFC 8446, 5.1)
#define TLS_RECORD_EXTRA  64	      // bytes that a record grows by at most: header, nonce, type, tag
#define TLS_OUTPUT_SIZE	  (24 * 1024) // of handshake messages and alerts that wait to be sent
// Bytes from the peer. A chain of certificates is some KiB; tickets and key updates are tens of bytes, and whoever
// sends them without end is no ACS.
#define TLS_HANDSHAKE_MAX (256 * 1024)
#define TLS_IDLE_MAX	  (64 * 1024) // without plain text in them, beyond TLS_IDLE_RATIO times the plain text
#define TLS_IDLE_RATIO	  64

// What tls_stream_receive() finds; an -errno is a failure, for which `reason` has the words.
enum tls_progress {
	TLS_GOING_ON,
	TLS_ENDED, // the peer's close_notify
};

struct tls_stream;

// `plain` is called by tls_stream_receive() and may call tls_stream_send() and tls_stream_close(); `established` once,
// when the handshake is done, before the first plain text.
struct tls_stream_events {
	void (*established)(void *context);
	void (*plain)(void *context, const char *data, int length);
};

// Sets up what is the same for all streams of a context.
void tls_stream_prepare(struct WOLFSSL_CTX *context, bool verify);

// Makes a stream to a host (R-14: DNS name or address literal, as in the URL) and port, resumes a session with them
// where there is one, and writes the first message to the output. `tls` must have been loaded, and stay. Returns 0, or
// -errno.
int tls_stream_open(struct tls_stream **stream, struct tls *tls, const char *host, uint16_t port,
		    const struct tls_stream_events *events, void *context);

// Takes bytes of the peer. After anything but TLS_GOING_ON nothing more may be given. Returns enum tls_progress or
// -errno.
int tls_stream_receive(struct tls_stream *stream, const char *data, size_t length);

// Encrypts plain bytes of an established stream. The records are written from `out` on, over the plain bytes, which lie
// at least tls_stream_room(length) behind it. Returns the bytes written, or -errno.
ssize_t tls_stream_send(struct tls_stream *stream, char *out, const char *data, size_t length);

// The largest number of bytes by which `length` plain bytes grow.
size_t tls_stream_room(size_t length);

// The bytes that wait to be sent besides those of tls_stream_send(); valid until the next call.
const char *tls_stream_output(const struct tls_stream *stream, size_t *length);

// The first `length` bytes of the output have been sent.
void tls_stream_output_sent(struct tls_stream *stream, size_t length);

// Whether the handshake is done.
bool tls_stream_established(const struct tls_stream *stream);

// Whether a former session was offered to the server. It is forgotten when the handshake fails, as TLS 1.2 of wolfSSL
// does when the server has lost it: the next stream offers none.
bool tls_stream_offered(const struct tls_stream *stream);

// Whether a former session was resumed; for established streams.
bool tls_stream_resumed(const struct tls_stream *stream);

// The version and cipher of an established stream, for the log.
const char *tls_stream_version(const struct tls_stream *stream);
const char *tls_stream_cipher(const struct tls_stream *stream);

// Why the stream has failed, as printable ASCII, or "".
const char *tls_stream_reason(const struct tls_stream *stream);

// Writes a close_notify to the output, when the handshake is done and nothing has failed.
void tls_stream_end(struct tls_stream *stream);

// Frees the stream, at once or when tls_stream_receive() returns; no event comes any more. A session that can be
// resumed is kept. NULL is allowed.
void tls_stream_close(struct tls_stream *stream);
