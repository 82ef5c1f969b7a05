// SPDX-License-Identifier: GPL-2.0-or-later
// Content codings of HTTP bodies, both ways as streams, by zlib.
#include "agent/http-compression.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WINDOW_BITS	 15
#define GZIP_FORMAT	 16 // added to the window bits: a gzip header in place of zlib's
#define MEMORY_LEVEL	 8
#define PLAIN_PIECE	 (16 * 1024) // asked of a body at a time, so that little memory is touched
#define ZLIB_METHOD_MASK 0x0f	     // of the first byte of zlib's format (RFC 1950, 2.2)

const char *http_compression_name(enum http_compression compression)
{
	switch (compression) {
	case HTTP_COMPRESSION_DISABLED:
		break;
	case HTTP_COMPRESSION_GZIP:
		return "gzip";
	case HTTP_COMPRESSION_DEFLATE:
		return "deflate";
	}
	return NULL;
}

enum http_compression http_compression_find(const char *name)
{
	if (strcasecmp(name, "gzip") == 0 || strcasecmp(name, "x-gzip") == 0)
		return HTTP_COMPRESSION_GZIP;
	return strcasecmp(name, "deflate") == 0 ? HTTP_COMPRESSION_DEFLATE : HTTP_COMPRESSION_DISABLED;
}

// --- coding ---

// Produces the next piece of the plain body. Returns 0 or -errno.
static int produce_plain(struct http_encoder *encoder)
{
	const struct http_body *plain = encoder->plain;
	ssize_t length = plain->produce(plain->context, encoder->piece, PLAIN_PIECE);

	if (length == -ENOBUFS)
		length = plain->produce(plain->context, encoder->piece, HTTP_BODY_ROOM_MIN);
	if (length < 0)
		return (int)length;
	encoder->plain_ended = length == 0;
	encoder->stream.next_in = (Bytef *)encoder->piece;
	encoder->stream.avail_in = (uInt)length;
	return 0;
}

static ssize_t produce_coded(void *context, char *buffer, size_t size)
{
	struct http_encoder *encoder = context;
	z_stream *stream = &encoder->stream;

	stream->next_out = (Bytef *)buffer;
	stream->avail_out = (uInt)size;
	while (!encoder->ended && stream->avail_out > 0) {
		int result;

		if (stream->avail_in == 0 && !encoder->plain_ended) {
			result = produce_plain(encoder);
			if (result != 0)
				return result;
		}
		result = deflate(stream, encoder->plain_ended ? Z_FINISH : Z_NO_FLUSH);
		assert(result == Z_OK || result == Z_STREAM_END);
		encoder->ended = result == Z_STREAM_END;
	}
	return (ssize_t)(size - stream->avail_out);
}

static bool open_encoder(struct http_encoder *encoder, enum http_compression compression)
{
	int window = compression == HTTP_COMPRESSION_GZIP ? WINDOW_BITS + GZIP_FORMAT : WINDOW_BITS;

	if (encoder->open == compression)
		return deflateReset(&encoder->stream) == Z_OK;
	http_encoder_end(encoder);
	encoder->piece = malloc(HTTP_BODY_ROOM_MIN);
	// The ring waits meanwhile. SOAP repeats itself so much that the fastest level leaves little to gain.
	if (!encoder->piece || deflateInit2(&encoder->stream, Z_BEST_SPEED, Z_DEFLATED, window, MEMORY_LEVEL,
					    Z_DEFAULT_STRATEGY) != Z_OK) {
		free(encoder->piece);
		encoder->piece = NULL;
		return false;
	}
	encoder->open = compression;
	return true;
}

const struct http_body *http_encoder_begin(struct http_encoder *encoder, enum http_compression compression,
					   const struct http_body *plain)
{
	if (!open_encoder(encoder, compression))
		return NULL;
	encoder->plain = plain;
	encoder->plain_ended = false;
	encoder->ended = false;
	encoder->stream.avail_in = 0;
	encoder->coded = (struct http_body){.produce = produce_coded, .context = encoder};
	return &encoder->coded;
}

void http_encoder_end(struct http_encoder *encoder)
{
	if (encoder->open != HTTP_COMPRESSION_DISABLED)
		deflateEnd(&encoder->stream);
	free(encoder->piece);
	memset(encoder, 0, sizeof(*encoder));
}

// --- decoding ---

int http_decoder_begin(struct http_decoder *decoder, enum http_compression coding, uint64_t decoded_max)
{
	if (!decoder->open && inflateInit2(&decoder->stream, WINDOW_BITS) != Z_OK)
		return -ENOMEM;
	decoder->open = true;
	decoder->coding = coding;
	decoder->begun = false;
	decoder->ended = false;
	decoder->decoded = 0;
	decoder->decoded_max = decoded_max;
	return 0;
}

// Servers send "deflate" with zlib's header, as the standard has it, and without. A first byte tells: no coder begins
// a raw stream with a stored block whose padding looks like zlib's method.
static int window_bits(const struct http_decoder *decoder, char first)
{
	if (decoder->coding == HTTP_COMPRESSION_GZIP)
		return WINDOW_BITS + GZIP_FORMAT;
	return (first & ZLIB_METHOD_MASK) == Z_DEFLATED ? WINDOW_BITS : -WINDOW_BITS;
}

int http_decoder_feed(struct http_decoder *decoder, const char *data, size_t length,
		      int (*received)(void *context, const char *data, size_t length), void *context,
		      struct http_failure *failure)
{
	z_stream *stream = &decoder->stream;
	int result = 0;

	if (length == 0)
		return 0;
	if (decoder->ended)
		return http_failure_set(failure, HTTP_FAILURE_COMPRESSED, "more follows its end");
	if (!decoder->begun && inflateReset2(stream, window_bits(decoder, *data)) != Z_OK)
		return http_failure_set_error(failure, HTTP_FAILURE_RECEIVER, -ENOMEM);
	decoder->begun = true;
	stream->next_in = (Bytef *)data;
	stream->avail_in = (uInt)length;
	do {
		size_t count;

		stream->next_out = (Bytef *)decoder->piece;
		stream->avail_out = sizeof(decoder->piece);
		result = inflate(stream, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return http_failure_set(failure, HTTP_FAILURE_COMPRESSED,
						stream->msg ? stream->msg : zError(result));
		decoder->ended = result == Z_STREAM_END;
		count = sizeof(decoder->piece) - stream->avail_out;
		if (count > decoder->decoded_max - decoder->decoded)
			return http_failure_set_number(failure, HTTP_FAILURE_BODY_SIZE, decoder->decoded_max);
		decoder->decoded += count;
		result = count ? received(context, decoder->piece, count) : 0;
		// A full piece may leave more inside zlib, though all input is taken.
	} while (result == 0 && !decoder->ended && (stream->avail_in > 0 || stream->avail_out == 0));
	if (result == 0 && stream->avail_in > 0)
		return http_failure_set(failure, HTTP_FAILURE_COMPRESSED, "more follows its end");
	return result;
}

bool http_decoder_complete(const struct http_decoder *decoder)
{
	return !decoder->begun || decoder->ended;
}

void http_decoder_end(struct http_decoder *decoder)
{
	if (decoder->open)
		inflateEnd(&decoder->stream);
	decoder->open = false;
	decoder->begun = false;
	decoder->coding = HTTP_COMPRESSION_DISABLED;
}
