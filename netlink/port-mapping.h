/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port mappings (TR-181, Device.NAT.PortMapping.{i}.): what is allowed, and the rules of nftables that they become. No
 * state of its own, no kernel.
 */
#pragma once

#include "shm/espalier.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How many there can be (MaxNumberOfPortMappings) */
#define PORT_MAPPINGS_MAXIMUM	   256u
/** Ports of a range that goes to other ports inside: each needs an element of a map */
#define PORT_MAPPING_MOVED_MAXIMUM 1024u
/** Bounds of TR-181, in characters */
#define PORT_MAPPING_ALIAS	   64
#define PORT_MAPPING_PATH	   256
#define PORT_MAPPING_TEXT	   256
/** Bytes of one value's text with its NUL */
#define PORT_MAPPING_VALUE_SIZE	   (4 * PORT_MAPPING_TEXT + 1)
/** The table of ours in the kernel */
#define PORT_MAPPING_FAMILY	   "ip"
#define PORT_MAPPING_TABLE	   "espalier"

enum port_mapping_parameter {
	PORT_MAPPING_ENABLE,
	PORT_MAPPING_STATUS,
	PORT_MAPPING_ORIGIN,
	PORT_MAPPING_ALIAS_NAME,
	PORT_MAPPING_INTERFACE,
	PORT_MAPPING_ALL_INTERFACES,
	PORT_MAPPING_LEASE_DURATION,
	PORT_MAPPING_REMOTE_HOST,
	PORT_MAPPING_EXTERNAL_PORT,
	PORT_MAPPING_EXTERNAL_PORT_END_RANGE,
	PORT_MAPPING_INTERNAL_PORT,
	PORT_MAPPING_PROTOCOL,
	PORT_MAPPING_INTERNAL_CLIENT,
	PORT_MAPPING_DESCRIPTION,
	PORT_MAPPING_PARAMETERS
};

enum port_mapping_status {
	PORT_MAPPING_DISABLED,
	PORT_MAPPING_ENABLED,
	PORT_MAPPING_MISCONFIGURED,
	PORT_MAPPING_ERROR
};

struct port_mapping {
	uint32_t number;
	struct espalier_row row;
	bool enable, all_interfaces, udp;
	bool failed;				/* the kernel would not take it */
	char alias[4 * PORT_MAPPING_ALIAS + 1]; /* "": the device's own */
	char interface[PORT_MAPPING_PATH + 1];
	char device[IF_NAMESIZE];      /* the interface's name in the kernel; "": there is none */
	uint32_t lease;		       /* seconds as they were set, 0: for ever */
	int64_t lease_end;	       /* nanoseconds of CLOCK_BOOTTIME */
	struct in_addr remote, client; /* 0: any, and none yet */
	uint16_t external, external_end, internal;
	char description[PORT_MAPPING_VALUE_SIZE];
};

/** The parameters' table, ended by a NULL name */
extern const struct espalier_parameter port_mapping_schema[];
extern const char *const port_mapping_statuses[];

/** port_mapping_new() - one as TR-181 wants it when it is added: disabled, with default values */
void port_mapping_new(struct port_mapping *mapping, uint32_t number);

/**
 * port_mapping_set() - takes over one value, whose type and limits are checked already
 * @now: nanoseconds of CLOCK_BOOTTIME
 * @text: gets what is wrong, for a person
 *
 * Returns ESPALIER_OK or the fault. Whether values go together says port_mapping_check().
 */
int port_mapping_set(struct port_mapping *mapping, uint32_t parameter, const struct espalier_value *value, int64_t now,
		     const char **text);

/** port_mapping_check() - whether the values go together. NULL, or what is wrong. */
const char *port_mapping_check(const struct port_mapping *mapping);

/** port_mapping_conflict() - whether both are enabled and some packet is explicitly meant by both (the unique key) */
bool port_mapping_conflict(const struct port_mapping *one, const struct port_mapping *other);

/** port_mapping_same_rules() - whether both are in force in the same way, or both are not */
bool port_mapping_same_rules(const struct port_mapping *one, const struct port_mapping *other);

/**
 * port_mapping_concerns() - whether a flow of this protocol, source and port is meant by a mapping that is in force
 * @source: in network order
 */
bool port_mapping_concerns(const struct port_mapping *mapping, bool udp, struct in_addr source, uint16_t port);

/** port_mapping_inside() - the port inside that a port outside leads to */
uint16_t port_mapping_inside(const struct port_mapping *mapping, uint16_t port);

/** port_mapping_status() - what Status says */
enum port_mapping_status port_mapping_status(const struct port_mapping *mapping);

/** port_mapping_text() - a parameter's value as text */
void port_mapping_text(char text[PORT_MAPPING_VALUE_SIZE], const struct port_mapping *mapping, uint32_t parameter,
		       int64_t now);

/** port_mapping_remaining() - seconds that are left, at least 1 before the end; 0: for ever */
uint32_t port_mapping_remaining(const struct port_mapping *mapping, int64_t now);

/**
 * port_mapping_commands() - the commands that put our table in place of the one that is there
 * @rules: gets how many rules that will be; 0: only the removal of the table
 *
 * Mappings whose status is not Enabled have no rules. Returns text to be freed by the caller, NULL without memory.
 */
char *port_mapping_commands(const struct port_mapping *mappings, size_t count, unsigned int *rules);
