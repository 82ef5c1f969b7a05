// SPDX-License-Identifier: GPL-2.0-or-later
// Who this device is: DeviceId of Inform, from the configuration or, where that says nothing, from the system (R-80,
//
#pragma once

#include "agent/agent-configuration.h"

#define IDENTITY_SIZE 65 // room for each text

struct identity {
	char manufacturer[IDENTITY_SIZE], oui[7], product_class[IDENTITY_SIZE], serial_number[IDENTITY_SIZE];
	char model_name[IDENTITY_SIZE], hardware_version[IDENTITY_SIZE], software_version[IDENTITY_SIZE];
};

// Room for the default user name: three escaped bytes for each.
#define IDENTITY_USERNAME_SIZE (sizeof(((struct identity *)0)->oui) + 2 * 3 * IDENTITY_SIZE + 3)

// Fills the identity in. OUI and serial number that are not configured are those of the network interface with the
// lowest index, `made_up` (twelve upper-case hexadecimal digits) where there is none.
void identity_find(struct identity *identity, const struct agent_configuration *configuration, const char *made_up);

// A MAC address as twelve upper-case hexadecimal digits: that of the interface with the lowest index, else a random
// one.
void identity_address(char digits[13]);

// Writes the default user name, OUI-ProductClass-SerialNumber, where other bytes than letters, digits and _ are
// percent-encoded; OUI-SerialNumber for an empty class.
void identity_username(const struct identity *identity, char name[IDENTITY_USERNAME_SIZE]);
