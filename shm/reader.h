/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reader keeps of the segments that it maps, and of its connections to their owners. */
#pragma once

#include <time.h>

#include "shm/layout.h"
#include "shm/message.h"
#include "shm/schema.h"

struct owner_link;

/** A mapped segment, or the file of one that can't be read (`problem`). */
struct espalier_segment {
	char name[ESPALIER_NAME_MAXIMUM + 1];
	struct espalier_reader *reader;
	int fd;
	const uint8_t *map;
	uint32_t size;
	int guard;
	uint64_t device, inode;
	struct timespec changed;
	struct layout_header header; /* the constant fields, checked */
	struct schema schema;
	uint32_t structure; /* as of the present nodes */
	uint32_t rows;	    /* visible */
	char problem[160];  /* empty: readable */
	bool seen;	    /* in this look at the folder */
};

struct espalier_reader {
	char *path;
	int folder;
	struct espalier_segment **segments; /* by name */
	uint32_t segment_count;
	struct espalier_segment **retired; /* replaced ones whose rows the present nodes still show */
	uint32_t retired_count;
	struct espalier_segment_status *status;

	struct espalier_node *nodes;
	uint32_t node_count;
	char *paths;	 /* what nodes' paths point into */
	uint32_t *table; /* hash of paths: node index + 1 */
	uint32_t table_mask;
	bool built;

	int epoll, inotify; /* -1 until first asked for */
	char *packet;	    /* room for one that is received */
	bool folder_changed;
	struct owner_link *links;
	char **watches;
	size_t watch_count;
	uint32_t wakes; /* found outside espalier_reader_process(), to be told by it */
};

/** A word of a segment's header that changes. */
uint32_t segment_word(const struct espalier_segment *segment, size_t offset);

/** Builds nodes from the segments: tree.c. -ENOMEM. */
int tree_build(struct espalier_reader *reader);

/** Frees nodes. */
void tree_clear(struct espalier_reader *reader);

/** Connects to owners that appeared, when there is something to watch: link.c. */
void link_update(struct espalier_reader *reader);

/** Ends all connections. */
void link_close_all(struct espalier_reader *reader);
