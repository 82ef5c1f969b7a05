// SPDX-License-Identifier: GPL-2.0-or-later
// The cookies of one session with a server (RFC 6265, R-06).
#pragma once

#include "agent/url.h"

#include <stddef.h>
#include <stdint.h>

#define COOKIE_COUNT_MAX 32   // cookies kept; the oldest gives way
#define COOKIE_SIZE_MAX	 4096 // bytes of one cookie: name, value, domain and path
#define COOKIE_JAR_SIZE	 8192 // bytes of all cookies; R-06 asks for 512
#define COOKIE_HEADER_MAX                                                                                              \
	(COOKIE_JAR_SIZE + COOKIE_COUNT_MAX) // bytes of the longest Cookie header: a separator more a cookie

struct cookie {
	int64_t expiry;			    // seconds of the steady clock
	uint64_t created;		    // order of creation
	uint16_t offset;		    // of name, value, domain and path, one after the other, in the jar's bytes
	uint16_t name, value, domain, path; // their lengths
	bool host_only, secure;
};

// All fields are private. Zeroed memory is an empty jar. There is no public-suffix list: a Domain must hold an inner
// dot.
struct cookie_jar {
	struct cookie cookies[COOKIE_COUNT_MAX];
	char bytes[COOKIE_JAR_SIZE];
	uint16_t used;
	uint8_t count;
	uint64_t sequence;
};

// Forgets all cookies.
void cookie_jar_clear(struct cookie_jar *jar);

// Takes in the value of one Set-Cookie header that came in a response from `url`. `wall` is now in seconds since 1970
// (an Expires is measured by it), `steady` now in seconds of a clock that is never set (lifetimes count on it, so that
// a cookie survives the first setting of the device's clock). Returns 0, also for a cookie that the RFC wants ignored,
// or -ENOSPC for one that is too large.
int cookie_jar_set(struct cookie_jar *jar, const struct url *url, const char *header, size_t length, int64_t wall,
		   int64_t steady);

// Writes the value of the Cookie header for a request to `url`: longer paths first, then in order of creation. Returns
// its length, 0 where no cookie fits, or -ENOSPC when `size` is too small (COOKIE_HEADER_MAX always does).
int cookie_jar_header(const struct cookie_jar *jar, const struct url *url, int64_t steady, char *buffer, size_t size);
