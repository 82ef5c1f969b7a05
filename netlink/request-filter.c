/* SPDX-License-Identifier: BSD-2-Clause */
/* What is cheap to see of a UDP connection request, before the agent is asked to verify it. */
#include "netlink/request-filter.h"

#include "shm/reach-request.h"

#include <string.h>

static enum request_verdict judge(const struct request_filter *filter, const char *datagram, size_t length)
{
	struct reach_request request;

	if (reach_request_read(datagram, length, &request))
		return REQUEST_MALFORMED;
	return *filter->username && !strcmp(request.un, filter->username) ? REQUEST_FORWARDED : REQUEST_WRONG_USER;
}

enum request_verdict request_filter_take(struct request_filter *filter, const union endpoint *from,
					 const char *datagram, size_t length)
{
	enum request_verdict verdict = judge(filter, datagram, length);

	filter->counts[verdict]++;
	if (verdict == REQUEST_FORWARDED)
		filter->forward(filter,
				filter->trusted.any.sa_family != AF_UNSPEC &&
					endpoint_same_host(&filter->trusted, from),
				datagram, length);
	return verdict;
}

void request_filter_lost(struct request_filter *filter, unsigned int count)
{
	filter->counts[REQUEST_FORWARDED] -= count;
	filter->counts[REQUEST_LIMITED] += count;
}
