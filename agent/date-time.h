// SPDX-License-Identifier: GPL-2.0-or-later
// The dateTime of TR-106 (ISO 8601) as seconds.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DATE_TIME_SIZE	  32 // room for a formatted one
#define DATE_TIME_UNKNOWN "0001-01-01T00:00:00Z"
#define DATE_TIME_YEAR_1  (-62135596800ll) // its beginning, in seconds since 1970

// Reads YYYY-MM-DDThh:mm:ss[.fraction][Z|+hh:mm|-hh:mm]; without a zone it is UTC, a fraction is dropped. Returns 0
// with seconds since 1970 (negative before), or -EINVAL.
int date_time_parse(const char *text, int64_t *seconds);

// Whether a time means "unknown": the year 1, which counts from the boot.
int date_time_unknown(int64_t seconds);

// Writes a time, in seconds since 1970, in UTC, with Z. It must lie before the year 10000, and not between the year 1
// and the year 1000.
void date_time_format_utc(int64_t seconds, char buffer[DATE_TIME_SIZE]);

// Writes a time in the local zone, with its offset; one of the year 1 in UTC.
void date_time_format_local(int64_t seconds, char buffer[DATE_TIME_SIZE]);
