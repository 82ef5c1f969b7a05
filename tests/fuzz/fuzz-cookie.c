// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes cookies, URLs and dates: the first line is a URL, each other one a Set-Cookie header from it, or a Location.
#include "agent/cookie.h"
#include "agent/http-date.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			abort();
	}
}

static void check_url(const struct url *url)
{
	char host[URL_HOST_MAX + 16];

	if (url_host_header(url, host, sizeof(host)) <= 0 || url->target[0] != '/' || url->port == 0)
		abort();
	check_text(host, strlen(host));
	check_text(url->target, strlen(url->target));
}

static void use_line(struct cookie_jar *jar, const struct url *url, const char *line, size_t length)
{
	struct url next;
	int64_t seconds;

	cookie_jar_set(jar, url, line, length, 1700000000, 1000);
	http_date_parse(line, length, &seconds);
	if (url_resolve(&next, url, line, length) == 0)
		check_url(&next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cookie_jar jar;
	static char header[COOKIE_HEADER_MAX];
	const char *text = (const char *)data;
	const char *end = text + size;
	struct url url;
	int length;

	cookie_jar_clear(&jar);
	for (bool first = true; text < end; first = false) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t count = (size_t)((newline ? newline : end) - text);
		char *line = malloc(count ? count : 1);

		memcpy(line, text, count);
		if (first && url_parse(&url, line, count) != 0) {
			free(line);
			return 0;
		}
		if (first)
			check_url(&url);
		else
			use_line(&jar, &url, line, count);
		free(line);
		if (!newline)
			break;
		text = newline + 1;
	}
	if (size == 0)
		return 0;
	length = cookie_jar_header(&jar, &url, 1000, header, sizeof(header));
	if (length < 0)
		abort();
	check_text(header, (size_t)length);
	return 0;
}
