// SPDX-License-Identifier: GPL-2.0-or-later
// Who this device is: DeviceId of Inform, from the configuration or, where that says nothing, from the system (R-80,
//
#include "agent/identity.h"

#include <ctype.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>

void identity_address(char digits[13])
{
	unsigned char address[ETH_ALEN];
	struct ifaddrs *interfaces, *interface;
	int lowest = 0;

	if (getrandom(address, sizeof(address), 0) != sizeof(address))
		memset(address, 0, sizeof(address));
	address[0] = (address[0] & 0xfc) | 2; // locally administered, not a group
	if (!getifaddrs(&interfaces)) {
		for (interface = interfaces; interface; interface = interface->ifa_next) {
			const struct sockaddr_ll *link = (const struct sockaddr_ll *)interface->ifa_addr;
			static const unsigned char none[ETH_ALEN];

			if (!link || link->sll_family != AF_PACKET || link->sll_halen != ETH_ALEN ||
			    interface->ifa_flags & IFF_LOOPBACK || !memcmp(link->sll_addr, none, ETH_ALEN))
				continue;
			if (lowest && link->sll_ifindex >= lowest)
				continue;
			lowest = link->sll_ifindex;
			memcpy(address, link->sll_addr, ETH_ALEN);
		}
		freeifaddrs(interfaces);
	}
	for (int i = 0; i < ETH_ALEN; i++)
		snprintf(digits + 2 * i, 3, "%02X", address[i]);
}

static void take(char *field, size_t size, const char *configured, const char *otherwise)
{
	snprintf(field, size, "%.*s", (int)size - 1, *configured ? configured : otherwise);
}

// "debian-12" from os-release, or the kernel's release.
static void system_version(char version[IDENTITY_SIZE], const struct utsname *system)
{
	char line[256], id[32] = "", number[32] = "";
	FILE *file = fopen("/etc/os-release", "re");

	while (file && fgets(line, sizeof(line), file)) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = 0;
		value += *value == '"';
		value[strcspn(value, "\"\n")] = 0;
		if (!strcmp(line, "ID"))
			snprintf(id, sizeof(id), "%.31s", value);
		else if (!strcmp(line, "VERSION_ID"))
			snprintf(number, sizeof(number), "%.31s", value);
	}
	if (file)
		fclose(file);
	if (*id && *number)
		snprintf(version, IDENTITY_SIZE, "%s-%s", id, number);
	else
		snprintf(version, IDENTITY_SIZE, "%.64s", system->release);
}

void identity_find(struct identity *identity, const struct agent_configuration *configuration, const char *made_up)
{
	char oui[7], version[IDENTITY_SIZE];
	struct utsname system;

	uname(&system);
	system_version(version, &system);
	snprintf(oui, sizeof(oui), "%.6s", made_up);
	take(identity->manufacturer, sizeof(identity->manufacturer), configuration->manufacturer, "Espalier");
	take(identity->oui, sizeof(identity->oui), configuration->oui, oui);
	take(identity->product_class, sizeof(identity->product_class), configuration->product_class, "");
	take(identity->serial_number, sizeof(identity->serial_number), configuration->serial_number, made_up);
	take(identity->model_name, sizeof(identity->model_name), configuration->model_name, "Espalier");
	take(identity->hardware_version, sizeof(identity->hardware_version), configuration->hardware_version,
	     system.machine);
	take(identity->software_version, sizeof(identity->software_version), configuration->software_version, version);
}

static char *put_escaped(char *at, const char *text)
{
	for (; *text; text++) {
		if ((*text & 0x80) == 0 && (isalnum((unsigned char)*text) || *text == '_'))
			*at++ = *text;
		else
			at += snprintf(at, 4, "%%%02X", (unsigned char)*text);
	}
	return at;
}

void identity_username(const struct identity *identity, char name[IDENTITY_USERNAME_SIZE])
{
	char *at = stpcpy(name, identity->oui);

	*at++ = '-';
	if (*identity->product_class) {
		at = put_escaped(at, identity->product_class);
		*at++ = '-';
	}
	*put_escaped(at, identity->serial_number) = 0;
}
