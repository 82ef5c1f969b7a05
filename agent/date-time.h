// SPDX-License-Identifier: GPL-2.0-or-later
// The dateTime of TR-106 (ISO 8601) as seconds.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define DATE_TIME_SIZE	  32 // room for a formatted one
#define DATE_TIME_UNKNOWN "0001-01-01T00:00:00Z"

// Reads YYYY-MM-DDThh:mm:ss[.fraction][Z|+hh:mm|-hh:mm]; without a zone it is UTC, a fraction is dropped. Returns 0
// with seconds since 1970 (negative before), or -EINVAL.
int date_time_parse(const char *text, int64_t *seconds);

// Whether a time means "unknown": the year 1, which counts from the boot.
int date_time_unknown(int64_t seconds);

// Writes a time in UTC, with Z.
void date_time_format_utc(time_t seconds, char buffer[DATE_TIME_SIZE]);

// Writes a time in the local zone, with its offset.
void date_time_format_local(time_t seconds, char buffer[DATE_TIME_SIZE]);
