/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's route netlink messages say about links, addresses and counters, as plain structures. */
#include "netlink/message.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

/* Newer than the headers of some tool chains */
#define ATTRIBUTE_ADDRESS_PROTOCOL 11 /* IFA_PROTO */

/* The body behind a message's fixed part of `fixed` bytes, or NULL when the message is too short for it. */
static const struct nlattr *attributes(const struct nlmsghdr *header, size_t fixed, int *length)
{
	size_t offset = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);

	if (header->nlmsg_len < offset)
		return NULL;
	*length = (int)(header->nlmsg_len - offset);
	return (const struct nlattr *)((const char *)header + offset);
}

static uint32_t u32(const struct nlattr *attribute)
{
	uint32_t value = 0;

	if (attribute && nla_len(attribute) >= (int)sizeof(value))
		memcpy(&value, nla_data(attribute), sizeof(value));
	return value;
}

static uint8_t u8(const struct nlattr *attribute)
{
	return attribute && nla_len(attribute) >= 1 ? *(const uint8_t *)nla_data(attribute) : 0;
}

static bool mac(const struct nlattr *attribute, uint8_t *to)
{
	if (!attribute || nla_len(attribute) != MAC_LENGTH)
		return false;
	memcpy(to, nla_data(attribute), MAC_LENGTH);
	return true;
}

/* True for an attribute that holds exactly this text, with or without its NUL. */
static bool is_text(const struct nlattr *attribute, const char *text)
{
	size_t length = strlen(text);
	const char *data = nla_data(attribute);

	return (size_t)nla_len(attribute) >= length && memcmp(data, text, length) == 0 &&
	       ((size_t)nla_len(attribute) == length || data[length] == '\0');
}

static enum link_kind kind_of(const struct nlattr *information)
{
	static const struct {
		const char *name;
		enum link_kind kind;
	} kinds[] = {
		{"veth", LINK_VETH},	   {"dsa", LINK_DSA},	      {"bridge", LINK_BRIDGE},
		{"bond", LINK_BOND},	   {"team", LINK_BOND},	      {"vlan", LINK_VLAN},
		{"macvlan", LINK_MACVLAN}, {"macvtap", LINK_MACVLAN}, {"ipvlan", LINK_MACVLAN},
		{"ipvtap", LINK_MACVLAN},
	};
	struct nlattr *table[IFLA_INFO_MAX + 1];

	if (!information)
		return LINK_DEVICE;
	if (nla_parse(table, IFLA_INFO_MAX, nla_data(information), nla_len(information), NULL) < 0)
		return LINK_OTHER;
	/* A device without a kind of its own that is a bridge's port has IFLA_INFO_SLAVE_KIND only. */
	if (!table[IFLA_INFO_KIND])
		return LINK_DEVICE;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (is_text(table[IFLA_INFO_KIND], kinds[i].name))
			return kinds[i].kind;
	}
	return LINK_OTHER;
}

/* Whether the link has IPv6: the kernel keeps IPv6 settings for it, and they don't say disable_ipv6. */
static bool ipv6_of(const struct nlattr *families)
{
	struct nlattr *family, *table[IFLA_INET6_MAX + 1];
	int remaining;

	if (!families)
		return false;
	nla_for_each_nested(family, families, remaining)
	{
		const struct nlattr *settings;
		int32_t disabled = 0;
		size_t at = DEVCONF_DISABLE_IPV6 * sizeof(disabled);

		if (nla_type(family) != AF_INET6)
			continue;
		if (nla_parse(table, IFLA_INET6_MAX, nla_data(family), nla_len(family), NULL) < 0)
			return false;
		settings = table[IFLA_INET6_CONF];
		if (settings && (size_t)nla_len(settings) >= at + sizeof(disabled))
			memcpy(&disabled, (const char *)nla_data(settings) + at, sizeof(disabled));
		return !disabled;
	}
	return false;
}

/* `from` is unaligned for 64 bits in a netlink message, and shorter on kernels that know fewer counters. */
static void read_counters(struct counters *counters, const void *from, size_t length)
{
	struct rtnl_link_stats64 kernel;

	memset(&kernel, 0, sizeof(kernel));
	memcpy(&kernel, from, length < sizeof(kernel) ? length : sizeof(kernel));
	counters->value[COUNTER_BYTES_SENT] = kernel.tx_bytes;
	counters->value[COUNTER_BYTES_RECEIVED] = kernel.rx_bytes;
	counters->value[COUNTER_PACKETS_SENT] = kernel.tx_packets;
	counters->value[COUNTER_PACKETS_RECEIVED] = kernel.rx_packets;
	counters->value[COUNTER_ERRORS_SENT] = kernel.tx_errors;
	counters->value[COUNTER_ERRORS_RECEIVED] = kernel.rx_errors;
	counters->value[COUNTER_DISCARDS_SENT] = kernel.tx_dropped;
	/* As in /proc/net/dev: what the stack and what the device dropped for want of room. */
	counters->value[COUNTER_DISCARDS_RECEIVED] = kernel.rx_dropped + kernel.rx_missed_errors;
	counters->value[COUNTER_MULTICAST_RECEIVED] = kernel.multicast;
}

int message_link(const struct nlmsghdr *header, struct link_message *link, struct counters *counters,
		 bool *has_counters)
{
	struct nlattr *table[IFLA_MAX + 1];
	const struct ifinfomsg *fixed = (const struct ifinfomsg *)((const char *)header + NLMSG_HDRLEN);
	const struct nlattr *first;
	int length;

	*has_counters = false;
	memset(link, 0, sizeof(*link));
	first = attributes(header, sizeof(*fixed), &length);
	if (!first || fixed->ifi_index <= 0)
		return -EBADMSG;
	/* A bridge tells of its ports with the same message types. */
	if (fixed->ifi_family != AF_UNSPEC)
		return 0;
	if (nla_parse(table, IFLA_MAX, (struct nlattr *)first, length, NULL) < 0)
		return -EBADMSG;
	link->index = fixed->ifi_index;
	link->flags = fixed->ifi_flags;
	link->type = fixed->ifi_type;
	if (!table[IFLA_IFNAME] || nla_len(table[IFLA_IFNAME]) < 1)
		return header->nlmsg_type == RTM_DELLINK ? 1 : 0;
	for (int i = 0; i < nla_len(table[IFLA_IFNAME]) && i < IFNAMSIZ - 1; i++) {
		link->name[i] = ((const char *)nla_data(table[IFLA_IFNAME]))[i];
		if (!link->name[i])
			break;
	}
	if (!link->name[0])
		return -EBADMSG;
	if (header->nlmsg_type == RTM_DELLINK)
		return 1;
	if (!table[IFLA_OPERSTATE] || !table[IFLA_MTU])
		return 0;
	link->operstate = u8(table[IFLA_OPERSTATE]);
	link->mtu = u32(table[IFLA_MTU]);
	link->mtu_minimum = u32(table[IFLA_MIN_MTU]);
	link->mtu_maximum = u32(table[IFLA_MAX_MTU]);
	link->master = (int)u32(table[IFLA_MASTER]);
	link->kind = (uint8_t)kind_of(table[IFLA_LINKINFO]);
	/* The parent's index means nothing here when the parent lives in another namespace. */
	if (!table[IFLA_LINK_NETNSID])
		link->parent = (int)u32(table[IFLA_LINK]);
	link->has_mac = mac(table[IFLA_ADDRESS], link->mac);
	link->has_permanent_mac = mac(table[IFLA_PERM_ADDRESS], link->permanent_mac);
	link->ipv6 = ipv6_of(table[IFLA_AF_SPEC]);
	if (table[IFLA_STATS64]) {
		read_counters(counters, nla_data(table[IFLA_STATS64]), (size_t)nla_len(table[IFLA_STATS64]));
		*has_counters = true;
	}
	return 1;
}

int message_address(const struct nlmsghdr *header, struct address_message *address)
{
	struct nlattr *table[ATTRIBUTE_ADDRESS_PROTOCOL + 1], *bytes;
	const struct ifaddrmsg *fixed = (const struct ifaddrmsg *)((const char *)header + NLMSG_HDRLEN);
	const struct nlattr *first;
	struct ifa_cacheinfo times;
	int length, size;

	memset(address, 0, sizeof(*address));
	first = attributes(header, sizeof(*fixed), &length);
	if (!first || fixed->ifa_index == 0 || fixed->ifa_index > INT32_MAX)
		return -EBADMSG;
	if (fixed->ifa_family == AF_INET)
		size = 4;
	else if (fixed->ifa_family == AF_INET6)
		size = 16;
	else
		return 0;
	if (fixed->ifa_prefixlen > size * 8 ||
	    nla_parse(table, ATTRIBUTE_ADDRESS_PROTOCOL, (struct nlattr *)first, length, NULL) < 0)
		return -EBADMSG;
	/* On point-to-point links IFA_ADDRESS is the peer's; IFA_LOCAL is missing where both would be the same. */
	bytes = table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS];
	if (!bytes || nla_len(bytes) != size)
		return -EBADMSG;
	memcpy(address->bytes, nla_data(bytes), (size_t)size);
	address->link = (int)fixed->ifa_index;
	address->family = fixed->ifa_family;
	address->prefix = fixed->ifa_prefixlen;
	address->scope = fixed->ifa_scope;
	address->flags = table[IFA_FLAGS] ? u32(table[IFA_FLAGS]) : fixed->ifa_flags;
	address->protocol = u8(table[ATTRIBUTE_ADDRESS_PROTOCOL]);
	address->preferred = address->valid = UINT32_MAX;
	if (table[IFA_CACHEINFO] && nla_len(table[IFA_CACHEINFO]) >= (int)sizeof(times)) {
		memcpy(&times, nla_data(table[IFA_CACHEINFO]), sizeof(times));
		address->preferred = times.ifa_prefered;
		address->valid = times.ifa_valid;
	}
	return 1;
}

int message_counters(const struct nlmsghdr *header, int *index, struct counters *counters)
{
	const struct if_stats_msg *fixed = (const struct if_stats_msg *)((const char *)header + NLMSG_HDRLEN);
	const struct nlattr *attribute;
	int length;

	attribute = attributes(header, sizeof(*fixed), &length);
	if (!attribute || fixed->ifindex == 0 || fixed->ifindex > INT32_MAX)
		return -EBADMSG;
	*index = (int)fixed->ifindex;
	for (; nla_ok(attribute, length); attribute = nla_next(attribute, &length)) {
		if (nla_type(attribute) == IFLA_STATS_LINK_64) {
			read_counters(counters, nla_data(attribute), (size_t)nla_len(attribute));
			return 1;
		}
	}
	return 0;
}
