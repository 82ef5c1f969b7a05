/* SPDX-License-Identifier: BSD-2-Clause */
/* When the kernel is asked, and for what: everything, the counters, one link; and what it says by itself. */
#include "netlink/collector.h"
#include "shm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/rtnetlink.h>
#include <netlink/msg.h>

static int on_counters(const struct nlmsghdr *header, void *context)
{
	struct collector *collector = context;
	struct counters counters;
	uint32_t at;
	int index;

	if (header->nlmsg_type != RTM_NEWSTATS || message_counters(header, &index, &counters) != 1)
		return 0;
	at = links_slot(collector, index);
	if (at > 0)
		collector_counters(collector, at - 1, &counters);
	return 0;
}

static int on_message(const struct nlmsghdr *header, void *context)
{
	struct collector *collector = context;

	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return collector_link(collector, header);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return address_notice(collector, header);
	default:
		return 0;
	}
}

/* Repeats a dump that other changes ran into, or whose messages had not enough room. */
static int dump(struct collector *collector, int type, const void *body, size_t length, channel_handler handler)
{
	int error = -EINTR;

	for (int tries = 0; tries < CHANNEL_DUMP_TRIES && (error == -EINTR || error == -EMSGSIZE); tries++)
		error = channel_dump(&collector->requests, type, body, length, handler, collector);
	return error;
}

static int dump_links(struct collector *collector)
{
	const struct ifinfomsg links = {.ifi_family = AF_UNSPEC};

	return dump(collector, RTM_GETLINK, &links, sizeof(links), on_message);
}

/* A dump that was interrupted to the last may lack entries: what is missing in it is not taken away, and it is asked
 * for again with the next interval. */
static int sweep_links(struct collector *collector)
{
	int error;

	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		if (collector->links[slot])
			collector->links[slot]->seen = false;
	}
	error = dump_links(collector);
	for (uint32_t slot = 0; slot < collector->slot_count && !error; slot++) {
		if (collector->links[slot] && !collector->links[slot]->seen)
			links_remove(collector, collector->links[slot]);
	}
	return error;
}

static int sweep_addresses(struct collector *collector)
{
	const struct ifaddrmsg addresses = {.ifa_family = AF_UNSPEC};
	int error;

	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		const struct link *link = collector->links[slot];

		for (struct address *address = link ? link->addresses : NULL; address; address = address->next)
			address->seen = false;
	}
	error = dump(collector, RTM_GETADDR, &addresses, sizeof(addresses), on_message);
	for (uint32_t slot = 0; slot < collector->slot_count && !error; slot++) {
		if (collector->links[slot])
			address_sweep(collector, collector->links[slot]);
	}
	return error;
}

int synchronise_all(struct collector *collector)
{
	int error = sweep_links(collector);

	collector->resynchronise = false;
	if (!error)
		error = sweep_addresses(collector);
	if (error == -EINTR) {
		collector->resynchronise = true;
		error = 0;
	}
	if (error)
		log_error("the kernel does not tell its interfaces: %s", strerror(-error));
	collector->synchronised = true;
	collector_settle(collector);
	return error;
}

void synchronise_link(struct collector *collector, struct link *link)
{
	const struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = link->kernel.index};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETLINK, 0);

	/* What goes wrong here does no harm: when the link has vanished, a notification says so. */
	if (message && !nlmsg_append(message, (void *)&body, sizeof(body), NLMSG_ALIGNTO))
		channel_request(&collector->requests, message, on_message, collector);
	nlmsg_free(message);
}

int synchronise_notifications(struct collector *collector)
{
	int taken = channel_notifications(&collector->notifications, STORM_DATAGRAMS, on_message, collector);

	if (taken >= 0) {
		collector_settle(collector);
		return 0;
	}
	if (taken != -ENOBUFS) {
		log_error("notifications of the kernel can't be read: %s", strerror(-taken));
		return taken;
	}
	log_notice("notifications were lost: asking the kernel for everything");
	taken = channel_discard(&collector->notifications);
	if (taken && taken != -EBUSY) {
		log_error("notifications of the kernel can't be read: %s", strerror(-taken));
		return taken;
	}
	return synchronise_all(collector);
}

/* IPv6 of the whole machine is a setting that nothing notifies of. */
void synchronise_ipv6(struct collector *collector)
{
	char digit = '1';
	int fd = open("/proc/sys/net/ipv6/conf/all/disable_ipv6", O_RDONLY | O_CLOEXEC);

	collector->ipv6_capable = fd >= 0;
	if (fd >= 0) {
		if (read(fd, &digit, 1) != 1)
			digit = '1';
		close(fd);
	}
	collector->ipv6_enabled = digit == '0';
}

void synchronise_clock(struct collector *collector)
{
	int64_t offset = (int64_t)time(NULL) - boottime();

	/* The two clocks are read one after the other: a second of difference says nothing. */
	if (offset - collector->clock_offset >= -1 && offset - collector->clock_offset <= 1)
		return;
	collector->clock_offset = offset;
	address_mark_lifetimes(collector);
}

static void tick_last_change(struct collector *collector)
{
	uint32_t count = collector->slot_count;
	int64_t now = boottime();

	/* Seconds that did not pass need no update, once all links have the present one. */
	if (count <= LAST_CHANGE_LINKS && now == collector->last_change_at)
		return;
	collector->last_change_at = now;
	for (uint32_t i = 0; i < count && i < LAST_CHANGE_LINKS; i++) {
		uint32_t slot = collector->last_change_next++ % count;

		if (collector->links[slot])
			publish_last_change(collector, collector->links[slot]);
	}
}

int synchronise_interval(struct collector *collector)
{
	const struct if_stats_msg body = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};
	bool enabled = collector->ipv6_enabled, told;
	int error = 0;

	if (collector->resynchronise)
		return synchronise_all(collector);
	told = hardware_interval(collector);
	if (!told && !collector->no_stats) {
		error = dump(collector, RTM_GETSTATS, &body, sizeof(body), on_counters);
		if (error == -EOPNOTSUPP || error == -EINVAL || error == -EPERM) {
			log_notice("the kernel has no RTM_GETSTATS: counters come with the links");
			collector->no_stats = true;
		}
	}
	if (!told && collector->no_stats)
		error = dump_links(collector);
	/* Counters of an interrupted dump are good; those that it lacks come with the next interval. */
	if (error && error != -EINTR)
		log_error("the kernel does not tell its counters: %s", strerror(-error));
	synchronise_ipv6(collector);
	synchronise_clock(collector);
	tick_last_change(collector);
	if (enabled != collector->ipv6_enabled)
		publish_globals(collector, true);
	collector_settle(collector);
	return 0;
}
