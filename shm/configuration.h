/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the INI configuration file into a program's own settings, as tables of keys say, with every value checked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The longest line of a file, without its newline */
#define CONFIGURATION_LINE_MAX	   1020
/** The most lines of a file */
#define CONFIGURATION_LINES_MAX	   10000
/** The most keys of all tables of a program together */
#define CONFIGURATION_KEYS_MAX	   128
/** The most patterns of a list, and the room for one of them, its NUL included */
#define CONFIGURATION_GLOBS_MAX	   32
#define CONFIGURATION_GLOB_SIZE	   64
/** Enough room for any error message of configuration_read() */
#define CONFIGURATION_MESSAGE_SIZE 1024

/** A list of shell patterns, as fnmatch(3) reads them */
struct configuration_globs {
	uint32_t count;
	char pattern[CONFIGURATION_GLOBS_MAX][CONFIGURATION_GLOB_SIZE];
};

enum configuration_kind {
	CONFIGURATION_KIND_STRING,   /* char[]
				      */
	CONFIGURATION_KIND_UNSIGNED, /* uint32_t from minimum to maximum, decimal */
	CONFIGURATION_KIND_BOOLEAN,  /* bool: yes, no, true, false, 1 or 0 */
	CONFIGURATION_KIND_CHOICE,   /* uint32_t: the index of the value in choices */
	CONFIGURATION_KIND_GLOBS,    /* struct configuration_globs; patterns separated by spaces or commas */
	CONFIGURATION_KIND_PATH,     /* char[]; empty, or an absolute path */
};

/** One key. Tables of keys are constants; the macros below fill them. */
struct configuration_key {
	const char *section;
	const char *name;
	enum configuration_kind kind;
	size_t offset; /* in the structure that holds the settings */
	size_t size;
	uint32_t minimum;
	uint32_t maximum;
	const char *const *choices;		 /* ends with NULL */
	const char *value;			 /* the default, as it would stand in the file */
	const char *(*check)(const char *value); /* texts that are not empty: NULL, or why this one can't be; or NULL */
};

#define CONFIGURATION_AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define CONFIGURATION_STRING(in, key, type, member, standard)                                                          \
	{                                                                                                              \
		.section = (in), .name = (key), .kind = CONFIGURATION_KIND_STRING, CONFIGURATION_AT(type, member),     \
		.value = (standard)                                                                                    \
	}
#define CONFIGURATION_CHECKED(in, key, type, member, standard, why_not)                                                \
	{                                                                                                              \
		.section = (in), .name = (key), .kind = CONFIGURATION_KIND_STRING, CONFIGURATION_AT(type, member),     \
		.value = (standard), .check = (why_not)                                                                \
	}
#define CONFIGURATION_UNSIGNED(in, key, type, member, low, high, standard)                                             \
	{                                                                                                              \
		.section = (in), .name = (key), .kind = CONFIGURATION_KIND_UNSIGNED, CONFIGURATION_AT(type, member),   \
		.minimum = (low), .maximum = (high), .value = (standard)                                               \
	}
#define CONFIGURATION_BOOLEAN(in, key, type, member, standard)                                                         \
	{                                                                                                              \
		.section = (in), .name = (key), .kind = CONFIGURATION_KIND_BOOLEAN, CONFIGURATION_AT(type, member),    \
		.value = (standard)                                                                                    \
	}
#define CONFIGURATION_CHOICE(in, key, type, member, names, standard)                                                   \
	{                                                                                                              \
		.section = (in), .name = (key), .kind = CONFIGURATION_KIND_CHOICE, CONFIGURATION_AT(type, member),     \
		.choices = (names), .value = (standard)                                                                \
	}
#define CONFIGURATION_GLOBS(in, key, type, member, standard)                                                           \
	{                                                                                                              \
		.section = (in), .name = (key), .kind = CONFIGURATION_KIND_GLOBS, CONFIGURATION_AT(type, member),      \
		.value = (standard)                                                                                    \
	}
#define CONFIGURATION_PATH(in, key, type, member, standard)                                                            \
	{                                                                                                              \
		.section = (in), .name = (key), .kind = CONFIGURATION_KIND_PATH, CONFIGURATION_AT(type, member),       \
		.value = (standard)                                                                                    \
	}

/** A table of keys and the structure where their values go */
struct configuration_group {
	const struct configuration_key *keys;
	size_t count;
	void *settings;
};

/**
 * configuration_read() - reads a file into the settings of all groups
 * @path: the file
 * @required: whether a file that is not there is an error; when not, all keys get their defaults
 * @groups: tables, of CONFIGURATION_KEYS_MAX keys at most together; no key in two of them
 * @group_count: how many
 * @other_sections: names, ending with NULL, of sections that belong to other programs and are passed over; or NULL
 * @message: gets, on error, one line that names the file, the line, the key and the bad value
 * @message_size: its size in bytes
 *
 * Every key of the tables gets a value: the file's, or its default. On error the settings are undefined in part: read
 * into a copy where the old ones must live on. The file is blocking disk input; nothing else is touched.
 *
 * Returns 0, -EINVAL where the file says something wrong, or the -errno of opening or reading it.
 */
int configuration_read(const char *path, bool required, const struct configuration_group *groups, size_t group_count,
		       const char *const *other_sections, char *message, size_t message_size);

/**
 * configuration_globs_match() - tells whether a name matches one of the patterns
 *
 * A pattern that starts with '!' takes out what it matches; the last pattern that matches decides. An empty list, and a
 * list of such patterns alone, starts from everything.
 */
bool configuration_globs_match(const struct configuration_globs *globs, const char *name);
