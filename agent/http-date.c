// SPDX-License-Identifier: GPL-2.0-or-later
// Dates in HTTP headers, by the algorithm of RFC 6265, 5.1.1.
#include "agent/http-date.h"

#include <string.h>
#include <strings.h>
#include <time.h>

struct date {
	int hour, minute, second, day, month, year;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_delimiter(char c)
{
	unsigned char u = (unsigned char)c;

	return u == 0x09 || (u >= 0x20 && u <= 0x2f) || (u >= 0x3b && u <= 0x40) || (u >= 0x5b && u <= 0x60) ||
	       (u >= 0x7b && u <= 0x7e);
}

// Reads between `least` and `most` digits that no further digit follows. Returns how many, or 0.
static size_t read_number(const char *text, size_t length, size_t least, size_t most, int *number)
{
	size_t digits = 0;
	int value = 0;

	while (digits < length && digits < most && is_digit(text[digits]))
		value = value * 10 + (text[digits++] - '0');
	if (digits < least || (digits < length && is_digit(text[digits])))
		return 0;
	*number = value;
	return digits;
}

static bool read_time(const char *text, size_t length, struct date *date)
{
	int *parts[] = {&date->hour, &date->minute, &date->second};
	int values[3];
	size_t at = 0;

	for (int i = 0; i < 3; i++) {
		size_t digits = read_number(text + at, length - at, 1, 2, &values[i]);

		if (digits == 0)
			return false;
		at += digits;
		if (i < 2 && (at >= length || text[at++] != ':'))
			return false;
	}
	for (int i = 0; i < 3; i++)
		*parts[i] = values[i];
	return true;
}

static bool read_month(const char *text, size_t length, struct date *date)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	if (length < 3)
		return false;
	for (int i = 0; i < 12; i++) {
		if (strncasecmp(text, names + 3 * i, 3) == 0) {
			date->month = i + 1;
			return true;
		}
	}
	return false;
}

static void read_token(const char *text, size_t length, struct date *date)
{
	if (date->hour < 0 && read_time(text, length, date))
		return;
	if (date->day < 0 && read_number(text, length, 1, 2, &date->day))
		return;
	if (date->month < 0 && read_month(text, length, date))
		return;
	if (date->year < 0)
		read_number(text, length, 2, 4, &date->year);
}

bool http_date_parse(const char *text, size_t length, int64_t *seconds)
{
	struct date date = {-1, -1, -1, -1, -1, -1};
	struct tm time = {0};
	size_t start = 0;

	for (size_t i = 0; i <= length; i++) {
		if (i < length && !is_delimiter(text[i]))
			continue;
		if (i > start)
			read_token(text + start, i - start, &date);
		start = i + 1;
	}
	if (date.year >= 70 && date.year <= 99)
		date.year += 1900;
	else if (date.year >= 0 && date.year <= 69)
		date.year += 2000;
	if (date.hour < 0 || date.hour > 23 || date.minute > 59 || date.second > 59 || date.day < 1 || date.day > 31 ||
	    date.month < 1 || date.year < 1601)
		return false;
	time.tm_year = date.year - 1900;
	time.tm_mon = date.month - 1;
	time.tm_mday = date.day;
	time.tm_hour = date.hour;
	time.tm_min = date.minute;
	time.tm_sec = date.second;
	*seconds = timegm(&time);
	return true;
}
