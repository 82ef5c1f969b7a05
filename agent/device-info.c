// SPDX-License-Identifier: GPL-2.0-or-later
// Device.DeviceInfo. and its MemoryStatus.: who the device is, how long it runs, how much memory it has.
#include "agent/own.h"

#include "agent/date-time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const struct espalier_parameter device_info_parameters[] = {
	[DEVICE_INFO_MANUFACTURER] = {"Manufacturer", ESPALIER_STRING, .maximum_length = 64,
				      .description = "Manufacturer of the device"},
	[DEVICE_INFO_MANUFACTURER_OUI] = {"ManufacturerOUI", ESPALIER_STRING, .maximum_length = 6,
					  .description = "Organizationally unique identifier of the manufacturer"},
	[DEVICE_INFO_MODEL_NAME] = {"ModelName", ESPALIER_STRING, .maximum_length = 64,
				    .description = "Model name of the device"},
	[DEVICE_INFO_PRODUCT_CLASS] = {"ProductClass", ESPALIER_STRING, .maximum_length = 64,
				       .description = "Class of product that the serial number is unique in"},
	[DEVICE_INFO_SERIAL_NUMBER] = {"SerialNumber", ESPALIER_STRING, .maximum_length = 64,
				       .description = "Serial number of the device"},
	[DEVICE_INFO_HARDWARE_VERSION] = {"HardwareVersion", ESPALIER_STRING, .maximum_length = 64,
					  .description = "Hardware version of the device"},
	[DEVICE_INFO_SOFTWARE_VERSION] = {"SoftwareVersion", ESPALIER_STRING, ESPALIER_NOTIFY_FORCED,
					  .maximum_length = 64,
					  .description = "Version of the software that is installed"},
	[DEVICE_INFO_PROVISIONING_CODE] = {"ProvisioningCode", ESPALIER_STRING,
					   ESPALIER_WRITABLE | ESPALIER_NOTIFY_FORCED, .maximum_length = 64,
					   .description = "Provisioning data that the ACS wants kept"},
	[DEVICE_INFO_UP_TIME] = {"UpTime", ESPALIER_UNSIGNED_INT, ESPALIER_NOTIFY_CAN_DENY,
				 .description = "Seconds since the device was restarted"},
	[DEVICE_INFO_FIRST_USE_DATE] = {"FirstUseDate", ESPALIER_DATE_TIME,
					.description = "When the device first reached an ACS with its clock set"},
	[DEVICE_INFO_VENDOR_CONFIG_FILE_NUMBER_OF_ENTRIES] =
		{"VendorConfigFileNumberOfEntries", ESPALIER_UNSIGNED_INT,
		 .description = "Number of entries in the VendorConfigFile table"},
	[DEVICE_INFO_VENDOR_LOG_FILE_NUMBER_OF_ENTRIES] = {"VendorLogFileNumberOfEntries", ESPALIER_UNSIGNED_INT,
							   .description =
								   "Number of entries in the VendorLogFile table"},
	{0},
};

enum { MEMORY_TOTAL, MEMORY_FREE };

const struct espalier_parameter memory_status_parameters[] = {
	[MEMORY_TOTAL] = {"Total", ESPALIER_UNSIGNED_INT, .description = "Physical memory, KiB"},
	[MEMORY_FREE] = {"Free", ESPALIER_UNSIGNED_INT, ESPALIER_NOTIFY_CAN_DENY,
			 .description = "Free physical memory, KiB"},
	{0},
};

int device_info_fill(struct own *own, const struct identity *identity)
{
	const struct {
		uint32_t parameter;
		const char *text;
	} texts[] = {
		{DEVICE_INFO_MANUFACTURER, identity->manufacturer},
		{DEVICE_INFO_MANUFACTURER_OUI, identity->oui},
		{DEVICE_INFO_MODEL_NAME, identity->model_name},
		{DEVICE_INFO_PRODUCT_CLASS, identity->product_class},
		{DEVICE_INFO_SERIAL_NUMBER, identity->serial_number},
		{DEVICE_INFO_HARDWARE_VERSION, identity->hardware_version},
		{DEVICE_INFO_SOFTWARE_VERSION, identity->software_version},
		{DEVICE_INFO_FIRST_USE_DATE, DATE_TIME_UNKNOWN},
	};
	struct espalier_row row = own_row(own, OWN_DEVICE_INFO);
	int error = espalier_begin(own->writer, row);

	for (size_t i = 0; !error && i < sizeof(texts) / sizeof(*texts); i++)
		error = espalier_set_string(own->writer, row, texts[i].parameter, texts[i].text);
	return error ? error : espalier_commit(own->writer, row);
}

static void memory_refresh(struct own *own)
{
	struct espalier_row row = own_row(own, OWN_MEMORY_STATUS);
	unsigned long long total = 0, free = 0;
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemTotal: %llu", &total) != 1 && sscanf(line, "MemFree: %llu", &free) == 1)
			break;
	}
	fclose(file);
	if (espalier_begin(own->writer, row))
		return;
	espalier_set_unsigned(own->writer, row, MEMORY_TOTAL, total < UINT32_MAX ? total : UINT32_MAX);
	espalier_set_unsigned(own->writer, row, MEMORY_FREE, free < UINT32_MAX ? free : UINT32_MAX);
	espalier_commit(own->writer, row);
}

void device_info_refresh(struct own *own)
{
	struct espalier_row row = own_row(own, OWN_DEVICE_INFO);
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	if (!espalier_begin(own->writer, row)) {
		espalier_set_unsigned(own->writer, row, DEVICE_INFO_UP_TIME,
				      now.tv_sec < UINT32_MAX ? (uint32_t)now.tv_sec : UINT32_MAX);
		espalier_commit(own->writer, row);
	}
	memory_refresh(own);
}
