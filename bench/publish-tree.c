/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Publishes a tree of a given number of parameters in the run folder ($ESPALIER_DIR), for the benchmarks that need a
 * whole agent: interfaces with 5 parameters of various types and 15 counters each, as TR-181 has them.
 *
 *     publish-tree PARAMETERS [MILLISECONDS]
 *
 * Prints "published COUNT". Gives every counter a new value each MILLISECONDS, and at each line of standard input,
 * which it answers with "updated"; ends at the end of standard input.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shm/espalier.h"

enum { COUNTERS = 15, OTHERS = 5, ROW_PARAMETERS = COUNTERS + OTHERS, PARAMETERS_MAXIMUM = 10000000 };
enum { ENABLE, STATUS, NAME, LAST_CHANGE, MAC_ADDRESS };
enum { INTERFACE, STATS };

static const struct espalier_parameter interface_parameters[] = {
	[ENABLE] = {.name = "Enable", .type = ESPALIER_BOOLEAN},
	[STATUS] = {.name = "Status", .type = ESPALIER_STRING, .reserve = 16},
	[NAME] = {.name = "Name", .type = ESPALIER_STRING, .reserve = 16},
	[LAST_CHANGE] = {.name = "LastChange", .type = ESPALIER_UNSIGNED_INT},
	[MAC_ADDRESS] = {.name = "MACAddress", .type = ESPALIER_STRING, .reserve = 20},
	{0},
};

#define COUNTER(text)                                                                                                  \
	{                                                                                                              \
		.name = text, .type = ESPALIER_UNSIGNED_LONG                                                           \
	}

static const struct espalier_parameter stats_parameters[COUNTERS + 1] = {
	COUNTER("BytesSent"),
	COUNTER("BytesReceived"),
	COUNTER("PacketsSent"),
	COUNTER("PacketsReceived"),
	COUNTER("ErrorsSent"),
	COUNTER("ErrorsReceived"),
	COUNTER("UnicastPacketsSent"),
	COUNTER("UnicastPacketsReceived"),
	COUNTER("DiscardPacketsSent"),
	COUNTER("DiscardPacketsReceived"),
	COUNTER("MulticastPacketsSent"),
	COUNTER("MulticastPacketsReceived"),
	COUNTER("BroadcastPacketsSent"),
	COUNTER("BroadcastPacketsReceived"),
	COUNTER("UnknownProtoPacketsReceived"),
};

static const struct espalier_object objects[] = {
	[INTERFACE] = {.path = "Device.X_EXAMPLE-ORG_Bench.Interface.{i}.", .parameters = interface_parameters},
	[STATS] = {.path = "Device.X_EXAMPLE-ORG_Bench.Interface.{i}.Stats.", .parameters = stats_parameters},
	{0},
};

static void must(int error, const char *what)
{
	if (error < 0)
		errx(1, "%s: %s (%s)", what, strerror(-error), espalier_error_text());
}

/* Counters of very different length, as real ones have: from one digit to nineteen. */
static void update_stats(struct espalier_writer *writer, struct espalier_row row, uint64_t seed)
{
	must(espalier_begin(writer, row), "espalier_begin");
	for (uint32_t i = 0; i < COUNTERS; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		espalier_set_unsigned(writer, row, i, seed >> (1 + seed % 61));
	}
	espalier_commit(writer, row);
}

static struct espalier_row add(struct espalier_writer *writer, uint32_t instance)
{
	struct espalier_row row, stats;
	char text[32];

	must(espalier_instance_add(writer, INTERFACE, (struct espalier_row){0, 0}, instance, &row), "instance_add");
	must(espalier_begin(writer, row), "espalier_begin");
	espalier_set_boolean(writer, row, ENABLE, true);
	espalier_set_string(writer, row, STATUS, instance % 3 ? "Up" : "LowerLayerDown");
	snprintf(text, sizeof(text), "eth%u", instance);
	espalier_set_string(writer, row, NAME, text);
	espalier_set_unsigned(writer, row, LAST_CHANGE, instance * 7);
	snprintf(text, sizeof(text), "02:00:%02X:%02X:%02X:%02X", instance >> 24, instance >> 16 & 255,
		 instance >> 8 & 255, instance & 255);
	espalier_set_string(writer, row, MAC_ADDRESS, text);
	espalier_commit(writer, row);
	stats = espalier_row_of(writer, STATS, row);
	update_stats(writer, stats, instance);
	must(espalier_instance_publish(writer, row), "instance_publish");
	return stats;
}

static void update_all(struct espalier_writer *writer, const struct espalier_row *stats, uint32_t rows)
{
	static uint64_t round;

	round++;
	for (uint32_t i = 0; i < rows; i++)
		update_stats(writer, stats[i], round * rows + i);
}

static void serve(struct espalier_writer *writer, const struct espalier_row *stats, uint32_t rows, int interval)
{
	struct pollfd polls[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				 {.fd = espalier_writer_fd(writer), .events = POLLIN}};
	char line[256];

	for (;;) {
		int ready = poll(polls, 2, interval);

		if (ready < 0)
			err(1, "poll");
		if (ready == 0)
			update_all(writer, stats, rows);
		if (polls[0].revents) {
			if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
				return;
			update_all(writer, stats, rows);
			puts("updated");
			fflush(stdout);
		}
		if (polls[1].revents)
			espalier_writer_serve(writer, 0);
	}
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int interval = argc > 2 ? atoi(argv[2]) : -1;
	struct espalier_writer_options options = {.name = "bench-tree", .program = "publish-tree", .objects = objects};
	struct espalier_writer *writer;
	struct espalier_row *stats;
	uint32_t rows;

	if (count < ROW_PARAMETERS || count > PARAMETERS_MAXIMUM)
		errx(2, "usage: publish-tree PARAMETERS [MILLISECONDS], with %d to %d parameters", ROW_PARAMETERS,
		     PARAMETERS_MAXIMUM);
	rows = (uint32_t)(count / ROW_PARAMETERS);
	options.rows = 2 * rows + 16;
	must(espalier_writer_open(&writer, &options), "espalier_writer_open");
	stats = calloc(rows, sizeof(*stats));
	if (!stats)
		err(1, "%u rows", rows);
	for (uint32_t i = 0; i < rows; i++)
		stats[i] = add(writer, i + 1);
	must(espalier_writer_publish(writer), "espalier_writer_publish");
	printf("published %u\n", rows * ROW_PARAMETERS);
	fflush(stdout);
	serve(writer, stats, rows, interval);
	espalier_writer_close(writer);
	free(stats);
	return 0;
}
