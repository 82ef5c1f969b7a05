/* SPDX-License-Identifier: BSD-2-Clause */
/* What espalier-publish has declared and published: the schema grows by lines, rows change by groups of lines. */
#pragma once

#include "shm/publish-line.h"

/** Lines of one group; a longer one is applied in parts. */
enum { PUBLISH_GROUP_MAXIMUM = 65536 };

struct publish_object;
struct publish_entry;

struct publish_tree {
	struct espalier_writer_options options; /* of the segment, but for the objects */
	struct espalier_writer *writer;		/* NULL before the first group with a declaration */
	struct espalier_numbering *numbering;	/* of the tables' instances; closed by publish_tree_close() */
	struct publish_object **objects;
	uint32_t object_count;
	void *by_path; /* of tsearch() */
	struct publish_entry *group;
	uint32_t group_count, group_room;
	struct espalier_row *begun, *created; /* rows of the group being applied */
	uint32_t begun_count, begun_room, created_count, created_room;
	void (*complain)(uint32_t line, const char *text);
};

/**
 * Takes a PARAMETER, OBJECT or DELETE into the group; nothing changes yet. `number` is the line's, for messages.
 * Returns 0, -EINVAL with a message in `error`, or -ENOMEM.
 */
int publish_tree_line(struct publish_tree *tree, const struct publish_line *line, uint32_t number,
		      char error[PUBLISH_ERROR_SIZE]);

/**
 * Applies the group: each row changes at once, new instances appear with their values. What can't be applied is told by
 * complain(). Returns 0, or -errno when the segment can't be opened or enlarged (see espalier_error_text()).
 */
int publish_tree_commit(struct publish_tree *tree);

/** Gives the group up. */
void publish_tree_abandon(struct publish_tree *tree);

/**
 * Adds an instance to a table of the writer, visible at once; one that is there already will do. `instance` 0: a number
 * that the table never had. Its number is durable before it is seen. A parameter TABLENumberOfEntries beside the table
 * follows, here and when an instance is removed. Returns 0 or -errno.
 */
int publish_tree_add(struct publish_tree *tree, uint32_t object, struct espalier_row parent, uint32_t instance,
		     struct espalier_row *row);

/** The path of a table of the writer, below `parent`: what a request to add names. 0 or -errno. */
int publish_tree_table_path(struct publish_tree *tree, uint32_t object, struct espalier_row parent,
			    char path[ESPALIER_PATH_MAXIMUM + 1]);

/** True when a parameter of the writer keeps its value out of the tree: hidden, or a command. */
bool publish_tree_is_secret(const struct publish_tree *tree, uint32_t object, uint32_t parameter);

/** Removes an instance by its row, with all that later lines declared for it. 0 or -errno. */
int publish_tree_remove(struct publish_tree *tree, struct espalier_row row);

/** Ends the segment and frees all. */
void publish_tree_close(struct publish_tree *tree);
