// SPDX-License-Identifier: GPL-2.0-or-later
// Where commands come from: arguments, a file, standard input, a prompt.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/acs/device.h"
#include "tests/acs/input.h"
#include "tests/acs/options.h"
#include "tests/acs/output.h"
#include "tests/acs/prompt.h"

static struct source standard_input = {.fd = -1};
static struct buffer line;
static bool given, more;

/* Queues one command, or runs it when it is never queued. Returns what is wrong with it, or NULL. */
static const char *take(const char *text)
{
	const char *error;
	struct command *command = command_parse(text, &error);

	if (!command)
		return error;
	if (command->kind->place == AT_ONCE) {
		command->kind->run(device_current(), command);
		print_result("done %s", command->text);
		command_free(command);
	} else {
		device_queue(device_current(), command);
	}
	return NULL;
}

static void take_live(const char *text)
{
	const char *error = take(text);

	if (!error)
		return;
	print_result("error %s", error);
	print_result("failed %.*s", (int)strcspn(text, "\r\n"), text);
}

static int take_file(const char *name)
{
	FILE *file = fopen(name, "re");
	char *text = NULL;
	size_t size = 0;
	int status = 0;

	if (!file) {
		fprintf(stderr, "espalier-acs: %s: %s\n", name, strerror(errno));
		return 2;
	}
	for (unsigned number = 1; !status && getline(&text, &size, file) >= 0; number++) {
		const char *error = take(text);

		if (error) {
			fprintf(stderr, "espalier-acs: %s:%u: %s: %.*s\n", name, number, error,
				(int)strcspn(text, "\r\n"), text);
			status = 2;
		}
	}
	free(text);
	fclose(file);
	return status;
}

static void input_over(void)
{
	if (standard_input.fd >= 0)
		loop_remove(&standard_input);
	standard_input.fd = -1;
	more = false;
}

static void input_ready(struct source *source, uint32_t events)
{
	char data[65536];
	ssize_t length = read(source->fd, data, sizeof(data));
	char *start, *end;

	(void)events;
	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (length <= 0) {
		if (line.length)
			take_live(line.data);
		input_over();
		return;
	}
	buffer_append(&line, data, (size_t)length);
	start = line.data;
	while ((end = strchr(start, '\n'))) {
		*end = '\0';
		take_live(start);
		start = end + 1;
	}
	memmove(line.data, start, strlen(start) + 1);
	line.length = strlen(line.data);
}

static int open_standard_input(void)
{
	more = true;
	given = true;
	if (options.interactive && isatty(STDIN_FILENO)) {
		prompt_open(take_live, input_over);
		return 0;
	}
	standard_input.fd = STDIN_FILENO;
	standard_input.ready = input_ready;
	if (loop_add(&standard_input, EPOLLIN) == 0)
		return 0;
	// epoll refuses plain files
	standard_input.fd = -1;
	more = false;
	return take_file("/dev/stdin");
}

int input_open(void)
{
	for (char **command = options.commands; *command; command++) {
		const char *error = take(*command);

		given = true;
		if (error) {
			fprintf(stderr, "espalier-acs: %s: %s\n", error, *command);
			return 2;
		}
	}
	if (options.file && strcmp(options.file, "-")) {
		int status = take_file(options.file);

		given = true;
		if (status)
			return status;
	}
	return options.interactive || (options.file && !strcmp(options.file, "-")) ? open_standard_input() : 0;
}

bool input_ended(void)
{
	return given && !more;
}

void input_close(void)
{
	prompt_close();
	buffer_free(&line);
}
