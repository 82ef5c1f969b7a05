// SPDX-License-Identifier: GPL-2.0-or-later
// Content codings of HTTP bodies, both ways as streams (RFC 9110, 8.4.1; R-11): gzip and deflate, by zlib.
#pragma once

#include "agent/http-failure.h"
#include "agent/http-sender.h"

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#define HTTP_DECODED_PIECE (8 * 1024) // bytes of a decoded body handed on at a time

// ManagementServer.HTTPCompression
enum http_compression {
	HTTP_COMPRESSION_DISABLED,
	HTTP_COMPRESSION_GZIP,
	HTTP_COMPRESSION_DEFLATE,
};

// Codes a body while it is produced. Private; zeroed memory is ready for use. About 360 KiB from the first message on.
struct http_encoder {
	z_stream stream;
	enum http_compression open; // coding that the stream was made for; DISABLED: none
	struct http_body coded;
	const struct http_body *plain;
	char *piece; // of the plain body, HTTP_BODY_ROOM_MIN bytes
	bool plain_ended, ended;
};

// Decodes a body while it comes. Private; zeroed memory is ready for use. About 50 KiB from the first coded body on.
struct http_decoder {
	z_stream stream;
	enum http_compression coding; // of the body being read; DISABLED: none
	bool open, begun, ended;
	uint64_t decoded, decoded_max;
	char piece[HTTP_DECODED_PIECE];
};

// The name of a coding in Content-Encoding and Accept-Encoding; NULL for DISABLED.
const char *http_compression_name(enum http_compression compression);

// Finds the coding of a Content-Encoding header; x-gzip is gzip. DISABLED for all others.
enum http_compression http_compression_find(const char *name);

// Begins to code a body from its first byte. Returns what the sender sends in its place, valid until the next call; its
// produce() hands on errors of the plain body, and its rewind() is not there: begin again. NULL without memory.
const struct http_body *http_encoder_begin(struct http_encoder *encoder, enum http_compression compression,
					   const struct http_body *plain);

// Frees the memory.
void http_encoder_end(struct http_encoder *encoder);

// Begins to decode a body of at most `decoded_max` bytes once decoded. Returns 0 or -ENOMEM.
int http_decoder_begin(struct http_decoder *decoder, enum http_compression coding, uint64_t decoded_max);

// Decodes the next bytes, and hands them to received(), which returns 0 or -errno. Returns 0, what received() returned,
// -EBADMSG for what is not in the coding, -EMSGSIZE beyond the bound; `failure` has the words for the last two.
int http_decoder_feed(struct http_decoder *decoder, const char *data, size_t length,
		      int (*received)(void *context, const char *data, size_t length), void *context,
		      struct http_failure *failure);

// Whether the body may end here: at the coding's end, or before its first byte.
bool http_decoder_complete(const struct http_decoder *decoder);

// Frees the memory.
void http_decoder_end(struct http_decoder *decoder);
