/* SPDX-License-Identifier: BSD-2-Clause */
/* Publishes a table of ports, one of them, whose name can be set and whose counter goes up once a second. */
#include <espalier.h>
#include <stdio.h>

static const struct espalier_parameter port_parameters[] = {
	{.name = "Name", .type = ESPALIER_STRING, .maximum_length = 16, .flags = ESPALIER_WRITABLE},
	{.name = "Packets", .type = ESPALIER_UNSIGNED_LONG},
	{.name = NULL},
};
static const struct espalier_object objects[] = {
	{.path = "Device.X_EXAMPLE_Port.{i}.", .parameters = port_parameters},
	{.path = NULL},
};
static const struct espalier_owner owner = {0}; /* takes every set that type and limits allow */

int main(void)
{
	struct espalier_writer_options options = {.name = "example", .objects = objects, .owner = &owner};
	struct espalier_writer *writer;
	struct espalier_row port;
	uint64_t packets = 0;

	if (espalier_writer_open(&writer, &options) < 0) {
		fprintf(stderr, "%s\n", espalier_error_text());
		return 1;
	}
	espalier_instance_add(writer, 0, (struct espalier_row){0, 0}, 1, &port);
	espalier_begin(writer, port);
	espalier_set_string(writer, port, 0, "uplink");
	espalier_commit(writer, port);
	espalier_instance_publish(writer, port);
	espalier_writer_publish(writer);
	do {
		espalier_begin(writer, port);
		espalier_set_unsigned(writer, port, 1, packets++);
		espalier_commit(writer, port);
	} while (espalier_writer_serve(writer, 1000) == 0);
	espalier_writer_close(writer);
	return 0;
}
