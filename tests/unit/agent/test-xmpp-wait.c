// SPDX-License-Identifier: GPL-2.0-or-later
// When and where an XMPP connection is tried again.
#include "agent/xmpp-wait.h"

#include <criterion/criterion.h>

#include <string.h>

static uint64_t limit(uint32_t n)
{
	return xmpp_wait_limit(n, XMPP_RETRY_INITIAL_DEFAULT, XMPP_RETRY_MULTIPLIER_DEFAULT,
			       XMPP_RETRY_MAXIMUM_DEFAULT);
}

Test(xmpp_wait, limits_are_those_of_the_model)
{
	static const uint32_t minutes[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512, 512, 512, 512};

	for (uint32_t i = 0; i < sizeof(minutes) / sizeof(*minutes); i++)
		cr_assert_eq(limit(i + 1), minutes[i] * 60000ull, "%u", i);
	cr_assert_eq(limit(UINT32_MAX), 512 * 60000ull);
}

Test(xmpp_wait, other_values_are_exact)
{
	cr_assert_eq(xmpp_wait_limit(1, 5, 1500, 100), 5000);
	cr_assert_eq(xmpp_wait_limit(2, 5, 1500, 100), 7500);
	cr_assert_eq(xmpp_wait_limit(3, 5, 1500, 100), 11250);
	cr_assert_eq(xmpp_wait_limit(100, 5, 1500, 100), 100000);
	cr_assert_eq(xmpp_wait_limit(UINT32_MAX, 5, 1000, 100), 5000);
	cr_assert_eq(xmpp_wait_limit(1, 200, 2000, 100), 100000);
	cr_assert_eq(xmpp_wait_limit(50, 65535, 65535, UINT32_MAX), UINT32_MAX * 1000ull);
}

Test(xmpp_wait, every_wait_up_to_the_limit_occurs)
{
	cr_assert_eq(xmpp_wait(1, 1, 2000, 10, 0), 0);
	cr_assert_eq(xmpp_wait(1, 1, 2000, 10, 1000), 1000);
	cr_assert_eq(xmpp_wait(1, 1, 2000, 10, 1001), 0);
	cr_assert_eq(xmpp_wait(2, 1, 2000, 10, 1500), 1500);
}

static uint32_t fixed;

static uint32_t same_number(void)
{
	return fixed;
}

static struct xmpp_server server(uint16_t priority, uint16_t weight, const char *name)
{
	struct xmpp_server made = {.priority = priority, .weight = weight};

	memcpy(made.address, name, strlen(name) + 1);
	return made;
}

Test(xmpp_wait, priorities_come_in_their_order)
{
	struct xmpp_server servers[] = {server(30, 5, "c"), server(10, 0, "a"), server(20, 9, "b")};

	for (fixed = 0; fixed < 20; fixed++) {
		xmpp_order_servers(servers, 3, same_number);
		cr_assert_str_eq(servers[0].address, "a");
		cr_assert_str_eq(servers[1].address, "b");
		cr_assert_str_eq(servers[2].address, "c");
	}
}

// Of a sum of 10 the numbers 0 to 10 are drawn: 0 is that of weight 0 (RFC 2782).
Test(xmpp_wait, weights_are_chances)
{
	unsigned zero = 0, three = 0, seven = 0;

	for (fixed = 0; fixed <= 10; fixed++) {
		struct xmpp_server servers[] = {server(1, 7, "seven"), server(1, 3, "three"), server(1, 0, "zero")};

		xmpp_order_servers(servers, 3, same_number);
		zero += !strcmp(servers[0].address, "zero");
		three += !strcmp(servers[0].address, "three");
		seven += !strcmp(servers[0].address, "seven");
	}
	cr_assert_eq(zero, 1);
	cr_assert_eq(three, 3);
	cr_assert_eq(seven, 7);
}

Test(xmpp_wait, none_is_lost)
{
	struct xmpp_server servers[] = {server(1, 1, "a"), server(1, 1, "b"), server(1, 1, "c"), server(2, 1, "d")};

	for (fixed = 0; fixed < 50; fixed++) {
		unsigned seen = 0;

		xmpp_order_servers(servers, 4, same_number);
		for (size_t i = 0; i < 4; i++)
			seen |= 1u << (servers[i].address[0] - 'a');
		cr_assert_eq(seen, 15);
	}
	xmpp_order_servers(servers, 0, same_number);
}
