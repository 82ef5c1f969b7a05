/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of connection tracking, and sums over them. */
#include "netlink/conntrack.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

static struct conntrack_sums sums;

static struct nl_msg *begin(int type)
{
	const struct nfgenmsg body = {.nfgen_family = AF_INET};
	struct nl_msg *message = nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | type, 0);

	nlmsg_append(message, (void *)&body, sizeof(body), NLMSG_ALIGNTO);
	return message;
}

static void put_tuple(struct nl_msg *message, int type, uint32_t source, uint32_t destination, uint8_t protocol)
{
	struct nlattr *tuple = nla_nest_start(message, type), *part = nla_nest_start(message, CTA_TUPLE_IP);

	nla_put_u32(message, CTA_IP_V4_SRC, htonl(source));
	nla_put_u32(message, CTA_IP_V4_DST, htonl(destination));
	nla_nest_end(message, part);
	part = nla_nest_start(message, CTA_TUPLE_PROTO);
	nla_put_u8(message, CTA_PROTO_NUM, protocol);
	nla_put_u16(message, CTA_PROTO_SRC_PORT, htons(1000));
	nla_put_u16(message, CTA_PROTO_DST_PORT, htons(5000));
	nla_nest_end(message, part);
	nla_nest_end(message, tuple);
}

/* A flow from 10.0.0.x to 1.1.1.1 that leaves as 9.9.9.9, or one to 9.9.9.9 that goes on to 10.0.0.x. */
static struct conntrack_entry entry(uint32_t host, uint32_t status, uint8_t protocol)
{
	const uint32_t inside = 0x0a000000 + host, outside = 0x09090909, server = 0x01010101;
	struct nl_msg *message = begin(IPCTNL_MSG_CT_NEW);
	struct conntrack_entry result;

	if (status & IPS_SRC_NAT) {
		put_tuple(message, CTA_TUPLE_ORIG, inside, server, protocol);
		put_tuple(message, CTA_TUPLE_REPLY, server, outside, protocol);
	} else {
		put_tuple(message, CTA_TUPLE_ORIG, server, outside, protocol);
		put_tuple(message, CTA_TUPLE_REPLY, inside, server, protocol);
	}
	nla_put_u32(message, CTA_STATUS, htonl(status | IPS_CONFIRMED));
	cr_assert_eq(conntrack_entry_read(nlmsg_hdr(message), &result), 1);
	nlmsg_free(message);
	return result;
}

static void expect_address(const struct conntrack_address *address, const char *text)
{
	char got[INET6_ADDRSTRLEN];

	cr_expect_str_eq(inet_ntop(address->family, address->bytes, got, sizeof(got)), text);
}

Test(conntrack, entries)
{
	struct conntrack_entry one = entry(2, IPS_SRC_NAT, IPPROTO_TCP);

	cr_expect(one.source && !one.destination);
	cr_expect_eq(one.protocol, CONNTRACK_TCP);
	expect_address(&one.inside, "10.0.0.2");
	expect_address(&one.outside, "9.9.9.9");
	one = entry(3, IPS_DST_NAT, IPPROTO_UDP);
	cr_expect(!one.source && one.destination);
	expect_address(&one.inside, "10.0.0.3");
	expect_address(&one.outside, "9.9.9.9");
	one = entry(3, 0, IPPROTO_SCTP);
	cr_expect(!one.source && !one.destination);
	cr_expect_eq(one.protocol, CONNTRACK_OTHER);
}

Test(conntrack, flows)
{
	struct nl_msg *message = begin(IPCTNL_MSG_CT_NEW);
	struct conntrack_flow flow;

	put_tuple(message, CTA_TUPLE_ORIG, 0x01010101, 0x09090909, IPPROTO_UDP);
	put_tuple(message, CTA_TUPLE_REPLY, 0x0a000002, 0x01010101, IPPROTO_UDP);
	nla_put_u32(message, CTA_STATUS, htonl(IPS_DST_NAT));
	cr_assert_eq(conntrack_flow_read(nlmsg_hdr(message), &flow), 1);
	cr_expect(flow.translated);
	cr_expect_eq(flow.protocol, IPPROTO_UDP);
	cr_expect_eq(flow.port, 5000);
	cr_expect_eq(flow.answers_port, 1000);
	expect_address(&flow.source, "1.1.1.1");
	expect_address(&flow.destination, "9.9.9.9");
	expect_address(&flow.answers, "10.0.0.2");
	nlmsg_free(message);
}

Test(conntrack, sums)
{
	for (int round = 0; round < 3; round++) {
		conntrack_sums_begin(&sums);
		for (uint32_t host = 0; host < 5000; host++) {
			struct conntrack_entry one = entry(host, IPS_SRC_NAT, host % 2 ? IPPROTO_TCP : IPPROTO_ICMP);

			conntrack_sums_add(&sums, &one);
			one = entry(host, 0, IPPROTO_TCP);
			conntrack_sums_add(&sums, &one);
		}
		cr_expect_eq(sums.entries, 10000);
		cr_expect_eq(sums.translations, 5000);
		cr_expect_eq(sums.protocol[CONNTRACK_TCP], 2500);
		cr_expect_eq(sums.protocol[CONNTRACK_ICMP], 2500);
		cr_expect_eq(sums.inside.count, CONNTRACK_ADDRESS_MAXIMUM);
		cr_expect_eq(sums.outside.count, 1);
		cr_assert_eq(sums.named_count, 1);
		expect_address(&sums.named[0], "9.9.9.9");
	}
}

Test(conntrack, more_addresses_than_are_named)
{
	conntrack_sums_begin(&sums);
	for (uint32_t host = 0; host < 100; host++) {
		struct conntrack_entry one = {.source = true,
					      .outside = {.family = AF_INET, .bytes = {1, 2, 3, (uint8_t)host}}};

		conntrack_sums_add(&sums, &one);
	}
	cr_expect_eq(sums.outside.count, 100);
	cr_expect_eq(sums.named_count, CONNTRACK_NAMED_MAXIMUM);
}

Test(conntrack, statistics_of_all_processors)
{
	struct conntrack_statistics statistics = {0};

	for (int processor = 0; processor < 3; processor++) {
		struct nl_msg *message = begin(IPCTNL_MSG_CT_GET_STATS_CPU);

		nla_put_u32(message, CTA_STATS_DROP, htonl(0x80000000));
		nla_put_u32(message, CTA_STATS_INSERT_FAILED, htonl(7));
		nla_put(message, CTA_STATS_EARLY_DROP, 1, "x");
		cr_expect_eq(conntrack_statistics_read(nlmsg_hdr(message), &statistics), 1);
		nlmsg_free(message);
	}
	cr_expect_eq(statistics.drop, 3 * 0x80000000ull);
	cr_expect_eq(statistics.insert_failed, 21);
	cr_expect_eq(statistics.early_drop, 0);
	cr_expect_eq(statistics.entries, 0);
}

Test(conntrack, what_is_no_entry)
{
	struct nl_msg *message = begin(IPCTNL_MSG_CT_NEW);
	struct conntrack_statistics statistics;
	struct conntrack_entry one;

	put_tuple(message, CTA_TUPLE_ORIG, 1, 2, IPPROTO_TCP);
	cr_expect_eq(conntrack_entry_read(nlmsg_hdr(message), &one), -EBADMSG);
	cr_expect_eq(conntrack_statistics_read(nlmsg_hdr(message), &statistics), 0);
	nlmsg_free(message);
	message = begin(IPCTNL_MSG_CT_DELETE);
	cr_expect_eq(conntrack_entry_read(nlmsg_hdr(message), &one), 0);
	nlmsg_free(message);
	message = nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, 0);
	cr_expect_eq(conntrack_entry_read(nlmsg_hdr(message), &one), -EBADMSG);
	nlmsg_free(message);
}
