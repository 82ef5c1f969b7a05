// SPDX-License-Identifier: GPL-2.0-or-later
// Device.Time.: the clock as it is. Neither servers nor the zone can be set here, so nothing is writable.
#include "agent/own.h"

#include "agent/clock.h"
#include "agent/date-time.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ZONE_FOLDER "/usr/share/zoneinfo/"

enum { TIME_STATUS, TIME_CURRENT_LOCAL_TIME, TIME_LOCAL_TIME_ZONE };

const struct espalier_parameter time_parameters[] = {
	[TIME_STATUS] = {"Status", ESPALIER_STRING, .reserve = 16,
			 .enumeration = (const char *const[]){"Disabled", "Unsynchronized", "Synchronized",
							      "Error_FailedToSynchronize", "Error", NULL},
			 .description = "Whether the kernel's clock is synchronised"},
	[TIME_CURRENT_LOCAL_TIME] = {"CurrentLocalTime", ESPALIER_DATE_TIME, ESPALIER_NOTIFY_CAN_DENY,
				     .description = "Date and time in the local zone"},
	[TIME_LOCAL_TIME_ZONE] = {"LocalTimeZone", ESPALIER_STRING, .maximum_length = 256,
				  .description = "The local zone, as POSIX writes it"},
	{0},
};

// The zone in POSIX form is the last line of a zone file of version 2 or later (RFC 8536, 3.3). Returns false without
// one.
static bool zone_of_file(const char *path, char zone[257])
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	char tail[260], *end, *start;
	ssize_t length = -1;

	if (descriptor < 0)
		return false;
	if (lseek(descriptor, -(off_t)sizeof(tail) + 1, SEEK_END) >= 0 || lseek(descriptor, 0, SEEK_SET) == 0)
		length = read(descriptor, tail, sizeof(tail) - 1);
	close(descriptor);
	if (length < 2 || tail[length - 1] != '\n')
		return false;
	end = tail + length - 1;
	*end = 0;
	start = memrchr(tail, '\n', (size_t)(end - tail));
	if (!start || start + 1 == end)
		return false;
	snprintf(zone, 257, "%s", start + 1);
	return true;
}

static void local_zone(char zone[257])
{
	const char *variable = getenv("TZ");
	char path[512];

	if (!variable) {
		if (!zone_of_file("/etc/localtime", zone))
			snprintf(zone, 257, "UTC0");
		return;
	}
	variable += *variable == ':';
	snprintf(path, sizeof(path), "%s%s", *variable == '/' ? "" : ZONE_FOLDER, variable);
	if (!*variable || !zone_of_file(path, zone))
		snprintf(zone, 257, "%.250s%s", *variable ? variable : "UTC0",
			 *variable && !strpbrk(variable, "0123456789") ? "0" : "");
}

void time_refresh(struct own *own)
{
	struct espalier_row row = own_row(own, OWN_TIME);
	char now[DATE_TIME_SIZE], zone[257];

	date_time_format_local(clock_time(), now);
	local_zone(zone);
	if (espalier_begin(own->writer, row))
		return;
	espalier_set_string(own->writer, row, TIME_STATUS, clock_synchronized() ? "Synchronized" : "Unsynchronized");
	espalier_set_string(own->writer, row, TIME_CURRENT_LOCAL_TIME, now);
	espalier_set_string(own->writer, row, TIME_LOCAL_TIME_ZONE, zone);
	espalier_commit(own->writer, row);
}
