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
	uint16_t from, port; /* of the source, of the destination; in network order */
};

/* What all readers want of an entry */
struct parts {
	struct tuple original, reply;
	uint32_t status;
	struct nlattr *begin; /* the original tuple as the kernel wrote it */
	struct nlattr *zone;
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
				else if (type == CTA_PROTO_SRC_PORT && nla_len(attribute) >= 2)
					memcpy(&tuple->from, nla_data(attribute), sizeof(tuple->from));
				else if (type == CTA_PROTO_DST_PORT && nla_len(attribute) >= 2)
					memcpy(&tuple->port, nla_data(attribute), sizeof(tuple->port));
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

static int read_parts(const struct nlmsghdr *header, struct parts *parts)
{
	bool has_reply = false;
	struct nlattr *attribute;
	int remaining;

	if (header->nlmsg_type != TYPE(IPCTNL_MSG_CT_NEW))
		return 0;
	if (!is_whole(header))
		return -EBADMSG;
	memset(parts, 0, sizeof(*parts));
	nlmsg_for_each_attr(attribute, (struct nlmsghdr *)header, sizeof(struct nfgenmsg), remaining)
	{
		switch (nla_type(attribute)) {
		case CTA_TUPLE_ORIG:
			read_tuple(&parts->original, attribute);
			parts->begin = attribute;
			break;
		case CTA_TUPLE_REPLY:
			read_tuple(&parts->reply, attribute);
			has_reply = true;
			break;
		case CTA_STATUS:
			if (nla_len(attribute) >= (int)sizeof(parts->status))
				memcpy(&parts->status, nla_data(attribute), sizeof(parts->status));
			break;
		case CTA_ZONE:
			parts->zone = attribute;
			break;
		default:
			break;
		}
	}
	parts->status = ntohl(parts->status);
	if (!parts->begin || !has_reply || !parts->original.source.family || !parts->reply.source.family)
		return -EBADMSG;
	return 1;
}

int conntrack_entry_read(const struct nlmsghdr *header, struct conntrack_entry *entry)
{
	struct parts parts;
	int result = read_parts(header, &parts);

	if (result != 1)
		return result;
	memset(entry, 0, sizeof(*entry));
	entry->protocol = protocol_of(parts.original.protocol);
	entry->source = parts.status & IPS_SRC_NAT;
	entry->destination = parts.status & IPS_DST_NAT;
	if (entry->source) {
		entry->inside = parts.original.source;
		entry->outside = parts.reply.destination;
	} else if (entry->destination) {
		entry->inside = parts.reply.source;
		entry->outside = parts.original.destination;
	}
	return 1;
}

static struct conntrack_flow flow_of(const struct parts *parts)
{
	return (struct conntrack_flow){
		.protocol = parts->original.protocol,
		.translated = parts->status & IPS_DST_NAT,
		.source = parts->original.source,
		.destination = parts->original.destination,
		.answers = parts->reply.source,
		.port = ntohs(parts->original.port),
		.answers_port = ntohs(parts->reply.from),
	};
}

int conntrack_flow_read(const struct nlmsghdr *header, struct conntrack_flow *flow)
{
	struct parts parts;
	int result = read_parts(header, &parts);

	if (result == 1)
		*flow = flow_of(&parts);
	return result;
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

/* ---- Forgetting --------------------------------------------------------------------------------------------- */

/* A request for each flow that is to be forgotten, made while the dump runs and sent when it has ended. */
struct forgetting {
	bool (*unwanted)(const struct conntrack_flow *flow, void *context);
	void *context;
	struct nl_msg *requests[CONNTRACK_FORGET_MAXIMUM];
	unsigned int count;
};

static struct nl_msg *request_for(const struct parts *parts)
{
	const struct nfgenmsg body = {.nfgen_family = AF_INET, .version = NFNETLINK_V0};
	struct nl_msg *message = nlmsg_alloc_simple(TYPE(IPCTNL_MSG_CT_DELETE), 0);

	/* Without the tuple it would be all entries. */
	if (message && !nlmsg_append(message, (void *)&body, sizeof(body), NLMSG_ALIGNTO) &&
	    !nla_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED, nla_len(parts->begin), nla_data(parts->begin)) &&
	    (!parts->zone || !nla_put(message, CTA_ZONE, nla_len(parts->zone), nla_data(parts->zone))))
		return message;
	nlmsg_free(message);
	return NULL;
}

static int take_unwanted(const struct nlmsghdr *header, void *context)
{
	struct forgetting *forgetting = context;
	struct conntrack_flow flow;
	struct parts parts;

	if (forgetting->count == CONNTRACK_FORGET_MAXIMUM || read_parts(header, &parts) != 1)
		return 0;
	flow = flow_of(&parts);
	if (!forgetting->unwanted(&flow, forgetting->context))
		return 0;
	forgetting->requests[forgetting->count] = request_for(&parts);
	if (!forgetting->requests[forgetting->count])
		return -ENOMEM;
	forgetting->count++;
	return 0;
}

static int forget_once(struct channel *channel, struct forgetting *forgetting)
{
	const struct nfgenmsg body = {.nfgen_family = AF_INET, .version = NFNETLINK_V0};
	int error = channel_dump(channel, TYPE(IPCTNL_MSG_CT_GET), &body, sizeof(body), take_unwanted, forgetting);

	if (error == -EINTR)
		error = 0;
	for (unsigned int i = 0; i < forgetting->count; i++) {
		/* One that has ended meanwhile is forgotten already. */
		int result = error ? 0 : channel_request(channel, forgetting->requests[i], NULL, NULL);

		if (result && result != -ENOENT)
			error = result;
		nlmsg_free(forgetting->requests[i]);
	}
	return error;
}

int conntrack_forget(struct channel *channel, bool (*unwanted)(const struct conntrack_flow *flow, void *context),
		     void *context)
{
	static struct forgetting forgetting;
	int total = 0, error = 0;

	for (unsigned int i = 0; i < CONNTRACK_FORGET_DUMPS && !error; i++) {
		forgetting = (struct forgetting){.unwanted = unwanted, .context = context};
		error = forget_once(channel, &forgetting);
		total += (int)forgetting.count;
		if (forgetting.count < CONNTRACK_FORGET_MAXIMUM)
			break;
	}
	return error ? error : total;
}
