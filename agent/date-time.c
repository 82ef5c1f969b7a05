// SPDX-License-Identifier: GPL-2.0-or-later
// The dateTime of TR-106 (ISO 8601) as seconds.
#include "agent/date-time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Reads exactly `digits` digits at *at, and moves behind them.
static int number(const char **at, int digits, int low, int high, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return -EINVAL;
		*value = *value * 10 + (**at - '0');
	}
	return *value < low || *value > high ? -EINVAL : 0;
}

static int separator(const char **at, char wanted)
{
	return *(*at)++ == wanted ? 0 : -EINVAL;
}

// Days from 1970-01-01 to a date of the Gregorian calendar.
static int64_t days(int64_t year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t past = year - 1;
	int64_t count = past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] + day - 1;

	if (month > 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)))
		count++;
	return count - 719162;
}

int date_time_parse(const char *text, int64_t *seconds)
{
	int year, month, day, hour, minute, second, zone_hour = 0, zone_minute = 0, sign = 0;
	const char *at = text;

	if (number(&at, 4, 1, 9999, &year) || separator(&at, '-') || number(&at, 2, 1, 12, &month) ||
	    separator(&at, '-') || number(&at, 2, 1, 31, &day) || separator(&at, 'T') || number(&at, 2, 0, 23, &hour) ||
	    separator(&at, ':') || number(&at, 2, 0, 59, &minute) || separator(&at, ':') ||
	    number(&at, 2, 0, 60, &second))
		return -EINVAL;
	if (*at == '.') {
		size_t digits = strspn(at + 1, "0123456789");

		if (!digits)
			return -EINVAL;
		at += digits + 1;
	}
	if (*at == '+' || *at == '-') {
		sign = *at++ == '+' ? 1 : -1;
		if (number(&at, 2, 0, 14, &zone_hour) || separator(&at, ':') || number(&at, 2, 0, 59, &zone_minute))
			return -EINVAL;
	} else if (*at == 'Z') {
		at++;
	}
	if (*at)
		return -EINVAL;
	*seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second -
		   sign * (zone_hour * 3600 + zone_minute * 60);
	return 0;
}

int date_time_unknown(int64_t seconds)
{
	return seconds < DATE_TIME_YEAR_1 + 366 * 86400;
}

// The years 1 and 1970 have the same days; not every time_t reaches back to the first.
static void format_year_1(int64_t seconds, char buffer[DATE_TIME_SIZE])
{
	time_t since = seconds < DATE_TIME_YEAR_1 ? 0 : (time_t)(seconds - DATE_TIME_YEAR_1);
	struct tm broken;
	size_t length;

	gmtime_r(&since, &broken);
	length = (size_t)snprintf(buffer, DATE_TIME_SIZE, "%04d", (broken.tm_year - 69) % 10000);
	strftime(buffer + length, DATE_TIME_SIZE - length, "-%m-%dT%H:%M:%SZ", &broken);
}

void date_time_format_utc(int64_t seconds, char buffer[DATE_TIME_SIZE])
{
	time_t time = (time_t)seconds;
	struct tm broken;

	if (date_time_unknown(seconds)) {
		format_year_1(seconds, buffer);
		return;
	}
	gmtime_r(&time, &broken);
	strftime(buffer, DATE_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &broken);
}

void date_time_format_local(int64_t seconds, char buffer[DATE_TIME_SIZE])
{
	time_t time = (time_t)seconds;
	struct tm broken;
	long minutes;
	size_t length;

	if (date_time_unknown(seconds)) {
		format_year_1(seconds, buffer);
		return;
	}
	localtime_r(&time, &broken);
	length = strftime(buffer, DATE_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &broken);
	minutes = labs(broken.tm_gmtoff) / 60;
	snprintf(buffer + length, DATE_TIME_SIZE - length, "%c%02ld:%02ld", broken.tm_gmtoff < 0 ? '-' : '+',
		 minutes / 60, minutes % 60);
}
