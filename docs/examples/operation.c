/* SPDX-License-Identifier: BSD-2-Clause */
/* Offers X_EXAMPLE_Blink to the manager: a lamp blinks for some seconds, in a colour, and says which lamp it is. */
#include <errno.h>
#include <espalier.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *const colours[] = {"green", "red", NULL};
static const struct espalier_parameter blink[] = {
	{.name = "Colour", .type = ESPALIER_STRING, .flags = ESPALIER_WRITABLE, .enumeration = colours},
	{.name = "Seconds", .type = ESPALIER_UNSIGNED_INT, .flags = ESPALIER_WRITABLE, .range = "1:60"},
	{.name = "Lamp", .type = ESPALIER_STRING},
	{.name = "Text", .type = ESPALIER_STRING},
	{.name = NULL},
};
static const struct espalier_object objects[] = {
	{.path = "Device.X_EXAMPLE_Blink.", .parameters = blink, .flags = ESPALIER_OPERATION},
	{.path = NULL},
};

static int operate(struct espalier_writer *writer, struct espalier_request *request, const char *command,
		   const struct espalier_value *arguments, size_t count, void *context)
{
	const char *colour = espalier_argument(arguments, count, "Colour");
	const char *seconds = espalier_argument(arguments, count, "Seconds");
	static time_t end;
	char text[64];

	(void)writer, (void)command, (void)context; /* there is only one command */
	if (!colour)
		return ESPALIER_FAULT_ARGUMENTS;
	if (time(NULL) < end) {
		espalier_answer(request, ESPALIER_FAULT_OWN_FIRST, (struct espalier_row){0, 0}, "it blinks already");
		return ESPALIER_PENDING;
	}
	end = time(NULL) + (seconds ? atoi(seconds) : 1);
	snprintf(text, sizeof(text), "<%s & bright>", colour);
	espalier_answer_values(request, (struct espalier_operation_value[]){{"Text", text}, {"Lamp", "front"}}, 2);
	return ESPALIER_PENDING;
}

int main(void)
{
	static const struct espalier_owner owner = {.operate = operate};
	struct espalier_writer_options options = {.name = "lamp", .objects = objects, .owner = &owner};
	struct espalier_writer *writer;
	int error;

	if (espalier_writer_open(&writer, &options) < 0) {
		fprintf(stderr, "%s\n", espalier_error_text());
		return 1;
	}
	espalier_writer_publish(writer);
	do
		error = espalier_writer_serve(writer, -1);
	while (error == 0 || error == -EINTR);
	espalier_writer_close(writer);
	return 0;
}
