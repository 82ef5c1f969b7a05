/* SPDX-License-Identifier: BSD-2-Clause */
/* A program's schema: its private copy, and its form in a segment. */
#pragma once

#include "shm/espalier.h"
#include "shm/layout.h"

/** An object with where its values lie in a slot. Used alike by the writer and by readers. */
struct schema_object {
	struct espalier_object_view view; /* what readers see; `segment` is NULL for a writer */
	struct espalier_parameter *parameters;
	uint32_t *offsets, *capacities;
	uint16_t *names; /* hash of parameter names to index + 1 */
	uint32_t name_mask;
	uint32_t ancestor; /* index + 1 of the object with the next shorter path that ends in {i} */
	bool table;	   /* its path ends in "{i}." */
};

struct schema {
	struct schema_object *objects;
	uint32_t count;
	char *program, *version;
	uint32_t parameter_count;
	char *strings; /* reader: the segment's strings, which all of the above point into; writer: NULL */
	const char **enumerations;
};

/**
 * Appends a copy of `objects` (ended by a NULL path) to a schema after checking it: names, paths, types, limits, that
 * every {i} belongs to a declared table. -EINVAL with espalier_error_text(), -ENOMEM.
 */
int schema_append(struct schema *schema, const struct espalier_object *objects);

/** Takes the objects from index `count` on out of a writer's schema again. */
void schema_cut(struct schema *schema, uint32_t count);

/** Bytes of a schema in a segment. */
uint32_t schema_size(const struct schema *schema);

/** Writes the schema in its segment form to `to`, which has schema_size() bytes and is zero. */
void schema_write(const struct schema *schema, void *to);

/**
 * Makes a private, checked copy of a segment's schema of at most `available` bytes. Nothing of it points into the
 * segment. -EBADMSG with espalier_error_text() when something in it is impossible, -ENOMEM.
 */
int schema_read(struct schema *schema, const void *from, size_t available, struct espalier_segment *segment);

/** Index of a parameter by name, or -ENOENT. */
int schema_find_parameter(const struct schema_object *object, const char *name, size_t length);

/** Frees what the schema holds. */
void schema_clear(struct schema *schema);
