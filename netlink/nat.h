/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * espalier-nat: what its parts share. nat-link.c talks with the agent, nat-routes.c hears of addresses and routes,
 * nat-schema.c has the segment's objects, nat-publish.c fills them. nat-ruleset.c watches the kernel's packet filter,
 * nat-monitor.c connection tracking, nat-port-mapping.c has the port mappings, nat-interfaces.c knows the tree's names
 * of interfaces. All in one thread, on one loop.
 */
#pragma once

#include "netlink/channel.h"
#include "netlink/conntrack.h"
#include "netlink/loop.h"
#include "netlink/port-mapper.h"
#include "netlink/numbers.h"
#include "netlink/port-mapping.h"
#include "netlink/ruleset.h"
#include "netlink/state.h"
#include "netlink/stun-client.h"
#include "shm/daemon.h"
#include "shm/espalier.h"

/** Objects of the segment, in the order of its schema */
enum nat_object {
	NAT_STUN,
	NAT_PORT_MAPPER,
	NAT_NAT,
	NAT_INTERFACE_SETTING,
	NAT_PORT_MAPPING,
	NAT_FIREWALL,
	NAT_FIREWALL_CHAIN,
	NAT_MONITOR,
	NAT_OBJECTS
};

extern const struct espalier_object nat_objects[];

/** Parameters of NAT_STUN, in the order of its table */
enum nat_stun_parameter {
	NAT_STUN_STATUS,
	NAT_STUN_SERVER,
	NAT_STUN_LOCAL_ADDRESS,
	NAT_STUN_MAPPED_ADDRESS,
	NAT_STUN_NAT_DETECTED,
	NAT_STUN_MAPPING_BEHAVIOR,
	NAT_STUN_FILTERING_BEHAVIOR,
	NAT_STUN_KEEP_ALIVE_PERIOD,
	NAT_STUN_BINDING_LIFETIME,
	NAT_STUN_ROUND_TRIP_TIME,
	NAT_STUN_MESSAGES_SENT,
	NAT_STUN_MESSAGES_RECEIVED,
	NAT_STUN_MESSAGES_RETRANSMITTED,
	NAT_STUN_REQUESTS_UNANSWERED,
	NAT_STUN_MESSAGES_FOREIGN,
	NAT_STUN_BINDING_CHANGES,
	NAT_STUN_CONNECTION_REQUESTS_FORWARDED,
	NAT_STUN_CONNECTION_REQUESTS_MALFORMED,
	NAT_STUN_CONNECTION_REQUESTS_WRONG_USER,
	NAT_STUN_CONNECTION_REQUESTS_LIMITED,
	NAT_STUN_LAST_ERROR,
};

/** Parameters of NAT_PORT_MAPPER, in the order of its table */
enum nat_port_mapper_parameter {
	NAT_PORT_MAPPER_STATUS,
	NAT_PORT_MAPPER_PROTOCOL,
	NAT_PORT_MAPPER_INTERNAL_PORT,
	NAT_PORT_MAPPER_EXTERNAL_ADDRESS,
	NAT_PORT_MAPPER_LEASE_DURATION,
	NAT_PORT_MAPPER_CHANGES,
	NAT_PORT_MAPPER_LAST_ERROR,
};

/** Parameters of the other objects, in the order of their tables (port mappings: enum port_mapping_parameter) */
enum { NAT_INTERFACE_SETTINGS, NAT_PORT_MAPPINGS, NAT_PORT_MAPPINGS_MAXIMUM, NAT_RULES, NAT_RULES_ERROR };
enum {
	INTERFACE_SETTING_ENABLE,
	INTERFACE_SETTING_STATUS,
	INTERFACE_SETTING_ALIAS,
	INTERFACE_SETTING_INTERFACE,
	INTERFACE_SETTING_TCP_TIMEOUT,
	INTERFACE_SETTING_UDP_TIMEOUT,
	INTERFACE_SETTING_NAME
};
enum {
	FIREWALL_ENABLE,
	FIREWALL_CONFIG,
	FIREWALL_TYPE,
	FIREWALL_VERSION,
	FIREWALL_LAST_CHANGE,
	FIREWALL_CHAINS,
	FIREWALL_ALL_TABLES,
	FIREWALL_ALL_CHAINS,
	FIREWALL_ALL_RULES
};
enum { CHAIN_ENABLE, CHAIN_ALIAS, CHAIN_NAME, CHAIN_CREATOR, CHAIN_RULES };

enum {
	NAT_MONITOR_STATUS,
	NAT_MONITOR_ENTRIES,
	NAT_MONITOR_MAXIMUM_ENTRIES,
	NAT_MONITOR_TRANSLATIONS,
	NAT_MONITOR_SOURCE,
	NAT_MONITOR_DESTINATION,
	NAT_MONITOR_TCP,
	NAT_MONITOR_UDP,
	NAT_MONITOR_ICMP,
	NAT_MONITOR_OTHER,
	NAT_MONITOR_INSIDE_ADDRESSES,
	NAT_MONITOR_OUTSIDE_ADDRESSES,
	NAT_MONITOR_ADDRESSES,
	NAT_MONITOR_NEW,
	NAT_MONITOR_DESTROYED,
	NAT_MONITOR_NEW_RATE,
	NAT_MONITOR_DESTROY_RATE,
	NAT_MONITOR_EVENTS_LOST,
	NAT_MONITOR_DROPS,
	NAT_MONITOR_EARLY_DROPS,
	NAT_MONITOR_INSERT_FAILED,
	NAT_MONITOR_INVALID,
	NAT_MONITOR_ERRORS,
	NAT_MONITOR_SEARCH_RESTARTS,
	NAT_MONITOR_DUMPS,
	NAT_MONITOR_DUMP_TIME
};

enum nat_monitor_status {
	NAT_MONITOR_ENABLED,
	NAT_MONITOR_NOT_PERMITTED,
	NAT_MONITOR_NOT_SUPPORTED,
	NAT_MONITOR_ERROR
};

extern const struct espalier_parameter nat_schema_nat[];
extern const struct espalier_parameter nat_schema_interface_setting[];
extern const struct espalier_parameter nat_schema_firewall[];
extern const struct espalier_parameter nat_schema_chain[];
extern const struct espalier_parameter nat_schema_monitor[];
extern const char *const nat_setting_statuses[];
extern const char *const nat_monitor_statuses[];

/** Texts of enum port_mapper_status, enum router_protocol, enum stun_status and enum nat_behaviour, each ended by NULL
 */
extern const char *const nat_port_mapper_status[];
extern const char *const nat_router_protocols[];
extern const char *const nat_stun_status[];
extern const char *const nat_behaviour_texts[];

struct nat_link {
	struct loop_source agent;  /* the connection */
	struct loop_source folder; /* tells of a socket that comes */
	bool told;
	struct reach_binding binding; /* that was told last */
	bool mapping_told;
	struct reach_mapping mapping; /* that was told last */
	struct nat_requests {
		char bytes[REACH_MESSAGE_MAXIMUM];
		int length;
		unsigned int count;
	} requests[2]; /* for the agent: of strangers, and expected ones */
};

/* The section [nat]. What STUN needs comes from the agent, where the ACS may have changed it. */
struct nat_settings {
	uint32_t interval; /* seconds between two counts of the translations */
};

enum nat_event { NAT_EVENT_NEW, NAT_EVENT_DESTROY, NAT_EVENTS };

/* Connection tracking. Times are nanoseconds of CLOCK_BOOTTIME. */
struct nat_monitor {
	int problem; /* -errno: it can't be watched */
	struct channel requests, notifications;
	struct loop_source source; /* of notifications: watched while nothing happens */
	struct loop_timer next;
	bool told;  /* the kernel sends events */
	bool stale; /* something has changed since the last dump */
	int64_t looked_at, dumped_at, dump_took;
	uint64_t events[NAT_EVENTS], rates[NAT_EVENTS];
	uint64_t lost, dumps;
	struct conntrack_statistics statistics;
	struct conntrack_sums *sums;
};

/* The kernel's packet filter as it was seen last */
struct nat_ruleset {
	int problem; /* -errno: it can't be seen or changed */
	unsigned int generation;
	struct channel notifications;
	struct loop_source source;
	struct loop_timer reading;
	int64_t read_took;  /* nanoseconds */
	int64_t changed_at; /* seconds since 1970; 0: not known */
	struct ruleset *ruleset;
};

struct nat_port_mappings {
	struct port_mapping *mappings; /* PORT_MAPPINGS_MAXIMUM of them */
	size_t count;
	struct port_mapping *applied; /* as they were when flows were last made to follow them */
	size_t applied_count;
	struct state state;
	bool durable;	    /* there is a place to keep them */
	bool changed;	    /* the rows do not show it yet */
	char *commands;	    /* that made the kernel's table as it is; NULL: it must be made again */
	unsigned int rules; /* in it */
	struct loop_timer leases;
};

struct nat {
	struct daemon daemon;
	struct loop loop;
	struct loop_source signals, service;
	struct espalier_writer *writer;
	struct loop_timer publishing;
	int64_t published_at;
	struct nat_link link;
	struct channel_buffer buffer;
	struct channel routes;
	struct loop_source routes_source;
	struct stun_client stun;
	struct port_mapper port_mapper;
	struct numbers numbers;
	struct espalier_reader *reader; /* of the interfaces' rows */
	struct loop_timer interfaces;
	struct nat_settings settings;
	struct nat_ruleset filter;
	struct nat_monitor monitor;
	struct nat_port_mappings port_mappings;
};

/** nat_interfaces_open() - before nat_interfaces_changed() */
void nat_interfaces_open(struct nat *nat);

/** nat_interfaces_changed() - those of the kernel or of the tree have changed: looked at some time soon */
void nat_interfaces_changed(struct nat *nat);

/** nat_interfaces_refresh() - looks at the tree's interfaces anew. False when nobody publishes any. */
bool nat_interfaces_refresh(struct nat *nat);

/** nat_interface_name() - the kernel's name of a row "Device.IP.Interface.3". False when there is none. */
bool nat_interface_name(struct nat *nat, const char *path, char name[IF_NAMESIZE]);

/** nat_interface_path() - the row of that name. False when there is none. */
bool nat_interface_path(struct nat *nat, const char *name, char path[PORT_MAPPING_PATH + 1]);

/** nat_ruleset_open() - reads the ruleset, and hears of changes. Before the segment is visible. Returns 0 or -errno. */
int nat_ruleset_open(struct nat *nat);
void nat_ruleset_close(struct nat *nat);

/** nat_ruleset_interfaces() - interfaces have changed: their rows are looked up again */
void nat_ruleset_interfaces(struct nat *nat);

/** nat_monitor_open() - watches connection tracking. Before the segment is visible. Returns 0 or -errno. */
int nat_monitor_open(struct nat *nat);
void nat_monitor_close(struct nat *nat);

/** nat_state_open() - instance numbers and what managers have set, in the state folder. Failure is logged. */
void nat_state_open(struct nat *nat);
void nat_state_close(struct nat *nat);

/** The table's path, in the tree and on the disk */
#define NAT_PORT_MAPPING_TABLE "Device.NAT.PortMapping."

/** nat_port_mappings_keep() - makes these mappings those on the disk. Returns 0 or -errno, logged. */
int nat_port_mappings_keep(struct nat *nat, const struct port_mapping *mappings, size_t count);

/** nat_port_mappings_restore() - takes those from the disk; what can't be understood is logged and left out */
void nat_port_mappings_restore(struct nat *nat);

/** nat_port_mappings_open() - restores them, in the kernel too. Before the segment is visible. Returns 0 or -errno. */
int nat_port_mappings_open(struct nat *nat);
void nat_port_mappings_close(struct nat *nat);

/** nat_port_mappings_check() - the ruleset was read: what is missing of ours is made again */
void nat_port_mappings_check(struct nat *nat);

/** nat_port_mappings_interfaces() - interfaces have changed: their names are looked up again */
void nat_port_mappings_interfaces(struct nat *nat);

/** The owner's side of requests for them */
extern const struct espalier_owner nat_owner;

/** nat_port_mappings_settle() - after espalier_writer_serve(): what requests have changed becomes rows */
void nat_port_mappings_settle(struct nat *nat);

/** nat_flows_settle() - makes flows that exist follow the mappings as they are in force now */
void nat_flows_settle(struct nat *nat);

/** nat_port_mappings_remove() - takes our table out of the kernel, for good. Returns 0 or -errno, logged. */
int nat_port_mappings_remove(void);

/** nat_link_open() - connects to the agent, now or as soon as there is one. Returns 0 or -errno. */
int nat_link_open(struct nat *nat);
void nat_link_close(struct nat *nat);

/** nat_link_binding() - tells the agent where the device is reached, when that is news */
void nat_link_binding(struct nat *nat);

/** nat_link_mapping() - tells the agent the mapped address, when that is news */
void nat_link_mapping(struct nat *nat);

/** nat_link_request() - keeps a connection request for nat_link_send_requests(), or sends those that wait before */
void nat_link_request(struct nat *nat, bool expected, const char *datagram, size_t length);

/** nat_link_send_requests() - hands the agent what waits; lost when the agent is too busy to read */
void nat_link_send_requests(struct nat *nat);

/** nat_routes_open() - hears of changed addresses and routes. Returns 0 or -errno. */
int nat_routes_open(struct nat *nat);
void nat_routes_close(struct nat *nat);

/** nat_publish() - brings the rows up to date, some time soon: many changes at one moment are one update */
void nat_publish(struct nat *nat);

/** nat_publish_open() - prepares that. Before the segment is visible. */
void nat_publish_open(struct nat *nat);
