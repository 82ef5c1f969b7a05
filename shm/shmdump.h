/* SPDX-License-Identifier: BSD-2-Clause */
/* shmdump's parts: which parameters are meant, and the forms in which they are shown. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shm/espalier.h"

/** What shmdump exits with. */
enum shmdump_exit {
	SHMDUMP_OK = 0,
	SHMDUMP_NO_PATH = 1,
	SHMDUMP_USAGE = 2,
	SHMDUMP_NO_SEGMENT = 3,
	SHMDUMP_OUTPUT = 4, /* what was shown could not be written, or memory ran out */
};

/** The forms of a listing. */
enum shmdump_form {
	SHMDUMP_TEXT,
	SHMDUMP_LONG,
	SHMDUMP_JSON,
	SHMDUMP_CSV,
};

/** What the command line asks for, and the tree. */
struct shmdump {
	struct espalier_reader *reader;
	char **paths;
	int path_count;
	double interval;  /* -w: seconds between two looks */
	char *row_buffer; /* texts of one row, see shmdump_read_row() */
	size_t row_size;
};

/** Prints "shmdump: " and a line on standard error. */
void shmdump_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Reads a row into `values` (ESPALIER_PARAMETERS_MAXIMUM of them), texts into the tool's buffer, which grows as needed
 * and holds until the next call. Tries again where a writer is busy. As espalier_read_row(), or -ENOMEM.
 */
int shmdump_read_row(struct shmdump *shmdump, const struct espalier_node *node, struct espalier_value *values,
		     uint64_t *age);

/* ---- Selection: shmdump-select.c ------------------------------------------------------------------------------- */

/** Which of the tree's present nodes and parameters the paths mean. Holds until the node list changes. */
struct selection {
	uint8_t *marks;	   /* of each node: enum selection_mark */
	uint64_t *singles; /* node << 32 | parameter, in order, for nodes of which only some are meant */
	size_t single_count, single_room;
	uint32_t node_count;
	bool all; /* everything, without marks */
};

/**
 * Finds what the paths mean, everything when there are none. `missing` (may be NULL) is called for each path that is
 * not in the tree. Returns how many paths were found, or -ENOMEM.
 */
int selection_make(struct selection *selection, struct shmdump *shmdump, void (*missing)(const char *path));
void selection_clear(struct selection *selection);

/** True when the selection has something of a node. */
bool selection_has_node(const struct selection *selection, uint32_t node);

/** True when a parameter of a node is selected. */
bool selection_has(const struct selection *selection, uint32_t node, uint32_t parameter);

/* ---- Forms: each prints to standard output and returns an exit code -------------------------------------------- */

int shmdump_list(struct shmdump *shmdump, enum shmdump_form form);
int shmdump_segments(struct shmdump *shmdump);
int shmdump_schema(struct shmdump *shmdump);
int shmdump_follow(struct shmdump *shmdump);
int shmdump_watch(struct shmdump *shmdump);

/** Flushes standard output: SHMDUMP_OK, or SHMDUMP_OUTPUT after a message (none for a closed pipe). */
int shmdump_flush(void);

/** Set by SIGINT, SIGTERM and SIGHUP after shmdump_catch_signals(). */
extern volatile int shmdump_interrupted;

/** Makes the signals that end the program set shmdump_interrupted, in -f and -w. */
void shmdump_catch_signals(void);

/* ---- What was seen at the last look: shmdump-track.c ----------------------------------------------------------- */

/** One parameter. */
struct track_value {
	uint64_t seen;	    /* a number's bits, or the hash of a text */
	uint64_t beginning; /* a text's first eight bytes, the first one highest */
	double rate;	    /* change per second, numbers only */
	uint64_t changed;   /* time (ms) of the look that found the last change; 0: none yet */
	uint32_t row;	    /* index into track.rows */
	uint32_t parameter; /* in its object */
};

/** One row. */
struct track_row {
	const char *path; /* a copy */
	const struct espalier_node *node;
	uint64_t published; /* time (ms) of its publication, as seen last */
	uint32_t version;
	uint32_t object;       /* index in its segment */
	uint32_t first, count; /* in track.values */
	bool seen;	       /* it has been read once */
	bool came;	       /* it was not there before the last track_build() */
	bool moved;	       /* it may lie elsewhere since then: its version says nothing */
};

/** All of the selection. */
struct track {
	struct track_row *rows;
	struct track_value *values;
	uint32_t row_count, value_count;
	char *paths;	  /* what track_row.path points into */
	uint32_t *sorted; /* rows by path, segment and object, for the next track_build() */
	uint64_t looked;  /* time (ms) of the last look */
	double interval;  /* seconds between two looks, for rates; 0: looks come at any time */
};

/** Called for a row that came (true) or went (false) since the last track_build(). */
typedef void track_moved(const char *path, bool came, void *context);

/** Called for a value that is not what it was. */
typedef void track_changed(struct track *track, struct track_value *value, const struct espalier_value *now,
			   void *context);

/**
 * Takes the node list in after it changed; what is known of rows that stay is kept. `moved` may be NULL. The first
 * call reports none. 0 or -ENOMEM, after which the track is as it was but its rows' nodes must not be used.
 */
int track_build(struct track *track, struct shmdump *shmdump, track_moved *moved, void *context);

/** Reads the rows that were published since the last look. `changed` may be NULL. */
void track_look(struct track *track, struct shmdump *shmdump, track_changed *changed, void *context);

/** Milliseconds of CLOCK_MONOTONIC. */
uint64_t track_now(void);

void track_clear(struct track *track);
