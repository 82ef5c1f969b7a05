/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of links: how messages change the picture, their numbers, and their rows. */
#include "netlink/collector.h"
#include "netlink/text.h"
#include "netlink/update.h"
#include "shm/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

/* Who made an IPv6 address (IFA_PROTO, since Linux 5.18) */
#define PROTOCOL_KERNEL_LOOPBACK   1
#define PROTOCOL_KERNEL_ROUTER	   2
#define PROTOCOL_KERNEL_LINK_LOCAL 3
/* An end of a lifetime that moves by less is the same, told a second time */
#define LIFETIME_TOLERANCE	   2
/* How an unfinished address is written in the state file */
#define UNKNOWN_TEXT		   "-"

size_t address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

enum object address_object(int family)
{
	return family == AF_INET ? OBJECT_IPV4_ADDRESS : OBJECT_IPV6_ADDRESS;
}

void address_table(char path[NUMBERS_TABLE_SIZE], const struct link *link, int family)
{
	snprintf(path, NUMBERS_TABLE_SIZE, "%s%" PRIu32 ".IPv%cAddress.", collector_tables[LAYER_IP],
		 link->number[LAYER_IP], family == AF_INET ? '4' : '6');
}

void address_row_path(char path[ROW_PATH_SIZE], const struct link *link, const struct address *address)
{
	char table[NUMBERS_TABLE_SIZE];

	address_table(table, link, address->kernel.family);
	snprintf(path, ROW_PATH_SIZE, "%.50s%" PRIu32 ".", table, address->number);
}

void address_key(char key[NUMBERS_KEY_SIZE], const struct address *address)
{
	char text[TEXT_SIZE];

	if (!address->has_ip || !address->has_prefix) {
		snprintf(key, NUMBERS_KEY_SIZE, "row-%" PRIu32, address->number);
		return;
	}
	text_address(text, address->kernel.family, address->kernel.bytes);
	snprintf(key, NUMBERS_KEY_SIZE, "%s/%u", text, address->kernel.prefix);
}

struct address *address_find(const struct link *link, int family, const uint8_t *bytes, uint8_t prefix)
{
	struct address *address = link->addresses;

	while (address &&
	       !(address->has_ip && address->has_prefix && address->kernel.family == family &&
		 address->kernel.prefix == prefix && memcmp(address->kernel.bytes, bytes, address_size(family)) == 0))
		address = address->next;
	return address;
}

struct address *address_new(struct link *link, int family)
{
	struct address *address = calloc(1, sizeof(*address)), **end = &link->addresses;

	if (!address)
		return NULL;
	address->kernel.family = (uint8_t)family;
	address->kernel.link = link->kernel.index;
	address->preferred = address->valid = TIME_INFINITE;
	address->dirty = true;
	while (*end)
		end = &(*end)->next;
	*end = address;
	return address;
}

/* ---- Messages ----------------------------------------------------------------------------------------------- */

static int64_t end_of(uint32_t seconds, int64_t old)
{
	int64_t end;

	if (seconds == UINT32_MAX)
		return TIME_INFINITE;
	end = boottime() + seconds;
	if (old != TIME_INFINITE && end - old <= LIFETIME_TOLERANCE && old - end <= LIFETIME_TOLERANCE)
		return old;
	return end;
}

static void vanish(struct collector *collector, struct link *link, struct address *address)
{
	if (!address->present)
		return;
	address->present = false;
	if (address->disabled)
		address->dirty = true;
	else
		address_remove(collector, link, address, false);
	collector_mark(collector, link, DIRTY_ROWS | DIRTY_ADDRESSES);
}

/* The kernel tells no setting of IPv6 when it takes all addresses away, or gives one again: look after that. */
static void look_after_ipv6(struct collector *collector, struct link *link, bool added)
{
	if (!added) {
		for (const struct address *address = link->addresses; address; address = address->next) {
			if (address->present && address->kernel.family == AF_INET6)
				return;
		}
	}
	if (link->kernel.ipv6 != added)
		collector_mark(collector, link, DIRTY_QUERY);
}

int address_notice(struct collector *collector, const struct nlmsghdr *header)
{
	struct address_message kernel;
	struct address *address;
	struct link *link;
	int64_t preferred, valid;
	int result = message_address(header, &kernel);

	if (result < 0)
		log_warning("the kernel sent an address message that can't be read");
	link = result == 1 ? links_find(collector, kernel.link) : NULL;
	if (!link)
		return 0;
	address = address_find(link, kernel.family, kernel.bytes, kernel.prefix);
	if (header->nlmsg_type == RTM_DELADDR) {
		if (address)
			vanish(collector, link, address);
		if (kernel.family == AF_INET6)
			look_after_ipv6(collector, link, false);
		return 0;
	}
	if (!address) {
		address = address_new(link, kernel.family);
		if (!address) {
			log_error("an address of %s is left out: %s", link->kernel.name, strerror(ENOMEM));
			return 0;
		}
	}
	preferred = end_of(kernel.preferred, address->preferred);
	valid = end_of(kernel.valid, address->valid);
	address->seen = true;
	if (kernel.family == AF_INET6)
		look_after_ipv6(collector, link, true);
	if (address->present && address->kernel.flags == kernel.flags && address->kernel.protocol == kernel.protocol &&
	    address->preferred == preferred && address->valid == valid)
		return 0;
	address->kernel = kernel;
	address->preferred = preferred;
	address->valid = valid;
	address->has_ip = address->has_prefix = true;
	address->present = true;
	if (address->disabled) {
		address->disabled = false;
		address_remember(collector, link, address);
	}
	address->dirty = true;
	collector_mark(collector, link, DIRTY_ROWS | DIRTY_ADDRESSES);
	return 0;
}

void address_sweep(struct collector *collector, struct link *link)
{
	struct address *address, *next;

	for (address = link->addresses; address; address = next) {
		next = address->next;
		if (!address->seen)
			vanish(collector, link, address);
	}
}

void address_mark_lifetimes(struct collector *collector)
{
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		struct link *link = collector->links[slot];

		for (struct address *address = link ? link->addresses : NULL; address; address = address->next) {
			if (address->valid == TIME_INFINITE && address->preferred == TIME_INFINITE)
				continue;
			address->dirty = true;
			collector_mark(collector, link, DIRTY_ADDRESSES);
		}
	}
}

/* ---- State -------------------------------------------------------------------------------------------------- */

int address_remember(struct collector *collector, const struct link *link, const struct address *address)
{
	char path[ROW_PATH_SIZE], ip[TEXT_SIZE] = UNKNOWN_TEXT, prefix[8] = UNKNOWN_TEXT, value[STATE_VALUE_SIZE];

	if (!address->number)
		return 0;
	address_row_path(path, link, address);
	if (!address->configured)
		return state_set(&collector->state, STATE_ADDRESS, path, NULL);
	if (address->has_ip)
		text_address(ip, address->kernel.family, address->kernel.bytes);
	if (address->has_prefix)
		snprintf(prefix, sizeof(prefix), "%u", address->kernel.prefix);
	snprintf(value, sizeof(value), "%s/%s %s", ip, prefix, address->disabled ? "disabled" : "enabled");
	return state_set(&collector->state, STATE_ADDRESS, path, value);
}

static bool read_record(const char *value, struct address *address)
{
	char ip[TEXT_SIZE], prefix[8], state[16];
	int family = address->kernel.family;

	if (sscanf(value, "%47[^/]/%7s %15s", ip, prefix, state) != 3)
		return false;
	address->has_ip = text_address_parse(ip, strlen(ip), family, address->kernel.bytes);
	address->has_prefix = strcmp(prefix, UNKNOWN_TEXT) != 0;
	if (address->has_prefix) {
		char *end;
		unsigned long bits = strtoul(prefix, &end, 10);

		if (*end || bits > address_size(family) * 8)
			return false;
		address->kernel.prefix = (uint8_t)bits;
	}
	address->disabled = strcmp(state, "disabled") == 0;
	address->configured = true;
	return true;
}

static void load_alias(struct collector *collector, const struct link *link, struct address *address)
{
	char path[ROW_PATH_SIZE];
	const char *alias;

	address_row_path(path, link, address);
	alias = state_get(&collector->state, STATE_ALIAS, path);
	address->alias = alias ? strdup(alias) : NULL;
}

/* Whether the kernel has it after all. */
static bool is_double(const struct link *link, const struct address *address)
{
	return address->has_ip && address->has_prefix &&
	       address_find(link, address->kernel.family, address->kernel.bytes, address->kernel.prefix) != address;
}

static void restore_one(struct collector *collector, struct link *link, int family, const char *rest, const char *value)
{
	struct address *address = address_new(link, family);
	char *end;
	unsigned long number = strtoul(rest, &end, 10);

	if (!address)
		return;
	if (read_record(value, address) && strcmp(end, ".") == 0 && number > 0 && number <= UINT32_MAX &&
	    (address->disabled || !address->has_ip || !address->has_prefix) && !is_double(link, address)) {
		address->number = (uint32_t)number;
		load_alias(collector, link, address);
		collector_mark(collector, link, DIRTY_ROWS | DIRTY_ADDRESSES);
		return;
	}
	/* An enabled one comes from the kernel, if at all: other programs may have had a reason to take it away. */
	for (struct address **at = &link->addresses; *at; at = &(*at)->next) {
		if (*at == address) {
			*at = address->next;
			free(address);
			break;
		}
	}
}

void address_restore(struct collector *collector, struct link *link)
{
	for (int family = AF_INET;; family = AF_INET6) {
		char table[NUMBERS_TABLE_SIZE];
		size_t length;

		address_table(table, link, family);
		length = strlen(table);
		for (size_t i = 0; i < collector->state.count; i++) {
			const struct state_record *record = &collector->state.records[i];

			if (record->kind == STATE_ADDRESS && strncmp(record->path, table, length) == 0)
				restore_one(collector, link, family, record->path + length, record->value);
		}
		if (family == AF_INET6)
			return;
	}
}

/* ---- Rows --------------------------------------------------------------------------------------------------- */

int address_number(struct collector *collector, struct link *link, struct address *address)
{
	char table[NUMBERS_TABLE_SIZE], key[NUMBERS_KEY_SIZE], path[ROW_PATH_SIZE];
	int error;

	if (!link->number[LAYER_IP])
		return -ENOENT;
	address_table(table, link, address->kernel.family);
	/* An unfinished address has its number for a key, which is only known afterwards. */
	if (address->has_ip && address->has_prefix)
		address_key(key, address);
	else
		snprintf(key, sizeof(key), "new");
	error = numbers_get(&collector->numbers, table, key, &address->number);
	if (!error && !(address->has_ip && address->has_prefix)) {
		char row_key[NUMBERS_KEY_SIZE];

		address_key(row_key, address);
		error = numbers_rename(&collector->numbers, table, key, row_key);
	}
	if (error) {
		address->number = 0;
		log_error("an address of %s gets no number: %s", link->kernel.name, strerror(-error));
		return error;
	}
	load_alias(collector, link, address);
	address_row_path(path, link, address);
	if (state_get(&collector->state, STATE_ADDRESS, path))
		address->configured = true;
	return address_remember(collector, link, address);
}

static const char *type_of(const struct link *link, const struct address *address)
{
	const struct address_message *kernel = &address->kernel;

	if (address->configured)
		return "Static";
	/* The common DHCP clients give addresses the lifetime of the lease. */
	if (!(kernel->flags & IFA_F_PERMANENT))
		return "DHCP";
	if (kernel->bytes[0] == 169 && kernel->bytes[1] == 254)
		return "AutoIP";
	return link->kernel.type == ARPHRD_PPP ? "IPCP" : "Static";
}

static const char *origin_of(const struct address *address)
{
	const struct address_message *kernel = &address->kernel;

	if (address->configured)
		return "Static";
	if (kernel->protocol == PROTOCOL_KERNEL_LOOPBACK || kernel->scope == RT_SCOPE_HOST)
		return "WellKnown";
	if (kernel->protocol == PROTOCOL_KERNEL_ROUTER || kernel->protocol == PROTOCOL_KERNEL_LINK_LOCAL ||
	    kernel->scope == RT_SCOPE_LINK || kernel->flags & (IFA_F_TEMPORARY | IFA_F_MANAGETEMPADDR))
		return "AutoConfigured";
	if (!(kernel->flags & IFA_F_PERMANENT))
		return kernel->prefix == 128 ? "DHCPv6" : "AutoConfigured";
	return "Static";
}

bool address_static(const struct link *link, const struct address *address)
{
	const char *from = address->kernel.family == AF_INET ? type_of(link, address) : origin_of(address);

	return strcmp(from, "Static") == 0;
}

static const char *ip_status_of(const struct link *link, const struct address *address)
{
	uint32_t flags = address->kernel.flags;

	if (!address->present)
		return "Invalid";
	if (flags & IFA_F_DADFAILED)
		return "Duplicate";
	if (flags & IFA_F_OPTIMISTIC)
		return "Optimistic";
	if (flags & IFA_F_TENTATIVE)
		return "Tentative";
	if (link->status[LAYER_IP] != STATUS_UP)
		return "Inaccessible";
	return flags & IFA_F_DEPRECATED ? "Deprecated" : "Preferred";
}

static const char *status_of(const struct address *address)
{
	if (address->disabled)
		return "Disabled";
	if (!address->has_ip || !address->has_prefix)
		return "Error_Misconfigured";
	if (!address->present || address->kernel.flags & IFA_F_DADFAILED)
		return "Error";
	return "Enabled";
}

static void fill_time(const struct collector *collector, struct update *update, uint32_t parameter, int64_t end)
{
	char text[TEXT_SIZE];

	text_time(text, end == TIME_INFINITE ? end : end + collector->clock_offset);
	update_text(update, parameter, text);
}

static void fill(struct collector *collector, const struct link *link, const struct address *address)
{
	struct update update = update_begin(collector->writer, address->row);
	char text[SCHEMA_ALIAS_MAXIMUM * 4 + 1];

	update_boolean(&update, ADDRESS_ENABLE, !address->disabled);
	update_text(&update, ADDRESS_STATUS, status_of(address));
	publish_alias(text, address->alias, address->number);
	update_text(&update, ADDRESS_ALIAS, text);
	text[0] = '\0';
	if (address->has_ip)
		text_address(text, address->kernel.family, address->kernel.bytes);
	update_text(&update, ADDRESS_IP, text);
	if (address->kernel.family == AF_INET) {
		text[0] = '\0';
		if (address->has_prefix)
			text_mask(text, address->kernel.prefix);
		update_text(&update, IPV4_MASK, text);
		update_text(&update, IPV4_TYPE, type_of(link, address));
	} else {
		update_text(&update, IPV6_IP_STATUS, ip_status_of(link, address));
		update_text(&update, IPV6_ORIGIN, origin_of(address));
		fill_time(collector, &update, IPV6_PREFERRED, address->preferred);
		fill_time(collector, &update, IPV6_VALID, address->valid);
		update_boolean(&update, IPV6_ANYCAST, false);
	}
	update_end(&update);
}

int address_publish_one(struct collector *collector, struct link *link, struct address *address)
{
	bool is_new = !address->row.slot;
	int error = 0;

	if (!address->number || !link->row[LAYER_IP].slot)
		return -ENOENT;
	if (is_new)
		error = espalier_instance_add(collector->writer, address_object(address->kernel.family),
					      link->row[LAYER_IP], address->number, &address->row);
	if (error) {
		log_error("an address of %s can't be added: %s", link->kernel.name, strerror(-error));
		return error;
	}
	fill(collector, link, address);
	address->dirty = false;
	return is_new ? espalier_instance_publish(collector->writer, address->row) : 0;
}

void address_publish(struct collector *collector, struct link *link)
{
	for (struct address *address = link->addresses; address; address = address->next) {
		if (address->dirty)
			address_publish_one(collector, link, address);
	}
}

void address_remove(struct collector *collector, struct link *link, struct address *address, bool for_good)
{
	struct address **at = &link->addresses;

	if (address->number) {
		char table[NUMBERS_TABLE_SIZE], key[NUMBERS_KEY_SIZE], path[ROW_PATH_SIZE];

		address_table(table, link, address->kernel.family);
		address_key(key, address);
		if (for_good) {
			numbers_forget(&collector->numbers, table, key);
			address_row_path(path, link, address);
			state_remove_below(&collector->state, path);
		} else {
			numbers_release(&collector->numbers, table, key);
		}
	}
	if (address->row.slot)
		espalier_instance_remove(collector->writer, address->row);
	while (*at != address)
		at = &(*at)->next;
	*at = address->next;
	free(address->alias);
	free(address);
}
