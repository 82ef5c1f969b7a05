/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of the collector, how messages change its picture, and how that becomes rows. */
#include "netlink/collector.h"
#include "netlink/update.h"
#include "shm/log.h"

#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *const collector_tables[LAYERS] = {
	[LAYER_INTERFACE] = "Device.Ethernet.Interface.",
	[LAYER_LINK] = "Device.Ethernet.Link.",
	[LAYER_IP] = "Device.IP.Interface.",
};

const enum object collector_objects[LAYERS] = {
	[LAYER_INTERFACE] = OBJECT_ETHERNET_INTERFACE,
	[LAYER_LINK] = OBJECT_ETHERNET_LINK,
	[LAYER_IP] = OBJECT_IP_INTERFACE,
};

const enum object collector_stats_objects[LAYERS] = {
	[LAYER_INTERFACE] = OBJECT_ETHERNET_INTERFACE_STATS,
	[LAYER_LINK] = OBJECT_ETHERNET_LINK_STATS,
	[LAYER_IP] = OBJECT_IP_INTERFACE_STATS,
};

int64_t boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* ---- Messages ----------------------------------------------------------------------------------------------- */

int collector_link(struct collector *collector, const struct nlmsghdr *header)
{
	struct link_message kernel;
	struct counters counters;
	bool has_counters, wanted;
	struct link *link;
	int result = message_link(header, &kernel, &counters, &has_counters);

	if (result < 0) {
		log_warning("the kernel sent a link message that can't be read");
		return 0;
	}
	if (result == 0)
		return 0;
	link = links_find(collector, kernel.index);
	wanted = header->nlmsg_type == RTM_NEWLINK &&
		 configuration_globs_match(&collector->settings.interfaces, kernel.name) &&
		 publish_layers(&kernel, false);
	if (!wanted) {
		if (link)
			links_remove(collector, link);
		return 0;
	}
	if (!link) {
		if (collector->synchronised)
			links_clear_key(collector, kernel.name);
		link = links_add(collector, &kernel);
		if (!link)
			return 0;
		log_info("interface %s (%d) is new", kernel.name, kernel.index);
		collector_mark(collector, link, DIRTY_ROWS | DIRTY_LOWERS);
	} else if (memcmp(&link->kernel, &kernel, sizeof(kernel)) != 0) {
		if (strcmp(link->key, kernel.name) != 0)
			links_rename(collector, link, kernel.name);
		if (link->kernel.parent != kernel.parent || link->kernel.master != kernel.master ||
		    link->kernel.kind != kernel.kind || link->kernel.type != kernel.type) {
			collector->relations_changed = true;
			collector_mark(collector, link, DIRTY_LOWERS);
		}
		if ((link->kernel.flags ^ kernel.flags) & (IFF_UP | IFF_RUNNING)) {
			/* Whether addresses are accessible follows the link. */
			for (struct address *address = link->addresses; address; address = address->next)
				address->dirty = true;
			collector_mark(collector, link, DIRTY_ADDRESSES);
		}
		link->kernel = kernel;
		collector_mark(collector, link, DIRTY_ROWS);
	}
	link->seen = true;
	link->layers = publish_layers(&kernel, link->wireless);
	if (has_counters)
		collector_counters(collector, link->slot, &counters);
	return 0;
}

static void change_source(struct collector *collector, struct link *link, enum source source)
{
	link->source = (uint8_t)source;
	for (int layer = 0; layer < LAYERS; layer++) {
		struct update update;

		if (!link->stats_row[layer].slot)
			continue;
		update = update_begin(collector->writer, link->stats_row[layer]);
		update_text(&update, STATS_SOURCE, schema_sources[source]);
		update_end(&update);
	}
}

/* Two sources that take turns would have counters go back: the module's are a bit older. */
void collector_counters(struct collector *collector, uint32_t slot, const struct counters *counters)
{
	struct link *link = collector->links[slot];
	struct timespec now;

	if (collector->hardware.in_use && link->source == SOURCE_MODULE)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	link->counted = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	collector_source_counters(collector, slot, counters, SOURCE_NETLINK);
}

void collector_source_counters(struct collector *collector, uint32_t slot, const struct counters *counters,
			       enum source source)
{
	struct counters *old = &collector->counters[slot];
	struct link *link = collector->links[slot];
	unsigned int changed = 0;

	if (link->source != source)
		change_source(collector, link, source);
	for (unsigned int i = 0; i < COUNTERS; i++)
		changed |= (unsigned int)(old->value[i] != counters->value[i]) << i;
	if (!changed)
		return;
	for (int layer = 0; layer < LAYERS; layer++) {
		struct update update;

		if (!link->stats_row[layer].slot)
			continue;
		update = update_begin(collector->writer, link->stats_row[layer]);
		for (unsigned int left = changed; left; left &= left - 1) {
			unsigned int i = (unsigned int)__builtin_ctz(left);

			/* TR-181 gives some counters 32 bits: they go around. */
			update_unsigned(&update, i,
					schema_stats[i].type == ESPALIER_UNSIGNED_INT ? (uint32_t)counters->value[i]
										      : counters->value[i]);
		}
		update_end(&update);
	}
	*old = *counters;
}

/* ---- Settling ----------------------------------------------------------------------------------------------- */

static void number_link(struct collector *collector, struct link *link)
{
	for (int layer = 0; layer < LAYERS; layer++) {
		char path[ROW_PATH_SIZE];
		const char *alias;
		int error;

		if (!(link->layers & 1u << layer) || link->number[layer])
			continue;
		error = numbers_get(&collector->numbers, collector_tables[layer], link->key, &link->number[layer]);
		if (error) {
			log_error("%s gets no number: %s", link->key, strerror(-error));
			link->number[layer] = 0;
			continue;
		}
		publish_path(path, link, (enum layer)layer, true);
		alias = state_get(&collector->state, STATE_ALIAS, path);
		link->alias[layer] = alias ? strdup(alias) : NULL;
		if (layer == LAYER_IP)
			address_restore(collector, link);
	}
}

static void mark_dependents(struct collector *collector)
{
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		struct link *link = collector->links[slot];

		if (link && stack_depends(link))
			collector_mark(collector, link, DIRTY_LOWERS);
	}
	collector->relations_changed = false;
}

static void save_numbers(struct collector *collector)
{
	int error = numbers_save(&collector->numbers);

	if (!error)
		error = state_save(&collector->state);
	if (error && !collector->save_failed)
		log_error("instance numbers can't be saved, they may change with a restart: %s", strerror(-error));
	collector->save_failed = error != 0;
}

/* The answer may mark the link for more, or take it away. */
static void query_links(struct collector *collector)
{
	struct link *link, *next;

	for (link = collector->dirty; link; link = next) {
		next = link->dirty_next;
		if (!(link->dirty & DIRTY_QUERY))
			continue;
		link->dirty = (link->dirty & ~(unsigned int)DIRTY_QUERY) | DIRTY_ROWS;
		synchronise_link(collector, link);
	}
}

void collector_settle(struct collector *collector)
{
	struct link *link;

	query_links(collector);
	if (collector->relations_changed)
		mark_dependents(collector);
	for (link = collector->dirty; link; link = link->dirty_next) {
		/* One that became a bond's port of another type leaves a layer. */
		for (int layer = 0; layer < LAYERS; layer++) {
			if (link->number[layer] && !(link->layers & 1u << layer)) {
				numbers_release(&collector->numbers, collector_tables[layer], link->key);
				publish_remove(collector, link, (enum layer)layer);
			}
		}
		number_link(collector, link);
	}
	/* What a link runs on has its numbers now. */
	for (link = collector->dirty; link; link = link->dirty_next) {
		if (link->dirty & DIRTY_LOWERS)
			stack_relate(collector, link);
		for (struct address *address = link->addresses; address; address = address->next) {
			if (!address->number)
				address_number(collector, link, address);
		}
	}
	/* A number must not be seen before it is sure that nobody else gets it after a crash. */
	save_numbers(collector);
	for (link = collector->dirty; link; link = link->dirty_next) {
		if (link->dirty & (DIRTY_ROWS | DIRTY_LOWERS | DIRTY_ADDRESSES))
			publish_link(collector, link);
		if (link->dirty & DIRTY_ADDRESSES)
			address_publish(collector, link);
	}
	while (collector->dirty) {
		unsigned int dirty;

		link = collector->dirty;
		dirty = link->dirty;
		collector->dirty = link->dirty_next;
		if (!collector->dirty)
			collector->dirty_end = &collector->dirty;
		link->dirty = 0;
		if (dirty & DIRTY_LOWERS)
			stack_publish(collector, link);
	}
	publish_globals(collector, false);
}

/* ---- Life --------------------------------------------------------------------------------------------------- */

static int open_state(struct collector *collector, const char *folder)
{
	char path[PATH_MAX];
	int error;

	if (mkdir(folder, 0755) && errno != EEXIST) {
		error = -errno;
		log_error("state folder %s can't be made: %s", folder, strerror(-error));
		return error;
	}
	snprintf(path, sizeof(path), "%s/netlink.numbers", folder);
	error = numbers_open(&collector->numbers, path);
	if (!error) {
		snprintf(path, sizeof(path), "%s/netlink.state", folder);
		error = state_open(&collector->state, path);
	}
	if (error)
		log_error("%s: %s", path, strerror(-error));
	return error;
}

static int open_sockets(struct collector *collector)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
	int error = channel_open(&collector->requests, &collector->buffer, 0);

	if (!error)
		error = channel_open(&collector->notifications, &collector->buffer,
				     (int)collector->settings.notification_queue);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && !error; i++)
		error = channel_subscribe(&collector->notifications, groups[i]);
	if (!error) {
		collector->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		/* A kernel without IPv4 takes the same ioctl on any other socket. */
		if (collector->ioctl_fd < 0)
			collector->ioctl_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (collector->ioctl_fd < 0)
			error = -errno;
	}
	if (error)
		log_error("netlink: %s", strerror(-error));
	return error;
}

int collector_open(struct collector *collector, const struct collector_settings *settings, const char *run_folder,
		   const char *state_folder)
{
	const struct espalier_writer_options options = {
		.name = "netlink",
		.folder = run_folder,
		.program = "espalier-netlink",
		.version = ESPALIER_VERSION,
		.objects = schema_objects,
		.owner = &request_owner,
		.context = collector,
	};
	int error;

	memset(collector, 0, sizeof(*collector));
	collector->ioctl_fd = -1;
	collector->hardware.path = ESPALIER_COUNTERS_DEVICE;
	collector->dirty_end = &collector->dirty;
	collector->settings = *settings;
	error = espalier_writer_open(&collector->writer, &options);
	if (error) {
		log_error("no segment in %s: %s", run_folder, espalier_error_text());
		return error;
	}
	error = open_state(collector, state_folder);
	if (!error)
		error = open_sockets(collector);
	if (error)
		return error;
	synchronise_ipv6(collector);
	synchronise_clock(collector);
	publish_globals(collector, true);
	hardware_prepare(collector);
	return synchronise_all(collector);
}

void collector_close(struct collector *collector)
{
	espalier_writer_close(collector->writer);
	numbers_close(&collector->numbers);
	state_close(&collector->state);
	channel_close(&collector->requests);
	channel_close(&collector->notifications);
	hardware_close(&collector->hardware);
	if (collector->ioctl_fd >= 0)
		close(collector->ioctl_fd);
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		if (collector->links[slot])
			links_free(collector->links[slot]);
	}
	free(collector->buffer.bytes);
	free(collector->hash);
	free(collector->slots);
	free(collector->counters);
	free(collector->links);
	memset(collector, 0, sizeof(*collector));
	collector->ioctl_fd = -1;
}

int collector_configure(struct collector *collector, const struct collector_settings *settings)
{
	collector->settings = *settings;
	for (uint32_t slot = 0; slot < collector->slot_count; slot++) {
		if (collector->links[slot])
			collector_mark(collector, collector->links[slot], DIRTY_ROWS);
	}
	return synchronise_all(collector);
}
