// SPDX-License-Identifier: GPL-2.0-or-later
// What a DHCP server says about the ACS: options 43 and 125 of DHCPv4, option 17 of DHCPv6.
#include "agent/dhcp-options.h"

#include "agent/retry.h"
#include "shm/hexadecimal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ENTERPRISE	3561 // ADSL Forum, now Broadband Forum
#define ENTERPRISE_SIZE 4    // bytes of an enterprise number
#define OPTION_PAD	0    // in option 43 (RFC 2132, 8.4)
#define OPTION_END	255

enum suboption {
	ACS_URL = 1,
	PROVISIONING_CODE = 2,
	RETRY_MINIMUM_WAIT = 3,
	RETRY_MULTIPLIER = 4,
};

// A part of an option.
struct bytes {
	const uint8_t *data;
	size_t length;
};

struct reading {
	struct dhcp_values *values;
	const char *remark;
};

static bool empty(const struct dhcp_values *values)
{
	return !*values->url && !*values->provisioning_code && !*values->retry_minimum_wait &&
	       !*values->retry_multiplier;
}

// ---- Values

static struct bytes without_nul(struct bytes value)
{
	while (value.length && !value.data[value.length - 1])
		value.length--;
	return value;
}

static bool printable(struct bytes value)
{
	for (size_t i = 0; i < value.length; i++) {
		if (value.data[i] < ' ' || value.data[i] > '~')
			return false;
	}
	return true;
}

static int take_url(struct reading *reading, struct bytes value)
{
	struct url url;

	value = without_nul(value);
	if (!value.length || *reading->values->url)
		return 0;
	if (value.length > URL_LENGTH_MAX || !printable(value) ||
	    url_parse(&url, (const char *)value.data, value.length)) {
		reading->remark = "the URL of the ACS is not an http or https URL";
		return -EBADMSG;
	}
	memcpy(reading->values->url, value.data, value.length);
	reading->values->url[value.length] = 0;
	return 0;
}

static void take_provisioning_code(struct reading *reading, struct bytes value)
{
	char *code = reading->values->provisioning_code;

	value = without_nul(value);
	if (*code)
		return;
	if (value.length > DHCP_PROVISIONING_CODE_MAX || !printable(value)) {
		reading->remark = "the provisioning code is left out: too long, or not printable";
		return;
	}
	memcpy(code, value.data, value.length);
	code[value.length] = 0;
}

static void take_number(struct reading *reading, struct bytes value, uint32_t minimum, char *text, size_t size)
{
	uint32_t number = 0;

	value = without_nul(value);
	if (*text || !value.length)
		return;
	for (size_t i = 0; i < value.length; i++) {
		if (value.data[i] < '0' || value.data[i] > '9' || number > RETRY_VALUE_MAXIMUM) {
			number = 0;
			break;
		}
		number = number * 10 + (value.data[i] - '0');
	}
	if (number < minimum || number > RETRY_VALUE_MAXIMUM)
		reading->remark = "a value for retries is left out: not a decimal number in its range";
	else
		snprintf(text, size, "%u", number);
}

static int take_suboption(struct reading *reading, unsigned code, struct bytes value)
{
	struct dhcp_values *values = reading->values;

	switch (code) {
	case ACS_URL:
		return take_url(reading, value);
	case PROVISIONING_CODE:
		take_provisioning_code(reading, value);
		break;
	case RETRY_MINIMUM_WAIT:
		take_number(reading, value, RETRY_MINIMUM_WAIT_LEAST, values->retry_minimum_wait,
			    sizeof(values->retry_minimum_wait));
		break;
	case RETRY_MULTIPLIER:
		take_number(reading, value, RETRY_MULTIPLIER_LEAST, values->retry_multiplier,
			    sizeof(values->retry_multiplier));
		break;
	default: // of another standard, or a later one
		break;
	}
	return 0;
}

// ---- Options

static int malformed(struct reading *reading)
{
	reading->remark = "an option is cut off or malformed";
	return -EBADMSG;
}

static size_t number_at(const uint8_t *data, size_t width)
{
	return width == 1 ? data[0] : (size_t)data[0] << 8 | data[1];
}

// Code, length and value, where the first two have `width` bytes each.
static int take_suboptions(struct reading *reading, struct bytes from, size_t width, bool encapsulated)
{
	while (from.length) {
		size_t length;
		int error;

		if (encapsulated && from.data[0] == OPTION_END)
			return 0;
		if (encapsulated && from.data[0] == OPTION_PAD) {
			from = (struct bytes){from.data + 1, from.length - 1};
			continue;
		}
		if (from.length < 2 * width)
			return malformed(reading);
		length = number_at(from.data + width, width);
		if (length > from.length - 2 * width)
			return malformed(reading);
		error = take_suboption(reading, (unsigned)number_at(from.data, width),
				       (struct bytes){from.data + 2 * width, length});
		if (error)
			return error;
		length += 2 * width;
		from = (struct bytes){from.data + length, from.length - length};
	}
	return 0;
}

static bool starts_with(struct bytes value, const char *text)
{
	return value.length >= strlen(text) && !strncasecmp((const char *)value.data, text, strlen(text));
}

static int take_vendor_specific(struct reading *reading, struct bytes option)
{
	if (starts_with(option, "http://") || starts_with(option, "https://"))
		return take_url(reading, option);
	return take_suboptions(reading, option, 1, true);
}

static uint32_t enterprise_of(const uint8_t *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

// RFC 3925, 4: enterprise number, length, data, as often as the server likes.
static int take_vendor_identifying(struct reading *reading, struct bytes option)
{
	while (option.length) {
		size_t length;
		int error = 0;

		if (option.length < ENTERPRISE_SIZE + 1)
			return malformed(reading);
		length = option.data[ENTERPRISE_SIZE];
		if (length > option.length - ENTERPRISE_SIZE - 1)
			return malformed(reading);
		if (enterprise_of(option.data) == ENTERPRISE)
			error = take_suboptions(reading, (struct bytes){option.data + ENTERPRISE_SIZE + 1, length}, 1,
						false);
		if (error)
			return error;
		length += ENTERPRISE_SIZE + 1;
		option = (struct bytes){option.data + length, option.length - length};
	}
	return 0;
}

// RFC 8415, 21.17: one enterprise an option.
static int take_vendor6(struct reading *reading, struct bytes option)
{
	if (!option.length)
		return 0;
	if (option.length < ENTERPRISE_SIZE)
		return malformed(reading);
	if (enterprise_of(option.data) != ENTERPRISE)
		return 0;
	return take_suboptions(reading, (struct bytes){option.data + ENTERPRISE_SIZE, option.length - ENTERPRISE_SIZE},
			       2, false);
}

// ---- The script's text

static int take_hexadecimal(struct reading *reading, const char *text, size_t length, uint8_t *bytes)
{
	if (length % 2 || length / 2 > DHCP_OPTION_SIZE_MAX)
		goto wrong;
	for (size_t i = 0; i < length / 2; i++) {
		int byte = hexadecimal_byte(text + 2 * i);

		if (byte < 0)
			goto wrong;
		bytes[i] = (uint8_t)byte;
	}
	return 0;
wrong:
	reading->remark = "not the bytes of an option in hexadecimal digits";
	return -EBADMSG;
}

static const struct {
	const char *start;
	int (*take)(struct reading *reading, struct bytes option);
} options[] = {
	// In the order of preference: the first that says something holds.
	{"option125=", take_vendor_identifying},
	{"option43=", take_vendor_specific},
	{"option17=", take_vendor6},
};

static int take_line(struct reading *reading, const char *start, int (*take)(struct reading *, struct bytes),
		     const char *line, size_t length)
{
	uint8_t bytes[DHCP_OPTION_SIZE_MAX];
	size_t skipped = strlen(start);
	int error;

	if (length < skipped || memcmp(line, start, skipped) != 0)
		return 0;
	error = take_hexadecimal(reading, line + skipped, length - skipped, bytes);
	return error ? error : take(reading, (struct bytes){bytes, (length - skipped) / 2});
}

static int take_lines(struct reading *reading, const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options) && empty(reading->values); i++) {
		size_t at = 0;

		while (at < length) {
			const char *newline = memchr(text + at, '\n', length - at);
			size_t count = newline ? (size_t)(newline - text) - at : length - at;
			int error = take_line(reading, options[i].start, options[i].take, text + at, count);

			if (error)
				return error;
			at += count + 1;
		}
	}
	return 0;
}

int dhcp_lease_parse(struct dhcp_values *values, const char *text, size_t length, const char **remark)
{
	struct reading reading = {.values = values};
	int error;

	memset(values, 0, sizeof(*values));
	if (length > DHCP_LEASE_SIZE_MAX) {
		reading.remark = "longer than a lease can be";
		error = -EBADMSG;
	} else {
		error = take_lines(&reading, text, length);
	}
	if (error)
		memset(values, 0, sizeof(*values));
	*remark = reading.remark;
	return error;
}
