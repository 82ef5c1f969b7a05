/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reading of netlink datagrams: any bytes give messages within their bounds, or none. */
#include "netlink/channel.h"
#include "netlink/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

static int take(const struct nlmsghdr *header, void *context)
{
	struct address_message address;
	struct link_message link;
	struct counters counters;
	bool has_counters;
	int index;

	(void)context;
	if (message_link(header, &link, &counters, &has_counters) == 1)
		assert(link.index > 0 && memchr(link.name, '\0', sizeof(link.name)));
	if (message_address(header, &address) == 1)
		assert(address.link > 0 && address.prefix <= (address.family == AF_INET ? 32 : 128));
	if (message_counters(header, &index, &counters) == 1)
		assert(index > 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool changed = false, done = false;
	int verdict = 0;
	/* Aligned as a receive buffer is, and no byte longer than the datagram. */
	char *datagram = malloc(size ? size : 1);

	memcpy(datagram, data, size);
	channel_walk(datagram, size, 0, take, NULL, &changed, &done, &verdict);
	free(datagram);
	return 0;
}
