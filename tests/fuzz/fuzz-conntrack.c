/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reading of connection tracking's datagrams: any bytes give entries and sums within their bounds, or none.
 */
#include "netlink/conntrack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int take(const struct nlmsghdr *header, void *context)
{
	struct conntrack_statistics statistics = {0};
	struct conntrack_sums *sums = context;
	struct conntrack_entry entry;
	struct conntrack_flow flow;

	if (conntrack_entry_read(header, &entry) == 1) {
		assert(entry.protocol < CONNTRACK_PROTOCOLS);
		conntrack_sums_add(sums, &entry);
	}
	if (conntrack_flow_read(header, &flow) == 1)
		assert(flow.source.family == AF_INET || flow.source.family == AF_INET6);
	conntrack_statistics_read(header, &statistics);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conntrack_sums sums;
	bool changed = false, done = false;
	int verdict = 0;
	/* Aligned as a receive buffer is, and no byte longer than the datagram. */
	char *datagram = malloc(size ? size : 1);

	memcpy(datagram, data, size);
	conntrack_sums_begin(&sums);
	channel_walk(datagram, size, 0, take, &sums, &changed, &done, &verdict);
	assert(sums.translations <= sums.entries && sums.named_count <= sums.outside.count);
	free(datagram);
	return 0;
}
