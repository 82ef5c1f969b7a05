/* SPDX-License-Identifier: BSD-2-Clause */
/* Connection tracking as the kernel tells it (nfnetlink_conntrack): entries, statistics, and sums over many entries. */
#include "netlink/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#define TYPE(message) (NFNL_SUBSYS_CTNETLINK << 8 | (message))

/* One direction of an entry */
struct tuple {
	struct conntrack_address source, destination;
	uint8_t protocol;
};

static void read_address(struct conntrack_address *to, const struct nlattr *attribute, uint8_t family, int length)
{
	if (nla_len(attribute) < length)
		return;
	to->family = family;
	memcpy(to->bytes, nla_data(attribute), (size_t)length);
}

static void read_tuple(struct tuple *tuple, struct nlattr *nested)
{
	struct nlattr *part, *attribute;
	int remaining, rest;

	nla_for_each_nested(part, nested, remaining)
	{
		nla_for_each_nested(attribute, part, rest)
		{
			int type = nla_type(attribute);

			if (nla_type(part) == CTA_TUPLE_PROTO) {
				if (type == CTA_PROTO_NUM && nla_len(attribute) >= 1)
					tuple->protocol = *(const uint8_t *)nla_data(attribute);
			} else if (nla_type(part) == CTA_TUPLE_IP) {
				if (type == CTA_IP_V4_SRC)
					read_address(&tuple->source, attribute, AF_INET, 4);
				else if (type == CTA_IP_V4_DST)
					read_address(&tuple->destination, attribute, AF_INET, 4);
				else if (type == CTA_IP_V6_SRC)
					read_address(&tuple->source, attribute, AF_INET6, 16);
				else if (type == CTA_IP_V6_DST)
					read_address(&tuple->destination, attribute, AF_INET6, 16);
			}
		}
	}
}

static enum conntrack_protocol protocol_of(uint8_t number)
{
	switch (number) {
	case IPPROTO_TCP:
		return CONNTRACK_TCP;
	case IPPROTO_UDP:
		return CONNTRACK_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return CONNTRACK_ICMP;
	default:
		return CONNTRACK_OTHER;
	}
}

static bool is_whole(const struct nlmsghdr *header)
{
	return header->nlmsg_len >= NLMSG_HDRLEN + sizeof(struct nfgenmsg);
}

int conntrack_entry_read(const struct nlmsghdr *header, struct conntrack_entry *entry)
{
	struct tuple original = {0}, reply = {0};
	bool has_original = false, has_reply = false;
	struct nlattr *attribute;
	uint32_t status = 0;
	int remaining;

	if (header->nlmsg_type != TYPE(IPCTNL_MSG_CT_NEW))
		return 0;
	if (!is_whole(header))
		return -EBADMSG;
	nlmsg_for_each_attr(attribute, (struct nlmsghdr *)header, sizeof(struct nfgenmsg), remaining)
	{
		switch (nla_type(attribute)) {
		case CTA_TUPLE_ORIG:
			read_tuple(&original, attribute);
			has_original = true;
			break;
		case CTA_TUPLE_REPLY:
			read_tuple(&reply, attribute);
			has_reply = true;
			break;
		case CTA_STATUS:
			if (nla_len(attribute) >= (int)sizeof(status))
				memcpy(&status, nla_data(attribute), sizeof(status));
			break;
		default:
			break;
		}
	}
	if (!has_original || !has_reply || !original.source.family || !reply.source.family)
		return -EBADMSG;
	status = ntohl(status);
	memset(entry, 0, sizeof(*entry));
	entry->protocol = protocol_of(original.protocol);
	entry->source = status & IPS_SRC_NAT;
	entry->destination = status & IPS_DST_NAT;
	if (entry->source) {
		entry->inside = original.source;
		entry->outside = reply.destination;
	} else if (entry->destination) {
		entry->inside = reply.source;
		entry->outside = original.destination;
	}
	return 1;
}

static uint32_t number_of(const struct nlattr *attribute)
{
	uint32_t value = 0;

	if (nla_len(attribute) >= (int)sizeof(value))
		memcpy(&value, nla_data(attribute), sizeof(value));
	return ntohl(value);
}

static void read_processor(const struct nlattr *attribute, struct conntrack_statistics *statistics)
{
	switch (nla_type(attribute)) {
	case CTA_STATS_INVALID:
		statistics->invalid += number_of(attribute);
		break;
	case CTA_STATS_INSERT_FAILED:
		statistics->insert_failed += number_of(attribute);
		break;
	case CTA_STATS_DROP:
		statistics->drop += number_of(attribute);
		break;
	case CTA_STATS_EARLY_DROP:
		statistics->early_drop += number_of(attribute);
		break;
	case CTA_STATS_ERROR:
		statistics->error += number_of(attribute);
		break;
	case CTA_STATS_SEARCH_RESTART:
		statistics->search_restart += number_of(attribute);
		break;
	default:
		break;
	}
}

int conntrack_statistics_read(const struct nlmsghdr *header, struct conntrack_statistics *statistics)
{
	bool global = header->nlmsg_type == TYPE(IPCTNL_MSG_CT_GET_STATS);
	struct nlattr *attribute;
	int remaining;

	if (!global && header->nlmsg_type != TYPE(IPCTNL_MSG_CT_GET_STATS_CPU))
		return 0;
	if (!is_whole(header))
		return -EBADMSG;
	nlmsg_for_each_attr(attribute, (struct nlmsghdr *)header, sizeof(struct nfgenmsg), remaining)
	{
		if (!global)
			read_processor(attribute, statistics);
		else if (nla_type(attribute) == CTA_STATS_GLOBAL_ENTRIES)
			statistics->entries = number_of(attribute);
		else if (nla_type(attribute) == CTA_STATS_GLOBAL_MAX_ENTRIES)
			statistics->maximum = number_of(attribute);
	}
	return 1;
}

/* ---- Sums --------------------------------------------------------------------------------------------------- */

void conntrack_sums_begin(struct conntrack_sums *sums)
{
	sums->entries = sums->translations = sums->source = sums->destination = 0;
	memset(sums->protocol, 0, sizeof(sums->protocol));
	sums->named_count = 0;
	sums->inside.count = sums->outside.count = 0;
	sums->inside.round++;
	sums->outside.round++;
}

/* Whether it is new. With all slots in use that are given away, nothing is new any more. */
static bool add_address(struct conntrack_addresses *set, uint64_t seed, const struct conntrack_address *address)
{
	uint64_t halves[2], hash;
	uint32_t at;

	memcpy(halves, address->bytes, sizeof(halves));
	hash = (halves[0] ^ seed) * 0x9e3779b97f4a7c15u;
	hash = ((hash ^ hash >> 32) + halves[1] + address->family) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ hash >> 29) * (seed | 1);
	for (at = (uint32_t)(hash >> 40); set->taken[at % CONNTRACK_ADDRESS_SLOTS] == set->round; at++) {
		if (!memcmp(&set->slot[at % CONNTRACK_ADDRESS_SLOTS], address, sizeof(*address)))
			return false;
	}
	if (set->count >= CONNTRACK_ADDRESS_MAXIMUM)
		return false;
	set->taken[at % CONNTRACK_ADDRESS_SLOTS] = set->round;
	set->slot[at % CONNTRACK_ADDRESS_SLOTS] = *address;
	set->count++;
	return true;
}

void conntrack_sums_add(struct conntrack_sums *sums, const struct conntrack_entry *entry)
{
	sums->entries++;
	if (!entry->source && !entry->destination)
		return;
	sums->translations++;
	sums->source += entry->source;
	sums->destination += entry->destination;
	sums->protocol[entry->protocol]++;
	add_address(&sums->inside, sums->seed, &entry->inside);
	if (add_address(&sums->outside, sums->seed, &entry->outside) && sums->named_count < CONNTRACK_NAMED_MAXIMUM)
		sums->named[sums->named_count++] = entry->outside;
}

/* ---- Asking ------------------------------------------------------------------------------------------------- */

static int take_statistics(const struct nlmsghdr *header, void *context)
{
	return conntrack_statistics_read(header, context) < 0 ? -EBADMSG : 0;
}

int conntrack_statistics(struct channel *channel, struct conntrack_statistics *statistics)
{
	const struct nfgenmsg body = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};
	struct nl_msg *message = nlmsg_alloc_simple(TYPE(IPCTNL_MSG_CT_GET_STATS), 0);
	int error = -ENOMEM;

	memset(statistics, 0, sizeof(*statistics));
	if (message && !nlmsg_append(message, (void *)&body, sizeof(body), NLMSG_ALIGNTO))
		error = channel_request(channel, message, take_statistics, statistics);
	nlmsg_free(message);
	if (!error)
		error = channel_dump(channel, TYPE(IPCTNL_MSG_CT_GET_STATS_CPU), &body, sizeof(body), take_statistics,
				     statistics);
	/* nfnetlink says EINVAL where nobody has registered the subsystem. */
	return error == -EINVAL ? -EOPNOTSUPP : error;
}

static int take_entry(const struct nlmsghdr *header, void *context)
{
	struct conntrack_entry entry;

	/* An entry that can't be read is one that is not counted. */
	if (conntrack_entry_read(header, &entry) == 1)
		conntrack_sums_add(context, &entry);
	return 0;
}

int conntrack_dump(struct channel *channel, struct conntrack_sums *sums)
{
	const struct nfgenmsg body = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};
	int error;

	conntrack_sums_begin(sums);
	error = channel_dump(channel, TYPE(IPCTNL_MSG_CT_GET), &body, sizeof(body), take_entry, sums);
	/* Entries come and go during any dump; the sums are as good as they can be. */
	return error == -EINTR ? 0 : error;
}
