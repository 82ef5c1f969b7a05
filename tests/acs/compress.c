// SPDX-License-Identifier: GPL-2.0-or-later
// HTTP content codings gzip and deflate: responses as a whole, requests as they come.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/acs/compress.h"

enum {
	WINDOW_BITS = 15,
	GZIP_FORMAT = 16, // added to the window bits
	MEMORY_LEVEL = 8,
	PIECE = 65536,
};

static const char *const names[] = {[CODING_GZIP] = "gzip", [CODING_DEFLATE] = "deflate"};

enum coding coding_find(const char *name)
{
	if (!name || !*name)
		return CODING_NONE;
	for (int coding = CODING_GZIP; coding <= CODING_DEFLATE; coding++)
		if (!strcasecmp(names[coding], name))
			return (enum coding)coding;
	return CODING_UNKNOWN;
}

const char *coding_name(enum coding coding)
{
	return names[coding];
}

static int window_bits(enum coding coding)
{
	return coding == CODING_GZIP ? WINDOW_BITS + GZIP_FORMAT : WINDOW_BITS;
}

void compress_body(struct buffer *out, const struct buffer *body, enum coding coding)
{
	z_stream stream = {0};
	size_t room;

	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits(coding), MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	room = deflateBound(&stream, body->length);
	buffer_reserve(out, room);
	stream.next_in = (Bytef *)body->data;
	stream.avail_in = (uInt)body->length;
	stream.next_out = (Bytef *)out->data + out->length;
	stream.avail_out = (uInt)room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	out->length += room - stream.avail_out;
	out->data[out->length] = '\0';
	deflateEnd(&stream);
}

void inflater_begin(struct inflater *inflater, enum coding coding)
{
	*inflater = (struct inflater){.coding = coding};
	if ((coding == CODING_GZIP || coding == CODING_DEFLATE) &&
	    inflateInit2(&inflater->stream, window_bits(coding)) != Z_OK)
		abort();
}

int inflater_feed(struct inflater *inflater, const char *data, size_t length, struct buffer *out)
{
	z_stream *stream = &inflater->stream;

	if (inflater->coding == CODING_UNKNOWN)
		return 0;
	stream->next_in = (Bytef *)data;
	stream->avail_in = (uInt)length;
	do {
		int result;

		if (inflater->ended)
			return -EBADMSG;
		buffer_reserve(out, PIECE);
		stream->next_out = (Bytef *)out->data + out->length;
		stream->avail_out = PIECE;
		result = inflate(stream, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return -EBADMSG;
		out->length += PIECE - stream->avail_out;
		inflater->ended = result == Z_STREAM_END;
	} while (stream->avail_in || (!inflater->ended && !stream->avail_out));
	return 0;
}

bool inflater_end(struct inflater *inflater)
{
	bool whole = inflater->ended;

	if (inflater->coding != CODING_GZIP && inflater->coding != CODING_DEFLATE)
		return true;
	inflateEnd(&inflater->stream);
	inflater->coding = CODING_NONE;
	return whole;
}
