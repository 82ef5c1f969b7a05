// SPDX-License-Identifier: GPL-2.0-or-later
// A vendor configuration file (FileType "3 Vendor Configuration File"), read: what parameters are to have which values,
// which rows tables are to have, and which devices are behind the gateway.
//
// Lines:	# a comment
//		Device.ManagementServer.PeriodicInformInterval = 3600
// JSON:	{ "parameters": { "Device.ManagementServer.PeriodicInformInterval": 3600 },
//		  "tables": { "Device.NAT.PortMapping.": [ 3, 5 ] },
//		  "devices": [ { "serial": "M-1", "vendor": "Acme", "type": "meter",
//				 "readings": [ { "name": "Power", "value": 12.5, "unit": "W" } ] } ] }
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIGURATION_FILE_SIZE_MAXIMUM	    (4u << 20) // bytes
#define CONFIGURATION_FILE_VALUES_MAXIMUM   20000
#define CONFIGURATION_FILE_TABLES_MAXIMUM   4096
#define CONFIGURATION_FILE_ROWS_MAXIMUM	    8192 // of all tables
#define CONFIGURATION_FILE_DEPTH_MAXIMUM    8	 // of JSON
#define CONFIGURATION_FILE_DEVICES_MAXIMUM  256
#define CONFIGURATION_FILE_READINGS_MAXIMUM 64	// of one device
#define CONFIGURATION_FILE_TEXT_MAXIMUM	    256 // bytes of a device's texts
#define CONFIGURATION_FILE_PROBLEM_SIZE	    160

struct configuration_file_value {
	char *name, *text;
};

// The instances that a table is to have. Numbers are names within the file: the tree may have others for the same rows.
struct configuration_file_table {
	char *path; // ends in a dot
	uint32_t *numbers;
	size_t count;
};

struct configuration_file_reading {
	char *name, *value, *unit;
};

struct configuration_file_device {
	char *serial, *vendor, *type;		     // the serial is not empty, and no other device's
	struct configuration_file_reading *readings; // no two with one name
	size_t reading_count;
};

struct configuration_file {
	struct configuration_file_value *values; // no two with one name, sorted by it
	size_t value_count;
	struct configuration_file_table *tables; // no two with one path, sorted by it: a table comes before those in it
	size_t table_count;
	size_t row_count; // of all tables
	bool has_devices; // there is a list, even if it is empty
	struct configuration_file_device *devices;
	size_t device_count;
};

// Reads a file; what begins with "{" is JSON. Returns 0, -EINVAL with `problem` in one plain line, -ENOMEM. Free it
// after either.
int configuration_file_read(struct configuration_file *file, const char *bytes, size_t length,
			    char problem[CONFIGURATION_FILE_PROBLEM_SIZE]);

void configuration_file_free(struct configuration_file *file);

// Frees the texts and readings of a device, which may lack any.
void configuration_file_device_free(struct configuration_file_device *device);
