/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the crash test: contents that follow from a number, and a checksum of all of them in the row itself. */
#include "tests/crash/crash-rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct espalier_parameter parameters[] = {
	[CRASH_NUMBER] = {.name = "Number", .type = ESPALIER_UNSIGNED_INT},
	[CRASH_INSTANCE] = {.name = "Instance", .type = ESPALIER_UNSIGNED_INT},
	[CRASH_WIDE] = {.name = "Wide", .type = ESPALIER_UNSIGNED_LONG},
	[CRASH_SIGNED] = {.name = "Signed", .type = ESPALIER_INT},
	[CRASH_FLAG] = {.name = "Flag", .type = ESPALIER_BOOLEAN},
	[CRASH_SHORT] = {.name = "Short", .type = ESPALIER_STRING, .reserve = 64},
	[CRASH_LONG] = {.name = "Long", .type = ESPALIER_STRING, .reserve = 32},
	[CRASH_CHECKSUM] = {.name = "Checksum", .type = ESPALIER_UNSIGNED_INT},
	[CRASH_PARAMETERS] = {0},
};

const struct espalier_object crash_objects[] = {
	[CRASH_SINGLE] = {.path = "Device.Crash.", .parameters = parameters},
	[CRASH_TABLE] = {.path = "Device.Crash.Row.{i}.", .parameters = parameters},
	{0},
};

static uint32_t mix(uint32_t number)
{
	number = (number ^ number >> 16) * 0x7feb352du;
	number = (number ^ number >> 15) * 0x846ca68bu;
	return number ^ number >> 16;
}

static uint32_t add(uint32_t sum, const void *bytes, size_t length)
{
	for (const unsigned char *byte = bytes; length; length--)
		sum = (sum ^ *byte++) * 16777619u;
	return sum;
}

static uint32_t checksum(const struct espalier_value *values)
{
	uint32_t sum = 2166136261u;

	for (uint32_t i = 0; i < CRASH_CHECKSUM; i++) {
		if (i == CRASH_SHORT || i == CRASH_LONG) {
			sum = add(sum, &values[i].length, sizeof(values[i].length));
			sum = add(sum, values[i].text, values[i].length);
		} else {
			sum = add(sum, &values[i].number, sizeof(values[i].number));
		}
	}
	return sum;
}

int crash_fill(struct espalier_writer *writer, struct espalier_row row, uint32_t instance, uint32_t number)
{
	static char texts[2][CRASH_TEXT_MAXIMUM];
	uint32_t seed = mix(number);
	/* Mostly around the size that the row keeps, at times much longer. */
	uint32_t length = number % 64 == 0 ? seed % CRASH_TEXT_MAXIMUM : seed % 80;
	struct espalier_value values[CRASH_PARAMETERS] = {
		[CRASH_NUMBER] = {.type = ESPALIER_UNSIGNED_INT, .number = number},
		[CRASH_INSTANCE] = {.type = ESPALIER_UNSIGNED_INT, .number = instance},
		[CRASH_WIDE] = {.type = ESPALIER_UNSIGNED_LONG, .number = (uint64_t)mix(seed) << 32 | seed},
		[CRASH_SIGNED] = {.type = ESPALIER_INT, .integer = (int32_t)seed},
		[CRASH_FLAG] = {.type = ESPALIER_BOOLEAN, .number = seed & 1},
		[CRASH_SHORT] = {.type = ESPALIER_STRING, .text = texts[0], .length = seed % 65},
		[CRASH_LONG] = {.type = ESPALIER_STRING, .text = texts[1], .length = length},
		[CRASH_CHECKSUM] = {.type = ESPALIER_UNSIGNED_INT},
	};
	int error = espalier_begin(writer, row);

	memset(texts[0], 'a' + (int)(seed % 26), values[CRASH_SHORT].length);
	memset(texts[1], 'A' + (int)(seed % 26), length);
	values[CRASH_CHECKSUM].number = checksum(values);
	for (uint32_t i = 0; i < CRASH_PARAMETERS && error == 0; i++)
		error = espalier_set_value(writer, row, i, &values[i]);
	return error == 0 ? espalier_commit(writer, row) : error;
}

/* What the path says of the instance: 0 for the single row. */
static uint32_t instance_of(const struct espalier_node *node)
{
	uint32_t instance = 0;

	(void)sscanf(node->path, "Device.Crash.Row.%u.", &instance);
	return instance;
}

uint32_t crash_check(const struct espalier_node *node, struct crash_counts *counts)
{
	static char buffer[CRASH_BUFFER];
	struct espalier_value values[CRASH_PARAMETERS];
	int error;

	if (node->object->parameter_count != CRASH_PARAMETERS) {
		counts->wrong++;
		return 0;
	}
	error = espalier_read_row(node, values, buffer, sizeof(buffer), NULL);
	counts->reads++;
	if (error == -ESTALE)
		return 0;
	if (error == -EAGAIN) {
		counts->stuck++;
		return 0;
	}
	if (error < 0) {
		fprintf(stderr, "%s: %s\n", node->path, strerror(-error));
		counts->wrong++;
		return 0;
	}
	if (checksum(values) != values[CRASH_CHECKSUM].number) {
		counts->torn++;
		return 0;
	}
	if (values[CRASH_INSTANCE].number != instance_of(node)) {
		fprintf(stderr, "%s: has the row of instance %u\n", node->path,
			(unsigned int)values[CRASH_INSTANCE].number);
		counts->wrong++;
	}
	return (uint32_t)values[CRASH_NUMBER].number;
}
