// SPDX-License-Identifier: GPL-2.0-or-later
// Programs of the device that the configuration names, with arguments: the one that reboots it, the one that resets it.
#pragma once

#include "agent/child.h"

#define DEVICE_PROGRAM_SIZE	     1024 // bytes of the configured line, with its NUL
#define DEVICE_PROGRAM_WORDS_MAXIMUM 16	  // the path and its arguments

// A path and arguments, separated by blanks: there are no quotes, and no shell looks at it.
struct device_program_words {
	char text[DEVICE_PROGRAM_SIZE];
	const char *words[DEVICE_PROGRAM_WORDS_MAXIMUM + 1]; // ended by NULL
};

// Takes a line apart. Returns 0, or -EINVAL when it is empty, too long, or does not begin with an absolute path.
int device_program_split(struct device_program_words *program, const char *line);

// For a table of configuration keys: NULL, or why the value can't be.
const char *device_program_wrong(const char *line);

// Whether the line names a program that can be started. Looks into the file system: a local one only.
bool device_program_usable(const char *line);

// Starts it, see child_start(). Returns 0 or -errno.
int device_program_start(struct child *child, const char *line, unsigned seconds);

// Says in the log how a program has ended that was to succeed. Returns whether it has.
bool device_program_succeeded(const char *line, int status, bool late);
