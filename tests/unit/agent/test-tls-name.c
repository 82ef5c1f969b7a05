// SPDX-License-Identifier: GPL-2.0-or-later
// Which names in a certificate are for a host, and what dates mean.
#include "agent/clock.h"
#include "agent/tls-certificate.h"

#include <criterion/criterion.h>
#include <string.h>

static bool matches(const char *host, const char *pattern)
{
	struct tls_host target;

	tls_host_set(&target, host);
	return tls_host_is_name(&target, pattern, strlen(pattern));
}

Test(tls_name, names)
{
	cr_assert(matches("acs.example.com", "acs.example.com"));
	cr_assert(matches("acs.example.com", "ACS.Example.COM"));
	cr_assert(matches("acs.example.com.", "acs.example.com"));
	cr_assert(matches("acs.example.com", "acs.example.com."));
	cr_assert(matches("localhost", "localhost"));
	cr_assert_not(matches("acs.example.com", "acs.example.co"));
	cr_assert_not(matches("acs.example.com", "example.com"));
	cr_assert_not(matches("example.com", "acs.example.com"));
	cr_assert_not(matches("acs.example.com", ""));
	cr_assert_not(matches("acs.example.com", "."));
	cr_assert_not(matches("acs.example.com", ".example.com"));
}

Test(tls_name, wildcard_is_the_whole_left_label)
{
	cr_assert(matches("acs.example.com", "*.example.com"));
	cr_assert(matches("acs.example.com", "*.EXAMPLE.com"));
	cr_assert_not(matches("a.b.example.com", "*.example.com"));
	cr_assert_not(matches("example.com", "*.example.com"));
	cr_assert_not(matches(".example.com", "*.example.com"));
	cr_assert_not(matches("acs.example.com", "*cs.example.com"));
	cr_assert_not(matches("acs.example.com", "a*.example.com"));
	cr_assert_not(matches("acs.example.com", "acs.*.com"));
	cr_assert_not(matches("acs.example.com", "*.*.com"));
	cr_assert_not(matches("acs.example.com", "**.example.com"));
	cr_assert_not(matches("acs.example.com", "*"));
	cr_assert_not(matches("acs.com", "*.com"), "one label is not enough behind a wildcard");
	cr_assert_not(matches("localhost", "*"));
	cr_assert_not(matches("localhost", "*.localhost"));
}

Test(tls_name, a_nul_ends_nothing)
{
	struct tls_host host;

	tls_host_set(&host, "acs.example.com");
	cr_assert_not(tls_host_is_name(&host, "acs.example.com\0.evil.example", 29));
	cr_assert_not(tls_host_is_name(&host, "acs.example.com\0", 16));
}

Test(tls_name, addresses)
{
	struct tls_host host;

	tls_host_set(&host, "192.0.2.1");
	cr_assert_eq(host.address_bytes, 4);
	cr_assert(tls_host_is_address(&host, "\xc0\0\2\1", 4));
	cr_assert_not(tls_host_is_address(&host, "\xc0\0\2\2", 4));
	cr_assert_not(tls_host_is_address(&host, "\xc0\0\2", 3));
	cr_assert_not(tls_host_is_name(&host, "192.0.2.1", 9));
	cr_assert_not(matches("192.0.2.1", "*.0.2.1"));
	tls_host_set(&host, "2001:db8::1");
	cr_assert_eq(host.address_bytes, 16);
	cr_assert(tls_host_is_address(&host, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16));
	cr_assert_not(tls_host_is_address(&host, "\x20\x01\x0d\xb8", 4));
	tls_host_set(&host, "acs.example.com");
	cr_assert_eq(host.address_bytes, 0);
	cr_assert_not(tls_host_is_address(&host, "", 0));
}

static int64_t seconds(const char *asn)
{
	return tls_certificate_time((const unsigned char *)asn, strlen(asn));
}

Test(tls_name, dates)
{
	cr_assert_eq(seconds("\x17\x0d"
			     "700101000000Z"),
		     0);
	cr_assert_eq(seconds("\x17\x0d"
			     "491231235959Z"),
		     2524607999);
	cr_assert_eq(seconds("\x18\x0f"
			     "20500101000000Z"),
		     2524608000);
	cr_assert_eq(seconds(""), -1);
	cr_assert_eq(seconds("\x17"), -1);
	cr_assert_eq(seconds("\x17\x0d"), -1);
	cr_assert_eq(seconds("\x17\x0d"
			     "70010100000xZ"),
		     -1);
	cr_assert_eq(seconds("\x17\x0d"
			     "7001010000000"),
		     -1);
	cr_assert_eq(seconds("\x18\x0d"
			     "700101000000Z"),
		     -1);
}

Test(tls_name, clock)
{
	cr_assert(clock_plausible(true, 0, 1800000000), "whoever synchronises it knows");
	cr_assert_not(clock_plausible(false, 0, 0));
	cr_assert_not(clock_plausible(false, 1767225599, 0));
	cr_assert(clock_plausible(false, 1767225600, 0));
	cr_assert_not(clock_plausible(false, 1799999999, 1800000000), "older than the program");
	cr_assert(clock_plausible(false, 1800000000, 1800000000));
}
