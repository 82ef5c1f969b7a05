// SPDX-License-Identifier: GPL-2.0-or-later
// An incremental parser of HTTP/1.1 responses and requests (RFC 9112).
#include "agent/http-message.h"

#include "shm/hexadecimal.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

void http_parser_reset(struct http_parser *parser)
{
	const struct http_parser_events *events = parser->events;
	bool request = parser->request;
	uint64_t body_max = parser->body_max;
	size_t line_size = parser->line_size;
	char *line = parser->line;

	memset(parser, 0, sizeof(*parser));
	parser->request = request;
	parser->events = events;
	parser->line = line;
	parser->line_size = line_size;
	parser->body_max = body_max;
}

void http_parser_open(struct http_parser *parser, bool request, const struct http_parser_events *events, char *line,
		      size_t line_size, uint64_t body_max)
{
	parser->request = request;
	parser->events = events;
	parser->line = line;
	parser->line_size = line_size < HTTP_LINE_MAX ? line_size : HTTP_LINE_MAX;
	parser->body_max = body_max;
	http_parser_reset(parser);
}

static int failed(struct http_parser *parser, enum http_failure_kind kind, const char *detail)
{
	return http_failure_set(&parser->failure, kind, detail);
}

static int body_too_large(struct http_parser *parser)
{
	return http_failure_set_number(&parser->failure, HTTP_FAILURE_BODY_SIZE, parser->body_max);
}

static bool is_token_character(unsigned char c)
{
	return c > 0x20 && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool http_has_token(const char *list, const char *token)
{
	size_t wanted = strlen(token);

	while (*list) {
		size_t length;

		list += strspn(list, " \t,");
		length = strcspn(list, " \t,");
		if (length == wanted && strncasecmp(list, token, wanted) == 0)
			return true;
		list += length;
	}
	return false;
}

// Reads "HTTP/1.x". Returns what follows it, or NULL with *error set.
static const char *parse_version(struct http_parser *parser, const char *text, int *error)
{
	if (strncmp(text, "HTTP/", 5) != 0 || !is_digit(text[5])) {
		*error = failed(parser, HTTP_FAILURE_START_LINE, text);
		return NULL;
	}
	if (text[5] != '1' || text[6] != '.' || !is_digit(text[7]) || is_digit(text[8])) {
		*error = failed(parser, HTTP_FAILURE_VERSION, text);
		return NULL;
	}
	parser->minor = (unsigned)(text[7] - '0');
	return text + 8;
}

// The reason phrase may be missing, and the space before it too.
static int parse_status_line(struct http_parser *parser, const char *line)
{
	int error;
	const char *text = parse_version(parser, line, &error);

	if (!text)
		return error;
	if (!is_space(*text))
		return failed(parser, HTTP_FAILURE_START_LINE, line);
	while (is_space(*text))
		text++;
	if (text[0] < '1' || text[0] > '9' || !is_digit(text[1]) || !is_digit(text[2]) ||
	    (text[3] && !is_space(text[3])))
		return failed(parser, HTTP_FAILURE_START_LINE, line);
	parser->status = (unsigned)((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
	parser->interim_response = parser->status < 200;
	if (parser->status == 101)
		return failed(parser, HTTP_FAILURE_UPGRADE, NULL);
	if (parser->interim_response)
		return ++parser->interim > HTTP_INTERIM_MAX ? failed(parser, HTTP_FAILURE_INTERIM, NULL) : 0;
	return parser->events->started(parser, NULL, NULL);
}

static int parse_request_line(struct http_parser *parser, char *line)
{
	char *target, *version;
	int error;

	for (target = line; is_token_character((unsigned char)*target); target++)
		;
	if (target == line || *target != ' ')
		return failed(parser, HTTP_FAILURE_START_LINE, line);
	if (target - line > HTTP_METHOD_MAX)
		return failed(parser, HTTP_FAILURE_LINE_LENGTH, line);
	*target++ = '\0';
	for (version = target; (unsigned char)*version > 0x20 && *version != 0x7f; version++)
		;
	if (version == target || *version != ' ')
		return failed(parser, HTTP_FAILURE_START_LINE, target);
	*version++ = '\0';
	version = (char *)parse_version(parser, version, &error);
	if (!version)
		return error;
	if (*version)
		return failed(parser, HTTP_FAILURE_START_LINE, version);
	return parser->events->started(parser, line, target);
}

static int parse_content_length(struct http_parser *parser, const char *value)
{
	const char *whole = value;

	// A list of equal numbers is what joined headers look like; differing numbers are an attack or an error.
	do {
		uint64_t length = 0;

		value += strspn(value, " \t");
		if (!is_digit(*value))
			return failed(parser, HTTP_FAILURE_LENGTH, whole);
		while (is_digit(*value)) {
			if (length > (UINT64_MAX - 9) / 10)
				return body_too_large(parser);
			length = length * 10 + (uint64_t)(*value++ - '0');
		}
		value += strspn(value, " \t");
		if (parser->has_length && parser->length != length)
			return failed(parser, HTTP_FAILURE_LENGTH_TWICE, whole);
		parser->has_length = true;
		parser->length = length;
	} while (*value++ == ',');
	return value[-1] ? failed(parser, HTTP_FAILURE_LENGTH, whole) : 0;
}

static int parse_transfer_encoding(struct http_parser *parser, const char *value)
{
	if (parser->has_transfer_coding)
		return failed(parser, HTTP_FAILURE_TRANSFER_CODING_TWICE, value);
	if (strcasecmp(value, "identity") == 0)
		return 0;
	parser->has_transfer_coding = true;
	if (strcasecmp(value, "chunked") != 0)
		return failed(parser, HTTP_FAILURE_TRANSFER_CODING, value);
	parser->chunked = true;
	return 0;
}

static int parse_header(struct http_parser *parser)
{
	char *name = parser->line, *colon, *end, *value;
	int result = 0;

	parser->line[parser->pending] = '\0';
	if (++parser->headers > HTTP_HEADERS_MAX)
		return failed(parser, HTTP_FAILURE_HEADERS, NULL);
	for (colon = name; is_token_character((unsigned char)*colon); colon++)
		;
	end = colon;
	// RFC 9112, 5.1: a space before the colon of a request is refused, of a response removed.
	while (!parser->request && is_space(*colon))
		colon++;
	if (end == name || *colon != ':')
		return failed(parser, HTTP_FAILURE_HEADER, name);
	value = colon + 1 + strspn(colon + 1, " \t");
	*end = '\0';
	end = parser->line + parser->pending;
	while (end > value && is_space(end[-1]))
		end--;
	*end = '\0';
	if (parser->interim_response || parser->state == HTTP_TRAILERS)
		return 0;
	if (strcasecmp(name, "Content-Length") == 0)
		result = parse_content_length(parser, value);
	else if (strcasecmp(name, "Transfer-Encoding") == 0)
		result = parse_transfer_encoding(parser, value);
	else if (strcasecmp(name, "Connection") == 0) {
		parser->connection_close |= http_has_token(value, "close");
		parser->connection_keep_alive |= http_has_token(value, "keep-alive");
	}
	return result != 0 ? result : parser->events->header(parser, name, value, (size_t)(end - value));
}

// Decides how long the body is (RFC 9112, 6.3).
static int headers_ended(struct http_parser *parser)
{
	int result;

	if (parser->interim_response) {
		parser->interim_response = false;
		parser->state = HTTP_START_LINE;
		parser->headers = 0;
		parser->header_bytes = 0;
		return 0;
	}
	parser->keep_alive = !parser->connection_close && (parser->minor > 0 || parser->connection_keep_alive);
	if (parser->chunked && parser->has_length) {
		if (parser->request)
			return failed(parser, HTTP_FAILURE_TRANSFER_CODING_TWICE, "chunked");
		parser->has_length = false;
		parser->keep_alive = false;
	}
	if (!parser->request && (parser->status == 204 || parser->status == 304)) {
		parser->state = HTTP_COMPLETE;
	} else if (parser->chunked) {
		parser->state = HTTP_CHUNK_SIZE;
	} else if (parser->has_length) {
		if (parser->length > parser->body_max)
			return body_too_large(parser);
		parser->left = parser->length;
		parser->state = parser->left ? HTTP_BODY_LENGTH : HTTP_COMPLETE;
	} else if (parser->request) {
		parser->state = HTTP_COMPLETE;
	} else {
		parser->keep_alive = false;
		parser->state = HTTP_BODY_UNTIL_CLOSE;
	}
	result = parser->events->headers_ended ? parser->events->headers_ended(parser) : 0;
	return result;
}

static int parse_chunk_size(struct http_parser *parser, const char *line)
{
	uint64_t size = 0;
	const char *whole = line;
	unsigned digits;

	line += strspn(line, " \t");
	for (digits = 0; hexadecimal_digit(*line) >= 0; digits++, line++) {
		if (size >> 60)
			return body_too_large(parser);
		size = size * 16 + (uint64_t)hexadecimal_digit(*line);
	}
	line += strspn(line, " \t");
	if (digits == 0 || (*line && *line != ';'))
		return failed(parser, HTTP_FAILURE_CHUNK, whole);
	if (size > parser->body_max - parser->body_received)
		return body_too_large(parser);
	parser->left = size;
	parser->state = size ? HTTP_CHUNK_DATA : HTTP_TRAILERS;
	return 0;
}

// Handles a header line: it is kept until the first byte of the next one shows that it does not go on there.
static int header_line(struct http_parser *parser, size_t start, size_t length)
{
	if (start > 0) {
		// RFC 9112, 5.2: a continuation line is refused in a request, and counts as a space in a response.
		if (parser->request)
			return failed(parser, HTTP_FAILURE_HEADER, parser->line + start);
		parser->line[start] = ' ';
	} else if (length > 0 && is_space(parser->line[0])) {
		return failed(parser, HTTP_FAILURE_HEADER, parser->line);
	}
	parser->pending = start + length;
	parser->line_used = parser->pending;
	if (length > 0)
		return 0;
	if (parser->state != HTTP_TRAILERS)
		return headers_ended(parser);
	parser->state = HTTP_COMPLETE;
	return 0;
}

// Handles one whole line; it is at the end of parser->line, behind the pending header.
static int whole_line(struct http_parser *parser)
{
	size_t start = parser->pending, length = parser->line_used - start;
	char *line = parser->line + start;

	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	if (strlen(line) != length || memchr(line, '\r', length))
		return failed(parser, HTTP_FAILURE_LINE, line);
	if (parser->state == HTTP_HEADERS || parser->state == HTTP_TRAILERS)
		return header_line(parser, start, length);
	parser->line_used = 0;
	switch (parser->state) {
	case HTTP_START_LINE:
		if (length == 0)
			return ++parser->empty_lines > HTTP_EMPTY_LINES_MAX
				       ? failed(parser, HTTP_FAILURE_START_LINE, NULL)
				       : 0;
		parser->state = HTTP_HEADERS;
		return parser->request ? parse_request_line(parser, line) : parse_status_line(parser, line);
	case HTTP_CHUNK_SIZE:
		return parse_chunk_size(parser, line);
	case HTTP_CHUNK_END:
		parser->state = HTTP_CHUNK_SIZE;
		return length == 0 ? 0 : failed(parser, HTTP_FAILURE_CHUNK, line);
	case HTTP_HEADERS:
	case HTTP_TRAILERS:
	case HTTP_BODY_LENGTH:
	case HTTP_BODY_UNTIL_CLOSE:
	case HTTP_CHUNK_DATA:
	case HTTP_COMPLETE:
		break;
	}
	return -EBADMSG;
}

// Adds bytes to the line, up to its end if it is there. Returns how many were taken in *taken.
static int feed_line(struct http_parser *parser, const char *data, size_t length, size_t *taken)
{
	const char *newline = memchr(data, '\n', length);
	size_t count = newline ? (size_t)(newline - data) : length;
	int result;

	if (parser->pending > 0 && parser->line_used == parser->pending && !is_space(*data)) {
		result = parse_header(parser);
		if (result != 0)
			return result;
		parser->pending = 0;
		parser->line_used = 0;
	}
	*taken = newline ? count + 1 : count;
	// One byte is for the NUL.
	if (count >= parser->line_size - parser->line_used) {
		parser->line[parser->line_used] = '\0';
		return failed(parser, HTTP_FAILURE_LINE_LENGTH, parser->line);
	}
	parser->header_bytes += *taken;
	if (parser->state != HTTP_CHUNK_SIZE && parser->state != HTTP_CHUNK_END &&
	    parser->header_bytes > HTTP_HEADER_SIZE_MAX)
		return failed(parser, HTTP_FAILURE_HEADERS, NULL);
	memcpy(parser->line + parser->line_used, data, count);
	parser->line_used += count;
	return newline ? whole_line(parser) : 0;
}

static int feed_body(struct http_parser *parser, const char *data, size_t length, size_t *taken)
{
	int result;

	if (parser->state != HTTP_BODY_UNTIL_CLOSE && length > parser->left)
		length = (size_t)parser->left;
	*taken = length;
	if (length > parser->body_max - parser->body_received)
		return body_too_large(parser);
	parser->body_received += length;
	result = parser->events->body(parser, data, length);
	if (result != 0 || parser->state == HTTP_BODY_UNTIL_CLOSE)
		return result;
	parser->left -= length;
	if (parser->left == 0) {
		parser->state = parser->state == HTTP_CHUNK_DATA ? HTTP_CHUNK_END : HTTP_COMPLETE;
		parser->header_bytes = 0;
	}
	return 0;
}

int http_parser_feed(struct http_parser *parser, const char *data, size_t length, size_t *consumed)
{
	int result = 0;

	*consumed = 0;
	while (*consumed < length && parser->state != HTTP_COMPLETE && result == 0) {
		size_t taken = 0;

		if (parser->state == HTTP_BODY_LENGTH || parser->state == HTTP_BODY_UNTIL_CLOSE ||
		    parser->state == HTTP_CHUNK_DATA)
			result = feed_body(parser, data + *consumed, length - *consumed, &taken);
		else
			result = feed_line(parser, data + *consumed, length - *consumed, &taken);
		*consumed += taken;
	}
	return result != 0 ? result : parser->state == HTTP_COMPLETE;
}

bool http_parser_begun(const struct http_parser *parser)
{
	return parser->state != HTTP_START_LINE || parser->line_used > 0 || parser->interim > 0;
}

int http_parser_end(struct http_parser *parser)
{
	if (parser->state == HTTP_BODY_UNTIL_CLOSE) {
		parser->state = HTTP_COMPLETE;
		return 1;
	}
	return http_parser_begun(parser) ? -EBADMSG : -ENODATA;
}
