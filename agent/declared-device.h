// SPDX-License-Identifier: GPL-2.0-or-later
// Device.X_ESPALIER_Device.{i}.: devices behind the gateway (meters, sensors) that a vendor configuration file
// declares, with what was read of them. A device has its number as long as files in a row declare its serial.
#pragma once

#include "agent/configuration-file.h"
#include "shm/espalier.h"

#include <stdint.h>
#include <stdio.h>

struct agent;
struct store_transaction;

// Where something is shown.
struct declared_place {
	uint32_t number;
	struct espalier_row row;
};

struct declared_device {
	struct configuration_file_device what;
	struct declared_place place;
	struct declared_place *readings; // places of what.readings
	uint32_t highest;		 // number that a reading of it ever had
};

struct declared_device_list {
	struct declared_device *devices;
	size_t count;
	uint32_t highest; // number that a device ever had
};

// Zeroed, then for declared_devices_open(). Private.
struct declared_devices {
	struct agent *agent;
	struct declared_device_list now, next;
};

// Takes the stored devices, before the segment is published and the store started. Returns 0 or -errno.
int declared_devices_open(struct declared_devices *devices, struct agent *agent);

// Prepares the list of a file: it takes the place of the present one. Returns 0 or -ENOMEM. What follows is
// declared_devices_store() and, when that is durable, declared_devices_take(), or at any time
// declared_devices_abandon().
int declared_devices_prepare(struct declared_devices *devices, const struct configuration_file *file);
void declared_devices_store(const struct declared_devices *devices, struct store_transaction *transaction);
void declared_devices_take(struct declared_devices *devices);
void declared_devices_abandon(struct declared_devices *devices);

// The present list.
const struct declared_device_list *declared_devices_list(const struct declared_devices *devices);

void declared_devices_free(struct declared_devices *devices);
