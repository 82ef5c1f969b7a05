// SPDX-License-Identifier: GPL-2.0-or-later
// A body that is in memory as a whole: produced once, then sent from there.
#include "agent/http-whole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static ssize_t produce_whole(void *context, char *buffer, size_t size)
{
	struct http_whole *whole = context;
	size_t length = whole->length - whole->at;

	if (length > size)
		length = size;
	if (length)
		memcpy(buffer, whole->data + whole->at, length);
	whole->at += length;
	return (ssize_t)length;
}

static int grow(struct http_whole *whole)
{
	size_t size = whole->size ? 2 * whole->size : 2 * HTTP_BODY_ROOM_MIN;
	char *data;

	if (whole->size >= HTTP_WHOLE_MAX)
		return -EMSGSIZE;
	data = realloc(whole->data, size);
	if (!data)
		return -ENOMEM;
	whole->data = data;
	whole->size = size;
	return 0;
}

int http_whole_begin(struct http_whole *whole, const struct http_body *body)
{
	ssize_t produced;

	whole->body = (struct http_body){.produce = produce_whole, .context = whole};
	whole->length = whole->at = 0;
	do {
		int error = whole->size - whole->length < HTTP_BODY_ROOM_MIN ? grow(whole) : 0;

		if (error)
			return error;
		produced = body->produce(body->context, whole->data + whole->length, whole->size - whole->length);
		if (produced < 0)
			return (int)produced;
		whole->length += (size_t)produced;
	} while (produced > 0);
	return 0;
}

void http_whole_end(struct http_whole *whole)
{
	free(whole->data);
	*whole = (struct http_whole){0};
}
