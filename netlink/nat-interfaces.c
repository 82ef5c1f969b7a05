/* SPDX-License-Identifier: BSD-2-Clause */
/* Which row of Device.IP.Interface. has which interface of the kernel: read off the tree, whoever publishes it. */
#include "netlink/nat.h"

#include "shm/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TABLE "Device.IP.Interface."

/* Nanoseconds in which those who publish interfaces get their rows done */
#define DELAY 1000000000ll

static void look(struct loop_timer *timer)
{
	struct nat *nat = LOOP_OF(timer, struct nat, interfaces);

	nat_ruleset_interfaces(nat);
	nat_port_mappings_interfaces(nat);
}

void nat_interfaces_open(struct nat *nat)
{
	nat->interfaces.rang = look;
}

void nat_interfaces_changed(struct nat *nat)
{
	bool any = nat->filter.ruleset->device_count > 0;

	for (size_t i = 0; i < nat->port_mappings.count; i++)
		any |= nat->port_mappings.mappings[i].interface[0] != '\0';
	if (any && !nat->interfaces.set)
		loop_timer_set(&nat->loop, &nat->interfaces, loop_now() + DELAY);
}

/* What nftables takes for a name and nothing else: "@" would be a set, "*" any interface. */
static bool plain(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";

	return name[0] && name[strspn(name, allowed)] == '\0';
}

bool nat_interfaces_refresh(struct nat *nat)
{
	int result = nat->reader ? 0 : espalier_reader_open(&nat->reader, nat->daemon.run_folder);

	if (!result)
		result = espalier_reader_refresh(nat->reader);
	if (result < 0) {
		log_debug("the tree can't be read: %s", strerror(-result));
		return false;
	}
	return espalier_find_object(nat->reader, TABLE, sizeof(TABLE) - 1) >= 0;
}

static bool read_name(const struct espalier_node *node, uint32_t parameter, char name[IF_NAMESIZE])
{
	struct espalier_value value;

	if (espalier_read(node, parameter, &value, name, IF_NAMESIZE - 1) || value.type != ESPALIER_STRING ||
	    value.length >= IF_NAMESIZE)
		return false;
	name[value.length] = '\0';
	return plain(name);
}

bool nat_interface_name(struct nat *nat, const char *path, char name[IF_NAMESIZE])
{
	char full[PORT_MAPPING_PATH + sizeof(".Name")];
	int length = snprintf(full, sizeof(full), "%s.Name", path);
	uint32_t parameter, count;
	int64_t node;

	name[0] = '\0';
	if (!nat->reader)
		return false;
	node = espalier_find_parameter(nat->reader, full, (size_t)length, &parameter);
	if (node >= 0 && !read_name(&espalier_reader_nodes(nat->reader, &count)[node], parameter, name))
		name[0] = '\0';
	return name[0];
}

struct search {
	const char *name;
	char *path;
};

static int compare(const struct espalier_node *node, uint32_t parameter, void *context)
{
	struct search *search = context;
	char name[IF_NAMESIZE];

	if (!read_name(node, parameter, name) || strcmp(name, search->name) != 0 || node->path_length < 2 ||
	    node->path_length > PORT_MAPPING_PATH)
		return 0;
	/* A reference has no dot at its end. */
	memcpy(search->path, node->path, node->path_length - 1);
	search->path[node->path_length - 1] = '\0';
	return 1;
}

bool nat_interface_path(struct nat *nat, const char *name, char path[PORT_MAPPING_PATH + 1])
{
	static const char pattern[] = TABLE "*.Name";
	struct search search = {name, path};

	path[0] = '\0';
	if (nat->reader)
		espalier_resolve(nat->reader, pattern, sizeof(pattern) - 1, compare, &search);
	return path[0];
}
