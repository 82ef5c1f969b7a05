// SPDX-License-Identifier: GPL-2.0-or-later
// What the ACS prints: results always, exchanges unless quiet, XML on request.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct output_options {
	bool quiet;   // no exchanges
	bool xml;     // the bodies too
	bool heads;   // the HTTP heads too
	bool results; // the values of answers
};

extern struct output_options output_options;

/* A line of a result, printed in any case; adds the line end. */
__attribute__((format(printf, 1, 2))) void print_result(const char *format, ...);

/* A line about an exchange, not printed when quiet; adds the line end. */
__attribute__((format(printf, 1, 2))) void print_exchange(const char *format, ...);

/* `NAME = VALUE`; line ends, tabs, control characters and backslashes in the value are escaped as in C. */
void print_value(const char *name, const char *value);

/* Bytes as they are (for -x and -H). */
void print_raw(const char *data, size_t length);

/* Sends all to standard output now. */
void output_flush(void);

/* The prompt: `hide` before the first line printed in a turn of the loop, `show` after the last. */
void output_set_prompt(void (*hide)(void), void (*show)(void));
