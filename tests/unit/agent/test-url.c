// SPDX-License-Identifier: GPL-2.0-or-later
// URLs: what is accepted and refused, and relative references by the examples of RFC 3986, 5.4.
#include "agent/url.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static int parse(struct url *url, const char *text)
{
	return url_parse(url, text, strlen(text));
}

Test(url, parts)
{
	struct url url;

	cr_assert_eq(parse(&url, "http://ACS.example.com:7547/cwmp?x=1#part"), 0);
	cr_assert_not(url.secure);
	cr_assert_str_eq(url.host, "acs.example.com");
	cr_assert_eq(url.port, 7547);
	cr_assert_str_eq(url.target, "/cwmp?x=1");
	cr_assert_eq(parse(&url, "HTTPS://a"), 0);
	cr_assert(url.secure);
	cr_assert_eq(url.port, 443);
	cr_assert_str_eq(url.target, "/");
	cr_assert_eq(parse(&url, "http://a?q"), 0);
	cr_assert_str_eq(url.target, "/?q");
	cr_assert_eq(parse(&url, "http://a:/x"), 0);
	cr_assert_eq(url.port, 80);
}

Test(url, ipv6)
{
	struct url url;
	char host[64];

	cr_assert_eq(parse(&url, "http://[2001:DB8::1]:80/"), 0);
	cr_assert_str_eq(url.host, "2001:db8::1");
	cr_assert(url.ipv6_literal);
	cr_assert_eq(url_host_header(&url, host, sizeof(host)), 13);
	cr_assert_str_eq(host, "[2001:db8::1]");
	cr_assert_eq(parse(&url, "http://[::1]:8080"), 0);
	cr_assert_gt(url_host_header(&url, host, sizeof(host)), 0);
	cr_assert_str_eq(host, "[::1]:8080");
	cr_assert_eq(url_host_header(&url, host, 5), -ENAMETOOLONG);
}

Test(url, refused)
{
	static const char *const bad[] = {"",
					  "acs.example.com",
					  "http://",
					  "http:///x",
					  "http://a b/",
					  "http://a/ b",
					  "http://a/\r\nX:",
					  "http://u:p@a/",
					  "http://a:0/",
					  "http://a:65536/",
					  "http://a:9x/",
					  "http://[::1",
					  "http://[zz]/",
					  "http://a/\x80",
					  "http://[::1]x/",
					  "http://\xc3\xa4/"};
	struct url url;
	char text[URL_LENGTH_MAX + 10];

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(parse(&url, bad[i]), -EINVAL, "%s", bad[i]);
	cr_assert_eq(parse(&url, "ftp://a/"), -EPROTONOSUPPORT);
	cr_assert_eq(url_parse(&url, "http://[::1\0x]/", 15), -EINVAL);
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://", 7);
	cr_assert_eq(url_parse(&url, text, sizeof(text)), -ENAMETOOLONG);
	cr_assert_eq(url_parse(&url, text, 7 + URL_HOST_MAX), 0);
	cr_assert_eq(url_parse(&url, text, 7 + URL_HOST_MAX + 1), -ENAMETOOLONG);
}

Test(url, references)
{
	static const char *const examples[][2] = {
		{"g", "/b/c/g"},      {"./g", "/b/c/g"},     {"g/", "/b/c/g/"},	   {"/g", "/g"},
		{"?y", "/b/c/d;p?y"}, {"g?y", "/b/c/g?y"},   {"#s", "/b/c/d;p?q"}, {"", "/b/c/d;p?q"},
		{".", "/b/c/"},	      {"./", "/b/c/"},	     {"..", "/b/"},	   {"../", "/b/"},
		{"../g", "/b/g"},     {"../..", "/"},	     {"../../g", "/g"},	   {"../../../g", "/g"},
		{"/./g", "/g"},	      {"/../g", "/g"},	     {"g.", "/b/c/g."},	   {"..g", "/b/c/..g"},
		{"./../g", "/b/g"},   {"g/./h", "/b/c/g/h"}, {"g/../h", "/b/c/h"}, {"g?y/../x", "/b/c/g?y/../x"},
	};
	struct url base, url;

	cr_assert_eq(parse(&base, "http://a/b/c/d;p?q"), 0);
	for (unsigned i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		cr_assert_eq(url_resolve(&url, &base, examples[i][0], strlen(examples[i][0])), 0, "%s", examples[i][0]);
		cr_assert_str_eq(url.target, examples[i][1], "%s gave %s", examples[i][0], url.target);
		cr_assert(url_same_server(&url, &base));
	}
	cr_assert_eq(url_resolve(&url, &base, "//h:81/x", 8), 0);
	cr_assert_str_eq(url.host, "h");
	cr_assert_eq(url.port, 81);
	cr_assert_eq(url_resolve(&url, &base, "https://h/x", 11), 0);
	cr_assert(url.secure);
	cr_assert_not(url_same_server(&url, &base));
	cr_assert_eq(url_resolve(&url, &base, "a\nb", 3), -EINVAL);
	cr_assert_eq(url_resolve(&url, &base, "ftp://h/x", 9), -EPROTONOSUPPORT);
}
