/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches the kernel's packet filter: who translates addresses (Device.NAT.InterfaceSetting.{i}.) and what stands in
 * the way (Device.Firewall.). The kernel tells of changes; then, and only then, the ruleset is read, at most as often
 * as its size allows.
 */
#include "netlink/nat.h"

#include "netlink/nftables.h"
#include "netlink/text.h"
#include "netlink/update.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <linux/netfilter/nfnetlink.h>

/* Nanoseconds between two readings, and how many times as long as a reading takes */
#define READING_INTERVAL 1000000000ll
#define READING_SHARE	 20
/* Notifications that are taken before it is looked what they have come to */
#define DATAGRAMS	 256u
#define TIMEOUTS	 "/proc/sys/net/netfilter/nf_conntrack_"
#define TIME_UNKNOWN	 "0001-01-01T00:00:00Z"

static const char interface_table[] = "Device.NAT.InterfaceSetting.";
static const char chain_table[] = "Device.Firewall.Chain.";
static const struct espalier_row none = {0, 0};

/* ---- Rows --------------------------------------------------------------------------------------------------- */

/* Seconds; -1 as TR-181 has it for no limit: the kernel has always one. */
static int64_t timeout(const char *name)
{
	char path[96];
	int seconds = -1;
	FILE *file;

	snprintf(path, sizeof(path), TIMEOUTS "%s", name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &seconds) != 1 || seconds < 0)
		seconds = -1;
	fclose(file);
	return seconds;
}

/* The row of a key, added when it is new. */
static struct espalier_row row_of(struct nat *nat, enum nat_object object, const char *table, const char *key,
				  uint32_t *number, bool *is_new)
{
	struct espalier_row row = none;
	int error = numbers_get(&nat->numbers, table, key, number);

	*is_new = false;
	if (!error) {
		row = espalier_instance_find(nat->writer, object, none, *number);
		if (row.slot)
			return row;
		/* Seen by nobody before its number is safe. */
		error = numbers_save(&nat->numbers);
	}
	if (!error)
		error = espalier_instance_add(nat->writer, object, none, *number, &row);
	if (error)
		log_error("%s gets no row for %s: %s", table, key, strerror(-error));
	*is_new = !error;
	return error ? none : row;
}

static void update_alias(struct update *update, uint32_t parameter, uint32_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "cpe-%" PRIu32, number);
	update_text(update, parameter, text);
}

static void finish_row(struct nat *nat, struct update *update, bool is_new)
{
	update_end(update);
	if (is_new)
		espalier_instance_publish(nat->writer, update->row);
}

static void publish_setting(struct nat *nat, const char *device)
{
	char path[PORT_MAPPING_PATH + 1], name[IFNAMSIZ];
	bool is_new, known = nat_interface_path(nat, device, path);
	struct espalier_row row;
	struct update update;
	uint32_t number;

	row = row_of(nat, NAT_INTERFACE_SETTING, interface_table, device, &number, &is_new);
	if (!row.slot)
		return;
	text_name(name, device);
	update = update_begin(nat->writer, row);
	update_boolean(&update, INTERFACE_SETTING_ENABLE, true);
	update_text(&update, INTERFACE_SETTING_STATUS, nat_setting_statuses[known ? 1 : 4]);
	update_alias(&update, INTERFACE_SETTING_ALIAS, number);
	update_text(&update, INTERFACE_SETTING_INTERFACE, path);
	update_signed(&update, INTERFACE_SETTING_TCP_TIMEOUT, timeout("tcp_timeout_established"));
	update_signed(&update, INTERFACE_SETTING_UDP_TIMEOUT, timeout("udp_timeout_stream"));
	update_text(&update, INTERFACE_SETTING_NAME, name);
	finish_row(nat, &update, is_new);
}

static void publish_chain(struct nat *nat, const struct ruleset_chain *chain)
{
	struct espalier_row row;
	struct update update;
	uint32_t number;
	bool is_new;

	row = row_of(nat, NAT_FIREWALL_CHAIN, chain_table, chain->name, &number, &is_new);
	if (!row.slot)
		return;
	update = update_begin(nat->writer, row);
	update_boolean(&update, CHAIN_ENABLE, true);
	update_alias(&update, CHAIN_ALIAS, number);
	update_text(&update, CHAIN_NAME, chain->name);
	update_text(&update, CHAIN_CREATOR, chain->own ? "PortMapping" : "Other");
	update_unsigned(&update, CHAIN_RULES, chain->rules);
	finish_row(nat, &update, is_new);
}

/* What was in the ruleset before and is no more: its number waits for its return. */
static void remove_row(struct nat *nat, enum nat_object object, const char *table, const char *key)
{
	uint32_t number;
	struct espalier_row row;

	if (numbers_get(&nat->numbers, table, key, &number))
		return;
	row = espalier_instance_find(nat->writer, object, none, number);
	if (row.slot)
		espalier_instance_remove(nat->writer, row);
	numbers_release(&nat->numbers, table, key);
}

static bool has_device(const struct ruleset *ruleset, const char *device)
{
	for (size_t i = 0; i < ruleset->device_count; i++) {
		if (strcmp(ruleset->device[i], device) == 0)
			return true;
	}
	return false;
}

static bool has_chain(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		if (strcmp(ruleset->chain[i].name, name) == 0)
			return true;
	}
	return false;
}

void nat_ruleset_interfaces(struct nat *nat)
{
	nat_interfaces_refresh(nat);
	for (size_t i = 0; i < nat->filter.ruleset->device_count; i++)
		publish_setting(nat, nat->filter.ruleset->device[i]);
}

static void publish_tables(struct nat *nat, const struct ruleset *before)
{
	const struct ruleset *now = nat->filter.ruleset;

	for (size_t i = 0; i < before->device_count; i++) {
		if (!has_device(now, before->device[i]))
			remove_row(nat, NAT_INTERFACE_SETTING, interface_table, before->device[i]);
	}
	for (size_t i = 0; i < before->chain_count; i++) {
		if (!has_chain(now, before->chain[i].name))
			remove_row(nat, NAT_FIREWALL_CHAIN, chain_table, before->chain[i].name);
	}
	nat_ruleset_interfaces(nat);
	for (size_t i = 0; i < now->chain_count; i++)
		publish_chain(nat, &now->chain[i]);
}

static void publish(struct nat *nat)
{
	struct nat_ruleset *filter = &nat->filter;
	const struct ruleset *ruleset = filter->ruleset;
	struct update update = update_begin(nat->writer, espalier_row_of(nat->writer, NAT_NAT, none));
	char text[TEXT_SIZE] = TIME_UNKNOWN, version[16] = "";

	update_unsigned(&update, NAT_INTERFACE_SETTINGS,
			espalier_instance_count(nat->writer, NAT_INTERFACE_SETTING, none));
	update_unsigned(&update, NAT_PORT_MAPPINGS_MAXIMUM, PORT_MAPPINGS_MAXIMUM);
	update_unsigned(&update, NAT_RULES, ruleset->translations);
	update_text(&update, NAT_RULES_ERROR, filter->problem ? strerror(-filter->problem) : "");
	update_end(&update);
	if (filter->changed_at)
		text_time(text, filter->changed_at);
	if (!filter->problem)
		snprintf(version, sizeof(version), "%u", filter->generation);
	update = update_begin(nat->writer, espalier_row_of(nat->writer, NAT_FIREWALL, none));
	update_boolean(&update, FIREWALL_ENABLE, ruleset->firewall);
	update_text(&update, FIREWALL_CONFIG, "X_ESPALIER_Ruleset");
	update_text(&update, FIREWALL_TYPE, ruleset->stateful ? "Stateful" : "Stateless");
	update_text(&update, FIREWALL_VERSION, version);
	update_text(&update, FIREWALL_LAST_CHANGE, text);
	update_unsigned(&update, FIREWALL_CHAINS, espalier_instance_count(nat->writer, NAT_FIREWALL_CHAIN, none));
	update_unsigned(&update, FIREWALL_ALL_TABLES, ruleset->tables);
	update_unsigned(&update, FIREWALL_ALL_CHAINS, ruleset->chains);
	update_unsigned(&update, FIREWALL_ALL_RULES, ruleset->rules);
	update_end(&update);
}

/* ---- Reading ------------------------------------------------------------------------------------------------ */

static int list(struct nat *nat, struct ruleset *ruleset)
{
	unsigned int generation;
	char *text = NULL;
	int error = nftables_generation(&generation);

	if (!error)
		error = nftables_list(&text);
	if (!error)
		error = ruleset_read(ruleset, text, strlen(text), PORT_MAPPING_FAMILY, PORT_MAPPING_TABLE);
	free(text);
	if (!error)
		nat->filter.generation = generation;
	return error;
}

static void read_ruleset(struct nat *nat)
{
	struct ruleset *before = nat->filter.ruleset, *now = malloc(sizeof(*now));
	int64_t start = loop_now();
	int error = now ? list(nat, now) : -ENOMEM;

	if (!error) {
		nat->filter.ruleset = now;
		publish_tables(nat, before);
		free(before);
	} else {
		free(now);
		if (error != nat->filter.problem)
			log_warning("the packet filter can't be read: %s", strerror(-error));
	}
	nat->filter.problem = error;
	publish(nat);
	nat->filter.read_took = loop_now() - start;
}

static void read_again(struct loop_timer *timer)
{
	struct nat *nat = LOOP_OF(timer, struct nat, filter.reading);

	read_ruleset(nat);
	nat_port_mappings_check(nat);
}

static void ruleset_changed(struct loop_source *source, uint32_t events)
{
	struct nat *nat = LOOP_OF(source, struct nat, filter.source);
	int taken = channel_notifications(&nat->filter.notifications, DATAGRAMS, NULL, NULL);
	int64_t rest = nat->filter.read_took * READING_SHARE;

	(void)events;
	if (taken == -ENOBUFS)
		channel_discard(&nat->filter.notifications);
	nat->filter.changed_at = time(NULL);
	if (!nat->filter.reading.set)
		loop_timer_set(&nat->loop, &nat->filter.reading,
			       loop_now() + (rest > READING_INTERVAL ? rest : READING_INTERVAL));
}

/* ---- Life --------------------------------------------------------------------------------------------------- */

int nat_ruleset_open(struct nat *nat)
{
	struct nat_ruleset *filter = &nat->filter;
	int error;

	filter->reading.rang = read_again;
	filter->ruleset = calloc(1, sizeof(*filter->ruleset));
	if (!filter->ruleset)
		return -ENOMEM;
	filter->problem = nftables_generation(&filter->generation);
	if (filter->problem) {
		log_warning("NAT and firewall can't be seen or changed%s: %s",
			    filter->problem == -EPERM ? " without CAP_NET_ADMIN" : "", strerror(-filter->problem));
		publish(nat);
		return 0;
	}
	/* Before the first look, so that no change falls between. */
	error = channel_open_protocol(&filter->notifications, NETLINK_NETFILTER, &nat->buffer, 0);
	if (!error)
		error = channel_subscribe(&filter->notifications, NFNLGRP_NFTABLES);
	if (!error) {
		filter->source.descriptor = filter->notifications.fd;
		filter->source.ready = ruleset_changed;
		error = loop_watch(&nat->loop, &filter->source, EPOLLIN);
	}
	if (error)
		log_warning("changes of the packet filter are not told: %s", strerror(-error));
	read_ruleset(nat);
	return 0;
}

void nat_ruleset_close(struct nat *nat)
{
	loop_forget(&nat->loop, &nat->filter.source);
	channel_close(&nat->filter.notifications);
	free(nat->filter.ruleset);
	nat->filter.ruleset = NULL;
}
