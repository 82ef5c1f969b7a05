/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts as the tree wants them: clean UTF-8, times, decimals, lists of numbers; and how sources write them. */
#include "zwave/text.h"

#include "zwave/schema.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define YEAR_9999_END INT64_C(253402300800)

/* The bytes of the character at `from`, 0 when it is none that XML and a terminal take (RFC 3629, XML 1.0 2.2). */
static size_t character(const unsigned char *from, size_t length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t size = from[0] < 0x80 ? 1 : from[0] >= 0xf0 ? 4 : from[0] >= 0xe0 ? 3 : 2;
	uint32_t code;

	if (from[0] < 0x80)
		return from[0] >= ' ' && from[0] != 0x7f ? 1 : 0;
	if (from[0] < 0xc2 || from[0] > 0xf4 || size > length)
		return 0;
	code = from[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((from[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (from[i] & 0x3fu);
	}
	if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ||
	    (code >= 0x80 && code < 0xa0) || code == 0xfffe || code == 0xffff)
		return 0;
	return size;
}

size_t text_clean(char *to, size_t size, size_t characters, const char *from, size_t length)
{
	size_t used = 0;

	for (size_t at = 0; at < length && characters > 0; characters--) {
		size_t bytes = character((const unsigned char *)from + at, length - at);

		if (used + (bytes ? bytes : 1) >= size)
			break;
		if (bytes)
			memcpy(to + used, from + at, bytes);
		else
			to[used] = '?';
		used += bytes ? bytes : 1;
		at += bytes ? bytes : 1;
	}
	to[used] = '\0';
	return used;
}

void text_time(char text[TEXT_NUMBER_SIZE], int64_t seconds)
{
	struct tm parts;
	time_t moment = (time_t)seconds;

	if (seconds <= 0 || seconds >= YEAR_9999_END || !gmtime_r(&moment, &parts) ||
	    !strftime(text, TEXT_NUMBER_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts))
		snprintf(text, TEXT_NUMBER_SIZE, "%s", SCHEMA_UNKNOWN_TIME);
}

int64_t text_time_parse(const char *text, size_t length)
{
	struct tm parts = {0};
	int used = 0, hours = 0, minutes = 0;
	char copy[TEXT_NUMBER_SIZE];
	const char *rest;
	int64_t seconds;

	if (length >= sizeof(copy))
		return 0;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (sscanf(copy, "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
		   &parts.tm_min, &parts.tm_sec, &used) != 6 ||
	    parts.tm_year < 1970 || parts.tm_mon < 1 || parts.tm_mon > 12 || parts.tm_mday < 1 || parts.tm_mday > 31 ||
	    parts.tm_hour < 0 || parts.tm_hour > 24 || parts.tm_min < 0 || parts.tm_min > 59 || parts.tm_sec < 0 ||
	    parts.tm_sec > 60)
		return 0;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	seconds = timegm(&parts);
	rest = copy + used;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (*rest == 'Z' || *rest == '\0')
		return seconds;
	if ((*rest != '+' && *rest != '-') || sscanf(rest + 1, "%2d:%2d", &hours, &minutes) != 2)
		return 0;
	return seconds - (*rest == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
}

void text_decimal(char text[TEXT_NUMBER_SIZE], double number)
{
	text[0] = '\0';
	if (!isfinite(number))
		return;
	/* A decimal of XML Schema has no exponent: what digits alone can't say is not said, or is as good as nothing.
	 */
	if (fabs(number) >= 1e17)
		return;
	for (int digits = 0; digits <= 12; digits++) {
		snprintf(text, TEXT_NUMBER_SIZE, "%.*f", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	if (strtod(text, NULL) == 0)
		snprintf(text, TEXT_NUMBER_SIZE, "0");
}

bool text_decimal_parse(const char *text, size_t length, double *number)
{
	char copy[64], *end;

	if (length == 0 || length >= sizeof(copy) || strspn(text, "+-0123456789.") < length)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*number = strtod(copy, &end);
	return *end == '\0' && end != copy && isfinite(*number);
}

bool text_unsigned(const char *text, size_t length, uint64_t limit, uint64_t *number)
{
	uint64_t value = 0;

	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*number = value;
	return value <= limit;
}

void text_list_add(struct text_list *list, uint64_t number)
{
	int length;

	if (list->length >= list->size)
		return;
	length = snprintf(list->text + list->length, list->size - list->length, "%s%" PRIu64, list->length ? "," : "",
			  number);
	if (length < 0 || (size_t)length >= list->size - list->length)
		list->text[list->length] = '\0';
	else
		list->length += (size_t)length;
}

bool text_list_next(const char **text, const char *end, char separator, const char **item, size_t *length)
{
	const char *stop;

	if (*text >= end)
		return false;
	stop = memchr(*text, separator, (size_t)(end - *text));
	*item = *text;
	*length = (size_t)((stop ? stop : end) - *text);
	*text = stop ? stop + 1 : end;
	while (*length && (**item == ' ' || **item == '\t')) {
		++*item;
		--*length;
	}
	while (*length && ((*item)[*length - 1] == ' ' || (*item)[*length - 1] == '\t'))
		--*length;
	return true;
}
