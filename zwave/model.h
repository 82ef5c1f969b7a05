/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network as the tree shows it, whatever source it is read from: one interface, its nodes, and what hangs below
 * them. Sources write into it; rows become visible by model_settle(), after their numbers are durable.
 */
#pragma once

#include "zwave/saved.h"
#include "zwave/schema.h"
#include "zwave/update.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bounds: children of a node of one kind, rows in all, home ids that ever get numbers, bytes of a child's key */
#define MODEL_CHILDREN_MAXIMUM	256u
#define MODEL_ROWS_MAXIMUM	150000u
#define MODEL_HOMES_MAXIMUM	64u
#define MODEL_KEY_SIZE		160u
#define MODEL_TARGET_SIZE	512u
#define MODEL_NEIGHBORS_MAXIMUM 232u /* nodes with ids above talk to the controller alone */

enum child_kind { CHILD_ASSOCIATION, CHILD_CONFIGURATION, CHILD_ENDPOINT, CHILD_VALUE, CHILD_KINDS };
enum value_type { VALUE_TYPE_ANY, VALUE_TYPE_TEXT, VALUE_TYPE_NUMBER, VALUE_TYPE_BOOLEAN };

/** A row below a node */
struct child {
	struct espalier_row row;
	enum child_kind kind;
	enum value_type type; /* of a value or configuration parameter */
	bool writable, secret;
	bool published, seen;
	char *target; /* how its source sets it, in the source's own words; NULL when it can't */
	char key[];   /* what its number is bound to */
};

struct node {
	uint16_t id;
	uint32_t number, embedded_number;
	struct espalier_row row, stats_row, embedded_row;
	enum node_status status;
	bool sleeper; /* counts as sleeping although its status does not say so */
	bool published, seen;
	uint32_t source_id; /* Luup: the device's number */
	uint32_t wake_up_interval;
	int64_t last_wake_up;
	uint16_t *neighbors;
	uint32_t neighbor_count;
	bool inverse_known; /* the source tells NeighborsInverse itself */
	struct child **children[CHILD_KINDS];
	uint32_t child_count[CHILD_KINDS];
	bool counts_changed, children_pending;
};

struct model {
	struct schema schema;
	struct espalier_writer *writer;
	struct espalier_numbering *numbering;
	struct saved saved;
	struct espalier_row root_row, management_row, interface_row, polling_row, stats_row;
	struct node *nodes[SCHEMA_NODE_ID_MAXIMUM + 1];
	uint32_t node_count, row_count;
	char home_id[9]; /* "" before it is known */
	enum interface_status status;
	int64_t status_since; /* CLOCK_BOOTTIME, seconds */
	bool syncing, pending, counts_changed, neighbors_changed, full_told;
};

/**
 * model_open() - makes the segment, not yet published, with the interface's row
 * @object: the root object's name below Device.
 * @owner, @context: how requests are answered
 *
 * Returns 0, or -errno, which the log has explained. model_close() is needed in both cases.
 */
int model_open(struct model *model, const char *object, const char *run_folder, const char *state_folder,
	       const struct espalier_owner *owner, void *context);
void model_close(struct model *model);

/** model_home() - which network it is. Nodes of another one go. Returns 0, or -ENOSPC for one home id too many. */
int model_home(struct model *model, uint32_t home_id);

/** model_clear() - another source will be read: what only the former one told goes, with all nodes */
void model_clear(struct model *model);

/** model_set_status() - the interface's Status; model_tick() brings its LastChange up to date */
void model_set_status(struct model *model, enum interface_status status);
void model_tick(struct model *model);

/** model_sync_begin() - the whole state follows; rows stay as they are until model_sync_end(), which takes away nodes
 *  that model_node() was not called for. model_sync_cancel(): the rest will not come, nothing is taken away. */
void model_sync_begin(struct model *model);
void model_sync_end(struct model *model);
void model_sync_cancel(struct model *model);

/** model_node() - the node, added when it is new; NULL for an id out of range or when there is no room */
struct node *model_node(struct model *model, uint32_t id);
/** model_find() - the node, or NULL */
struct node *model_find(const struct model *model, uint32_t id);
void model_remove(struct model *model, struct node *node);

struct update model_update_interface(struct model *model);
struct update model_update_node(struct model *model, const struct node *node);
struct update model_update_child(struct model *model, const struct child *child);

/** model_node_status() - Status; counts of failed and sleeping nodes follow in model_settle() */
void model_node_status(struct model *model, struct node *node, enum node_status status);

/** model_neighbors() - whom a node hears; NeighborsInverse of the others follows in model_settle() unless the source
 *  tells it itself */
void model_neighbors(struct model *model, struct node *node, const uint16_t *ids, uint32_t count);

/** model_wake_up() - the node woke up then (0: not known), and sleeps so many seconds between */
void model_wake_up(struct model *model, struct node *node, int64_t last, uint32_t interval);

/**
 * model_child() - a row below a node, added when it is new
 * @key: below MODEL_KEY_SIZE bytes, unique for the node and kind
 * @number: its instance number; 0: one that stays bound to the key for good
 *
 * NULL when there is no room.
 */
struct child *model_child(struct model *model, struct node *node, enum child_kind kind, const char *key,
			  uint32_t number);
struct child *model_child_find(const struct node *node, enum child_kind kind, const char *key);
void model_child_remove(struct model *model, struct node *node, struct child *child);

/** model_child_target() - how to set it, copied; NULL: it can't be set. Returns 0 or -ENOMEM. */
int model_child_target(struct child *child, const char *target);

/** model_children_begin() - the whole list follows; model_children_end() takes away what did not come */
void model_children_begin(struct node *node, enum child_kind kind);
void model_children_end(struct model *model, struct node *node, enum child_kind kind);

/** model_value() - what a value is now: Value and, where it changed, LastChange (`when`, seconds since 1970). That of
 *  a new value stays unknown while the whole state is being read. */
void model_value(struct model *model, const struct child *child, const char *text, size_t length, int64_t when);

/** model_place() - what a row of the tree is: a node, a child, or neither (the interface). False for a row that is
 *  not of the model. */
bool model_place(const struct model *model, struct espalier_row row, struct node **node, struct child **child);

/** model_settle() - makes numbers durable and new rows visible, brings counts up to date; to be called after each
 *  event. Cheap when nothing is to do. */
void model_settle(struct model *model);

/** model_alias() - the Alias of a row: a manager's, or "cpe-NUMBER" */
void model_alias(const struct model *model, const struct node *node, char text[SCHEMA_ALIAS_MAXIMUM * 4 + 1]);

/** model_saved_alias() - the name of a row's alias in model->saved; `node` NULL: the interface */
void model_saved_alias(const struct model *model, const struct node *node, char name[SAVED_NAME_SIZE]);

/** model_now() - seconds since 1970 */
int64_t model_now(void);
