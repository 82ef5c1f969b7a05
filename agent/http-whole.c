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

int http_whole_begin(struct http_whole *whole, const struct http_body *body)
{
	size_t size = 0;
	ssize_t produced;

	http_whole_end(whole);
	do {
		if (size - whole->length < HTTP_BODY_ROOM_MIN) {
			char *data;

			if (size >= HTTP_WHOLE_MAX) {
				http_whole_end(whole);
				return -EMSGSIZE;
			}
			size = size ? 2 * size : 2 * HTTP_BODY_ROOM_MIN;
			data = realloc(whole->data, size);
			if (!data) {
				http_whole_end(whole);
				return -ENOMEM;
			}
			whole->data = data;
		}
		produced = body->produce(body->context, whole->data + whole->length, size - whole->length);
		if (produced < 0) {
			http_whole_end(whole);
			return (int)produced;
		}
		whole->length += (size_t)produced;
	} while (produced > 0);
	whole->body = (struct http_body){.produce = produce_whole, .context = whole};
	return 0;
}

void http_whole_end(struct http_whole *whole)
{
	free(whole->data);
	*whole = (struct http_whole){0};
}
