/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the parameters that a path means, and prints them again whenever one of them changes. */
#include <espalier.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static int print(const struct espalier_node *node, uint32_t parameter, void *context)
{
	static char text[ESPALIER_VALUE_MAXIMUM], formatted[ESPALIER_VALUE_MAXIMUM + 1];
	struct espalier_value value;

	(void)context;
	if (parameter < UINT32_MAX && espalier_read(node, parameter, &value, text, sizeof(text)) == 0 &&
	    espalier_value_format(&value, formatted, sizeof(formatted)) >= 0)
		printf("%s%s = %s\n", node->path, node->object->parameters[parameter].name, formatted);
	return 0;
}

int main(int argc, char **argv)
{
	struct espalier_reader *reader;
	struct pollfd wake;
	const char *path = argc > 1 ? argv[1] : "Device.X_EXAMPLE_Port.1.Packets";

	if (espalier_reader_open(&reader, NULL) < 0) {
		fprintf(stderr, "there is no run folder\n");
		return 1;
	}
	espalier_watch(reader, path);
	wake = (struct pollfd){.fd = espalier_reader_fd(reader), .events = POLLIN};
	do {
		espalier_reader_process(reader);
		espalier_reader_refresh(reader);
		if (espalier_resolve(reader, path, strlen(path), print, NULL) < 0)
			printf("%s is not there\n", path);
		fflush(stdout);
	} while (poll(&wake, 1, -1) > 0);
	espalier_reader_close(reader);
	return 0;
}
