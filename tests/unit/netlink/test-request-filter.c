/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the connection requests by UDP gets as far as the agent. */
#include "netlink/request-filter.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE "fda44088e52a347ce49d6312521d5621eeb40037"

static unsigned int forwarded, expected_ones;

static void count(struct request_filter *filter, bool expected, const char *datagram, size_t length)
{
	(void)filter;
	cr_expect(length > 4 && !memcmp(datagram, "GET ", 4));
	forwarded++;
	expected_ones += expected;
}

static struct request_filter make(void)
{
	struct request_filter filter = {.forward = count, .username = "CPE57689"};

	filter.trusted = endpoint_make(AF_INET, (const uint8_t[]){198, 51, 100, 1}, 3478);
	forwarded = expected_ones = 0;
	return filter;
}

static enum request_verdict take(struct request_filter *filter, const uint8_t from[4], const char *user)
{
	union endpoint sender = endpoint_make(AF_INET, from, 4000);
	char datagram[256];
	int length = snprintf(datagram, sizeof(datagram),
			      "GET http://a?ts=1&id=2&un=%s&cn=x&sig=" SIGNATURE " HTTP/1.1\r\n\r\n", user);

	return request_filter_take(filter, &sender, datagram, (size_t)length);
}

static const uint8_t server[] = {198, 51, 100, 1}, stranger[] = {203, 0, 113, 5};

Test(request_filter, user_and_form)
{
	struct request_filter filter = make();
	union endpoint sender = endpoint_make(AF_INET, server, 3478);

	cr_expect_eq(take(&filter, server, "CPE57689"), REQUEST_FORWARDED);
	cr_expect_eq(take(&filter, server, "CPE5768"), REQUEST_WRONG_USER);
	cr_expect_eq(request_filter_take(&filter, &sender, "GET / HTTP/1.1\r\n\r\n", 18), REQUEST_MALFORMED);
	*filter.username = '\0';
	cr_expect_eq(take(&filter, server, ""), REQUEST_WRONG_USER);
	cr_expect_eq(forwarded, 1);
}

Test(request_filter, those_of_the_server_are_told_apart)
{
	struct request_filter filter = make();

	take(&filter, stranger, "CPE57689");
	cr_expect_eq(expected_ones, 0);
	take(&filter, server, "CPE57689");
	cr_expect(forwarded == 2 && expected_ones == 1);
	request_filter_lost(&filter, 1);
	cr_expect(filter.counts[REQUEST_FORWARDED] == 1 && filter.counts[REQUEST_LIMITED] == 1);
	filter.trusted = (union endpoint){0};
	take(&filter, server, "CPE57689");
	cr_expect_eq(expected_ones, 1, "no server, nothing expected");
}
