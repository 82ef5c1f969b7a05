/* SPDX-License-Identifier: BSD-2-Clause */
/* Port mappings (TR-181, Device.NAT.PortMapping.{i}.): their values, and which of them go together. */
#include "netlink/port-mapping.h"

#include "netlink/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NANOSECONDS 1000000000ll
#define REFERENCE   "Device.IP.Interface."

const char *const port_mapping_statuses[] = {
	[PORT_MAPPING_DISABLED] = "Disabled",
	[PORT_MAPPING_ENABLED] = "Enabled",
	[PORT_MAPPING_MISCONFIGURED] = "Error_Misconfigured",
	[PORT_MAPPING_ERROR] = "Error",
	NULL,
};
static const char *const origins[] = {"User", "System", "UPnP", "Controller", NULL};
static const char *const protocols[] = {"TCP", "UDP", NULL};

const struct espalier_parameter port_mapping_schema[] = {
	[PORT_MAPPING_ENABLE] = {"Enable", ESPALIER_BOOLEAN, ESPALIER_WRITABLE,
				 .description = "Whether the mapping shall be in force"},
	[PORT_MAPPING_STATUS] = {"Status", ESPALIER_STRING, .enumeration = port_mapping_statuses,
				 .description = "Whether it is"},
	[PORT_MAPPING_ORIGIN] = {"Origin", ESPALIER_STRING, .enumeration = origins, .description = "Who made it"},
	[PORT_MAPPING_ALIAS_NAME] = {"Alias", ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY,
				     .maximum_length = PORT_MAPPING_ALIAS,
				     .description = "A name that the manager may give to the row"},
	[PORT_MAPPING_INTERFACE] = {"Interface", ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_STRONG_REFERENCE,
				    .maximum_length = PORT_MAPPING_PATH,
				    .description = "The IP interface at which packets arrive"},
	[PORT_MAPPING_ALL_INTERFACES] = {"AllInterfaces", ESPALIER_BOOLEAN, ESPALIER_WRITABLE,
					 .description = "Whether it does not matter where they arrive"},
	[PORT_MAPPING_LEASE_DURATION] = {"LeaseDuration", ESPALIER_UNSIGNED_INT,
					 ESPALIER_WRITABLE | ESPALIER_NOTIFY_CAN_DENY,
					 .description = "Seconds until the mapping is deleted; 0: it stays"},
	[PORT_MAPPING_REMOTE_HOST] = {"RemoteHost", ESPALIER_STRING, ESPALIER_WRITABLE,
				      .description = "The only IPv4 address that packets may come from; empty: any"},
	[PORT_MAPPING_EXTERNAL_PORT] = {"ExternalPort", ESPALIER_UNSIGNED_INT, ESPALIER_WRITABLE, .range = "0:65535",
					.description = "The first port outside; 0: all that are not in use"},
	[PORT_MAPPING_EXTERNAL_PORT_END_RANGE] = {"ExternalPortEndRange", ESPALIER_UNSIGNED_INT, ESPALIER_WRITABLE,
						  .range = "0:65535", .description = "The last one; 0: only that one"},
	[PORT_MAPPING_INTERNAL_PORT] = {"InternalPort", ESPALIER_UNSIGNED_INT, ESPALIER_WRITABLE, .range = "0:65535",
					.description = "The first port inside; 0: the same as outside"},
	[PORT_MAPPING_PROTOCOL] = {"Protocol", ESPALIER_STRING, ESPALIER_WRITABLE, .enumeration = protocols,
				   .description = "TCP or UDP"},
	[PORT_MAPPING_INTERNAL_CLIENT] = {"InternalClient", ESPALIER_STRING, ESPALIER_WRITABLE,
					  .maximum_length = PORT_MAPPING_TEXT,
					  .description = "The IPv4 address that packets go to"},
	[PORT_MAPPING_DESCRIPTION] = {"Description", ESPALIER_STRING, ESPALIER_WRITABLE,
				      .maximum_length = PORT_MAPPING_TEXT, .description = "For persons"},
	[PORT_MAPPING_PARAMETERS] = {0},
};

void port_mapping_new(struct port_mapping *mapping, uint32_t number)
{
	memset(mapping, 0, sizeof(*mapping));
	mapping->number = number;
}

/* A text of ours: printable, so that it is one line of the state file and of a log. */
static int take_text(char *to, size_t size, const struct espalier_value *value, const char **text)
{
	for (uint32_t i = 0; i < value->length; i++) {
		if (iscntrl((unsigned char)value->text[i])) {
			*text = "control characters are not allowed";
			return ESPALIER_FAULT_VALUE;
		}
	}
	if (value->length >= size) {
		*text = "too long";
		return ESPALIER_FAULT_VALUE;
	}
	memcpy(to, value->text, value->length);
	to[value->length] = '\0';
	return ESPALIER_OK;
}

static int take_alias(struct port_mapping *mapping, const struct espalier_value *value, const char **text)
{
	char own[PORT_MAPPING_VALUE_SIZE];
	int length = snprintf(own, sizeof(own), "cpe-%" PRIu32, mapping->number);

	if (value->length == (uint32_t)length && !memcmp(value->text, own, value->length)) {
		mapping->alias[0] = '\0';
		return ESPALIER_OK;
	}
	*text = text_alias_fault(value->text, value->length);
	return *text ? ESPALIER_FAULT_VALUE : take_text(mapping->alias, sizeof(mapping->alias), value, text);
}

/* "Device.IP.Interface." and a number. Whether there is such a row is a matter of Status. */
static bool is_interface(const char *path, size_t length)
{
	size_t prefix = sizeof(REFERENCE) - 1, digits = length - prefix;

	if (length <= prefix || memcmp(path, REFERENCE, prefix) != 0 || digits > 10 || path[prefix] == '0')
		return false;
	return strspn(path + prefix, "0123456789") == digits;
}

static int take_interface(struct port_mapping *mapping, const struct espalier_value *value, const char **text)
{
	char path[PORT_MAPPING_PATH + 1] = "";
	int fault = take_text(path, sizeof(path), value, text);
	size_t length = strlen(path);

	if (fault != ESPALIER_OK)
		return fault;
	/* A reference has no final dot; many write one. */
	if (length > 1 && path[length - 1] == '.')
		path[--length] = '\0';
	if (length > 0 && !is_interface(path, length)) {
		*text = "not a row of Device.IP.Interface.";
		return ESPALIER_FAULT_VALUE;
	}
	if (strcmp(mapping->interface, path) != 0)
		mapping->device[0] = '\0';
	memcpy(mapping->interface, path, length + 1);
	return ESPALIER_OK;
}

static int take_address(struct in_addr *address, const struct espalier_value *value, bool broadcast, const char **text)
{
	uint8_t bytes[16] = {0};

	address->s_addr = 0;
	if (value->length == 0)
		return ESPALIER_OK;
	if (!text_address_parse(value->text, value->length, AF_INET, bytes)) {
		*text = "not an IPv4 address";
		return ESPALIER_FAULT_VALUE;
	}
	memcpy(address, bytes, sizeof(*address));
	if ((bytes[0] == 0 || bytes[0] == 127 || bytes[0] >= 224) &&
	    !(broadcast && address->s_addr == INADDR_BROADCAST)) {
		*text = "not the address of one host";
		return ESPALIER_FAULT_VALUE;
	}
	return ESPALIER_OK;
}

int port_mapping_set(struct port_mapping *mapping, uint32_t parameter, const struct espalier_value *value, int64_t now,
		     const char **text)
{
	switch ((enum port_mapping_parameter)parameter) {
	case PORT_MAPPING_ENABLE:
		mapping->enable = value->number != 0;
		break;
	case PORT_MAPPING_ALIAS_NAME:
		return take_alias(mapping, value, text);
	case PORT_MAPPING_INTERFACE:
		return take_interface(mapping, value, text);
	case PORT_MAPPING_ALL_INTERFACES:
		mapping->all_interfaces = value->number != 0;
		break;
	case PORT_MAPPING_LEASE_DURATION:
		mapping->lease = (uint32_t)value->number;
		mapping->lease_end = now + mapping->lease * NANOSECONDS;
		break;
	case PORT_MAPPING_REMOTE_HOST:
		return take_address(&mapping->remote, value, false, text);
	case PORT_MAPPING_EXTERNAL_PORT:
		mapping->external = (uint16_t)value->number;
		break;
	case PORT_MAPPING_EXTERNAL_PORT_END_RANGE:
		mapping->external_end = (uint16_t)value->number;
		break;
	case PORT_MAPPING_INTERNAL_PORT:
		mapping->internal = (uint16_t)value->number;
		break;
	case PORT_MAPPING_PROTOCOL:
		mapping->udp = value->length > 0 && value->text[0] == 'U';
		break;
	case PORT_MAPPING_INTERNAL_CLIENT:
		return take_address(&mapping->client, value, true, text);
	case PORT_MAPPING_DESCRIPTION:
		return take_text(mapping->description, sizeof(mapping->description), value, text);
	case PORT_MAPPING_STATUS:
	case PORT_MAPPING_ORIGIN:
	case PORT_MAPPING_PARAMETERS:
		*text = "read-only";
		return ESPALIER_FAULT_READ_ONLY;
	}
	return ESPALIER_OK;
}

/* The last port outside. Where ExternalPort is 0 the end is to be ignored. */
static uint16_t last_port(const struct port_mapping *mapping)
{
	return mapping->external && mapping->external_end ? mapping->external_end : mapping->external;
}

const char *port_mapping_check(const struct port_mapping *mapping)
{
	uint16_t ports = (uint16_t)(last_port(mapping) - mapping->external);

	if (mapping->client.s_addr == INADDR_BROADCAST && !mapping->udp)
		return "only UDP can go to all hosts";
	if (!mapping->external)
		return NULL;
	if (last_port(mapping) < mapping->external)
		return "ExternalPortEndRange is before ExternalPort";
	if (!mapping->internal || mapping->internal == mapping->external)
		return NULL;
	if (mapping->internal > UINT16_MAX - ports)
		return "the range would end after port 65535 inside";
	if (ports >= PORT_MAPPING_MOVED_MAXIMUM)
		return "a range of more than 1024 ports keeps its ports: InternalPort is ExternalPort or 0";
	return NULL;
}

bool port_mapping_conflict(const struct port_mapping *one, const struct port_mapping *other)
{
	if (!one->enable || !other->enable || one->udp != other->udp || one->remote.s_addr != other->remote.s_addr)
		return false;
	return one->external <= last_port(other) && other->external <= last_port(one);
}

enum port_mapping_status port_mapping_status(const struct port_mapping *mapping)
{
	if (!mapping->enable)
		return PORT_MAPPING_DISABLED;
	if (!mapping->client.s_addr || (!mapping->all_interfaces && !mapping->device[0]))
		return PORT_MAPPING_MISCONFIGURED;
	/* No router passes on what is for all hosts; TR-181 wants the value taken all the same. */
	if (mapping->failed || mapping->client.s_addr == INADDR_BROADCAST)
		return PORT_MAPPING_ERROR;
	return PORT_MAPPING_ENABLED;
}

bool port_mapping_same_rules(const struct port_mapping *one, const struct port_mapping *other)
{
	bool in_force = port_mapping_status(one) == PORT_MAPPING_ENABLED;

	if (in_force != (port_mapping_status(other) == PORT_MAPPING_ENABLED))
		return false;
	return !in_force || (one->udp == other->udp && one->all_interfaces == other->all_interfaces &&
			     (one->all_interfaces || !strcmp(one->device, other->device)) &&
			     one->remote.s_addr == other->remote.s_addr && one->client.s_addr == other->client.s_addr &&
			     one->external == other->external && last_port(one) == last_port(other) &&
			     one->internal == other->internal);
}

bool port_mapping_concerns(const struct port_mapping *mapping, bool udp, struct in_addr source, uint16_t port)
{
	if (port_mapping_status(mapping) != PORT_MAPPING_ENABLED || mapping->udp != udp ||
	    (mapping->remote.s_addr && mapping->remote.s_addr != source.s_addr))
		return false;
	return !mapping->external || (port >= mapping->external && port <= last_port(mapping));
}

uint16_t port_mapping_inside(const struct port_mapping *mapping, uint16_t port)
{
	if (!mapping->external || !mapping->internal)
		return port;
	return (uint16_t)(mapping->internal + (port - mapping->external));
}

uint32_t port_mapping_remaining(const struct port_mapping *mapping, int64_t now)
{
	int64_t left = (mapping->lease_end - now + NANOSECONDS - 1) / NANOSECONDS;

	if (!mapping->lease)
		return 0;
	if (left < 1)
		return 1;
	return left > mapping->lease ? mapping->lease : (uint32_t)left;
}

static void address(char text[PORT_MAPPING_VALUE_SIZE], const struct in_addr *from)
{
	text[0] = '\0';
	if (from->s_addr)
		text_address(text, AF_INET, (const uint8_t *)from);
}

void port_mapping_text(char text[PORT_MAPPING_VALUE_SIZE], const struct port_mapping *mapping, uint32_t parameter,
		       int64_t now)
{
	switch ((enum port_mapping_parameter)parameter) {
	case PORT_MAPPING_ENABLE:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%d", mapping->enable);
		return;
	case PORT_MAPPING_STATUS:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%s", port_mapping_statuses[port_mapping_status(mapping)]);
		return;
	case PORT_MAPPING_ORIGIN:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "Controller");
		return;
	case PORT_MAPPING_ALIAS_NAME:
		if (mapping->alias[0])
			snprintf(text, PORT_MAPPING_VALUE_SIZE, "%s", mapping->alias);
		else
			snprintf(text, PORT_MAPPING_VALUE_SIZE, "cpe-%" PRIu32, mapping->number);
		return;
	case PORT_MAPPING_INTERFACE:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%s", mapping->interface);
		return;
	case PORT_MAPPING_ALL_INTERFACES:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%d", mapping->all_interfaces);
		return;
	case PORT_MAPPING_LEASE_DURATION:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%" PRIu32, port_mapping_remaining(mapping, now));
		return;
	case PORT_MAPPING_REMOTE_HOST:
		address(text, &mapping->remote);
		return;
	case PORT_MAPPING_EXTERNAL_PORT:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%u", mapping->external);
		return;
	case PORT_MAPPING_EXTERNAL_PORT_END_RANGE:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%u", mapping->external_end);
		return;
	case PORT_MAPPING_INTERNAL_PORT:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%u", mapping->internal);
		return;
	case PORT_MAPPING_PROTOCOL:
		snprintf(text, PORT_MAPPING_VALUE_SIZE, "%s", protocols[mapping->udp]);
		return;
	case PORT_MAPPING_INTERNAL_CLIENT:
		address(text, &mapping->client);
		return;
	case PORT_MAPPING_DESCRIPTION:
		memcpy(text, mapping->description, sizeof(mapping->description));
		return;
	case PORT_MAPPING_PARAMETERS:
		break;
	}
	text[0] = '\0';
}
