// SPDX-License-Identifier: GPL-2.0-or-later
// The table of the file types of Download and Upload.
#include "agent/transfer-type.h"

#include "agent/transfer-configuration.h"
#include "agent/transfer-firmware.h"
#include "agent/transfer-log.h"

#include <string.h>

static const struct transfer_file_type *const types[] = {
	&transfer_firmware,
	&transfer_log,
	&transfer_configuration_down,
	&transfer_configuration_up,
	&transfer_configuration_up_instance,
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
