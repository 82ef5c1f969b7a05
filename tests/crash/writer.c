/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The crash test's writer: updates at full speed, instances that come and go, segments that grow, until it is killed.
 */
#include "tests/crash/crash-rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSTANCES = 48, UPDATES_BETWEEN = 16 };

static const struct espalier_row none;

static void must(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "writer: %s: %s (%s)\n", what, strerror(-error), espalier_error_text());
	exit(1);
}

static uint32_t next_number(struct crash_shared *shared)
{
	/* Taken before it shows anywhere: the next writer goes on behind it, whenever this one is killed. */
	return __atomic_add_fetch(&shared->number, 1, __ATOMIC_RELAXED);
}

/* Adds the instance when it is not there, removes it when it is. */
static void toggle(struct espalier_writer *writer, struct crash_shared *shared, uint32_t instance)
{
	struct espalier_row row = espalier_instance_find(writer, CRASH_TABLE, none, instance);

	if (row.slot) {
		must(espalier_instance_remove(writer, row), "remove");
		return;
	}
	must(espalier_instance_add(writer, CRASH_TABLE, none, instance, &row), "add");
	must(crash_fill(writer, row, instance, next_number(shared)), "fill");
	must(espalier_instance_publish(writer, row), "publish an instance");
}

_Noreturn void crash_write(const char *folder, struct crash_shared *shared, unsigned int seed)
{
	struct espalier_writer_options options = {
		.name = "crash", .folder = folder, .objects = crash_objects, .rows = 4};
	struct espalier_writer *writer;
	struct espalier_row single;

	must(espalier_writer_open(&writer, &options), "open");
	single = espalier_row_of(writer, CRASH_SINGLE, none);
	must(crash_fill(writer, single, 0, next_number(shared)), "fill");
	must(espalier_writer_publish(writer), "publish");
	for (;;) {
		uint32_t instance = 1 + (uint32_t)rand_r(&seed) % INSTANCES;
		struct espalier_row row;

		for (uint32_t i = 0; i < UPDATES_BETWEEN; i++)
			must(crash_fill(writer, single, 0, next_number(shared)), "update");
		row = espalier_instance_find(writer, CRASH_TABLE, none, instance);
		if (row.slot && rand_r(&seed) % 4)
			must(crash_fill(writer, row, instance, next_number(shared)), "update an instance");
		else
			toggle(writer, shared, instance);
	}
}
