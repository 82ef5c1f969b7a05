// SPDX-License-Identifier: GPL-2.0-or-later
// Tells that addresses or routes of the device have changed (rtnetlink).
#include "agent/address-watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES_SIZE 8192 // bytes taken at a time

static void readable(struct ring_operation *operation, int result, unsigned flags)
{
	struct address_watch *watch =
		(struct address_watch *)((char *)operation - offsetof(struct address_watch, poll));
	char messages[MESSAGES_SIZE];

	if (result < 0)
		return;
	// What the messages say is found out by asking; a queue that ran over (ENOBUFS) says as much.
	while (recv(watch->descriptor, messages, sizeof(messages), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
	if (!(flags & RING_MORE))
		ring_poll(watch->ring, operation, watch->descriptor, POLLIN);
	watch->changed(watch);
}

int address_watch_open(struct address_watch *watch, struct ring *ring, unsigned groups,
		       void (*changed)(struct address_watch *watch))
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};

	*watch = (struct address_watch){.ring = ring, .changed = changed, .poll.done = readable};
	watch->descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (watch->descriptor < 0 || bind(watch->descriptor, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return ring_poll(ring, &watch->poll, watch->descriptor, POLLIN);
}

void address_watch_close(struct address_watch *watch)
{
	if (watch->descriptor >= 0)
		close(watch->descriptor);
	watch->descriptor = -1;
}
