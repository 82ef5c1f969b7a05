// SPDX-License-Identifier: GPL-2.0-or-later
// HTTP content codings gzip and deflate: responses as a whole, requests as they come.
#pragma once

#include <stdbool.h>
#include <zlib.h>

#include "tests/acs/buffer.h"

enum coding {
	CODING_NONE,
	CODING_GZIP,
	CODING_DEFLATE, // with zlib's header (RFC 9110, 8.4.1.2)
	CODING_UNKNOWN,
};

/* A compressed body that is being read. Zeroed memory reads none. */
struct inflater {
	enum coding coding;
	z_stream stream;
	bool ended;
};

/* The coding of a Content-Encoding header; NULL or "" is none. */
enum coding coding_find(const char *name);

/* The name of gzip or deflate in headers. */
const char *coding_name(enum coding coding);

/* Compresses `body`, with gzip or deflate. */
void compress_body(struct buffer *out, const struct buffer *body, enum coding coding);

/* Begins a body. A coding that is unknown gives no bytes. */
void inflater_begin(struct inflater *inflater, enum coding coding);

/* Takes bytes of a body with a coding and appends what they hold to `out`. Returns 0, or -EBADMSG for what is not in
 * the coding. */
int inflater_feed(struct inflater *inflater, const char *data, size_t length, struct buffer *out);

/* Ends the body. Returns false when it was cut off. */
bool inflater_end(struct inflater *inflater);
