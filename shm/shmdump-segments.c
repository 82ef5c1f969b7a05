/* SPDX-License-Identifier: BSD-2-Clause */
/* The segments: whose they are, whether their owners live, and how full they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shm/format.h"
#include "shm/shmdump.h"

/** Columns of the table; the last one is not padded. */
enum { COLUMNS = 7 };

/** A table's line, escaped. */
struct line {
	char *cells[COLUMNS];
};

static char *escaped(const char *text)
{
	char *copy = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&copy, &size);

	if (!stream)
		return NULL;
	if (text && *text)
		format_escaped(stream, text, strlen(text));
	else
		putc_unlocked('-', stream);
	fclose(stream);
	return copy;
}

static void fill(struct line *line, const struct espalier_segment_status *segment)
{
	char rows[24] = "", used[2 * FORMAT_SHORT_SIZE + 2] = "", age[FORMAT_SHORT_SIZE] = "";
	char one[FORMAT_SHORT_SIZE], other[FORMAT_SHORT_SIZE];

	if (!segment->problem) {
		snprintf(rows, sizeof(rows), "%u", (unsigned int)segment->rows);
		format_bytes(one, segment->bytes_used);
		format_bytes(other, segment->bytes);
		snprintf(used, sizeof(used), "%s/%s", one, other);
		if (segment->age >= 0)
			format_age(age, (uint64_t)(segment->age * 1000));
	}
	line->cells[0] = escaped(segment->name);
	line->cells[1] = escaped(segment->program);
	line->cells[2] = escaped(segment->version);
	line->cells[3] = escaped(segment->problem ? "broken" : segment->alive ? "alive" : "dead");
	line->cells[4] = escaped(rows);
	line->cells[5] = escaped(used);
	line->cells[6] = escaped(age);
}

static void print(const struct line *lines, uint32_t count)
{
	size_t widths[COLUMNS] = {0};

	for (uint32_t i = 0; i < count; i++)
		for (int j = 0; j < COLUMNS; j++)
			if (lines[i].cells[j] && strlen(lines[i].cells[j]) > widths[j])
				widths[j] = strlen(lines[i].cells[j]);
	for (uint32_t i = 0; i < count; i++)
		for (int j = 0; j < COLUMNS; j++)
			printf("%-*s%s", j + 1 < COLUMNS ? (int)widths[j] : 0,
			       lines[i].cells[j] ? lines[i].cells[j] : "", j + 1 < COLUMNS ? "  " : "\n");
}

int shmdump_segments(struct shmdump *shmdump)
{
	static const char *const titles[COLUMNS] = {"SEGMENT", "OWNER",	     "VERSION", "STATE",
						    "ROWS",    "USED/BYTES", "AGE"};
	uint32_t count;
	const struct espalier_segment_status *segments = espalier_reader_segments(shmdump->reader, &count);
	struct line *lines = calloc(count + 1, sizeof(*lines));

	if (!lines) {
		shmdump_complain("out of memory");
		return SHMDUMP_OUTPUT;
	}
	for (int j = 0; j < COLUMNS; j++)
		lines[0].cells[j] = escaped(titles[j]);
	for (uint32_t i = 0; i < count; i++)
		fill(&lines[i + 1], &segments[i]);
	print(lines, count + 1);
	for (uint32_t i = 0; i <= count; i++)
		for (int j = 0; j < COLUMNS; j++)
			free(lines[i].cells[j]);
	free(lines);
	return shmdump_flush();
}
