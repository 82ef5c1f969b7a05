/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's route netlink messages say about links, addresses and counters, as plain structures. */
#pragma once

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of an Ethernet address */
#define MAC_LENGTH 6

/** The counters that TR-181's Stats objects have and the kernel knows */
enum counter {
	COUNTER_BYTES_SENT,
	COUNTER_BYTES_RECEIVED,
	COUNTER_PACKETS_SENT,
	COUNTER_PACKETS_RECEIVED,
	COUNTER_ERRORS_SENT,
	COUNTER_ERRORS_RECEIVED,
	COUNTER_DISCARDS_SENT,
	COUNTER_DISCARDS_RECEIVED,
	COUNTER_MULTICAST_RECEIVED,
	COUNTERS
};

struct counters {
	uint64_t value[COUNTERS];
};

/** What a link is made of, as far as it decides where it stands in TR-181's interface stack */
enum link_kind {
	LINK_DEVICE, /* no kind: a driver's own device */
	LINK_VETH,
	LINK_DSA, /* a port of a switch chip */
	LINK_BRIDGE,
	LINK_BOND, /* also team */
	LINK_VLAN,
	LINK_MACVLAN, /* also macvtap, ipvlan, ipvtap: an own device that shares its parent's port */
	LINK_OTHER,
};

/** A link. It has no padding, so that two can be compared with memcmp(). */
struct link_message {
	int index;
	int parent; /* index of the link below in the same namespace, 0: none */
	int master; /* index of the bridge or bond that it is a port of, 0: none */
	uint32_t flags;
	uint32_t mtu;
	uint32_t mtu_minimum, mtu_maximum;  /* 0: not known */
	uint16_t type;			    /* ARPHRD_... */
	uint8_t kind;			    /* enum link_kind */
	uint8_t operstate;		    /* IF_OPER_... */
	uint8_t has_mac, has_permanent_mac; /* 0 or 1 */
	uint8_t ipv6;			    /* 1: attached to the IPv6 stack */
	uint8_t mac[MAC_LENGTH];
	uint8_t permanent_mac[MAC_LENGTH];
	char name[IFNAMSIZ];
	uint8_t zero; /* fills up to a multiple of 4 */
};

/** An address of a link. Unused bytes are zero. */
struct address_message {
	int link;
	uint32_t flags;		   /* IFA_F_... */
	uint8_t family;		   /* AF_INET or AF_INET6 */
	uint8_t prefix;		   /* bits */
	uint8_t scope;		   /* RT_SCOPE_... */
	uint8_t protocol;	   /* IFAPROT_..., 0: not known */
	uint32_t preferred, valid; /* seconds from the message on, UINT32_MAX: without end */
	uint8_t bytes[16];	   /* the address, network order; 4 bytes of it for AF_INET */
};

/**
 * message_link() - reads an RTM_NEWLINK or RTM_DELLINK
 * @header: a message of which header->nlmsg_len bytes can be read
 * @counters: gets the counters when the message has them; *has_counters says whether
 *
 * Returns 1; 0 for a message that describes no link in full (of a bridge's ports, of wireless events); -EBADMSG for
 * one that is malformed. Only name and index are to be relied on in an RTM_DELLINK.
 */
int message_link(const struct nlmsghdr *header, struct link_message *link, struct counters *counters,
		 bool *has_counters);

/** message_address() - reads an RTM_NEWADDR or RTM_DELADDR; returns as message_link(), 0 for other families */
int message_address(const struct nlmsghdr *header, struct address_message *address);

/**
 * message_counters() - reads an RTM_NEWSTATS
 * @index: gets the link's index
 *
 * Returns as message_link(), 0 for a message without 64-bit counters.
 */
int message_counters(const struct nlmsghdr *header, int *index, struct counters *counters);
