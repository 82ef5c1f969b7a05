/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of a link in the layers of TR-181, and the parameters that stand outside of tables. */
#include "netlink/collector.h"
#include "netlink/text.h"
#include "netlink/update.h"
#include "shm/log.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#include <linux/if.h>

/* Newer than the headers of some C libraries */
#ifndef ARPHRD_NETLINK
#define ARPHRD_NETLINK 824
#endif
#ifndef ARPHRD_VSOCKMON
#define ARPHRD_VSOCKMON 826
#endif
#define TYPE_CAN		280
#define TYPE_IEEE802154_MONITOR 805

/* Bounds of MaxMTUSize. The loopback's MTU is 65536, one more than TR-181 allows. */
#define MTU_MINIMUM 64u
#define MTU_MAXIMUM 65535u

/*
 * Which layers a link has:
 *
 * Ethernet.Interface is what a person could plug a cable into: the device of a driver (no kind), a port of a switch
 * chip (dsa), and the end of a virtual cable (veth), which is a container's port. Wireless devices are not: they belong
 * to Device.WiFi. Bridges, bonds, VLANs, macvlans, tunnels and tap devices are made by software on top of others.
 *
 * Ethernet.Link is every link that carries Ethernet frames, IP.Interface every link that IP can use.
 */
unsigned int publish_layers(const struct link_message *kernel, bool wireless)
{
	unsigned int layers = 1u << LAYER_IP;

	switch (kernel->type) {
	case ARPHRD_ETHER:
		layers |= 1u << LAYER_LINK;
		break;
	case TYPE_CAN:
	case ARPHRD_IEEE80211:
	case ARPHRD_IEEE80211_PRISM:
	case ARPHRD_IEEE80211_RADIOTAP:
	case ARPHRD_IEEE802154:
	case TYPE_IEEE802154_MONITOR:
	case ARPHRD_NETLINK:
	case ARPHRD_VSOCKMON:
		return 0;
	default:
		return layers;
	}
	if (!wireless && (kernel->kind == LINK_DEVICE || kernel->kind == LINK_DSA || kernel->kind == LINK_VETH))
		layers |= 1u << LAYER_INTERFACE;
	return layers;
}

int update_end(struct update *update)
{
	if (!update->error)
		update->error = espalier_commit(update->writer, update->row);
	if (update->error) {
		char path[ROW_PATH_SIZE] = "";

		espalier_abandon(update->writer, update->row);
		espalier_row_path(update->writer, update->row, path, sizeof(path));
		log_error("%s can't be updated: %s", path, strerror(-update->error));
	}
	return update->error;
}

void publish_path(char path[ROW_PATH_SIZE], const struct link *link, enum layer layer, bool dot)
{
	snprintf(path, ROW_PATH_SIZE, "%s%" PRIu32 "%s", collector_tables[layer], link->number[layer], dot ? "." : "");
}

void publish_alias(char text[SCHEMA_ALIAS_MAXIMUM * 4 + 1], const char *alias, uint32_t number)
{
	if (alias)
		snprintf(text, SCHEMA_ALIAS_MAXIMUM * 4 + 1, "%s", alias);
	else
		snprintf(text, SCHEMA_ALIAS_MAXIMUM * 4 + 1, "cpe-%" PRIu32, number);
}

/* TR-181 section 4.2.2 on what RFC 2863 and the kernel's Documentation/networking/operstates.rst say: UNKNOWN is the
 * state of drivers that don't tell, and to be taken for up; a layer without power below it is LowerLayerDown. */
static uint8_t status_of(const struct link *link, enum layer layer)
{
	const struct link_message *kernel = &link->kernel;

	if (kernel->operstate == IF_OPER_NOTPRESENT)
		return STATUS_NOT_PRESENT;
	if (!(kernel->flags & IFF_UP))
		return STATUS_DOWN;
	switch (kernel->operstate) {
	case IF_OPER_UP:
		return STATUS_UP;
	case IF_OPER_UNKNOWN:
		if (kernel->flags & IFF_RUNNING)
			return STATUS_UP;
		break;
	case IF_OPER_DORMANT:
		return STATUS_DORMANT;
	case IF_OPER_TESTING:
		return STATUS_UNKNOWN;
	case IF_OPER_LOWERLAYERDOWN:
		/* A port has nothing below it here, whatever its peer is to the kernel. */
		return layer == LAYER_INTERFACE ? STATUS_DOWN : STATUS_LOWER_LAYER_DOWN;
	default:
		break;
	}
	for (size_t i = 0; i < link->lower_count; i++) {
		if (link->lowers[i].higher == layer)
			return STATUS_LOWER_LAYER_DOWN;
	}
	return STATUS_DOWN;
}

void publish_status(struct link *link)
{
	for (int layer = 0; layer < LAYERS; layer++) {
		uint8_t status = status_of(link, (enum layer)layer);

		if (status == link->status[layer])
			continue;
		link->status[layer] = status;
		link->changed[layer] = (uint32_t)boottime();
	}
}

static uint32_t last_change(const struct link *link, int layer)
{
	return (uint32_t)boottime() - link->changed[layer];
}

static void fill_mac(struct update *update, uint32_t parameter, bool known, const uint8_t *mac)
{
	char text[TEXT_SIZE] = "";

	if (known)
		text_mac(text, mac);
	update_text(update, parameter, text);
}

static void fill_interface(struct collector *collector, struct link *link, struct update *update)
{
	static const char *const duplex[] = {
		[ETHTOOL_DUPLEX_UNKNOWN] = "Auto", [ETHTOOL_DUPLEX_HALF] = "Half", [ETHTOOL_DUPLEX_FULL] = "Full"};
	struct ethtool_settings *settings = &link->ethtool;
	bool automatic;

	if (ethtool_read(collector->ioctl_fd, link->kernel.name, settings))
		memset(settings, 0, sizeof(*settings));
	automatic = !settings->known || settings->negotiated;
	update_boolean(update, INTERFACE_UPSTREAM, strcmp(link->kernel.name, collector->settings.wan) == 0);
	if (link->kernel.has_permanent_mac)
		fill_mac(update, INTERFACE_MAC, true, link->kernel.permanent_mac);
	else
		fill_mac(update, INTERFACE_MAC, link->kernel.has_mac, link->kernel.mac);
	update_signed(update, INTERFACE_MAX_BIT_RATE, automatic || !settings->speed ? -1 : (int64_t)settings->speed);
	update_unsigned(update, INTERFACE_CURRENT_BIT_RATE, settings->speed);
	update_text(update, INTERFACE_DUPLEX, automatic ? "Auto" : duplex[settings->duplex]);
}

static void fill_ip(const struct link *link, struct update *update)
{
	uint32_t entries[2] = {0, 0}, mtu = link->kernel.mtu;
	bool loopback = link->kernel.flags & IFF_LOOPBACK;

	for (const struct address *address = link->addresses; address; address = address->next)
		entries[address_object(address->kernel.family) == OBJECT_IPV6_ADDRESS]++;
	if (mtu < MTU_MINIMUM)
		mtu = MTU_MINIMUM;
	if (mtu > MTU_MAXIMUM)
		mtu = MTU_MAXIMUM;
	update_boolean(update, IP_INTERFACE_IPV4_ENABLE, true);
	update_boolean(update, IP_INTERFACE_IPV6_ENABLE, link->kernel.ipv6);
	update_unsigned(update, IP_INTERFACE_MTU, mtu);
	update_text(update, IP_INTERFACE_TYPE, loopback ? "Loopback" : "Normal");
	update_boolean(update, IP_INTERFACE_LOOPBACK, loopback);
	update_unsigned(update, IP_INTERFACE_IPV4_ENTRIES, entries[0]);
	update_unsigned(update, IP_INTERFACE_IPV6_ENTRIES, entries[1]);
}

static void fill(struct collector *collector, struct link *link, enum layer layer)
{
	struct update update = update_begin(collector->writer, link->row[layer]);
	char text[SCHEMA_LOWER_LAYERS_LENGTH + 1];

	update_boolean(&update, COMMON_ENABLE, link->kernel.flags & IFF_UP);
	update_text(&update, COMMON_STATUS, schema_interface_status[link->status[layer]]);
	publish_alias(text, link->alias[layer], link->number[layer]);
	update_text(&update, COMMON_ALIAS, text);
	text_name(text, link->kernel.name);
	update_text(&update, COMMON_NAME, text);
	update_unsigned(&update, COMMON_LAST_CHANGE, last_change(link, layer));
	stack_text(link, layer, text);
	update_text(&update, COMMON_LOWER_LAYERS, text);
	if (layer == LAYER_INTERFACE)
		fill_interface(collector, link, &update);
	else if (layer == LAYER_LINK)
		fill_mac(&update, LINK_MAC, link->kernel.has_mac, link->kernel.mac);
	else
		fill_ip(link, &update);
	update_end(&update);
}

static int add(struct collector *collector, struct link *link, enum layer layer)
{
	const struct espalier_row none = {0, 0};
	const struct counters *counters = &collector->counters[link->slot];
	struct update update;
	int error = espalier_instance_add(collector->writer, collector_objects[layer], none, link->number[layer],
					  &link->row[layer]);

	if (error) {
		log_error("%s%" PRIu32 " (%s) can't be added: %s", collector_tables[layer], link->number[layer],
			  link->kernel.name, strerror(-error));
		return error;
	}
	link->stats_row[layer] = espalier_row_of(collector->writer, collector_stats_objects[layer], link->row[layer]);
	update = update_begin(collector->writer, link->stats_row[layer]);
	for (unsigned int i = 0; i < COUNTERS; i++)
		update_unsigned(&update, i,
				schema_stats[i].type == ESPALIER_UNSIGNED_INT ? (uint32_t)counters->value[i]
									      : counters->value[i]);
	update_text(&update, STATS_SOURCE, schema_sources[link->source]);
	update_end(&update);
	return 0;
}

void publish_link(struct collector *collector, struct link *link)
{
	publish_status(link);
	for (int layer = 0; layer < LAYERS; layer++) {
		bool is_new = !link->row[layer].slot;

		if (!link->number[layer])
			continue;
		if (is_new && add(collector, link, (enum layer)layer))
			continue;
		fill(collector, link, (enum layer)layer);
		if (is_new)
			espalier_instance_publish(collector->writer, link->row[layer]);
	}
}

void publish_remove(struct collector *collector, struct link *link, enum layer layer)
{
	if (link->row[layer].slot)
		espalier_instance_remove(collector->writer, link->row[layer]);
	memset(&link->row[layer], 0, sizeof(link->row[layer]));
	memset(&link->stats_row[layer], 0, sizeof(link->stats_row[layer]));
	link->number[layer] = 0;
}

void publish_last_change(struct collector *collector, struct link *link)
{
	for (int layer = 0; layer < LAYERS; layer++) {
		struct update update;

		if (!link->row[layer].slot)
			continue;
		update = update_begin(collector->writer, link->row[layer]);
		update_unsigned(&update, COMMON_LAST_CHANGE, last_change(link, layer));
		update_end(&update);
	}
}

static void update_count(struct collector *collector, enum object object, uint32_t parameter, enum object table)
{
	const struct espalier_row none = {0, 0};
	struct espalier_row row = espalier_row_of(collector->writer, object, none);
	uint32_t count = espalier_instance_count(collector->writer, table, none);
	struct espalier_value value;
	struct update update;

	if (!espalier_get(collector->writer, row, parameter, &value, NULL, 0) && value.number == count)
		return;
	update = update_begin(collector->writer, row);
	update_unsigned(&update, parameter, count);
	update_end(&update);
}

void publish_globals(struct collector *collector, bool all)
{
	update_count(collector, OBJECT_DEVICE, DEVICE_STACK_ENTRIES, OBJECT_INTERFACE_STACK);
	update_count(collector, OBJECT_ETHERNET, ETHERNET_INTERFACE_ENTRIES, OBJECT_ETHERNET_INTERFACE);
	update_count(collector, OBJECT_ETHERNET, ETHERNET_LINK_ENTRIES, OBJECT_ETHERNET_LINK);
	update_count(collector, OBJECT_IP, IP_INTERFACE_ENTRIES, OBJECT_IP_INTERFACE);
	if (all) {
		struct espalier_row row = espalier_row_of(collector->writer, OBJECT_IP, (struct espalier_row){0, 0});
		struct update update = update_begin(collector->writer, row);

		update_boolean(&update, IP_IPV4_CAPABLE, true);
		update_boolean(&update, IP_IPV4_ENABLE, true);
		update_text(&update, IP_IPV4_STATUS, "Enabled");
		update_boolean(&update, IP_IPV6_CAPABLE, collector->ipv6_capable);
		update_boolean(&update, IP_IPV6_ENABLE, collector->ipv6_enabled);
		update_text(&update, IP_IPV6_STATUS, collector->ipv6_enabled ? "Enabled" : "Disabled");
		update_end(&update);
	}
}
