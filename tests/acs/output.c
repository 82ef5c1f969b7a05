// SPDX-License-Identifier: GPL-2.0-or-later
// What the ACS prints: results always, exchanges unless quiet, XML on request.

#include <stdarg.h>
#include <stdio.h>

#include "tests/acs/output.h"

struct output_options output_options = {.results = true};

static void (*hide_prompt)(void);
static void (*show_prompt)(void);
static bool printed;

void output_set_prompt(void (*hide)(void), void (*show)(void))
{
	hide_prompt = hide;
	show_prompt = show;
}

static void begin(void)
{
	if (!printed && hide_prompt)
		hide_prompt();
	printed = true;
}

__attribute__((format(printf, 1, 0))) static void print_line(const char *format, va_list arguments)
{
	begin();
	vprintf(format, arguments);
	putchar('\n');
}

void print_result(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
}

void print_exchange(const char *format, ...)
{
	va_list arguments;

	if (output_options.quiet)
		return;
	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
}

void print_value(const char *name, const char *value)
{
	begin();
	fputs(name, stdout);
	fputs(" = ", stdout);
	for (; *value; value++) {
		unsigned char byte = (unsigned char)*value;

		if (byte == '\n')
			fputs("\\n", stdout);
		else if (byte == '\t')
			fputs("\\t", stdout);
		else if (byte == '\r')
			fputs("\\r", stdout);
		else if (byte == '\\')
			fputs("\\\\", stdout);
		else if (byte < ' ' || byte == 127)
			printf("\\x%02x", byte);
		else
			putchar(byte);
	}
	putchar('\n');
}

void print_raw(const char *data, size_t length)
{
	begin();
	fwrite(data, 1, length, stdout);
}

void output_flush(void)
{
	if (!printed)
		return;
	fflush(stdout);
	printed = false;
	if (show_prompt)
		show_prompt();
}
