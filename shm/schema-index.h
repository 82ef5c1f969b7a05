/* SPDX-License-Identifier: BSD-2-Clause */
/* What the writer's and the reader's side of a schema share. */
#pragma once

#include "shm/schema.h"

/** True for an object path: names and {i} by dots, a final dot. */
bool schema_path_valid(const char *path);

/** Finds the table that the object at `index` lies in. -EINVAL when it is not declared. */
int schema_link(struct schema *schema, uint32_t index);

/** Hash of a parameter's name. */
uint32_t schema_hash_name(const char *name, size_t length);

/** Builds the hash of parameter names. -EEXIST when two have one name, -ENOMEM. */
int schema_index_names(struct schema_object *object);

/** Lays the parameters out in the slot: capacities, offsets, slot size. */
void schema_place(struct schema_object *object);
