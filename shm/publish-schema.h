/* SPDX-License-Identifier: BSD-2-Clause */
/* What lines have declared: the objects and parameters of a segment's schema, in struct publish_tree. */
#pragma once

#include "shm/publish-tree.h"

/** A parameter of the schema. Its texts are its own. */
struct publish_parameter {
	struct espalier_parameter schema;
	uint32_t part;	/* index of the object's part that has it, when `published` */
	uint32_t index; /* in that part */
	bool published;
};

/** An object of the schema. What is declared later is a further object of the writer with the same path: a part. */
struct publish_object {
	char *path;
	struct publish_object *above; /* the table whose instances it lies in, or NULL */
	uint32_t depth;		      /* instance numbers in its path */
	bool table;
	uint32_t flags;
	struct publish_parameter *parameters;
	uint32_t parameter_count;
	uint32_t *parts; /* the writer's indices */
	uint32_t part_count;
};

/** publish_schema_find() - the object with a path (`{i}` for instances), or NULL */
struct publish_object *publish_schema_find(const struct publish_tree *tree, char *path);

/**
 * publish_schema_take() - finds or makes an object, and the tables that it lies in
 * @path: changed meanwhile, and as it was in the end
 * @flags: for a new one
 *
 * Returns NULL without memory.
 */
struct publish_object *publish_schema_take(struct publish_tree *tree, char *path, uint32_t flags);

/** publish_schema_measure() - counts a path's instance numbers; `above` becomes the length of the part that names the
 *  table it lies in, or 0 */
uint32_t publish_schema_measure(const char *path, size_t *above);

/** publish_schema_parameter() - the index of an object's parameter, or -ENOENT */
int64_t publish_schema_parameter(const struct publish_object *object, const char *name);

/** publish_schema_add() - adds a parameter, with texts of its own; `items` of its enumeration. Returns 0 or -ENOMEM. */
int publish_schema_add(struct publish_object *object, const struct espalier_parameter *declared, uint32_t items);

/** publish_schema_same() - whether two declarations say the same, but for name and type */
bool publish_schema_same(const struct espalier_parameter *one, const struct espalier_parameter *other);

/** publish_schema_free() - frees all objects */
void publish_schema_free(struct publish_tree *tree);
