/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The crash test's reader: reads everything again and again, and follows the segments that die and are replaced. */
#include "tests/crash/crash-rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_BETWEEN = 50 };

/* Numbers of one row never go back; `newest` is the last one that this reader saw. */
static void note_number(uint32_t number, uint32_t *newest, struct crash_counts *counts)
{
	if (!number)
		return;
	if (number < *newest) {
		fprintf(stderr, "update %u after %u\n", number, *newest);
		counts->wrong++;
	}
	*newest = number;
}

static void read_by_handle(const struct espalier_handle *handle, uint32_t *newest, struct crash_counts *counts)
{
	uint64_t number;
	int error = espalier_handle_read(handle, &number);

	counts->reads++;
	if (error == -EAGAIN)
		counts->stuck++;
	if (error == 0)
		note_number((uint32_t)number, newest, counts);
}

_Noreturn void crash_read(const char *folder, struct crash_shared *shared, uint32_t number)
{
	struct crash_counts *counts = &shared->counts[number];
	struct espalier_reader *reader;
	uint32_t newest = 0;

	if (espalier_reader_open(&reader, folder) < 0)
		exit(1);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		const struct espalier_node *nodes;
		struct espalier_handle handle;
		uint32_t count, single;
		int64_t index;

		if (espalier_reader_refresh(reader) < 0)
			exit(1);
		index = espalier_find_object(reader, "Device.Crash.", 13);
		nodes = espalier_reader_nodes(reader, &count);
		if (index < 0)
			continue;
		single = (uint32_t)index;
		if (espalier_handle_open(&nodes[single], CRASH_NUMBER, &handle) < 0) {
			counts->wrong++;
			continue;
		}
		for (uint32_t round = 0; round < ROUNDS_BETWEEN; round++) {
			note_number(crash_check(&nodes[single], counts), &newest, counts);
			for (uint32_t i = 0; i < 10; i++)
				read_by_handle(&handle, &newest, counts);
			if (count > single + 2)
				(void)crash_check(&nodes[single + 2 + round % (count - single - 2)], counts);
		}
	}
	espalier_reader_close(reader);
	exit(0);
}
