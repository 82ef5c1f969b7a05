/* SPDX-License-Identifier: BSD-2-Clause */
/* shmdump: shows the live tree. The command line, and what all forms share. */
#include "shm/shmdump.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shm/format.h"

enum {
	OUTPUT_BUFFER = 1 << 18, /* bytes of output gathered for one write() */
	ROW_BUFFER = 1 << 16,	 /* bytes for the texts of a row, at first */
	ROW_BUFFER_MAXIMUM = ESPALIER_PARAMETERS_MAXIMUM * (ESPALIER_VALUE_MAXIMUM + 1),
	ROW_TRIES = 10,
};

/** Seconds between two looks of -w. */
static const double interval_minimum = 0.1, interval_maximum = 3600;

volatile int shmdump_interrupted;

static const char help[] =
	"usage: shmdump [-j | -c | -l] [PATH ...]   values: as lines, JSON, CSV, or with type, access, owner and age\n"
	"       shmdump -w [SECONDS] [PATH ...]     a live screen\n"
	"       shmdump -f [PATH ...]               follow: one line a change\n"
	"       shmdump -s                          segments\n"
	"       shmdump -S [PATH ...]               schema\n"
	"       shmdump -V | -h                     version, help\n"
	"A path that ends with a dot means all below it; * stands for any instance.\n";

void shmdump_complain(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	/* Text of a segment or of the command line must not reach the terminal as it is. */
	fputs("shmdump: ", stderr);
	format_escaped(stderr, text, (size_t)length);
	fputc('\n', stderr);
	free(text);
}

int shmdump_read_row(struct shmdump *shmdump, const struct espalier_node *node, struct espalier_value *values,
		     uint64_t *age)
{
	for (int tries = 0;; tries++) {
		int error = shmdump->row_buffer
				    ? espalier_read_row(node, values, shmdump->row_buffer, shmdump->row_size, age)
				    : -ENOSPC;
		size_t size = shmdump->row_size ? 4 * shmdump->row_size : ROW_BUFFER;
		char *grown;

		if (error == -EAGAIN && tries < ROW_TRIES)
			continue;
		if (error != -ENOSPC || shmdump->row_size >= ROW_BUFFER_MAXIMUM)
			return error;
		grown = realloc(shmdump->row_buffer, size);
		if (!grown)
			return -ENOMEM;
		shmdump->row_buffer = grown;
		shmdump->row_size = size;
	}
}

int shmdump_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return SHMDUMP_OK;
	/* Who closed the pipe has seen enough, and needs no message. */
	if (errno != EPIPE)
		shmdump_complain("standard output: %s", strerror(errno));
	return SHMDUMP_OUTPUT;
}

static void interrupt(int number)
{
	(void)number;
	shmdump_interrupted = 1;
}

void shmdump_catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = interrupt};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/** Tells of segments that cannot be read, one line each. Returns how many can. */
static uint32_t check_segments(struct shmdump *shmdump)
{
	uint32_t count, good = 0;
	const struct espalier_segment_status *segments = espalier_reader_segments(shmdump->reader, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (segments[i].problem)
			shmdump_complain("segment %s: %s", segments[i].name, segments[i].problem);
		else
			good++;
	}
	return good;
}

/** In -f and -w a path must be there at the start. */
static int check_paths(struct shmdump *shmdump)
{
	struct selection selection;
	int status = SHMDUMP_OK;

	for (int i = 0; i < shmdump->path_count; i++) {
		struct shmdump one = {.reader = shmdump->reader, .paths = &shmdump->paths[i], .path_count = 1};

		if (selection_make(&selection, &one, NULL) == 0) {
			shmdump_complain("no such path: %s", shmdump->paths[i]);
			status = SHMDUMP_NO_PATH;
		}
		selection_clear(&selection);
	}
	return status;
}

static int show(struct shmdump *shmdump, int mode)
{
	int status;

	switch (mode) {
	case 's':
		return shmdump_segments(shmdump);
	case 'S':
		return shmdump_schema(shmdump);
	case 'j':
		return shmdump_list(shmdump, SHMDUMP_JSON);
	case 'c':
		return shmdump_list(shmdump, SHMDUMP_CSV);
	case 'l':
		return shmdump_list(shmdump, SHMDUMP_LONG);
	case 'f':
	case 'w':
		status = check_paths(shmdump);
		if (status != SHMDUMP_OK)
			return status;
		shmdump_catch_signals();
		return mode == 'f' ? shmdump_follow(shmdump) : shmdump_watch(shmdump);
	default:
		return shmdump_list(shmdump, SHMDUMP_TEXT);
	}
}

/** Opens the tree, shows it, closes it. */
static int run(struct shmdump *shmdump, int mode)
{
	int error = espalier_reader_open(&shmdump->reader, NULL), status;

	if (error == -ENOENT) {
		shmdump_complain("no segment to read: the run folder does not exist (is a collector running, is "
				 "$ESPALIER_DIR right?)");
		return SHMDUMP_NO_SEGMENT;
	}
	if (error < 0) {
		shmdump_complain("the run folder: %s", strerror(-error));
		return SHMDUMP_NO_SEGMENT;
	}
	if (check_segments(shmdump)) {
		status = show(shmdump, mode);
	} else {
		uint32_t count;

		espalier_reader_segments(shmdump->reader, &count);
		if (mode == 's' && count)
			shmdump_segments(shmdump);
		shmdump_complain("no segment to read");
		status = SHMDUMP_NO_SEGMENT;
	}
	espalier_reader_close(shmdump->reader);
	free(shmdump->row_buffer);
	return status;
}

/** A number of seconds, the first argument of -w. A path never starts with a digit. */
static bool parse_interval(const char *text, double *interval)
{
	char *end;

	if (!((text[0] >= '0' && text[0] <= '9') || text[0] == '.'))
		return false;
	*interval = strtod(text, &end);
	return *end == '\0';
}

static int parse(struct shmdump *shmdump, int argc, char **argv, int *mode)
{
	int option;

	while ((option = getopt(argc, argv, "jclwfsSVh")) != -1) {
		if (option == '?') {
			fputs(help, stderr);
			return SHMDUMP_USAGE;
		}
		if (*mode && *mode != option) {
			shmdump_complain("-%c and -%c exclude each other", *mode, option);
			return SHMDUMP_USAGE;
		}
		*mode = option;
	}
	shmdump->interval = 1;
	if (*mode == 'w' && optind < argc && parse_interval(argv[optind], &shmdump->interval)) {
		if (!(shmdump->interval >= interval_minimum && shmdump->interval <= interval_maximum)) {
			shmdump_complain("-w %s: from %g to %g seconds", argv[optind], interval_minimum,
					 interval_maximum);
			return SHMDUMP_USAGE;
		}
		optind++;
	}
	shmdump->paths = argv + optind;
	shmdump->path_count = argc - optind;
	if (*mode == 's' && shmdump->path_count) {
		shmdump_complain("-s takes no path: \"%s\"", shmdump->paths[0]);
		return SHMDUMP_USAGE;
	}
	if (*mode == 'w' && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))) {
		shmdump_complain("-w needs a terminal (-f follows without one)");
		return SHMDUMP_USAGE;
	}
	return SHMDUMP_OK;
}

int main(int argc, char **argv)
{
	struct shmdump shmdump = {0};
	int mode = 0, status;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	signal(SIGPIPE, SIG_IGN);
	status = parse(&shmdump, argc, argv, &mode);
	if (status != SHMDUMP_OK)
		return status;
	if (mode == 'h' || mode == 'V') {
		fputs(mode == 'h' ? help : "shmdump " ESPALIER_VERSION "\n", stdout);
		return shmdump_flush();
	}
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	return run(&shmdump, mode);
}
