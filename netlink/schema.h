/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects of TR-181 that espalier-netlink publishes, and the places of their parameters. */
#pragma once

#include "netlink/message.h"
#include "shm/espalier.h"

/** Indices into schema_objects */
enum object {
	OBJECT_DEVICE,
	OBJECT_ETHERNET,
	OBJECT_ETHERNET_INTERFACE,
	OBJECT_ETHERNET_INTERFACE_STATS,
	OBJECT_ETHERNET_LINK,
	OBJECT_ETHERNET_LINK_STATS,
	OBJECT_IP,
	OBJECT_IP_INTERFACE,
	OBJECT_IP_INTERFACE_STATS,
	OBJECT_IPV4_ADDRESS,
	OBJECT_IPV6_ADDRESS,
	OBJECT_INTERFACE_STACK,
	OBJECT_HARDWARE,
	OBJECT_HARDWARE_SYSTEM,
	OBJECT_HARDWARE_CPU,
	OBJECTS
};

/** The layers of TR-181's interface stack that a link of the kernel appears in */
enum layer { LAYER_INTERFACE, LAYER_LINK, LAYER_IP, LAYERS };

enum { DEVICE_STACK_ENTRIES };
enum { ETHERNET_INTERFACE_ENTRIES, ETHERNET_LINK_ENTRIES };
enum {
	IP_IPV4_CAPABLE,
	IP_IPV4_ENABLE,
	IP_IPV4_STATUS,
	IP_IPV6_CAPABLE,
	IP_IPV6_ENABLE,
	IP_IPV6_STATUS,
	IP_INTERFACE_ENTRIES
};

/** What the three tables of interfaces have in common stands first, in this order, in each of them */
enum {
	COMMON_ENABLE,
	COMMON_STATUS,
	COMMON_ALIAS,
	COMMON_NAME,
	COMMON_LAST_CHANGE,
	COMMON_LOWER_LAYERS,
	COMMON_PARAMETERS
};
enum {
	INTERFACE_UPSTREAM = COMMON_PARAMETERS,
	INTERFACE_MAC,
	INTERFACE_MAX_BIT_RATE,
	INTERFACE_CURRENT_BIT_RATE,
	INTERFACE_DUPLEX
};
enum { LINK_MAC = COMMON_PARAMETERS };
enum {
	IP_INTERFACE_IPV4_ENABLE = COMMON_PARAMETERS,
	IP_INTERFACE_IPV6_ENABLE,
	IP_INTERFACE_MTU,
	IP_INTERFACE_TYPE,
	IP_INTERFACE_LOOPBACK,
	IP_INTERFACE_IPV4_ENTRIES,
	IP_INTERFACE_IPV6_ENTRIES
};

/** What the two tables of addresses have in common stands first */
enum { ADDRESS_ENABLE, ADDRESS_STATUS, ADDRESS_ALIAS, ADDRESS_IP, ADDRESS_PARAMETERS };
enum { IPV4_MASK = ADDRESS_PARAMETERS, IPV4_TYPE };
enum { IPV6_IP_STATUS = ADDRESS_PARAMETERS, IPV6_ORIGIN, IPV6_PREFERRED, IPV6_VALID, IPV6_ANYCAST };

enum { STACK_ALIAS, STACK_HIGHER, STACK_LOWER, STACK_HIGHER_ALIAS, STACK_LOWER_ALIAS };

/** The parameter of each Stats object behind its counters, and its values */
enum { STATS_SOURCE = COUNTERS };
enum source { SOURCE_NETLINK, SOURCE_MODULE };

enum { HARDWARE_STATUS, HARDWARE_CPU_ENTRIES };
enum {
	SYSTEM_LOAD_1,
	SYSTEM_LOAD_5,
	SYSTEM_LOAD_15,
	SYSTEM_CPUS_ONLINE,
	SYSTEM_MEMORY_TOTAL,
	SYSTEM_MEMORY_FREE,
	SYSTEM_MEMORY_AVAILABLE,
	SYSTEM_MEMORY_SHARED,
	SYSTEM_MEMORY_BUFFERS,
	SYSTEM_BACKLOG_PROCESSED,
	SYSTEM_BACKLOG_DROPPED,
	SYSTEM_TIME_SQUEEZE,
	SYSTEM_SAMPLINGS,
	SYSTEM_SAMPLING_TIME
};
enum {
	CPU_NUMBER,
	CPU_ONLINE,
	CPU_UNAVAILABLE,
	CPU_INTERRUPTS,
	CPU_SOFTIRQS, /* ten of them */
	CPU_USER = CPU_SOFTIRQS + 10,
	CPU_NICE,
	CPU_SYSTEM,
	CPU_IDLE,
	CPU_IOWAIT,
	CPU_IRQ,
	CPU_SOFTIRQ,
	CPU_STEAL,
	CPU_BACKLOG_PROCESSED,
	CPU_BACKLOG_DROPPED,
	CPU_TIME_SQUEEZE,
	CPU_EVENTS /* four of them */
};

/** Bounds of TR-181 and TR-106 */
#define SCHEMA_ALIAS_MAXIMUM	   64
#define SCHEMA_REFERENCE_MAXIMUM   256
#define SCHEMA_LOWER_LAYERS_LENGTH 1024 /* characters of a whole LowerLayers list */

/** All objects in the order of enum object, ended by a NULL path */
extern const struct espalier_object schema_objects[];

/** The parameters of each Stats object, in the order of enum counter */
extern const struct espalier_parameter schema_stats[];

extern const char *const schema_sources[];

extern const struct espalier_parameter schema_hardware[];
extern const struct espalier_parameter schema_hardware_system[];
extern const struct espalier_parameter schema_hardware_cpu[];
/** The names of the perf events, NULL-terminated */
extern const char *const schema_hardware_events[];
extern const struct espalier_parameter schema_device[];
extern const struct espalier_parameter schema_stack[];
extern const struct espalier_parameter schema_ethernet[];
extern const struct espalier_parameter schema_ethernet_interface[];
extern const struct espalier_parameter schema_ethernet_link[];
extern const struct espalier_parameter schema_ip[];
extern const struct espalier_parameter schema_ip_interface[];
extern const struct espalier_parameter schema_ipv4_address[];
extern const struct espalier_parameter schema_ipv6_address[];

/** The values of the Status parameter of interfaces, links and IP interfaces, NULL-terminated, and their places */
extern const char *const schema_interface_status[];
enum {
	STATUS_UP,
	STATUS_DOWN,
	STATUS_UNKNOWN,
	STATUS_DORMANT,
	STATUS_NOT_PRESENT,
	STATUS_LOWER_LAYER_DOWN,
	STATUS_ERROR
};
