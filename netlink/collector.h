/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector's picture of the kernel's links and addresses, and how it becomes rows.
 *
 * Messages change the picture and mark what they touched (collector.c, address.c); collector_settle() then gives
 * numbers to what is new, makes them durable, and brings the rows up to date (publish.c, stack.c, address.c). Requests
 * of managers are answered in request.c. All in one thread.
 */
#pragma once

#include "netlink/channel.h"
#include "netlink/ethtool.h"
#include "netlink/hardware.h"
#include "netlink/message.h"
#include "netlink/numbers.h"
#include "netlink/schema.h"
#include "netlink/state.h"
#include "shm/configuration.h"
#include "shm/espalier.h"

#include <stdbool.h>
#include <stdint.h>

/** Room for the path of a row, NUL included: "Device.IP.Interface.4294967295.IPv4Address.4294967295." is the longest */
#define ROW_PATH_SIZE	   64
/** Rows whose LastChange is brought up to date in one interval, so that thousands of links don't cost more than this */
#define LAST_CHANGE_LINKS  128u
/** Notifications that are taken before rows are brought up to date */
#define STORM_DATAGRAMS	   256u
/** Bytes of the notification socket's queue */
#define NOTIFICATION_QUEUE (1 << 20)

struct collector_settings {
	uint32_t interval_ms;
	uint32_t notification_queue; /* bytes; not in the configuration, smaller in tests */
	struct configuration_globs interfaces;
	char wan[IFNAMSIZ];
};

/** What collector_settle() has to do for a link */
enum dirty {
	DIRTY_ROWS = 1 << 0,	  /* its rows in the layers */
	DIRTY_LOWERS = 1 << 1,	  /* what it runs on top of */
	DIRTY_ADDRESSES = 1 << 2, /* its address tables */
	DIRTY_QUERY = 1 << 3,	  /* ask the kernel about it once more */
};

/** One entry of a LowerLayers list, with its row of InterfaceStack */
struct lower {
	enum layer higher; /* the layer of the link that has the list, and its instance number there */
	uint32_t higher_number;
	enum layer layer; /* of what is below */
	int index;	  /* of the link below */
	uint32_t number;  /* its instance number */
	uint32_t stack_number;
	struct espalier_row row;
};

struct address {
	struct address *next;
	struct address_message kernel; /* identity and, while present, what the kernel says of it */
	int64_t preferred, valid;      /* ends in seconds of CLOCK_BOOTTIME, or TIME_INFINITE */
	bool present;		       /* the kernel has it */
	bool configured;	       /* made or changed by a manager: counts as static whatever its lifetime */
	bool disabled;		       /* by a manager: stays in the table though the kernel does not have it */
	bool has_ip, has_prefix;       /* always, but for rows that a manager has just added */
	bool seen;		       /* by the dump that runs */
	bool dirty;
	uint32_t number;
	struct espalier_row row;
	char *alias; /* NULL: the agent-made one */
};

struct link {
	struct link_message kernel;
	unsigned int dirty; /* enum dirty */
	struct link *dirty_next;
	uint32_t slot;
	bool seen; /* by the dump that runs */
	bool wireless;
	unsigned int layers; /* bit set by enum layer */
	char key[IFNAMSIZ];  /* the name that its numbers are kept under */
	uint8_t source;	     /* of the counters: enum source */
	uint64_t counted;    /* when netlink told the counters last, ns of CLOCK_MONOTONIC */
	struct ethtool_settings ethtool;
	uint32_t number[LAYERS];
	struct espalier_row row[LAYERS];
	struct espalier_row stats_row[LAYERS];
	uint8_t status[LAYERS];
	uint32_t changed[LAYERS]; /* when the status did, seconds of CLOCK_BOOTTIME */
	char *alias[LAYERS];	  /* NULL: the agent-made one */
	struct lower *lowers;
	size_t lower_count;
	struct address *addresses;
};

/** What the counters' fast way needs of a link: how to find it by its index */
struct slot {
	int index;     /* 0: free */
	uint32_t next; /* slot + 1 of the next with the same hash, 0: none */
};

struct collector {
	struct collector_settings settings;
	struct espalier_writer *writer;
	struct numbers numbers;
	struct state state;
	struct channel_buffer buffer;
	struct channel requests, notifications;
	int ioctl_fd;
	struct hardware hardware;

	uint32_t *hash; /* slot + 1 by index & hash_mask */
	uint32_t hash_mask;
	uint32_t slot_count; /* slots in use or free, below the arrays' size */
	struct slot *slots;
	struct counters *counters; /* as published, by slot */
	struct link **links;	   /* by slot, NULL: free */
	uint32_t link_count;

	struct link *dirty; /* first come, first served, so that numbers follow the kernel's order */
	struct link **dirty_end;
	bool relations_changed;	   /* lower layers of bridges, bonds and the like may be others now */
	bool resynchronise;	   /* the last dump was interrupted to the end: ask again */
	bool synchronised;	   /* all links were seen once */
	bool no_stats;		   /* the kernel has no RTM_GETSTATS */
	bool save_failed;	   /* said so already */
	uint32_t last_change_next; /* slot whose LastChange is next to be brought up to date */
	int64_t last_change_at;	   /* when that was last done, seconds of CLOCK_BOOTTIME */
	int64_t clock_offset;	   /* CLOCK_REALTIME - CLOCK_BOOTTIME when lifetimes were written */
	bool ipv6_capable, ipv6_enabled;
};

/** Paths of the tables of interfaces, without instance: "Device.IP.Interface." */
extern const char *const collector_tables[LAYERS];
extern const enum object collector_objects[LAYERS];
extern const enum object collector_stats_objects[LAYERS];

/* ---- collector.c -------------------------------------------------------------------------------------------- */

/**
 * collector_open() - opens sockets and state files, and prepares the segment, which nobody sees yet
 *
 * Says on the log what failed. Returns 0 or -errno; the collector can be closed in either case.
 */
int collector_open(struct collector *collector, const struct collector_settings *settings, const char *run_folder,
		   const char *state_folder);

/** collector_close() - saves and frees all, removes the segment */
void collector_close(struct collector *collector);

/** collector_configure() - takes new settings over and applies them. Returns 0 or -errno. */
int collector_configure(struct collector *collector, const struct collector_settings *settings);

/** collector_mark() - notes what is to be done for a link: enum dirty */
void collector_mark(struct collector *collector, struct link *link, unsigned int dirty);

/** collector_settle() - brings all rows up to date with the picture */
void collector_settle(struct collector *collector);

/** collector_link() - takes a link's message (RTM_NEWLINK, RTM_DELLINK) into the picture. Returns 0. */
int collector_link(struct collector *collector, const struct nlmsghdr *header);

/** collector_source_counters() - publishes a link's counters where they changed */
void collector_source_counters(struct collector *collector, uint32_t slot, const struct counters *counters,
			       enum source source);

/** collector_counters() - the same for what netlink told, unless the kernel module tells that link's */
void collector_counters(struct collector *collector, uint32_t slot, const struct counters *counters);

/** boottime() - seconds of CLOCK_BOOTTIME */
int64_t boottime(void);

/* ---- links.c ------------------------------------------------------------------------------------------------ */

/** links_slot() - the slot of the link with this index + 1, or 0; links_find() - the link itself, or NULL */
uint32_t links_slot(const struct collector *collector, int index);
struct link *links_find(struct collector *collector, int index);

/** links_add() - a new link, without numbers and rows. NULL: no memory, which the log has said. */
struct link *links_add(struct collector *collector, const struct link_message *kernel);

/** links_remove() - takes a link away with all its rows; its numbers wait for its return */
void links_remove(struct collector *collector, struct link *link);

/** links_rename() - has the numbers follow to the new name */
void links_rename(struct collector *collector, struct link *link, const char *name);

/** links_clear_key() - takes the numbers of a link that still seems to have this name aside */
void links_clear_key(struct collector *collector, const char *name);

/** links_free() - frees a link and its addresses, without looking at rows */
void links_free(struct link *link);

/* ---- synchronise.c ------------------------------------------------------------------------------------------ */

/** synchronise_all() - asks the kernel for all links and addresses, and settles. Returns 0 or -errno. */
int synchronise_all(struct collector *collector);

/** synchronise_notifications() - takes the notifications that have come, and settles; asks for all after a loss */
int synchronise_notifications(struct collector *collector);

/** synchronise_interval() - reads all counters, and what else is only known by asking. Returns 0 or -errno. */
int synchronise_interval(struct collector *collector);

/** synchronise_link() - asks the kernel about one link */
void synchronise_link(struct collector *collector, struct link *link);

/** synchronise_ipv6() - looks whether the machine has IPv6, and uses it; synchronise_clock() - how UTC is now */
void synchronise_ipv6(struct collector *collector);
void synchronise_clock(struct collector *collector);

/* ---- address.c ---------------------------------------------------------------------------------------------- */

/** address_notice() - takes an address message (RTM_NEWADDR, RTM_DELADDR) into the picture */
int address_notice(struct collector *collector, const struct nlmsghdr *header);

/** address_object() - the table of an address of this family */
enum object address_object(int family);

/** address_table() - the path of a link's address table, for numbers; address_row_path() that of a row */
void address_table(char path[NUMBERS_TABLE_SIZE], const struct link *link, int family);
void address_row_path(char path[ROW_PATH_SIZE], const struct link *link, const struct address *address);

/** address_key() - "192.0.2.1/24": what the number is kept under; for unfinished rows it tells their number */
void address_key(char key[NUMBERS_KEY_SIZE], const struct address *address);

/** address_static() - whether the address was configured by hand, so that a manager may change it */
bool address_static(const struct link *link, const struct address *address);

/** address_sweep() - takes away what the last dump of addresses has not shown */
void address_sweep(struct collector *collector, struct link *link);

/** address_restore() - brings back the rows of disabled addresses that managers have configured on a new link */
void address_restore(struct collector *collector, struct link *link);

/** address_remember() - notes a configured address in the state; forgets one that is none any more */
int address_remember(struct collector *collector, const struct link *link, const struct address *address);

/** address_new() - an address that is not in the kernel yet; becomes part of the link's list. NULL: no memory. */
struct address *address_new(struct link *link, int family);

/** address_number() - gives an address its number, durable after numbers_save(). Returns 0 or -errno. */
int address_number(struct collector *collector, struct link *link, struct address *address);

/** address_publish() - brings a link's address rows up to date; address_publish_one() one of them */
void address_publish(struct collector *collector, struct link *link);
int address_publish_one(struct collector *collector, struct link *link, struct address *address);

/** address_find() - a link's address, or NULL */
struct address *address_find(const struct link *link, int family, const uint8_t *bytes, uint8_t prefix);

/** address_size() - bytes of an address of this family */
size_t address_size(int family);

/** address_remove() - takes an address with its row out of the table; `for_good`: its number is not kept */
void address_remove(struct collector *collector, struct link *link, struct address *address, bool for_good);

/** address_mark_lifetimes() - has all lifetimes written anew, after the clock was set */
void address_mark_lifetimes(struct collector *collector);

/* ---- publish.c ---------------------------------------------------------------------------------------------- */

/** publish_link() - adds or updates a link's rows; publish_remove() takes one away */
void publish_link(struct collector *collector, struct link *link);
void publish_remove(struct collector *collector, struct link *link, enum layer layer);

/** publish_globals() - counts of entries, and the state of IPv4 and IPv6, where they changed */
void publish_globals(struct collector *collector, bool all);

/** publish_last_change() - LastChange of a link's rows as of now */
void publish_last_change(struct collector *collector, struct link *link);

/** publish_status() - brings status and time of change up to date in the picture */
void publish_status(struct link *link);

/** publish_alias() - the Alias of a link's row: the manager's, or "cpe-NUMBER" */
void publish_alias(char text[SCHEMA_ALIAS_MAXIMUM * 4 + 1], const char *alias, uint32_t number);

/** publish_path() - the path of a link's row in a layer, with its final dot when `dot` */
void publish_path(char path[ROW_PATH_SIZE], const struct link *link, enum layer layer, bool dot);

/** publish_layers() - the layers that a link appears in */
unsigned int publish_layers(const struct link_message *kernel, bool wireless);

/* ---- stack.c ------------------------------------------------------------------------------------------------ */

/** stack_relate() - works out what a link runs on top of; numbers for new rows of InterfaceStack */
void stack_relate(struct collector *collector, struct link *link);

/** stack_text() - the LowerLayers of a link in a layer */
void stack_text(const struct link *link, enum layer layer, char text[SCHEMA_LOWER_LAYERS_LENGTH + 1]);

/** stack_publish() - adds the rows that a link's lowers still miss */
void stack_publish(struct collector *collector, struct link *link);

/** stack_remove() - takes all of a link's rows out of InterfaceStack */
void stack_remove(struct collector *collector, struct link *link);

/** stack_alias_changed() - writes anew the aliases of a link's layer in InterfaceStack */
void stack_alias_changed(struct collector *collector, const struct link *link, enum layer layer);

/** stack_depends() - whether what the link runs on depends on other links */
bool stack_depends(const struct link *link);

/* ---- request.c ---------------------------------------------------------------------------------------------- */

/** How the collector answers requests; the context is the collector */
extern const struct espalier_owner request_owner;
