/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes that managers ask for, made in the kernel. */
#include "netlink/change.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

/* The longest prefix of an IPv4 network that has a broadcast address */
#define BROADCAST_PREFIX_MAXIMUM 30

int change_link(struct channel *channel, const struct link_change *change)
{
	struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = change->index};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_SETLINK, 0);
	int error;

	if (change->set_up) {
		body.ifi_change = IFF_UP;
		body.ifi_flags = change->up ? IFF_UP : 0;
	}
	error = !message || nlmsg_append(message, &body, sizeof(body), NLMSG_ALIGNTO);
	if (!error && change->set_mtu)
		error = nla_put_u32(message, IFLA_MTU, change->mtu);
	if (!error && change->set_mac)
		error = nla_put(message, IFLA_ADDRESS, MAC_LENGTH, change->mac);
	error = error ? -ENOMEM : channel_request(channel, message, NULL, NULL);
	nlmsg_free(message);
	return error;
}

static int address_request(struct channel *channel, int type, int flags, const struct address_change *change)
{
	const struct ifaddrmsg body = {.ifa_family = (uint8_t)change->family,
				       .ifa_prefixlen = change->prefix,
				       .ifa_index = (uint32_t)change->index,
				       .ifa_scope = RT_SCOPE_UNIVERSE};
	const struct ifa_cacheinfo times = {.ifa_prefered = change->preferred, .ifa_valid = change->valid};
	int size = change->family == AF_INET ? 4 : 16;
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);
	int error = !message || nlmsg_append(message, (void *)&body, sizeof(body), NLMSG_ALIGNTO) ||
		    nla_put(message, IFA_LOCAL, size, change->bytes) ||
		    nla_put(message, IFA_ADDRESS, size, change->bytes);

	if (!error && type == RTM_NEWADDR)
		error = nla_put(message, IFA_CACHEINFO, sizeof(times), &times);
	if (!error && type == RTM_NEWADDR && change->family == AF_INET && change->prefix <= BROADCAST_PREFIX_MAXIMUM) {
		uint32_t broadcast;

		memcpy(&broadcast, change->bytes, sizeof(broadcast));
		broadcast |= htonl(change->prefix ? UINT32_MAX >> change->prefix : UINT32_MAX);
		error = nla_put(message, IFA_BROADCAST, sizeof(broadcast), &broadcast);
	}
	error = error ? -ENOMEM : channel_request(channel, message, NULL, NULL);
	nlmsg_free(message);
	return error;
}

int change_address_add(struct channel *channel, const struct address_change *change)
{
	return address_request(channel, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, change);
}

int change_address_delete(struct channel *channel, const struct address_change *change)
{
	int error = address_request(channel, RTM_DELADDR, 0, change);

	return error == -EADDRNOTAVAIL ? 0 : error;
}

int change_ipv6(const char *name, bool enable)
{
	char path[96];
	int fd, error = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, enable ? "0" : "1", 1) != 1)
		error = -errno;
	close(fd);
	return error;
}

const char *change_error_text(int error)
{
	switch (-error) {
	case EPERM:
	case EACCES:
	case EROFS:
		return "the collector has not the right to change this";
	case ENODEV:
	case ENXIO:
		return "the interface is gone";
	case EBUSY:
		return "the interface is busy; it may have to be disabled first";
	case EOPNOTSUPP:
	case ENOTTY:
	case ENOENT:
		return "the interface's driver can't do this";
	case EINVAL:
	case ERANGE:
		return "the kernel does not accept the value";
	case EADDRNOTAVAIL:
		return "the kernel does not accept the address";
	case EEXIST:
		return "the interface has this address already";
	case ENETDOWN:
		return "the interface is down";
	case ENOMEM:
	case ENOBUFS:
		return "out of memory";
	default:
		return "the kernel refused the change";
	}
}
