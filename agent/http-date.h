// SPDX-License-Identifier: GPL-2.0-or-later
// Dates in HTTP headers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reads the date of a cookie's Expires, a Retry-After or another header, in any of the forms that RFC 9110 (5.6.7)
// knows and in the sloppy ones that RFC 6265 (5.1.1) wants accepted. *seconds is set to seconds since 1970. Returns
// false for what is no date.
bool http_date_parse(const char *text, size_t length, int64_t *seconds);
