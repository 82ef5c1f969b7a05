// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes the HTTP parser; the outcome must not depend on the pieces in which a message comes.
#include "agent/http-message.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX 4096

struct outcome {
	int result, end;
	unsigned headers, status;
	bool keep_alive;
	uint64_t hash, body_received;
	size_t consumed;
};

static struct outcome *outcome;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// FNV-1a over all that is reported, so that every byte of it is read.
static void add(const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		outcome->hash = (outcome->hash ^ (unsigned char)data[i]) * 0x100000001b3;
}

static int started(struct http_parser *parser, const char *method, const char *target)
{
	outcome->status = parser->status;
	if (method) {
		add(method, strlen(method));
		add(target, strlen(target));
	}
	return 0;
}

static int header(struct http_parser *parser, const char *name, const char *value, size_t length)
{
	(void)parser;
	if (strlen(value) != length)
		abort();
	outcome->headers++;
	add(name, strlen(name));
	add(value, length);
	return http_has_token(value, "fail") ? -1000 : 0;
}

static int body(struct http_parser *parser, const char *data, size_t length)
{
	(void)parser;
	add(data, length);
	return 0;
}

static struct outcome parse(const char *data, size_t size, bool request, size_t piece)
{
	static const struct http_parser_events events = {.started = started, .header = header, .body = body};
	static char line[HTTP_LINE_MAX];
	struct http_parser parser;
	struct outcome now = {0};

	outcome = &now;
	http_parser_open(&parser, request, &events, line, 512, BODY_MAX);
	for (size_t at = 0; at < size && now.result == 0; at += piece) {
		size_t count = piece < size - at ? piece : size - at, consumed;
		char *copy = malloc(count);

		memcpy(copy, data + at, count);
		now.result = http_parser_feed(&parser, copy, count, &consumed);
		now.consumed += consumed;
		free(copy);
	}
	if (now.result < 0)
		return (struct outcome){.result = now.result};
	if (now.result == 0)
		now.end = http_parser_end(&parser);
	now.keep_alive = parser.keep_alive;
	now.body_received = parser.body_received;
	if (now.body_received > BODY_MAX)
		abort();
	return now;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, parts;
	bool request;

	if (size < 2)
		return 0;
	request = data[0] & 1;
	whole = parse((const char *)data + 1, size - 1, request, size - 1);
	parts = parse((const char *)data + 1, size - 1, request, 1 + (data[0] >> 1) % 7);
	if (whole.result != parts.result || whole.end != parts.end || whole.headers != parts.headers ||
	    whole.status != parts.status || whole.hash != parts.hash || whole.consumed != parts.consumed ||
	    whole.keep_alive != parts.keep_alive)
		abort();
	return 0;
}
