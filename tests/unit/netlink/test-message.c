/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's messages about links, addresses and counters: what is read from them, and what is refused. */
#include "netlink/message.h"
#include "tests/unit/netlink/messages.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>

static const uint8_t mac[MAC_LENGTH] = {2, 0, 0, 0, 0, 1};

static struct nl_msg *link_message_of(int type, const char *name)
{
	const struct ifinfomsg fixed = {
		.ifi_family = AF_UNSPEC, .ifi_type = ARPHRD_ETHER, .ifi_index = 7, .ifi_flags = IFF_UP};
	struct nl_msg *message = message_start(type, &fixed, sizeof(fixed));

	if (name)
		nla_put_string(message, IFLA_IFNAME, name);
	nla_put_u8(message, IFLA_OPERSTATE, IF_OPER_UP);
	nla_put_u32(message, IFLA_MTU, 1500);
	nla_put(message, IFLA_ADDRESS, sizeof(mac), mac);
	return message;
}

static int read_link(struct nl_msg *message, struct link_message *link, struct counters *counters)
{
	bool has_counters;
	int result = message_link(nlmsg_hdr(message), link, counters, &has_counters);

	nlmsg_free(message);
	return result == 1 && has_counters ? 2 : result;
}

static enum link_kind kind_of(const char *name)
{
	struct nl_msg *message = link_message_of(RTM_NEWLINK, "a");
	struct nlattr *nest = nla_nest_start(message, IFLA_LINKINFO);
	struct link_message link;
	struct counters counters;

	if (name)
		nla_put_string(message, IFLA_INFO_KIND, name);
	else
		nla_put_string(message, IFLA_INFO_SLAVE_KIND, "bridge");
	nla_nest_end(message, nest);
	cr_assert_eq(read_link(message, &link, &counters), 1);
	return (enum link_kind)link.kind;
}

Test(message, link)
{
	struct rtnl_link_stats64 stats = {
		.rx_bytes = UINT64_MAX, .tx_packets = 5, .rx_dropped = 3, .rx_missed_errors = 4};
	struct nl_msg *message = link_message_of(RTM_NEWLINK, "eth0");
	struct link_message link;
	struct counters counters;

	nla_put_u32(message, IFLA_LINK, 3);
	nla_put_u32(message, IFLA_MASTER, 4);
	nla_put_u32(message, IFLA_MIN_MTU, 68);
	nla_put_u32(message, IFLA_MAX_MTU, 9000);
	nla_put(message, IFLA_PERM_ADDRESS, sizeof(mac), mac);
	nla_put(message, IFLA_STATS64, sizeof(stats), &stats);
	cr_assert_eq(read_link(message, &link, &counters), 2);
	cr_expect_str_eq(link.name, "eth0");
	cr_expect_eq(link.index, 7);
	cr_expect_eq(link.type, ARPHRD_ETHER);
	cr_expect_eq(link.flags, IFF_UP);
	cr_expect_eq(link.operstate, IF_OPER_UP);
	cr_expect_eq(link.mtu, 1500);
	cr_expect_eq(link.mtu_minimum, 68);
	cr_expect_eq(link.mtu_maximum, 9000);
	cr_expect_eq(link.parent, 3);
	cr_expect_eq(link.master, 4);
	cr_expect(link.has_mac && memcmp(link.mac, mac, sizeof(mac)) == 0);
	cr_expect(link.has_permanent_mac);
	cr_expect_eq(link.kind, LINK_DEVICE);
	cr_expect_not(link.ipv6);
	cr_expect_eq(counters.value[COUNTER_BYTES_RECEIVED], UINT64_MAX);
	cr_expect_eq(counters.value[COUNTER_PACKETS_SENT], 5);
	cr_expect_eq(counters.value[COUNTER_DISCARDS_RECEIVED], 7);
}

Test(message, link_kinds)
{
	cr_expect_eq(kind_of("veth"), LINK_VETH);
	cr_expect_eq(kind_of("dsa"), LINK_DSA);
	cr_expect_eq(kind_of("bridge"), LINK_BRIDGE);
	cr_expect_eq(kind_of("bond"), LINK_BOND);
	cr_expect_eq(kind_of("vlan"), LINK_VLAN);
	cr_expect_eq(kind_of("macvlan"), LINK_MACVLAN);
	cr_expect_eq(kind_of("macvtap"), LINK_MACVLAN);
	cr_expect_eq(kind_of("vethx"), LINK_OTHER);
	cr_expect_eq(kind_of("tun"), LINK_OTHER);
	/* A driver's device that is a bridge's port. */
	cr_expect_eq(kind_of(NULL), LINK_DEVICE);
}

Test(message, parent_in_another_namespace_is_none)
{
	struct nl_msg *message = link_message_of(RTM_NEWLINK, "v0");
	struct link_message link;
	struct counters counters;

	nla_put_u32(message, IFLA_LINK, 3);
	nla_put_u32(message, IFLA_LINK_NETNSID, 0);
	cr_assert_eq(read_link(message, &link, &counters), 1);
	cr_expect_eq(link.parent, 0);
}

Test(message, ipv6_setting)
{
	for (int disabled = 0; disabled < 2; disabled++) {
		struct nl_msg *message = link_message_of(RTM_NEWLINK, "eth0");
		struct nlattr *families = nla_nest_start(message, IFLA_AF_SPEC), *family;
		int32_t settings[DEVCONF_DISABLE_IPV6 + 1] = {0};
		struct link_message link;
		struct counters counters;

		settings[DEVCONF_DISABLE_IPV6] = disabled;
		family = nla_nest_start(message, AF_INET6);
		nla_put(message, IFLA_INET6_CONF, sizeof(settings), settings);
		nla_nest_end(message, family);
		nla_nest_end(message, families);
		cr_assert_eq(read_link(message, &link, &counters), 1);
		cr_expect_eq(link.ipv6, !disabled);
	}
}

Test(message, links_that_are_passed_over)
{
	const struct ifinfomsg port = {.ifi_family = AF_BRIDGE, .ifi_index = 7};
	struct nl_msg *message = message_start(RTM_NEWLINK, &port, sizeof(port));
	struct link_message link;
	struct counters counters;

	/* What a bridge tells of its port. */
	nla_put_string(message, IFLA_IFNAME, "eth0");
	cr_expect_eq(read_link(message, &link, &counters), 0);
	/* A wireless event. */
	message = message_start(RTM_NEWLINK, &(struct ifinfomsg){.ifi_index = 7}, sizeof(struct ifinfomsg));
	nla_put_string(message, IFLA_IFNAME, "wlan0");
	cr_expect_eq(read_link(message, &link, &counters), 0);
	cr_expect_eq(read_link(link_message_of(RTM_NEWLINK, NULL), &link, &counters), 0);
	/* The end of a link is told by its index. */
	message = message_start(RTM_DELLINK, &(struct ifinfomsg){.ifi_index = 7}, sizeof(struct ifinfomsg));
	cr_expect_eq(read_link(message, &link, &counters), 1);
	cr_expect_eq(link.index, 7);
}

Test(message, broken_links)
{
	struct link_message link;
	struct counters counters;
	struct nl_msg *message = link_message_of(RTM_NEWLINK, "");

	cr_expect_eq(read_link(message, &link, &counters), -EBADMSG);
	message = message_start(RTM_NEWLINK, &(struct ifinfomsg){.ifi_index = 0}, sizeof(struct ifinfomsg));
	cr_expect_eq(read_link(message, &link, &counters), -EBADMSG);
	message = message_start(RTM_NEWLINK, "abc", 4);
	cr_expect_eq(read_link(message, &link, &counters), -EBADMSG);
	/* A name without its NUL, longer than any. */
	message = message_start(RTM_NEWLINK, &(struct ifinfomsg){.ifi_index = 7}, sizeof(struct ifinfomsg));
	nla_put(message, IFLA_IFNAME, 20, "aaaaaaaaaaaaaaaaaaaa");
	nla_put_u8(message, IFLA_OPERSTATE, 6);
	nla_put_u32(message, IFLA_MTU, 1);
	cr_expect_eq(read_link(message, &link, &counters), 1);
	cr_expect_str_eq(link.name, "aaaaaaaaaaaaaaa");
	/* Numbers that are too short count as 0. */
	message = link_message_of(RTM_NEWLINK, "eth0");
	nla_put_u8(message, IFLA_MTU, 9);
	nla_put(message, IFLA_STATS64, 3, "abc");
	cr_expect_eq(read_link(message, &link, &counters), 2);
	cr_expect_eq(link.mtu, 0);
}

static int read_address(struct nl_msg *message, struct address_message *address)
{
	int result = message_address(nlmsg_hdr(message), address);

	nlmsg_free(message);
	return result;
}

static struct nl_msg *ipv4(uint8_t prefix)
{
	const struct ifaddrmsg fixed = {
		.ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = 7, .ifa_flags = IFA_F_PERMANENT};

	return message_start(RTM_NEWADDR, &fixed, sizeof(fixed));
}

Test(message, ipv4_address)
{
	const uint8_t local[4] = {192, 0, 2, 1}, peer[4] = {192, 0, 2, 2};
	struct nl_msg *message = ipv4(24);
	struct address_message address;

	nla_put(message, IFA_ADDRESS, 4, peer);
	nla_put(message, IFA_LOCAL, 4, local);
	cr_assert_eq(read_address(message, &address), 1);
	cr_expect_eq(address.link, 7);
	cr_expect_eq(address.prefix, 24);
	cr_expect(memcmp(address.bytes, local, 4) == 0);
	cr_expect_eq(address.flags, IFA_F_PERMANENT);
	cr_expect_eq(address.valid, UINT32_MAX);
}

Test(message, ipv6_address_with_lifetime_and_origin)
{
	const struct ifaddrmsg fixed = {.ifa_family = AF_INET6, .ifa_prefixlen = 64, .ifa_index = 7};
	const struct ifa_cacheinfo times = {.ifa_prefered = 10, .ifa_valid = 20};
	struct nl_msg *message = message_start(RTM_NEWADDR, &fixed, sizeof(fixed));
	const uint8_t bytes[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
	struct address_message address;

	nla_put(message, IFA_ADDRESS, 16, bytes);
	nla_put(message, IFA_CACHEINFO, sizeof(times), &times);
	nla_put_u32(message, IFA_FLAGS, IFA_F_MANAGETEMPADDR);
	nla_put_u8(message, 11 /* IFA_PROTO */, 2);
	cr_assert_eq(read_address(message, &address), 1);
	cr_expect(memcmp(address.bytes, bytes, 16) == 0);
	cr_expect_eq(address.preferred, 10);
	cr_expect_eq(address.valid, 20);
	cr_expect_eq(address.protocol, 2);
	cr_expect_eq(address.flags, IFA_F_MANAGETEMPADDR);
}

Test(message, broken_addresses)
{
	const struct ifaddrmsg other = {.ifa_family = AF_BRIDGE, .ifa_index = 7};
	struct address_message address;
	struct nl_msg *message = ipv4(33);

	nla_put(message, IFA_LOCAL, 4, "abcd");
	cr_expect_eq(read_address(message, &address), -EBADMSG);
	message = ipv4(24);
	nla_put(message, IFA_LOCAL, 3, "abc");
	cr_expect_eq(read_address(message, &address), -EBADMSG);
	cr_expect_eq(read_address(ipv4(24), &address), -EBADMSG);
	cr_expect_eq(read_address(message_start(RTM_NEWADDR, "a", 1), &address), -EBADMSG);
	cr_expect_eq(read_address(message_start(RTM_NEWADDR, &other, sizeof(other)), &address), 0);
}

Test(message, counters)
{
	const struct if_stats_msg fixed = {.ifindex = 9, .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};
	struct nl_msg *message = message_start(RTM_NEWSTATS, &fixed, sizeof(fixed));
	struct rtnl_link_stats64 stats = {.tx_bytes = 1ull << 40};
	struct counters counters;
	int index;

	nla_put(message, IFLA_STATS_LINK_XSTATS, 4, "abcd");
	cr_expect_eq(message_counters(nlmsg_hdr(message), &index, &counters), 0);
	nla_put(message, IFLA_STATS_LINK_64, sizeof(stats), &stats);
	cr_expect_eq(message_counters(nlmsg_hdr(message), &index, &counters), 1);
	cr_expect_eq(index, 9);
	cr_expect_eq(counters.value[COUNTER_BYTES_SENT], 1ull << 40);
	nlmsg_free(message);
	message = message_start(RTM_NEWSTATS, "abcd", 4);
	cr_expect_eq(message_counters(nlmsg_hdr(message), &index, &counters), -EBADMSG);
	nlmsg_free(message);
}
