/* SPDX-License-Identifier: BSD-2-Clause */
/* The data types of TR-106: their names, their text forms and their limits. */
#include "shm/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shm/layout.h"

static const char *const type_names[] = {
	[ESPALIER_STRING] = "string",
	[ESPALIER_INT] = "int",
	[ESPALIER_UNSIGNED_INT] = "unsignedInt",
	[ESPALIER_LONG] = "long",
	[ESPALIER_UNSIGNED_LONG] = "unsignedLong",
	[ESPALIER_BOOLEAN] = "boolean",
	[ESPALIER_DATE_TIME] = "dateTime",
	[ESPALIER_BASE64] = "base64",
	[ESPALIER_HEX_BINARY] = "hexBinary",
	[ESPALIER_DECIMAL] = "decimal",
};

enum { TYPE_COUNT = sizeof(type_names) / sizeof(type_names[0]) };

const char *espalier_type_name(enum espalier_type type)
{
	return (unsigned int)type < TYPE_COUNT && type_names[type] ? type_names[type] : "unknown";
}

int espalier_type_of_name(const char *name, size_t length)
{
	for (int type = ESPALIER_STRING; type < TYPE_COUNT; type++)
		if (strlen(type_names[type]) == length && memcmp(type_names[type], name, length) == 0)
			return type;
	return -EINVAL;
}

bool layout_is_text(uint32_t type, uint32_t flags)
{
	if (flags & ESPALIER_LIST)
		return true;
	switch (type) {
	case ESPALIER_INT:
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_LONG:
	case ESPALIER_UNSIGNED_LONG:
	case ESPALIER_BOOLEAN:
		return false;
	default:
		return true;
	}
}

uint32_t layout_words(uint32_t type, uint32_t flags, uint32_t capacity)
{
	if (layout_is_text(type, flags))
		return 1 + capacity / 4;
	return type == ESPALIER_LONG || type == ESPALIER_UNSIGNED_LONG ? 2 : 1;
}

uint32_t layout_row_size(uint32_t slot_words)
{
	uint32_t size = (ESPALIER_ROW_HEADER_WORDS + 2 * slot_words) * (uint32_t)sizeof(uint32_t);

	return (size + LAYOUT_ROW_ALIGNMENT - 1) & ~(uint32_t)(LAYOUT_ROW_ALIGNMENT - 1);
}

/* Parses an optionally signed decimal number that fills `text` entirely. */
static int parse_number(const char *text, size_t length, bool *negative, uint64_t *magnitude)
{
	size_t i = 0;
	uint64_t number = 0;

	*negative = length && text[0] == '-';
	if (length && (text[0] == '-' || text[0] == '+'))
		i++;
	if (i == length)
		return -EINVAL;
	for (; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(number, (uint64_t)10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			return -ERANGE;
	}
	*magnitude = number;
	return 0;
}

/* Three-way comparison of two numbers in sign and magnitude. */
static int compare_numbers(bool a_negative, uint64_t a, bool b_negative, uint64_t b)
{
	a_negative = a_negative && a;
	b_negative = b_negative && b;
	if (a_negative != b_negative)
		return a_negative ? -1 : 1;
	if (a == b)
		return 0;
	return (a < b) != a_negative ? -1 : 1;
}

/* Looks whether a number is in one of the "low:high" pairs. -EINVAL when the pairs are not well formed. */
static int check_range(const char *range, bool negative, uint64_t magnitude)
{
	bool found = false;

	while (*range) {
		size_t length = strcspn(range, ",");
		const char *colon = memchr(range, ':', length);
		const char *high = colon ? colon + 1 : range;
		size_t low_length = colon ? (size_t)(colon - range) : length;
		size_t high_length = length - (size_t)(high - range);
		bool low_negative, high_negative, inside = true;
		uint64_t bound;

		if (low_length) {
			if (parse_number(range, low_length, &low_negative, &bound) < 0)
				return -EINVAL;
			inside = compare_numbers(negative, magnitude, low_negative, bound) >= 0;
		}
		if (high_length) {
			if (parse_number(high, high_length, &high_negative, &bound) < 0)
				return -EINVAL;
			inside = inside && compare_numbers(negative, magnitude, high_negative, bound) <= 0;
		}
		if (!low_length && !high_length)
			return -EINVAL;
		found = found || inside;
		range += length + (range[length] == ',');
	}
	return found ? 0 : -ERANGE;
}

int value_range_valid(const char *range)
{
	return !range || !*range || check_range(range, false, 0) != -EINVAL ? 0 : -EINVAL;
}

size_t value_characters(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Well-formed UTF-8 without surrogates, overlong forms or U+0000. */
static bool valid_utf8(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + length;

	while (p < end) {
		uint32_t code;
		int more;

		if (*p == 0)
			return false;
		if (*p < 0x80) {
			p++;
			continue;
		}
		if (*p >= 0xc2 && *p <= 0xdf)
			code = *p & 0x1f, more = 1;
		else if (*p >= 0xe0 && *p <= 0xef)
			code = *p & 0x0f, more = 2;
		else if (*p >= 0xf0 && *p <= 0xf4)
			code = *p & 0x07, more = 3;
		else
			return false;
		if (end - p <= more)
			return false;
		for (int i = 1; i <= more; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
			code = code << 6 | (p[i] & 0x3f);
		}
		if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)) ||
		    (code >= 0xd800 && code <= 0xdfff))
			return false;
		p += more + 1;
	}
	return true;
}

/* Takes exactly `count` digits and gives their number, or -1. */
static int digits(const char **text, const char *end, int count)
{
	int number = 0;

	if (end - *text < count)
		return -1;
	for (int i = 0; i < count; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		number = number * 10 + (**text - '0');
	}
	return number;
}

static bool take(const char **text, const char *end, char c)
{
	if (*text == end || **text != c)
		return false;
	(*text)++;
	return true;
}

/* XML Schema dateTime: YYYY-MM-DDThh:mm:ss, fraction and zone optional. */
static bool valid_date_time(const char *text, size_t length)
{
	static const unsigned char month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const char *end = text + length;
	int year = digits(&text, end, 4);
	int month = take(&text, end, '-') ? digits(&text, end, 2) : -1;
	int day = take(&text, end, '-') ? digits(&text, end, 2) : -1;
	int hour = take(&text, end, 'T') ? digits(&text, end, 2) : -1;
	int minute = take(&text, end, ':') ? digits(&text, end, 2) : -1;
	int second = take(&text, end, ':') ? digits(&text, end, 2) : -1;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (year < 1 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 59 || day > month_days[month - 1] + (month == 2 && leap))
		return false;
	if (take(&text, end, '.')) {
		if (text == end || *text < '0' || *text > '9')
			return false;
		while (text < end && *text >= '0' && *text <= '9')
			text++;
	}
	if (text == end || (take(&text, end, 'Z') && text == end))
		return true;
	if (!take(&text, end, '+') && !take(&text, end, '-'))
		return false;
	hour = digits(&text, end, 2);
	minute = take(&text, end, ':') ? digits(&text, end, 2) : -1;
	return hour >= 0 && hour <= 14 && minute >= 0 && minute <= 59 && text == end;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Bytes that a base64 text stands for, or -1. White space inside is allowed by XML Schema. */
static ssize_t base64_bytes(const char *text, size_t length)
{
	size_t characters = 0, padding = 0;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			padding++;
		} else if (padding || !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
					c == '+' || c == '/')) {
			return -1;
		}
		characters++;
	}
	if (characters % 4 || padding > 2 || (padding && characters < 4))
		return -1;
	return (ssize_t)(characters / 4 * 3 - padding);
}

static bool valid_decimal(const char *text, size_t length)
{
	size_t i = length && (text[0] == '-' || text[0] == '+'), figures = 0;
	bool point = false;

	for (; i < length; i++) {
		if (text[i] == '.' && !point)
			point = true;
		else if (text[i] >= '0' && text[i] <= '9')
			figures++;
		else
			return false;
	}
	return figures > 0;
}

static int parse_boolean(const char *text, size_t length, uint64_t *number)
{
	static const struct {
		const char *text;
		size_t length;
		bool value;
	} forms[] = {{"1", 1, true}, {"0", 1, false}, {"true", 4, true}, {"false", 5, false}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].length == length && memcmp(forms[i].text, text, length) == 0) {
			*number = forms[i].value;
			return 0;
		}
	}
	return -EINVAL;
}

static int check_integer(const struct espalier_parameter *parameter, bool negative, uint64_t magnitude)
{
	static const struct {
		uint64_t lowest, highest; /* magnitudes */
	} limits[] = {
		[ESPALIER_INT] = {(uint64_t)INT32_MAX + 1, INT32_MAX},
		[ESPALIER_UNSIGNED_INT] = {0, UINT32_MAX},
		[ESPALIER_LONG] = {(uint64_t)INT64_MAX + 1, INT64_MAX},
		[ESPALIER_UNSIGNED_LONG] = {0, UINT64_MAX},
	};

	if (magnitude > (negative ? limits[parameter->type].lowest : limits[parameter->type].highest))
		return -ERANGE;
	return parameter->range && *parameter->range ? check_range(parameter->range, negative, magnitude) : 0;
}

static bool in_enumeration(const struct espalier_parameter *parameter, const char *text, size_t length)
{
	if (!parameter->enumeration)
		return true;
	for (const char *const *value = parameter->enumeration; *value; value++)
		if (strlen(*value) == length && memcmp(*value, text, length) == 0)
			return true;
	return false;
}

/* Checks one value (or one item of a list) that is kept as text. */
static int check_text(const struct espalier_parameter *parameter, const char *text, size_t length)
{
	bool negative;
	uint64_t number;
	ssize_t size = (ssize_t)length;
	int error;

	switch (parameter->type) {
	case ESPALIER_INT:
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_LONG:
	case ESPALIER_UNSIGNED_LONG:
		error = parse_number(text, length, &negative, &number);
		return error < 0 ? error : check_integer(parameter, negative, number);
	case ESPALIER_BOOLEAN:
		return parse_boolean(text, length, &number);
	case ESPALIER_DATE_TIME:
		return valid_date_time(text, length) ? 0 : -EINVAL;
	case ESPALIER_BASE64:
		size = base64_bytes(text, length);
		break;
	case ESPALIER_HEX_BINARY:
		for (size_t i = 0; i < length; i++)
			if (!is_hex(text[i]))
				return -EINVAL;
		size = length % 2 ? -1 : (ssize_t)(length / 2);
		break;
	case ESPALIER_DECIMAL:
		return valid_decimal(text, length) ? 0 : -EINVAL;
	case ESPALIER_STRING:
		if (!valid_utf8(text, length))
			return -EINVAL;
		size = (ssize_t)value_characters(text, length);
		break;
	}
	if (size < 0)
		return -EINVAL;
	if (parameter->maximum_length && (size_t)size > parameter->maximum_length)
		return -ERANGE;
	return in_enumeration(parameter, text, length) ? 0 : -ERANGE;
}

/* TR-106 3.2.3: items by commas, blanks around them don't count. An empty list has no item. */
static int check_list(const struct espalier_parameter *parameter, const char *text, size_t length)
{
	const char *end = text + length;
	uint64_t count = 0;

	if (!valid_utf8(text, length))
		return -EINVAL;
	for (const char *item = text; length && item <= end; count++) {
		const char *comma = memchr(item, ',', (size_t)(end - item));
		const char *next = comma ? comma + 1 : end + 1, *last = comma ? comma : end;
		int error;

		while (item < last && *item == ' ')
			item++;
		while (last > item && last[-1] == ' ')
			last--;
		error = check_text(parameter, item, (size_t)(last - item));
		if (error < 0)
			return error;
		item = next;
	}
	return parameter->items && *parameter->items ? check_range(parameter->items, false, count) : 0;
}

enum espalier_type value_type(const struct espalier_parameter *parameter)
{
	return parameter->flags & ESPALIER_LIST ? ESPALIER_STRING : parameter->type;
}

int value_check(const struct espalier_parameter *parameter, const struct espalier_value *value)
{
	if (value->type != value_type(parameter))
		return -EINVAL;
	if (layout_is_text(parameter->type, parameter->flags)) {
		if (value->length > ESPALIER_VALUE_MAXIMUM)
			return -ERANGE;
		/* Programs publish an unknown time or an enumeration not known yet as the empty text. */
		if (value->length == 0)
			return 0;
		if (parameter->flags & ESPALIER_LIST)
			return check_list(parameter, value->text, value->length);
		/* A kernel's or a device's own bytes need not be UTF-8: encoders replace what is not. */
		if (parameter->type == ESPALIER_STRING && !parameter->enumeration)
			return parameter->maximum_length &&
					       value_characters(value->text, value->length) > parameter->maximum_length
				       ? -ERANGE
				       : 0;
		return check_text(parameter, value->text, value->length);
	}
	switch (parameter->type) {
	case ESPALIER_INT:
	case ESPALIER_LONG:
		return check_integer(parameter, value->integer < 0,
				     value->integer < 0 ? -(uint64_t)value->integer : (uint64_t)value->integer);
	case ESPALIER_BOOLEAN:
		return value->number <= 1 ? 0 : -ERANGE;
	default:
		return check_integer(parameter, false, value->number);
	}
}

int espalier_value_parse(const struct espalier_parameter *parameter, const char *text, size_t length,
			 struct espalier_value *value)
{
	bool negative;
	uint64_t magnitude;
	int error;

	if (length > ESPALIER_VALUE_MAXIMUM)
		return -ERANGE;
	value->type = value_type(parameter);
	value->length = 0;
	if (layout_is_text(parameter->type, parameter->flags)) {
		value->text = text;
		value->length = (uint32_t)length;
		return parameter->flags & ESPALIER_LIST ? check_list(parameter, text, length)
							: check_text(parameter, text, length);
	}
	if (parameter->type == ESPALIER_BOOLEAN)
		return parse_boolean(text, length, &value->number);
	error = parse_number(text, length, &negative, &magnitude);
	if (error == 0)
		error = check_integer(parameter, negative, magnitude);
	if (error < 0)
		return error;
	value->number = negative ? -magnitude : magnitude;
	return 0;
}

ssize_t espalier_value_format(const struct espalier_value *value, char *buffer, size_t size)
{
	char number[24];
	const char *text = number;
	size_t length;

	switch (value->type) {
	case ESPALIER_INT:
	case ESPALIER_LONG:
		length = (size_t)snprintf(number, sizeof(number), "%" PRId64, value->integer);
		break;
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
		length = (size_t)snprintf(number, sizeof(number), "%" PRIu64, value->number);
		break;
	case ESPALIER_BOOLEAN:
		text = value->number ? "1" : "0";
		length = 1;
		break;
	default:
		text = value->text;
		length = value->length;
	}
	if (length >= size)
		return -ENOSPC;
	memcpy(buffer, text, length);
	buffer[length] = '\0';
	return (ssize_t)length;
}
