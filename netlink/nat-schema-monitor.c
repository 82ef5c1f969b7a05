/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's own figures, under a vendor's name: TR-181 has none for them. */
#include "netlink/nat.h"

#define FIGURE(parameter, text)                                                                                        \
	{                                                                                                              \
		parameter, ESPALIER_UNSIGNED_INT, ESPALIER_NOTIFY_CAN_DENY, .description = (text)                      \
	}
#define COUNTER(parameter, text)                                                                                       \
	{                                                                                                              \
		parameter, ESPALIER_UNSIGNED_LONG, ESPALIER_NOTIFY_CAN_DENY, .description = (text)                     \
	}

const struct espalier_parameter nat_schema_monitor[] = {
	[NAT_MONITOR_STATUS] = {"Status", ESPALIER_STRING, .enumeration = nat_monitor_statuses,
				.description = "Whether connection tracking can be watched"},
	[NAT_MONITOR_ENTRIES] = FIGURE("Entries", "Entries of connection tracking, translated or not"),
	[NAT_MONITOR_MAXIMUM_ENTRIES] = FIGURE("MaximumEntries", "How many there can be (nf_conntrack_max)"),
	[NAT_MONITOR_TRANSLATIONS] = FIGURE("Translations", "Entries of which an address is translated"),
	[NAT_MONITOR_SOURCE] = FIGURE("SourceTranslations", "Those of the source (SNAT, masquerade)"),
	[NAT_MONITOR_DESTINATION] = FIGURE("DestinationTranslations", "Those of the destination (DNAT)"),
	[NAT_MONITOR_TCP] = FIGURE("TCPTranslations", "Translations of TCP"),
	[NAT_MONITOR_UDP] = FIGURE("UDPTranslations", "Translations of UDP"),
	[NAT_MONITOR_ICMP] = FIGURE("ICMPTranslations", "Translations of ICMP, of either version"),
	[NAT_MONITOR_OTHER] = FIGURE("OtherTranslations", "Translations of other protocols"),
	[NAT_MONITOR_INSIDE_ADDRESSES] = FIGURE("InsideAddresses", "Different hosts behind, up to 3072"),
	[NAT_MONITOR_OUTSIDE_ADDRESSES] = FIGURE("OutsideAddresses", "Different addresses they are seen under"),
	[NAT_MONITOR_ADDRESSES] = {"AddressesInUse", ESPALIER_STRING, ESPALIER_LIST, .maximum_length = 45,
				   .description = "The first 16 of the latter"},
	[NAT_MONITOR_NEW] = COUNTER("EntriesNew", "Events of new entries"),
	[NAT_MONITOR_DESTROYED] = COUNTER("EntriesDestroyed", "Events of entries that ended"),
	[NAT_MONITOR_NEW_RATE] = COUNTER("NewRate", "New entries a second, when they were counted last"),
	[NAT_MONITOR_DESTROY_RATE] = COUNTER("DestroyRate", "Ended entries a second, when they were counted last"),
	[NAT_MONITOR_EVENTS_LOST] = COUNTER("EventOverruns", "How often there were more events than could be counted"),
	[NAT_MONITOR_DROPS] = COUNTER("Drops", "Packets dropped because there was no room for an entry"),
	[NAT_MONITOR_EARLY_DROPS] = COUNTER("EarlyDrops", "Entries given up early to make room"),
	[NAT_MONITOR_INSERT_FAILED] = COUNTER("InsertFailures", "Entries that could not be made, as another was there"),
	[NAT_MONITOR_INVALID] = COUNTER("Invalid", "Packets that fit no entry and could make none"),
	[NAT_MONITOR_ERRORS] = COUNTER("Errors", "Packets with errors"),
	[NAT_MONITOR_SEARCH_RESTARTS] = COUNTER("SearchRestarts", "Searches that had to begin again"),
	[NAT_MONITOR_DUMPS] = COUNTER("Dumps", "How often the translations were counted"),
	[NAT_MONITOR_DUMP_TIME] = COUNTER("DumpTime", "Microseconds that the last time took"),
	{0},
};
