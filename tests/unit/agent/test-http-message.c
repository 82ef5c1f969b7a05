// SPDX-License-Identifier: GPL-2.0-or-later
// The HTTP parser: each message is fed whole and byte by byte, and must mean the same.
#include "agent/http-message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
	struct http_parser parser;
	char line[HTTP_LINE_MAX];
	char start[3000], headers[70000], body[70000];
	size_t body_length, consumed;
};

static struct seen seen;

static int started(struct http_parser *parser, const char *method, const char *target)
{
	if (parser->request)
		snprintf(seen.start, sizeof(seen.start), "%s %s", method, target);
	else
		snprintf(seen.start, sizeof(seen.start), "%u", parser->status);
	return strcmp(seen.start, "299") == 0 ? -ECANCELED : 0;
}

static int header(struct http_parser *parser, const char *name, const char *value, size_t length)
{
	size_t used = strlen(seen.headers);

	(void)parser;
	cr_assert_eq(strlen(value), length);
	snprintf(seen.headers + used, sizeof(seen.headers) - used, "%s=%s|", name, value);
	return 0;
}

static int body(struct http_parser *parser, const char *data, size_t length)
{
	(void)parser;
	cr_assert_leq(seen.body_length + length, sizeof(seen.body) - 1);
	memcpy(seen.body + seen.body_length, data, length);
	seen.body_length += length;
	return 0;
}

static const struct http_parser_events events = {.started = started, .header = header, .body = body};

static int feed_in_pieces(bool request, const char *text, size_t length, size_t piece, uint64_t body_max)
{
	int result = 0;

	memset(&seen, 0, sizeof(seen));
	http_parser_open(&seen.parser, request, &events, seen.line, sizeof(seen.line), body_max);
	for (size_t at = 0; at < length && result == 0; at += piece) {
		// An allocation of the exact size lets the sanitizer see a read beyond the piece.
		size_t count = piece < length - at ? piece : length - at, consumed;
		char *copy = malloc(count);

		memcpy(copy, text + at, count);
		result = http_parser_feed(&seen.parser, copy, count, &consumed);
		seen.consumed += consumed;
		free(copy);
	}
	return result;
}

static int feed_bytes(bool request, const char *text, size_t length, uint64_t body_max)
{
	int whole = feed_in_pieces(request, text, length, length, body_max);
	struct seen first = seen;

	for (size_t piece = 1; piece < 4; piece++) {
		cr_assert_eq(feed_in_pieces(request, text, length, piece, body_max), whole, "%s", text);
		if (whole >= 0) {
			cr_assert_str_eq(seen.start, first.start);
			cr_assert_str_eq(seen.headers, first.headers);
			cr_assert_str_eq(seen.body, first.body);
			cr_assert_eq(seen.consumed, first.consumed);
		}
	}
	return whole;
}

static int feed(bool request, const char *text)
{
	return feed_bytes(request, text, strlen(text), 1000);
}

#define OK "HTTP/1.1 200 OK\r\n"

Test(http_message, content_length)
{
	cr_assert_eq(feed(false, OK "Content-Length: 5\r\nX-Y:  a b \t\r\nEmpty:\r\n\r\nhellorest"), 1);
	cr_assert_str_eq(seen.body, "hello");
	cr_assert_str_eq(seen.headers, "Content-Length=5|X-Y=a b|Empty=|");
	cr_assert_eq(seen.parser.status, 200);
	cr_assert(seen.parser.keep_alive);
	cr_assert_eq(feed(false, OK "Content-Length: 5\r\n\r\nhell"), 0);
	cr_assert_eq(http_parser_end(&seen.parser), -EBADMSG);
	cr_assert_eq(feed(false, OK "Content-Length: 0\r\n\r\n"), 1);
	cr_assert_eq(feed(false, OK "content-length: 3, 3\r\nContent-Length: 3\r\n\r\nabc"), 1);
	cr_assert_str_eq(seen.body, "abc");
}

Test(http_message, chunked)
{
	cr_assert_eq(feed(false, OK "Transfer-Encoding: chunked\r\n\r\n5;name=\"v;x\"\r\nhello\r\n00B \r\n, and more!"
				    "\r\n0;last\r\nTrailer: x\r\nOther: y\r\n\r\nnext"),
		     1);
	cr_assert_str_eq(seen.body, "hello, and more!");
	cr_assert_str_eq(seen.headers, "Transfer-Encoding=chunked|");
}

Test(http_message, chunk_data_must_end_with_a_line_end)
{
	cr_assert_eq(feed(false, OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello, 0\r\n\r\n"), -EBADMSG);
	cr_assert_eq(feed(false, OK "Transfer-Encoding: chunked\r\n\r\n\r\n"), -EBADMSG);
	cr_assert_eq(feed(false, OK "Transfer-Encoding: chunked\r\n\r\n-1\r\n"), -EBADMSG);
	cr_assert_eq(feed(false, OK "Transfer-Encoding: chunked\r\n\r\n0x5\r\n"), -EBADMSG);
	cr_assert_eq(feed(false, OK "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"), -EMSGSIZE);
	cr_assert_eq(feed(false, OK "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"), -EMSGSIZE);
	cr_assert_eq(feed(false, OK "Transfer-Encoding: gzip, chunked\r\n\r\n"), -EPROTONOSUPPORT);
	cr_assert_eq(feed(false, OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), -EBADMSG);
}

Test(http_message, until_close)
{
	cr_assert_eq(feed(false, OK "\r\nall there is"), 0);
	cr_assert_eq(http_parser_end(&seen.parser), 1);
	cr_assert_str_eq(seen.body, "all there is");
	cr_assert_not(seen.parser.keep_alive);
	cr_assert_eq(feed(false, ""), 0);
	cr_assert_eq(http_parser_end(&seen.parser), -ENODATA);
	cr_assert_eq(feed(false, "HTTP/1.1 2"), 0);
	cr_assert_eq(http_parser_end(&seen.parser), -EBADMSG);
}

Test(http_message, no_body)
{
	cr_assert_eq(feed(false, "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n"), 1);
	cr_assert_eq(feed(false, "HTTP/1.1 204\r\n\r\n"), 1);
	cr_assert_eq(feed(false, "HTTP/1.1 204 \r\n\r\n"), 1);
	cr_assert_eq(feed(false, "HTTP/1.1 304 x\r\n\r\n"), 1);
}

Test(http_message, interim)
{
	char text[HTTP_INTERIM_MAX * 40 + 100] = "";

	cr_assert_eq(feed(false, "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 102 P\r\n\r\n" OK
				 "Content-Length: 1\r\n\r\nx"),
		     1);
	cr_assert_str_eq(seen.headers, "Content-Length=1|");
	cr_assert_str_eq(seen.start, "200");
	cr_assert_eq(feed(false, "HTTP/1.1 101 Switching Protocols\r\n\r\n"), -EPROTONOSUPPORT);
	for (int i = 0; i <= HTTP_INTERIM_MAX; i++)
		strncat(text, "HTTP/1.1 100 Continue\r\n\r\n", sizeof(text) - strlen(text) - 1);
	cr_assert_eq(feed(false, text), -EMSGSIZE);
}

Test(http_message, odd_but_legal)
{
	cr_assert_eq(feed(false, "\r\n\nHTTP/1.1  200\tFine thanks\nContent-Length : 2\nFolded: a\n b\n\t c\n\nxy"), 1);
	cr_assert_str_eq(seen.headers, "Content-Length=2|Folded=a b  c|");
	cr_assert_eq(feed(false, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), 1);
	cr_assert_not(seen.parser.keep_alive);
	cr_assert_eq(feed(false, "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n"), 1);
	cr_assert(seen.parser.keep_alive);
	cr_assert_eq(feed(false, OK "Connection: x, Close\r\nContent-Length: 0\r\n\r\n"), 1);
	cr_assert_not(seen.parser.keep_alive);
	// RFC 9112, 6.3: the chunked coding wins, and the connection is not used again.
	cr_assert_eq(feed(false, OK "Content-Length: 99\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"), 1);
	cr_assert_str_eq(seen.body, "x");
	cr_assert_not(seen.parser.keep_alive);
}

Test(http_message, malformed)
{
	static const char *const bad[] = {
		"\r\n\r\n\r\n\r\n\r\n",
		"ICY 200 OK\r\n",
		"HTTP/1.1:200 OK\r\n",
		"HTTP/1.1 20 OK\r\n",
		"HTTP/1.1 2000 OK\r\n",
		"HTTP/1.1 099 OK\r\n",
		"HTTP/1.1 OK\r\n",
		"HTTP/x.1 200 OK\r\n",
		OK " folded: first\r\n\r\n",
		OK "no colon\r\n\r\n",
		OK ": no name\r\n\r\n",
		OK "a b: c\r\n\r\n",
		OK "a: b\rc\r\n\r\n",
		OK "Content-Length:\r\n\r\n",
		OK "Content-Length: -1\r\n\r\n",
		OK "Content-Length: 1x\r\n\r\n",
		OK "Content-Length: +1\r\n\r\n",
		OK "Content-Length: 1, 2\r\n\r\n",
		OK "Content-Length: 1,\r\n\r\n",
		OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
	};
	static const char nul[] = OK "a: b\0c\r\n\r\n";

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(feed(false, bad[i]), -EBADMSG, "%s", bad[i]);
	cr_assert_eq(feed_bytes(false, nul, sizeof(nul) - 1, 10), -EBADMSG);
	cr_assert_eq(feed(false, "HTTP/2.0 200 OK\r\n"), -EPROTONOSUPPORT);
	cr_assert_eq(feed(false, "HTTP/1.10 200 OK\r\n"), -EPROTONOSUPPORT);
	cr_assert_eq(feed(false, "HTTP/1.1 299 Refused by the user\r\n"), -ECANCELED);
}

Test(http_message, bounds)
{
	static char text[2 * HTTP_HEADER_SIZE_MAX];
	size_t length;

	cr_assert_eq(feed(false, OK "Content-Length: 1001\r\n\r\n"), -EMSGSIZE);
	cr_assert_eq(feed(false, OK "Content-Length: 99999999999999999999999\r\n\r\n"), -EMSGSIZE);
	memset(text, 'x', sizeof(text));
	memcpy(text, "HTTP/1.1 200 ", 13);
	cr_assert_eq(feed_bytes(false, text, HTTP_LINE_MAX, 10), -EMSGSIZE);
	length = (size_t)snprintf(text, sizeof(text), "%s", OK);
	for (int i = 0; i <= HTTP_HEADERS_MAX; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "h: %d\r\n", i);
	cr_assert_eq(feed_bytes(false, text, length, 10), 0);
	length += (size_t)snprintf(text + length, sizeof(text) - length, "\r\n");
	cr_assert_eq(feed_bytes(false, text, length, 10), -EMSGSIZE);
	length = (size_t)snprintf(text, sizeof(text), "%s", OK);
	for (int i = 0; i < 10; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "h: %04000d\r\n", i);
	cr_assert_eq(feed_bytes(false, text, length, 10), -EMSGSIZE);
	// A folded header counts as one line.
	length = (size_t)snprintf(text, sizeof(text), "%sh: x\r\n", OK);
	for (int i = 0; i < 5; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, " %02000d\r\n", i);
	cr_assert_eq(feed_bytes(false, text, length, 10), -EMSGSIZE);
	// Two headers of nearly the largest size are none too many.
	length = (size_t)snprintf(text, sizeof(text), "%sa: %08000d\r\nb: %08000d\r\nContent-Length: 0\r\n\r\n", OK, 1,
				  2);
	cr_assert_eq(feed_bytes(false, text, length, 10), 1);
	// The body has no length of its own, but a bound.
	length = (size_t)snprintf(text, sizeof(text), "%s\r\n%01001d", OK, 0);
	cr_assert_eq(feed_bytes(false, text, length, 1000), -EMSGSIZE);
}

Test(http_message, requests)
{
	cr_assert_eq(feed(true, "GET /path?x HTTP/1.1\r\nHost: a\r\n\r\n"), 1);
	cr_assert_str_eq(seen.start, "GET /path?x");
	cr_assert_eq(feed(true, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nxyGET"), 1);
	cr_assert_str_eq(seen.body, "xy");
	cr_assert_eq(feed(true, "GET / HTTP/1.0\r\n\r\n"), 1);
	cr_assert_not(seen.parser.keep_alive);
	cr_assert_eq(feed(true, "GET  / HTTP/1.1\r\n"), -EBADMSG);
	cr_assert_eq(feed(true, "GET /\r\n"), -EBADMSG);
	cr_assert_eq(feed(true, "GET / HTTP/1.1 x\r\n"), -EBADMSG);
	cr_assert_eq(feed(true, "GET / HTTP/3.0\r\n"), -EPROTONOSUPPORT);
	cr_assert_eq(feed(true, "\x16\x03\x01\x02\r\n"), -EBADMSG);
	cr_assert_eq(feed(true, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"), -EBADMSG);
	cr_assert_eq(feed(true, "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), -EBADMSG);
	cr_assert_eq(feed(true, "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), -EBADMSG);
	cr_assert_eq(feed(true, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH / HTTP/1.1\r\n\r\n"), -EMSGSIZE);
}

Test(http_message, tokens)
{
	cr_assert(http_has_token("a, close ,b", "Close"));
	cr_assert(http_has_token("close", "close"));
	cr_assert_not(http_has_token("closed, x", "close"));
	cr_assert_not(http_has_token("", "close"));
}
