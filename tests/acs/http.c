// SPDX-License-Identifier: GPL-2.0-or-later
// Reads HTTP/1.1 messages (RFC 9112) from pieces of a byte stream: head, Content-Length and chunked bodies.

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/acs/http.h"

enum { LINE_BYTES_MAX = 8192 };

void http_reset(struct http_reader *reader)
{
	buffer_clear(&reader->raw_head);
	buffer_clear(&reader->line);
	free(reader->text);
	reader->text = NULL;
	reader->header_count = 0;
	reader->state = HTTP_HEAD;
	reader->chunked = false;
	reader->remaining = 0;
	reader->body_length = 0;
}

void http_free(struct http_reader *reader)
{
	http_reset(reader);
	buffer_free(&reader->raw_head);
	buffer_free(&reader->line);
}

const char *http_header(const struct http_reader *reader, const char *name, size_t index)
{
	for (size_t i = 0; i < reader->header_count; i++)
		if (!strcasecmp(reader->headers[i].name, name) && !index--)
			return reader->headers[i].value;
	return NULL;
}

bool http_header_has(const struct http_reader *reader, const char *name, const char *token)
{
	size_t length = strlen(token);
	const char *value;

	for (size_t i = 0; (value = http_header(reader, name, i)); i++) {
		while (*value) {
			value += strspn(value, " \t,");
			if (!strncasecmp(value, token, length) && strchr(" \t,;", value[length]))
				return true;
			value += strcspn(value, ",");
		}
	}
	return false;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return text;
}

static int parse_head(struct http_reader *reader)
{
	char *next, *line;

	if (memchr(reader->raw_head.data, '\0', reader->raw_head.length))
		return -EBADMSG;
	reader->text = copy_string(reader->raw_head.data);
	next = reader->text;
	line = strsep(&next, "\n");
	line[strcspn(line, "\r")] = '\0';
	reader->first[0] = line;
	reader->first[1] = strchr(line, ' ');
	if (!reader->first[1])
		return -EBADMSG;
	*reader->first[1]++ = '\0';
	reader->first[2] = strchr(reader->first[1], ' ');
	if (reader->first[2])
		*reader->first[2]++ = '\0';
	else if (reader->response)
		reader->first[2] = reader->first[1] + strlen(reader->first[1]);
	else
		return -EBADMSG;
	if (strncmp(reader->first[reader->response ? 0 : 2], "HTTP/1.", 7))
		return -EBADMSG;
	while ((line = strsep(&next, "\n"))) {
		char *value;

		line[strcspn(line, "\r")] = '\0';
		if (!*line)
			break;
		value = strchr(line, ':');
		if (!value || value == line || reader->header_count == HTTP_HEADERS_MAX)
			return -EBADMSG;
		*value++ = '\0';
		reader->headers[reader->header_count++] = (struct http_header){line, trim(value)};
	}
	return 0;
}

static int begin_body(struct http_reader *reader)
{
	const char *length = http_header(reader, "Content-Length", 0);
	char *end;

	if (http_header_has(reader, "Transfer-Encoding", "chunked")) {
		reader->chunked = true;
		reader->state = HTTP_CHUNK_SIZE;
	} else if (length) {
		errno = 0;
		reader->remaining = strtoull(length, &end, 10);
		if (!isdigit((unsigned char)*length) || *end || errno)
			return -EBADMSG;
		reader->state = reader->remaining ? HTTP_BODY : HTTP_DONE;
	} else {
		bool without =
			!reader->response || !strcmp(reader->first[1], "204") || !strcmp(reader->first[1], "304");

		reader->state = without ? HTTP_DONE : HTTP_BODY_TO_CLOSE;
	}
	return 0;
}

/* Takes the next line of the head, or what has come of it. */
static ssize_t feed_head(struct http_reader *reader, const char *data, size_t length)
{
	struct buffer *head = &reader->raw_head;
	const char *end = memchr(data, '\n', length);
	size_t taken = end ? (size_t)(end - data) + 1 : length;
	int error;

	if (head->length > HTTP_HEAD_MAX)
		return -E2BIG;
	buffer_append(head, data, taken);
	if (!end)
		return (ssize_t)taken;
	// an empty line before the first is allowed (RFC 9112, section 2.2)
	if (!strcmp(head->data, "\r\n") || !strcmp(head->data, "\n")) {
		buffer_clear(head);
		return (ssize_t)taken;
	}
	if ((head->length < 4 || memcmp(head->data + head->length - 4, "\r\n\r\n", 4)) &&
	    memcmp(head->data + head->length - 2, "\n\n", 2))
		return (ssize_t)taken;
	error = parse_head(reader);
	if (!error)
		error = begin_body(reader);
	if (!error && reader->head)
		error = reader->head(reader);
	return error ? error : (ssize_t)taken;
}

static int chunk_size(struct http_reader *reader)
{
	char *end;

	errno = 0;
	reader->remaining = strtoull(reader->line.data, &end, 16);
	if (!isxdigit((unsigned char)reader->line.data[0]) || errno || !strchr(" \t;", *end))
		return -EBADMSG;
	reader->state = reader->remaining ? HTTP_CHUNK_DATA : HTTP_TRAILER;
	return 0;
}

/* Takes one line of the chunked coding and acts on it once complete. */
static ssize_t feed_line(struct http_reader *reader, const char *data, size_t length)
{
	const char *end = memchr(data, '\n', length);
	size_t taken = end ? (size_t)(end - data) + 1 : length;
	int error = 0;

	buffer_append(&reader->line, data, taken);
	if (reader->line.length > LINE_BYTES_MAX)
		return -E2BIG;
	if (!end)
		return (ssize_t)taken;
	reader->line.data[strcspn(reader->line.data, "\r\n")] = '\0';
	if (reader->state == HTTP_CHUNK_SIZE)
		error = chunk_size(reader);
	else if (reader->state == HTTP_CHUNK_END) {
		if (reader->line.data[0])
			error = -EBADMSG;
		reader->state = HTTP_CHUNK_SIZE;
	} else if (!reader->line.data[0])
		reader->state = HTTP_DONE;
	buffer_clear(&reader->line);
	return error ? error : (ssize_t)taken;
}

void http_skip(struct http_reader *reader, uint64_t length)
{
	reader->body_length += length;
	if (reader->state == HTTP_BODY_TO_CLOSE)
		return;
	reader->remaining -= length;
	if (!reader->remaining)
		reader->state = reader->state == HTTP_BODY ? HTTP_DONE : HTTP_CHUNK_END;
}

ssize_t http_feed(struct http_reader *reader, const char *data, size_t length)
{
	size_t taken = 0;

	while (taken < length && reader->state != HTTP_DONE) {
		size_t rest = length - taken;
		ssize_t step = 0;

		switch (reader->state) {
		case HTTP_HEAD:
			step = feed_head(reader, data + taken, rest);
			break;
		case HTTP_BODY:
		case HTTP_CHUNK_DATA:
		case HTTP_BODY_TO_CLOSE:
			if (reader->state != HTTP_BODY_TO_CLOSE && rest > reader->remaining)
				rest = (size_t)reader->remaining;
			step = reader->body ? reader->body(reader, data + taken, rest) : 0;
			http_skip(reader, rest);
			if (step >= 0)
				step = (ssize_t)rest;
			break;
		case HTTP_CHUNK_SIZE:
		case HTTP_CHUNK_END:
		case HTTP_TRAILER:
			step = feed_line(reader, data + taken, rest);
			break;
		case HTTP_DONE:
			return (ssize_t)taken;
		}
		if (step < 0)
			return step;
		taken += (size_t)step;
	}
	return (ssize_t)taken;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{200, "OK"},	       {204, "No Content"},	     {301, "Moved Permanently"},
		{302, "Found"},	       {303, "See Other"},	     {307, "Temporary Redirect"},
		{400, "Bad Request"},  {401, "Unauthorized"},	     {403, "Forbidden"},
		{404, "Not Found"},    {405, "Method Not Allowed"},  {415, "Unsupported Media Type"},
		{500, "Server Error"}, {503, "Service Unavailable"}, {308, "Permanent Redirect"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}
