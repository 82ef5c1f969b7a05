// SPDX-License-Identifier: GPL-2.0-or-later
// The table of the file types of Download and Upload.
#include "agent/transfer-type.h"

#include "agent/transfer-configuration.h"
#include "agent/transfer-firmware.h"
#include "agent/transfer-log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct transfer_file_type *const types[] = {
	&transfer_firmware,		     // 1 Firmware Upgrade Image
	&transfer_configuration_down,	     // 3 Vendor Configuration File
	&transfer_configuration_up,	     // 1 Vendor Configuration File
	&transfer_log,			     // 2 Vendor Log File
	&transfer_configuration_up_instance, // 3 Vendor Configuration File <i>
	&transfer_log_instance,		     // 4 Vendor Log File <i>
};

// The number behind a type's name: 0 without one, -1 when there is something else.
static int64_t number_of(const char *text, size_t length)
{
	int64_t number = 0;

	if (!length)
		return 0;
	if (length < 2 || *text != ' ' || text[1] == '0')
		return -1;
	for (size_t i = 1; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || number > UINT32_MAX)
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number > UINT32_MAX ? -1 : number;
}

const struct transfer_file_type *transfer_type_find(const char *name, size_t length, enum transfer_direction direction,
						    uint32_t *instance)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct transfer_file_type *type = types[i];
		size_t own = strlen(type->name);
		int64_t number;

		if (!(type->directions & direction) || length < own || strncmp(type->name, name, own) != 0)
			continue;
		number = number_of(name + own, length - own);
		if (number < 0 || (number && !type->numbered))
			continue;
		*instance = (uint32_t)number;
		return type;
	}
	return NULL;
}

const char *transfer_type_filter(const char *name, enum transfer_direction direction)
{
	uint32_t instance;
	const struct transfer_file_type *type = transfer_type_find(name, strlen(name), direction, &instance);

	return !type ? name : type->transfer_name ? type->transfer_name : type->name;
}

void transfer_type_tell(const char *name, enum transfer_direction direction, enum cwmp_version version,
			char text[TRANSFER_FILE_TYPE_SIZE])
{
	uint32_t instance = 0;
	const struct transfer_file_type *type = transfer_type_find(name, strlen(name), direction, &instance);

	if (type && instance && type->transfer_name_numbered && version >= CWMP_1_2)
		snprintf(text, TRANSFER_FILE_TYPE_SIZE, "%s %" PRIu32, type->transfer_name_numbered, instance);
	else
		snprintf(text, TRANSFER_FILE_TYPE_SIZE, "%s", transfer_type_filter(name, direction));
}
