/* SPDX-License-Identifier: BSD-2-Clause */
/* What is read off a ruleset of nftables: who translates addresses, and whether there is a firewall. No kernel. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bounds: what is beyond is counted and not shown */
#define RULESET_DEVICES_MAXIMUM	 64u
#define RULESET_CHAINS_MAXIMUM	 256u
/** Room for "FAMILY TABLE CHAIN", with its NUL: TR-181 has 64 characters, and the key of a number 63 */
#define RULESET_NAME_SIZE	 64
/** Jumps that are followed back from a rule that translates to the rule that names the interface */
#define RULESET_JUMPS_MAXIMUM	 4
/** How often all rules are looked through for such jumps */
#define RULESET_SEARCHES_MAXIMUM 1024u

struct ruleset_chain {
	char name[RULESET_NAME_SIZE];
	bool own; /* of our table */
	uint32_t rules;
};

struct ruleset {
	uint32_t tables, chains, rules;			   /* how many there are */
	uint32_t own_rules;				   /* those in our table */
	bool own_table;					   /* it is there */
	uint32_t translations;				   /* rules that translate the source address of IPv4 */
	bool firewall;					   /* something decides what comes in or through */
	bool stateful;					   /* some rule looks at a connection's state */
	char device[RULESET_DEVICES_MAXIMUM][IF_NAMESIZE]; /* interfaces whose outgoing packets are translated */
	size_t device_count;
	struct ruleset_chain chain[RULESET_CHAINS_MAXIMUM];
	size_t chain_count;
};

/**
 * ruleset_read() - reads what libnftables lists (nftables_list())
 * @own_family, @own_table: our table
 *
 * Returns 0; -EBADMSG for something else than a ruleset; -ENOMEM.
 */
int ruleset_read(struct ruleset *ruleset, const char *json, size_t length, const char *own_family,
		 const char *own_table);
