/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines that espalier-publish reads, by docs/man/espalier-publish.1. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shm/espalier.h"

enum publish_line_bounds {
	PUBLISH_LINE_MAXIMUM =
		4 * ESPALIER_VALUE_MAXIMUM + 8192, /* bytes of a line: a value all of "\xHH", and the rest */
	PUBLISH_ENUMERATION_MAXIMUM = 256,	   /* items of an enumeration */
	PUBLISH_ERROR_SIZE = 384,		   /* bytes of a message, with its NUL */
};

enum publish_line_kind {
	PUBLISH_NOTHING,   /* a comment */
	PUBLISH_BEGIN,	   /* "begin": only a commit ends the group that follows */
	PUBLISH_COMMIT,	   /* "commit" or an empty line */
	PUBLISH_PARAMETER, /* PATH TYPE [VALUE] */
	PUBLISH_OBJECT,	   /* PATH. object[,rw] */
	PUBLISH_DELETE,	   /* delete PATH. */
	PUBLISH_OK,	   /* ok ID [INSTANCE] */
	PUBLISH_FAULT,	   /* fault ID CODE [TEXT] */
};

/** One line. All texts are parts of the line, NUL-terminated, unescaped. */
struct publish_line {
	enum publish_line_kind kind;
	char object[ESPALIER_PATH_MAXIMUM + 1];	    /* PARAMETER: holds the path */
	const char *path;			    /* an object's, with its dot, for a PARAMETER too */
	const char *name;			    /* PARAMETER: the last component */
	uint32_t instances[ESPALIER_DEPTH_MAXIMUM]; /* numbers in the path; 0 stands for {i} */
	uint32_t depth;				    /* how many of them */
	bool placeholder;			    /* the path has a {i} */
	enum espalier_type type;
	uint32_t flags;
	bool detailed; /* limits or options were given, not just the type's name */
	uint32_t maximum_length;
	const char *range, *items;
	const char *enumeration[PUBLISH_ENUMERATION_MAXIMUM + 1];
	uint32_t enumeration_count;
	const char *value; /* NULL when the line has none */
	uint32_t length;
	uint32_t id, instance; /* answers */
	int fault;
	const char *text;
};

/**
 * Takes a line (without its newline) apart, in place; `text` has one byte of room behind `length`. Returns 0, or
 * -EINVAL with a message in `error`, which quotes what is wrong.
 */
int publish_line_parse(char *text, size_t length, struct publish_line *line, char error[PUBLISH_ERROR_SIZE]);

/** The line's declaration as the library takes it. Points into the line. */
struct espalier_parameter publish_line_parameter(const struct publish_line *line);

/**
 * The path of the schema's object: numbers become {i}. `to` holds ESPALIER_PATH_MAXIMUM + 3 * ESPALIER_DEPTH_MAXIMUM
 * bytes and a NUL. Returns its length.
 */
size_t publish_line_schema_path(const char *path, char *to);

/** Bytes for publish_line_schema_path(). */
enum { PUBLISH_SCHEMA_PATH_SIZE = ESPALIER_PATH_MAXIMUM + 3 * ESPALIER_DEPTH_MAXIMUM + 1 };
