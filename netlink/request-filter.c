/* SPDX-License-Identifier: BSD-2-Clause */
/* What is cheap to see of a UDP connection request, before the agent is asked to verify it. */
#include "netlink/request-filter.h"

#include "shm/reach-request.h"

#include <string.h>

#define SECOND 1000000000ll /* nanoseconds */

static bool allows(struct request_bucket *bucket, unsigned int rate, unsigned int burst, int64_t now)
{
	int64_t interval = SECOND / rate;

	if (bucket->full_at < now)
		bucket->full_at = now;
	if (bucket->full_at + interval > now + (int64_t)burst * interval)
		return false;
	bucket->full_at += interval;
	return true;
}

static enum request_verdict judge(struct request_filter *filter, const union endpoint *from, const char *datagram,
				  size_t length, int64_t now)
{
	bool trusted = filter->trusted.any.sa_family != AF_UNSPEC && endpoint_same_host(&filter->trusted, from);
	struct reach_request request;

	if (reach_request_read(datagram, length, &request))
		return REQUEST_MALFORMED;
	if (!*filter->username || strcmp(request.un, filter->username) != 0)
		return REQUEST_WRONG_USER;
	return allows(&filter->buckets[trusted], trusted ? REQUEST_TRUSTED_RATE : REQUEST_OTHER_RATE,
		      trusted ? REQUEST_TRUSTED_BURST : REQUEST_OTHER_BURST, now)
		       ? REQUEST_FORWARDED
		       : REQUEST_LIMITED;
}

enum request_verdict request_filter_take(struct request_filter *filter, const union endpoint *from,
					 const char *datagram, size_t length, int64_t now)
{
	enum request_verdict verdict = judge(filter, from, datagram, length, now);

	filter->counts[verdict]++;
	if (verdict == REQUEST_FORWARDED)
		filter->forward(filter, datagram, length);
	return verdict;
}
