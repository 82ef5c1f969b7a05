/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's view of the shared tree: paths by the rules of TR-069, and for each parameter of the schema the bytes of
 * an answer that never change. Beside the reader's own nodes this takes memory for each parameter of the schema, none
 * for each row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shm/espalier.h"

struct tree;

#define TREE_PARTIAL	     UINT32_MAX			 /* tree_reference.parameter: the object and all below it */
#define TREE_ALIAS_SIZE	     (64 * 4 + 1)		 /* bytes of an alias and a NUL: 64 characters */
#define TREE_WRITTEN_MAXIMUM (ESPALIER_PATH_MAXIMUM * 4) /* bytes of a path as an answer has it */
#define TREE_BLOCK	     64 /* constant bytes are copied in blocks of this size, and may be read as far past their end */

/** struct tree_form - how the instances of a path are written in an answer: by number or by alias */
struct tree_form {
	const char *given; /* the name as its request had it, whose part of the path stays so; not NUL-terminated */
	size_t length;	   /* 0: nothing was given */
	bool alias;	   /* the rest has aliases (InstanceMode) */
};

/** struct tree_reference - a parameter or an object of the tree; holds until tree_refresh() reports a new structure */
struct tree_reference {
	uint32_t node;
	uint32_t parameter;	      /* index in the node's object, or TREE_PARTIAL */
	const struct tree_form *form; /* NULL: with instance numbers; only for those who write the path */
};

/** enum tree_encoding - how a parameter's value is read from its row and written */
enum tree_encoding {
	TREE_UNSIGNED_32, /* the two most frequent ones come first */
	TREE_UNSIGNED_64,
	TREE_SIGNED_32,
	TREE_SIGNED_64,
	TREE_BOOLEAN,
	TREE_TEXT,
	TREE_CONSTANT, /* always the default of the type: hidden parameters and commands */
};

/** struct tree_parameter - what encoding needs of one parameter of the schema, close together */
struct tree_parameter {
	uint32_t text;	       /* where in tree_object.text: NAME</Name><Value xsi:type="xsd:TYPE"> */
	uint32_t offset;       /* of the value, in words from the slot's start */
	uint16_t length;       /* bytes of the text */
	uint16_t name_length;  /* bytes of NAME alone */
	uint8_t encoding;      /* enum tree_encoding */
	uint8_t writable;      /* 1: SetParameterValues is allowed */
	const char *otherwise; /* the default of the type, which is also sent when there is no value to be had */
};

/** struct tree_object - an object of the schema, prepared; lives until tree_refresh() reports a new structure */
struct tree_object {
	const struct espalier_object_view *view;
	const struct tree_parameter *parameters; /* view->parameter_count */
	const char *text;
	uint32_t constant_size; /* bytes of all parameters' constant text */
};

/** struct tree_options - for tree_open() */
struct tree_options {
	const char *folder; /* run folder; NULL: as espalier_reader_open() */
	const char *root;   /* "Device" or "InternetGatewayDevice"; NULL: "Device" */
	/*
	 * xsi:type of base64 values: "xsd:base64Binary" (also for NULL) or "soap-enc:base64". The first is a type that
	 * every XML Schema tool knows; some servers were only ever tried with the second.
	 */
	const char *base64_type;
};

/**
 * tree_open() - opens the run folder and reads the tree that there is
 * @tree: result, freed by tree_close()
 *
 * Returns 0, or -errno (-ENOENT: no run folder).
 */
int tree_open(struct tree **tree, const struct tree_options *options);

/** tree_close() - frees the tree and closes its reader. NULL is allowed. */
void tree_close(struct tree *tree);

/** tree_reader() - the reader, for watches and requests. Only tree_refresh() may refresh it. */
struct espalier_reader *tree_reader(struct tree *tree);

/**
 * tree_refresh() - brings the tree up to date
 *
 * While a message is being produced (tree_hold()) nothing is done, and the next refresh after it does all. Returns a
 * set of enum espalier_refresh: ESPALIER_NEW_STRUCTURE says that all references, nodes and paths got before are gone;
 * or -EBUSY while held, or -errno.
 */
int tree_refresh(struct tree *tree);

/** tree_structure() - a number that grows with each new structure: who keeps references compares it */
uint64_t tree_structure(const struct tree *tree);

/** tree_hold() - keeps nodes as they are until as many tree_release() */
void tree_hold(struct tree *tree);
void tree_release(struct tree *tree);

/** tree_held() - true between tree_hold() and tree_release() */
bool tree_held(const struct tree *tree);

/** tree_nodes() - all nodes in tree order; several nodes that follow one another may have one path */
const struct espalier_node *tree_nodes(struct tree *tree, uint32_t *count);

/** tree_root() - the index of the root object, e.g. "Device."; -ENOENT while nobody publishes anything below it */
int64_t tree_root(struct tree *tree);

/** tree_end() - the index of the first node behind @node and all that is below it or has its path */
uint32_t tree_end(struct tree *tree, uint32_t node);

/**
 * tree_resolve() - finds a full or partial path, or the whole tree for an empty one
 * @path: not NUL-terminated
 *
 * A path with `*` or of more than 256 bytes, or outside the root object, is unknown. Returns 0 or -ENOENT.
 */
int tree_resolve(struct tree *tree, const char *path, size_t length, struct tree_reference *reference);

/**
 * tree_resolve_each() - finds a path as tree_resolve(), and all that one with `*` or `[alias]` in place of instances
 * stands for
 * @found: called for each match, in tree order; other than 0 stops
 *
 * A path with `*` may match nothing where the instances are missing, but not the objects and the parameter that it
 * names. Returns what @found returned last, 0 without a match, or -ENOENT.
 */
int tree_resolve_each(struct tree *tree, const char *path, size_t length,
		      int (*found)(struct tree *tree, struct tree_reference reference, void *context), void *context);

/** tree_component() - bytes of the first component of a path, without its dot; `[alias]` may have dots within */
size_t tree_component(const char *path, size_t length);

/**
 * tree_canonical() - the path with instance numbers in place of each `[alias]`
 * @buffer: result, NUL-terminated, ESPALIER_PATH_MAXIMUM + 1 bytes
 * @unknown: result when an alias is that of no row: where its `[` is in @path; else left alone
 *
 * A path without an alias is copied. Returns the length, or -ENOENT: no such table or row, or the path is too long or
 * has no proper form.
 */
ssize_t tree_canonical(struct tree *tree, const char *path, size_t length, char *buffer, size_t *unknown);

/**
 * tree_find_alias() - the row of a table with this alias
 * @table: the table's path, which ends in a dot
 *
 * Returns the index of the row's first node, or -ENOENT.
 */
int64_t tree_find_alias(struct tree *tree, const char *table, size_t table_length, const char *alias, size_t length);

/**
 * tree_alias() - the alias of a row
 * @path: of the row, which ends in a dot; not NUL-terminated
 * @buffer: result, NUL-terminated
 *
 * Returns its length, 0 for a row that has none.
 */
size_t tree_alias(struct tree *tree, const char *path, size_t length, char buffer[TREE_ALIAS_SIZE]);

/**
 * tree_next_instance() - goes through the instances of a table
 * @table: the first node with the table's path
 * @node: the same, or what was returned last
 *
 * Returns the first node of the next instance, or tree_end() of the table, or what lies behind that.
 */
uint32_t tree_next_instance(struct tree *tree, uint32_t table, uint32_t node);

/**
 * tree_write_path() - a node's path as an answer has it
 * @form: may be NULL
 * @buffer: result, TREE_WRITTEN_MAXIMUM + 1 bytes, NUL-terminated
 *
 * What the request gave stays as it was there, except for `*`; the rest has aliases where the form says so. An instance
 * has its number where there is no alias that can be written, and where the path would else get longer than a name can
 * be. Returns the length.
 */
size_t tree_write_path(struct tree *tree, uint32_t node, const struct tree_form *form, char *buffer);

/** tree_parameter_of() - the schema's entry of a reference to a parameter */
const struct espalier_parameter *tree_parameter_of(struct tree *tree, struct tree_reference reference);

/**
 * tree_path() - the path of a reference, NUL-terminated
 * @size: of @buffer; ESPALIER_PATH_MAXIMUM + 1 is always enough
 *
 * Returns its length, or -ENOSPC.
 */
ssize_t tree_path(struct tree *tree, struct tree_reference reference, char *buffer, size_t size);

/**
 * tree_each_parameter() - calls @found for the parameter of a reference, or all below a partial one, in tree order
 *
 * Stops when @found returns other than 0, and returns that; else 0.
 */
int tree_each_parameter(struct tree *tree, struct tree_reference reference,
			int (*found)(struct tree *tree, struct tree_reference reference, void *context), void *context);

/** tree_count() - how many parameters a reference stands for: 1, or all below a partial path */
uint64_t tree_count(struct tree *tree, struct tree_reference reference);

/**
 * tree_prepare() - the prepared object of a ROW node
 *
 * The first call for an object after a new structure prepares it; no other call allocates. Returns NULL without memory.
 */
const struct tree_object *tree_prepare(struct tree *tree, const struct espalier_node *node);

/**
 * tree_read_row() - a private, consistent copy of a row's values, for a row that changes too often to be read in place
 *
 * Returns values for view->parameter_count parameters, valid until the next call; or NULL when the row is gone, can't
 * be read, or there is no memory: then the defaults of the types are all there is.
 */
const struct espalier_value *tree_read_row(struct tree *tree, const struct espalier_node *node);
