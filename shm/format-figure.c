/* SPDX-License-Identifier: BSD-2-Clause */
/* Ages, rates, sizes and limits, short enough for a column. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "shm/format.h"

void format_age(char text[FORMAT_SHORT_SIZE], uint64_t milliseconds)
{
	uint64_t seconds = milliseconds / 1000;

	if (seconds < 10)
		snprintf(text, FORMAT_SHORT_SIZE, "%" PRIu64 ".%us", seconds,
			 (unsigned int)(milliseconds % 1000 / 100));
	else if (seconds < 120)
		snprintf(text, FORMAT_SHORT_SIZE, "%" PRIu64 "s", seconds);
	else if (seconds < 2 * 3600)
		snprintf(text, FORMAT_SHORT_SIZE, "%" PRIu64 "m", seconds / 60);
	else if (seconds < 2 * 86400)
		snprintf(text, FORMAT_SHORT_SIZE, "%" PRIu64 "h", seconds / 3600);
	else
		snprintf(text, FORMAT_SHORT_SIZE, "%" PRIu64 "d", seconds / 86400);
}

void format_rate(char text[FORMAT_SHORT_SIZE], double rate)
{
	static const char units[] = {0, 'k', 'M', 'G', 'T', 'P', 'E'};
	double size = fabs(rate);
	char unit[2] = {0};
	size_t i = 0;

	if (size < 0.005) {
		snprintf(text, FORMAT_SHORT_SIZE, "0");
		return;
	}
	/* 999.5 would be printed as 1000, and belongs to the next unit. */
	while (size >= 999.5 && i + 1 < sizeof(units)) {
		size /= 1000;
		i++;
	}
	unit[0] = units[i];
	snprintf(text, FORMAT_SHORT_SIZE, "%c%.*f%s", rate < 0 ? '-' : '+',
		 size < 9.995	? 2
		 : size < 99.95 ? 1
				: 0,
		 size, unit);
}

void format_bytes(char text[FORMAT_SHORT_SIZE], uint64_t bytes)
{
	static const char units[] = {'K', 'M', 'G', 'T', 'P', 'E'};
	double size = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(text, FORMAT_SHORT_SIZE, "%" PRIu64, bytes);
		return;
	}
	while (size >= 1023.95 && i + 1 < sizeof(units)) {
		size /= 1024;
		i++;
	}
	snprintf(text, FORMAT_SHORT_SIZE, "%.1f%c", size, units[i]);
}

/** Writes an enumeration's item with what would end it escaped. */
static void put_item(FILE *stream, const char *item)
{
	while (*item) {
		size_t length = strcspn(item, ",}");

		format_escaped(stream, item, length);
		item += length;
		if (*item) {
			putc_unlocked('\\', stream);
			putc_unlocked(*item++, stream);
		}
	}
}

void format_limits(FILE *stream, const struct espalier_parameter *parameter)
{
	if (parameter->maximum_length)
		fprintf(stream, "(%" PRIu32 ")", parameter->maximum_length);
	if (parameter->range && parameter->range[0])
		fprintf(stream, "[%s]", parameter->range);
	if (parameter->enumeration && parameter->enumeration[0]) {
		putc_unlocked('{', stream);
		for (size_t i = 0; parameter->enumeration[i]; i++) {
			if (i)
				putc_unlocked(',', stream);
			put_item(stream, parameter->enumeration[i]);
		}
		putc_unlocked('}', stream);
	}
	if (parameter->flags & ESPALIER_LIST) {
		fputs(",list", stream);
		if (parameter->items && parameter->items[0])
			fprintf(stream, "[%s]", parameter->items);
	}
}
