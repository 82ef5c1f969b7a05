/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the connection requests by UDP gets as far as the agent. */
#include "netlink/request-filter.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE "fda44088e52a347ce49d6312521d5621eeb40037"
#define SECOND	  1000000000ll

static unsigned int forwarded;

static void count(struct request_filter *filter, const char *datagram, size_t length)
{
	(void)filter;
	cr_expect(length > 4 && !memcmp(datagram, "GET ", 4));
	forwarded++;
}

static struct request_filter make(void)
{
	struct request_filter filter = {.forward = count, .username = "CPE57689"};

	filter.trusted = endpoint_make(AF_INET, (const uint8_t[]){198, 51, 100, 1}, 3478);
	forwarded = 0;
	return filter;
}

static enum request_verdict take(struct request_filter *filter, const uint8_t from[4], const char *user, int64_t now)
{
	union endpoint sender = endpoint_make(AF_INET, from, 4000);
	char datagram[256];
	int length = snprintf(datagram, sizeof(datagram),
			      "GET http://a?ts=1&id=2&un=%s&cn=x&sig=" SIGNATURE " HTTP/1.1\r\n\r\n", user);

	return request_filter_take(filter, &sender, datagram, (size_t)length, now);
}

static const uint8_t server[] = {198, 51, 100, 1}, stranger[] = {203, 0, 113, 5};

Test(request_filter, user_and_form)
{
	struct request_filter filter = make();
	union endpoint sender = endpoint_make(AF_INET, server, 3478);

	cr_expect_eq(take(&filter, server, "CPE57689", SECOND), REQUEST_FORWARDED);
	cr_expect_eq(take(&filter, server, "CPE5768", SECOND), REQUEST_WRONG_USER);
	cr_expect_eq(request_filter_take(&filter, &sender, "GET / HTTP/1.1\r\n\r\n", 18, SECOND), REQUEST_MALFORMED);
	*filter.username = '\0';
	cr_expect_eq(take(&filter, server, "", SECOND), REQUEST_WRONG_USER);
	cr_expect_eq(forwarded, 1);
}

Test(request_filter, a_flood_of_strangers_does_not_lock_out_the_server)
{
	struct request_filter filter = make();

	for (unsigned int i = 0; i < 100000; i++)
		take(&filter, stranger, "CPE57689", SECOND + i * 10000ll);
	cr_expect_leq(forwarded, REQUEST_OTHER_RATE + REQUEST_OTHER_BURST);
	cr_expect_geq(forwarded, REQUEST_OTHER_RATE - 1);
	cr_expect_eq(take(&filter, server, "CPE57689", 2 * SECOND), REQUEST_FORWARDED);
	cr_expect_eq(filter.counts[REQUEST_LIMITED] + forwarded, 100001);
}
