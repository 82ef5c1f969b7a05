// SPDX-License-Identifier: GPL-2.0-or-later
// Cookies: which are kept, for which request they are sent, and how many (RFC 6265, R-06).
#include "agent/cookie.h"
#include "agent/http-date.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WALL   1700000000 // 2023-11-14
#define STEADY 1000

static struct cookie_jar jar;

static struct url url_of(const char *text)
{
	struct url url;

	cr_assert_eq(url_parse(&url, text, strlen(text)), 0);
	return url;
}

static int set(const char *from, const char *header)
{
	struct url url = url_of(from);

	return cookie_jar_set(&jar, &url, header, strlen(header), WALL, STEADY);
}

static const char *header_at(const char *to, int64_t steady)
{
	static char text[COOKIE_HEADER_MAX + 1];
	struct url url = url_of(to);
	int length = cookie_jar_header(&jar, &url, steady, text, COOKIE_HEADER_MAX);

	cr_assert_geq(length, 0);
	text[length] = '\0';
	return text;
}

static const char *header(const char *to)
{
	return header_at(to, STEADY);
}

Test(cookie, several_and_replaced)
{
	cr_assert_eq(set("http://a/cwmp", "session=1; HttpOnly; SameSite=Lax; Unknown"), 0);
	cr_assert_eq(set("http://a/cwmp", "second=\"quoted value\""), 0);
	cr_assert_str_eq(header("http://a/cwmp"), "session=1; second=\"quoted value\"");
	cr_assert_eq(set("http://a/cwmp", "session=2=3"), 0);
	cr_assert_str_eq(header("http://a/cwmp"), "session=2=3; second=\"quoted value\"");
	cr_assert_eq(set("http://a/cwmp", "empty="), 0);
	cr_assert_str_eq(header("http://a/cwmp"), "session=2=3; second=\"quoted value\"; empty=");
	cookie_jar_clear(&jar);
	cr_assert_str_eq(header("http://a/cwmp"), "");
}

Test(cookie, ignored)
{
	set("http://a/", "no equal sign");
	set("http://a/", "=value");
	set("http://a/", "");
	set("http://a/", ";");
	set("http://a/", "a=b\rc");
	cr_assert_str_eq(header("http://a/"), "");
}

Test(cookie, path)
{
	set("http://a/x/y", "default=1");
	set("http://a/x/y", "root=1; Path=/");
	set("http://a/x/y", "deep=1; path=/x/y/z");
	set("http://a/x/y", "odd=1; Path=relative");
	cr_assert_str_eq(header("http://a/x/y"), "default=1; odd=1; root=1");
	cr_assert_str_eq(header("http://a/x/y/z?q=/"), "deep=1; default=1; odd=1; root=1");
	cr_assert_str_eq(header("http://a/xy"), "root=1");
}

Test(cookie, domain)
{
	set("http://acs.example.com/", "wide=1; Domain=.Example.COM");
	set("http://acs.example.com/", "narrow=1");
	set("http://acs.example.com/", "foreign=1; Domain=other.com");
	set("http://acs.example.com/", "top=1; Domain=com");
	set("http://192.0.2.1/", "address=1; Domain=0.2.1");
	cr_assert_str_eq(header("http://acs.example.com/"), "wide=1; narrow=1");
	cr_assert_str_eq(header("http://other.example.com/"), "wide=1");
	cr_assert_str_eq(header("http://notexample.com/"), "");
	cr_assert_str_eq(header("http://192.0.2.1/"), "");
}

Test(cookie, secure)
{
	set("https://a/", "s=1; Secure");
	cr_assert_str_eq(header("http://a/"), "");
	cr_assert_str_eq(header("https://a/"), "s=1");
}

Test(cookie, expiry)
{
	set("http://a/", "short=1; Max-Age=10");
	set("http://a/", "dated=1; Expires=Wed, 15 Nov 2023 00:00:00 GMT");
	set("http://a/", "both=1; Max-Age=100; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
	cr_assert_str_eq(header("http://a/"), "short=1; dated=1; both=1");
	cr_assert_str_eq(header_at("http://a/", STEADY + 10), "dated=1; both=1");
	cr_assert_str_eq(header_at("http://a/", STEADY + 100), "dated=1");
	set("http://a/", "dated=; expires=Thu, 01-Jan-70 00:00:01 GMT");
	set("http://a/", "both=1; Max-Age=0");
	set("http://a/", "short=1; Max-Age=-5");
	cr_assert_str_eq(header("http://a/"), "");
}

Test(cookie, bounds)
{
	static char text[COOKIE_SIZE_MAX + 100];
	struct url url = url_of("http://a/");
	char small[8];

	memset(text, 'v', sizeof(text) - 1);
	text[1] = '=';
	cr_assert_eq(set("http://a/", text), -ENOSPC);
	for (int i = 0; i < 3 * COOKIE_COUNT_MAX; i++) {
		snprintf(text, sizeof(text), "name%d=%0500d", i, i);
		cr_assert_eq(set("http://a/", text), 0);
	}
	cr_assert_leq(strlen(header("http://a/")), COOKIE_HEADER_MAX);
	cr_assert(strstr(header("http://a/"), "name95="));
	cr_assert_gt(strlen(header("http://a/")), 512);
	cr_assert_eq(cookie_jar_header(&jar, &url, STEADY, small, sizeof(small)), -ENOSPC);
}

Test(cookie, full_jar_of_short_cookies_fits_its_header)
{
	char text[32];

	for (int i = 0; i < COOKIE_COUNT_MAX; i++) {
		snprintf(text, sizeof(text), "n%d=", i);
		set("http://a/", text);
	}
	cr_assert_gt(strlen(header("http://a/")), 0);
	cr_assert_eq(jar.count, COOKIE_COUNT_MAX);
}

Test(http_date, forms)
{
	static const char *const same[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
					   "Sun Nov  6 08:49:37 1994"};
	int64_t seconds;

	for (unsigned i = 0; i < 3; i++) {
		cr_assert(http_date_parse(same[i], strlen(same[i]), &seconds));
		cr_assert_eq(seconds, 784111777);
	}
	cr_assert_not(http_date_parse("tomorrow", 8, &seconds));
	cr_assert_not(http_date_parse("32 Jan 2020 00:00:00", 20, &seconds));
	cr_assert_not(http_date_parse("", 0, &seconds));
}
