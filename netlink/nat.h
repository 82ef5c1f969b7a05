/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * espalier-nat: what its parts share. nat-link.c talks with the agent, nat-routes.c hears of addresses and routes,
 * nat-schema.c has the segment's objects, nat-publish.c fills them. All in one thread, on one loop.
 */
#pragma once

#include "netlink/channel.h"
#include "netlink/loop.h"
#include "netlink/port-mapper.h"
#include "netlink/stun-client.h"
#include "shm/daemon.h"
#include "shm/espalier.h"

/** Objects of the segment, in the order of its schema */
enum nat_object { NAT_STUN, NAT_PORT_MAPPER, NAT_OBJECTS };

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
};

/** nat_link_open() - connects to the agent, now or as soon as there is one. Returns 0 or -errno. */
int nat_link_open(struct nat *nat);
void nat_link_close(struct nat *nat);

/** nat_link_binding() - tells the agent where the device is reached, when that is news */
void nat_link_binding(struct nat *nat);

/** nat_link_mapping() - tells the agent the mapped address, when that is news */
void nat_link_mapping(struct nat *nat);

/** nat_link_request() - hands the agent a connection request; lost when the agent is too busy to read */
void nat_link_request(struct nat *nat, const char *datagram, size_t length);

/** nat_routes_open() - hears of changed addresses and routes. Returns 0 or -errno. */
int nat_routes_open(struct nat *nat);
void nat_routes_close(struct nat *nat);

/** nat_publish() - brings the rows up to date, some time soon: many changes at one moment are one update */
void nat_publish(struct nat *nat);

/** nat_publish_open() - prepares that. Before the segment is visible. */
void nat_publish_open(struct nat *nat);
