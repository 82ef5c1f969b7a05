/* SPDX-License-Identifier: BSD-2-Clause */
/* Connection tracking as the kernel tells it (nfnetlink_conntrack): entries, statistics, and sums over many entries. */
#pragma once

#include "netlink/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Different addresses that are counted, of each side; a power of two. A quarter stays free. */
#define CONNTRACK_ADDRESS_SLOTS	  4096u
#define CONNTRACK_ADDRESS_MAXIMUM (CONNTRACK_ADDRESS_SLOTS / 4 * 3)
/** Outside addresses that are named */
#define CONNTRACK_NAMED_MAXIMUM	  16u

enum conntrack_protocol { CONNTRACK_TCP, CONNTRACK_UDP, CONNTRACK_ICMP, CONNTRACK_OTHER, CONNTRACK_PROTOCOLS };

struct conntrack_address {
	uint8_t bytes[16]; /* in network order; 4 of them for AF_INET */
	uint8_t family;
};

/** What is of interest in one entry */
struct conntrack_entry {
	enum conntrack_protocol protocol;
	bool source, destination;		  /* which address is translated */
	struct conntrack_address inside, outside; /* the host behind, and the address that the other side sees */
};

/** A flow in the direction in which it began */
struct conntrack_flow {
	uint8_t protocol; /* IPPROTO_... */
	bool translated;  /* its destination */
	struct conntrack_address source, destination;
	struct conntrack_address answers; /* who answers: the destination, or what it was translated into */
	uint16_t port;			  /* it was sent to */
	uint16_t answers_port;		  /* of the one who answers */
};

/** Entries that are forgotten after one dump, and how many dumps are made at most */
#define CONNTRACK_FORGET_MAXIMUM 1024u
#define CONNTRACK_FORGET_DUMPS	 64u

/** Of all processors together, since the kernel started */
struct conntrack_statistics {
	uint32_t entries, maximum;
	uint64_t invalid, insert_failed, drop, early_drop, error, search_restart;
};

/** A set of addresses. Emptied by conntrack_sums_begin(), without touching its slots. */
struct conntrack_addresses {
	uint32_t count;
	uint32_t round;
	uint32_t taken[CONNTRACK_ADDRESS_SLOTS]; /* the round in which a slot was filled */
	struct conntrack_address slot[CONNTRACK_ADDRESS_SLOTS];
};

/** Sums over a dump */
struct conntrack_sums {
	uint64_t seed; /* of the hash, so that nobody chooses addresses that collide */
	uint32_t entries, translations, source, destination;
	uint32_t protocol[CONNTRACK_PROTOCOLS]; /* of translations */
	uint32_t named_count;
	struct conntrack_address named[CONNTRACK_NAMED_MAXIMUM];
	struct conntrack_addresses inside, outside;
};

/** conntrack_entry_read() - reads an entry. Returns 1; 0 for another kind of message; -EBADMSG. */
int conntrack_entry_read(const struct nlmsghdr *header, struct conntrack_entry *entry);

/** conntrack_statistics_read() - adds what a message of either kind says. Returns 1, 0, or -EBADMSG. */
int conntrack_statistics_read(const struct nlmsghdr *header, struct conntrack_statistics *statistics);

/** conntrack_sums_begin() - starts anew; the sums are zeros, but for the seed, before their first use */
void conntrack_sums_begin(struct conntrack_sums *sums);

/** conntrack_sums_add() - one more entry */
void conntrack_sums_add(struct conntrack_sums *sums, const struct conntrack_entry *entry);

/** conntrack_statistics() - asks for them. Returns 0 or -errno, -EOPNOTSUPP for a kernel without connection tracking.
 */
int conntrack_statistics(struct channel *channel, struct conntrack_statistics *statistics);

/** conntrack_dump() - sums over all entries. Returns 0 or -errno. */
int conntrack_dump(struct channel *channel, struct conntrack_sums *sums);

/** conntrack_flow_read() - reads an entry's flow. Returns 1; 0 for another kind of message; -EBADMSG. */
int conntrack_flow_read(const struct nlmsghdr *header, struct conntrack_flow *flow);

/**
 * conntrack_forget() - lets the kernel forget the IPv4 flows that are not wanted: their next packet begins a new one
 *
 * Returns how many there were, or -errno.
 */
int conntrack_forget(struct channel *channel, bool (*unwanted)(const struct conntrack_flow *flow, void *context),
		     void *context);
