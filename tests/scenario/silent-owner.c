/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An owner with a method that it never answers, and a parameter that it answers for at once. */
#include <errno.h>
#include <espalier.h>
#include <stdio.h>

static const struct espalier_parameter level[] = {
	{.name = "Level", .type = ESPALIER_UNSIGNED_INT, .flags = ESPALIER_WRITABLE},
	{.name = NULL},
};
static const struct espalier_parameter none[] = {{.name = NULL}};
static const struct espalier_object objects[] = {
	{.path = "Device.X_EXAMPLE_Owner.", .parameters = level},
	{.path = "Device.X_EXAMPLE_Silence.", .parameters = none, .flags = ESPALIER_OPERATION},
	{.path = "Device.X_EXAMPLE_Echo.", .parameters = none, .flags = ESPALIER_OPERATION},
	{.path = NULL},
};

static int operate(struct espalier_writer *writer, struct espalier_request *request, const char *command,
		   const struct espalier_value *arguments, size_t count, void *context)
{
	(void)writer, (void)request, (void)arguments, (void)count, (void)context;
	fprintf(stderr, "called %s\n", command);
	return command[sizeof("Device.X_EXAMPLE_") - 1] == 'S' ? ESPALIER_PENDING : ESPALIER_OK;
}

int main(void)
{
	static const struct espalier_owner owner = {.operate = operate};
	struct espalier_writer_options options = {.name = "silent", .objects = objects, .owner = &owner};
	struct espalier_writer *writer;
	int error;

	if (espalier_writer_open(&writer, &options) < 0)
		return 1;
	espalier_writer_publish(writer);
	do
		error = espalier_writer_serve(writer, -1);
	while (error == 0 || error == -EINTR);
	espalier_writer_close(writer);
	return 0;
}
