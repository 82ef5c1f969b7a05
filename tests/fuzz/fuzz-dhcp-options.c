// SPDX-License-Identifier: GPL-2.0-or-later
// Fuzzes what a DHCP client's script hands over: as its text, and as the bytes of each of the three options.
#include "agent/dhcp-options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text, size_t maximum)
{
	if (strlen(text) > maximum)
		abort();
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			abort();
	}
}

static void check_number(const char *text, unsigned minimum)
{
	unsigned long number = strtoul(text, NULL, 10);

	if (*text && (number < minimum || number > 65535))
		abort();
}

static void parse(const char *text, size_t length)
{
	struct dhcp_values values;
	const char *remark;
	struct url url;
	int error = dhcp_lease_parse(&values, text, length, &remark);

	if (error && (!remark || *values.url || *values.provisioning_code))
		abort();
	check_printable(values.url, URL_LENGTH_MAX);
	if (*values.url && url_parse(&url, values.url, strlen(values.url)))
		abort();
	check_printable(values.provisioning_code, DHCP_PROVISIONING_CODE_MAX);
	check_number(values.retry_minimum_wait, 1);
	check_number(values.retry_multiplier, 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"option43=", "option125=", "option17="};
	char *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	parse(copy, size);
	free(copy);
	for (size_t name = 0; name < 3 && size <= DHCP_OPTION_SIZE_MAX; name++) {
		size_t start = strlen(names[name]), length = start + 2 * size;
		char *text = malloc(length + 1);

		memcpy(text, names[name], start + 1);
		for (size_t i = 0; i < size; i++)
			snprintf(text + start + 2 * i, 3, "%02x", data[i]);
		parse(text, length);
		free(text);
	}
	return 0;
}
