/* SPDX-License-Identifier: BSD-2-Clause */
/* The network as the tree shows it: the interface and its nodes. */
#include "zwave/model.h"

#include "shm/log.h"
#include "zwave/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* One source is read, so there is one interface, also before its home id is known. */
#define INTERFACE_NUMBER 1u
#define REFERENCE_SIZE	 (SCHEMA_OBJECT_MAXIMUM + 64)

int64_t model_now(void)
{
	return (int64_t)time(NULL);
}

static int64_t boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* ---- Life --------------------------------------------------------------------------------------------------- */

/* A row starts with zeros and empty texts: what is empty and must not be gets its value. */
static void begin_times(struct update *update)
{
	for (uint32_t i = 0; update->parameters[i].name; i++) {
		if (update->parameters[i].type == ESPALIER_DATE_TIME)
			update_time(update, i, 0);
	}
}

static int open_state(struct model *model, const char *folder)
{
	char path[PATH_MAX];
	int error;

	if (mkdir(folder, 0755) && errno != EEXIST) {
		error = -errno;
		log_error("state folder %s can't be made: %s", folder, strerror(-error));
		return error;
	}
	snprintf(path, sizeof(path), "%s/zwave.numbers", folder);
	error = espalier_numbering_open(&model->numbering, path);
	if (!error) {
		snprintf(path, sizeof(path), "%s/zwave.saved", folder);
		error = saved_open(&model->saved, path);
	}
	if (error)
		log_error("%s: %s", path, strerror(-error));
	return error;
}

int model_open(struct model *model, const char *object, const char *run_folder, const char *state_folder,
	       const struct espalier_owner *owner, void *context)
{
	struct espalier_writer_options options = {
		.name = "zwave",
		.folder = run_folder,
		.program = "espalier-zwave",
		.version = ESPALIER_VERSION,
		.owner = owner,
		.context = context,
	};
	char alias[SCHEMA_ALIAS_MAXIMUM * 4 + 1];
	struct update update;
	int error;

	memset(model, 0, sizeof(*model));
	model->status = INTERFACE_DOWN;
	model->status_since = boottime();
	error = schema_make(&model->schema, object);
	if (error) {
		log_error("\"%s\" can't be the name of an object", object);
		return error;
	}
	options.objects = model->schema.objects;
	error = espalier_writer_open(&model->writer, &options);
	if (error) {
		log_error("no segment in %s: %s", run_folder, espalier_error_text());
		return error;
	}
	error = open_state(model, state_folder);
	if (error)
		return error;
	model->root_row = espalier_row_of(model->writer, OBJECT_ROOT, (struct espalier_row){0});
	model->management_row = espalier_row_of(model->writer, OBJECT_MANAGEMENT_SERVER, (struct espalier_row){0});
	error = espalier_instance_add(model->writer, OBJECT_INTERFACE, (struct espalier_row){0}, INTERFACE_NUMBER,
				      &model->interface_row);
	if (error)
		return error;
	model->polling_row = espalier_row_of(model->writer, OBJECT_POLLING, model->interface_row);
	model->stats_row = espalier_row_of(model->writer, OBJECT_INTERFACE_STATS, model->interface_row);
	model_alias(model, NULL, alias);
	update = model_update_interface(model);
	begin_times(&update);
	update_string(&update, INTERFACE_ALIAS, alias);
	update_string(&update, INTERFACE_STATUS, schema_interface_status[model->status]);
	update_string(&update, INTERFACE_HOME_ID, "00000000");
	error = update_end(&update);
	update = update_begin(model->writer, model->root_row, schema_parameters[OBJECT_ROOT]);
	update_unsigned(&update, ROOT_INTERFACE_COUNT, 1);
	update_end(&update);
	return error ? error : espalier_instance_publish(model->writer, model->interface_row);
}

static void free_children(struct node *node)
{
	for (int kind = 0; kind < CHILD_KINDS; kind++) {
		for (uint32_t i = 0; i < node->child_count[kind]; i++) {
			free(node->children[kind][i]->target);
			free(node->children[kind][i]);
		}
		free(node->children[kind]);
	}
}

void model_close(struct model *model)
{
	espalier_writer_close(model->writer);
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		if (!model->nodes[id])
			continue;
		free_children(model->nodes[id]);
		free(model->nodes[id]->neighbors);
		free(model->nodes[id]);
	}
	espalier_numbering_close(model->numbering);
	saved_close(&model->saved);
	memset(model, 0, sizeof(*model));
}

/* ---- The interface ------------------------------------------------------------------------------------------ */

struct update model_update_interface(struct model *model)
{
	return update_begin(model->writer, model->interface_row, schema_interface);
}

static void remove_nodes(struct model *model)
{
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		if (model->nodes[id])
			model_remove(model, model->nodes[id]);
	}
}

static void clear_row(struct model *model, struct espalier_row row, const struct espalier_parameter *parameters,
		      uint32_t first)
{
	struct update update = update_begin(model->writer, row, parameters);

	for (uint32_t i = first; parameters[i].name; i++)
		update_nothing(&update, i);
	update_end(&update);
}

void model_clear(struct model *model)
{
	remove_nodes(model);
	model->home_id[0] = '\0';
	/* Those before are not the source's. */
	clear_row(model, model->interface_row, schema_interface, INTERFACE_LAST_SYNC);
	clear_row(model, model->polling_row, schema_polling, 0);
	clear_row(model, model->stats_row, schema_interface_stats, 0);
}

int model_home(struct model *model, uint32_t home_id)
{
	char text[sizeof(model->home_id)];
	struct update update;
	uint32_t number;
	int error;

	snprintf(text, sizeof(text), "%08" PRIX32, home_id);
	if (strcmp(text, model->home_id) == 0)
		return 0;
	error = espalier_numbering_get(model->numbering, "Home", text, &number);
	if (error)
		return error;
	if (number > MODEL_HOMES_MAXIMUM) {
		espalier_numbering_forget(model->numbering, "Home", text);
		log_error("home id %s is one too many: nodes of %u networks have numbers", text, MODEL_HOMES_MAXIMUM);
		return -ENOSPC;
	}
	remove_nodes(model);
	memcpy(model->home_id, text, sizeof(text));
	update = model_update_interface(model);
	update_string(&update, INTERFACE_HOME_ID, text);
	return update_end(&update);
}

void model_set_status(struct model *model, enum interface_status status)
{
	struct update update;

	if (model->status == status)
		return;
	model->status = status;
	model->status_since = boottime();
	update = model_update_interface(model);
	update_string(&update, INTERFACE_STATUS, schema_interface_status[status]);
	update_unsigned(&update, INTERFACE_LAST_CHANGE, 0);
	update_end(&update);
}

void model_tick(struct model *model)
{
	struct update update = model_update_interface(model);

	update_unsigned(&update, INTERFACE_LAST_CHANGE, (uint32_t)(boottime() - model->status_since));
	update_end(&update);
}

void model_alias(const struct model *model, const struct node *node, char text[SCHEMA_ALIAS_MAXIMUM * 4 + 1])
{
	char name[SAVED_NAME_SIZE];
	const char *alias;

	model_saved_alias(model, node, name);
	alias = saved_get(&model->saved, name);
	if (alias)
		snprintf(text, SCHEMA_ALIAS_MAXIMUM * 4 + 1, "%s", alias);
	else
		snprintf(text, SCHEMA_ALIAS_MAXIMUM * 4 + 1, "cpe-%" PRIu32, node ? node->number : INTERFACE_NUMBER);
}

void model_saved_alias(const struct model *model, const struct node *node, char name[SAVED_NAME_SIZE])
{
	if (node)
		snprintf(name, SAVED_NAME_SIZE, "alias/%s/%u", model->home_id, node->id);
	else
		snprintf(name, SAVED_NAME_SIZE, "alias");
}

/* ---- Nodes -------------------------------------------------------------------------------------------------- */

struct update model_update_node(struct model *model, const struct node *node)
{
	return update_begin(model->writer, node->row, schema_node);
}

struct node *model_find(const struct model *model, uint32_t id)
{
	return id <= SCHEMA_NODE_ID_MAXIMUM ? model->nodes[id] : NULL;
}

static int reference(struct model *model, struct espalier_row row, char text[REFERENCE_SIZE])
{
	ssize_t length = espalier_row_path(model->writer, row, text, REFERENCE_SIZE);

	if (length < 1)
		return length < 0 ? (int)length : -EINVAL;
	text[length - 1] = '\0';
	return 0;
}

static int add_embedded(struct model *model, struct node *node)
{
	char row[REFERENCE_SIZE], interface[REFERENCE_SIZE], id[16];
	struct update update;
	int error = espalier_instance_add(model->writer, OBJECT_EMBEDDED_DEVICE, (struct espalier_row){0},
					  node->embedded_number, &node->embedded_row);

	if (!error)
		error = reference(model, node->row, row);
	if (!error)
		error = reference(model, model->interface_row, interface);
	if (error)
		return error;
	snprintf(id, sizeof(id), "%u", node->id);
	update = update_begin(model->writer, node->embedded_row, schema_parameters[OBJECT_EMBEDDED_DEVICE]);
	begin_times(&update);
	update_string(&update, EMBEDDED_CONTROLLER_ID, model->home_id);
	update_string(&update, EMBEDDED_PROXIED_DEVICE_ID, id);
	update_string(&update, EMBEDDED_REFERENCE, row);
	update_string(&update, EMBEDDED_PROXY_PROTOCOL, "Z-Wave");
	update_string(&update, EMBEDDED_PROXY_PROTOCOL_REFERENCE, interface);
	update_string(&update, EMBEDDED_DISCOVERY_PROTOCOL, "Z-Wave");
	update_string(&update, EMBEDDED_DISCOVERY_PROTOCOL_REFERENCE, interface);
	update_string(&update, EMBEDDED_COMMAND_PROCESSED, "Success");
	update_time(&update, EMBEDDED_LAST_SYNC_TIME, model_now());
	return update_end(&update);
}

/* Numbers are bound to home id and node id for good: they are never forgotten. */
static int add_rows(struct model *model, struct node *node)
{
	char key[32], alias[SCHEMA_ALIAS_MAXIMUM * 4 + 1];
	struct update update;
	int error;

	snprintf(key, sizeof(key), "%s/%u", model->home_id, node->id);
	error = espalier_numbering_get(model->numbering, "Node", key, &node->number);
	if (!error)
		error = espalier_numbering_get(model->numbering, "EmbeddedDevice", key, &node->embedded_number);
	if (!error)
		error = espalier_instance_add(model->writer, OBJECT_NODE, model->interface_row, node->number,
					      &node->row);
	if (error)
		return error;
	node->stats_row = espalier_row_of(model->writer, OBJECT_NODE_STATS, node->row);
	model_alias(model, node, alias);
	update = model_update_node(model, node);
	begin_times(&update);
	update_unsigned(&update, NODE_NODE_ID, node->id);
	update_string(&update, NODE_ALIAS, alias);
	update_string(&update, NODE_STATUS, schema_node_status[node->status]);
	update_string(&update, NODE_FREQUENT_LISTENING, schema_frequent_listening[0]);
	error = update_end(&update);
	update = update_begin(model->writer, node->stats_row, schema_node_stats);
	update_string(&update, NODE_STATS_ROUND_TRIP_TIME, "0");
	update_end(&update);
	return error ? error : add_embedded(model, node);
}

static void take_rows_away(struct model *model, struct node *node)
{
	if (node->embedded_row.slot)
		espalier_instance_remove(model->writer, node->embedded_row);
	if (node->row.slot)
		espalier_instance_remove(model->writer, node->row);
}

struct node *model_node(struct model *model, uint32_t id)
{
	struct node *node = model_find(model, id);
	int error;

	if (node) {
		node->seen = true;
		return node;
	}
	if (id < 1 || id > SCHEMA_NODE_ID_MAXIMUM || !model->home_id[0])
		return NULL;
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	node->id = (uint16_t)id;
	node->seen = true;
	error = model->row_count + 3 > MODEL_ROWS_MAXIMUM ? -ENOSPC : add_rows(model, node);
	if (error) {
		log_error("node %" PRIu32 " can't be added: %s", id, strerror(-error));
		take_rows_away(model, node);
		free(node);
		return NULL;
	}
	model->row_count += 3;
	model->nodes[id] = node;
	model->node_count++;
	model->pending = model->counts_changed = true;
	log_info("node %" PRIu32 " is Node.%" PRIu32, id, node->number);
	return node;
}

void model_remove(struct model *model, struct node *node)
{
	/* The node's own number stays bound to it; those of its values go, or a source could make them pile up. */
	for (int kind = 0; kind < CHILD_KINDS; kind++) {
		while (node->child_count[kind])
			model_child_remove(model, node, node->children[kind][node->child_count[kind] - 1]);
	}
	take_rows_away(model, node);
	model->row_count -= 3;
	model->nodes[node->id] = NULL;
	model->node_count--;
	model->counts_changed = model->neighbors_changed = true;
	log_info("node %u (Node.%" PRIu32 ") is gone", node->id, node->number);
	free_children(node);
	free(node->neighbors);
	free(node);
}

void model_node_status(struct model *model, struct node *node, enum node_status status)
{
	struct update update;

	if (node->status == status)
		return;
	node->status = status;
	model->counts_changed = true;
	update = model_update_node(model, node);
	update_string(&update, NODE_STATUS, schema_node_status[status]);
	update_end(&update);
}

void model_neighbors(struct model *model, struct node *node, const uint16_t *ids, uint32_t count)
{
	char text[ESPALIER_VALUE_MAXIMUM];
	struct text_list list = {.text = text, .size = sizeof(text)};
	struct update update;
	uint16_t *copy;

	if (count > MODEL_NEIGHBORS_MAXIMUM)
		count = MODEL_NEIGHBORS_MAXIMUM;
	copy = malloc((count ? count : 1) * sizeof(*copy));
	if (!copy)
		return;
	text[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		copy[i] = ids[i];
		text_list_add(&list, ids[i]);
	}
	free(node->neighbors);
	node->neighbors = copy;
	node->neighbor_count = count;
	model->neighbors_changed = true;
	update = model_update_node(model, node);
	update_text(&update, NODE_NEIGHBORS, text, list.length);
	update_end(&update);
}

void model_wake_up(struct model *model, struct node *node, int64_t last, uint32_t interval)
{
	struct update update;

	node->wake_up_interval = interval;
	if (last)
		node->last_wake_up = last;
	update = model_update_node(model, node);
	update_unsigned(&update, NODE_WAKE_UP_INTERVAL, interval);
	update_time(&update, NODE_LAST_WAKE_UP, node->last_wake_up);
	update_time(&update, NODE_NEXT_WAKE_UP,
		    node->last_wake_up && interval ? node->last_wake_up + (int64_t)interval : 0);
	update_end(&update);
}

/* ---- The whole state ---------------------------------------------------------------------------------------- */

void model_sync_begin(struct model *model)
{
	model->syncing = true;
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		if (model->nodes[id])
			model->nodes[id]->seen = false;
	}
}

void model_sync_end(struct model *model)
{
	struct update update;

	model->syncing = false;
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		if (model->nodes[id] && !model->nodes[id]->seen)
			model_remove(model, model->nodes[id]);
	}
	update = model_update_interface(model);
	update_time(&update, INTERFACE_LAST_SYNC, model_now());
	update_end(&update);
}

void model_sync_cancel(struct model *model)
{
	model->syncing = false;
}

/* ---- Settling ----------------------------------------------------------------------------------------------- */

static void publish_children(struct model *model, struct node *node)
{
	for (int kind = 0; kind < CHILD_KINDS; kind++) {
		for (uint32_t i = 0; i < node->child_count[kind]; i++) {
			struct child *child = node->children[kind][i];

			/* Below a new node they become visible with it. */
			if (!child->published)
				espalier_instance_publish(model->writer, child->row);
			child->published = true;
		}
	}
	node->children_pending = false;
}

static void count_children(struct model *model, struct node *node)
{
	struct update update = model_update_node(model, node);

	update_unsigned(&update, NODE_ASSOCIATION_COUNT, node->child_count[CHILD_ASSOCIATION]);
	update_unsigned(&update, NODE_CONFIGURATION_COUNT, node->child_count[CHILD_CONFIGURATION]);
	update_unsigned(&update, NODE_ENDPOINT_COUNT, node->child_count[CHILD_ENDPOINT]);
	update_unsigned(&update, NODE_VALUE_COUNT, node->child_count[CHILD_VALUE]);
	update_end(&update);
	node->counts_changed = false;
}

static void count_nodes(struct model *model)
{
	uint32_t failed = 0, sleeping = 0;
	struct update update;

	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		const struct node *node = model->nodes[id];

		failed += node && node->status == NODE_DEAD;
		sleeping += node && (node->status == NODE_ASLEEP || node->sleeper);
	}
	update = model_update_interface(model);
	update_unsigned(&update, INTERFACE_NODE_COUNT, model->node_count);
	update_unsigned(&update, INTERFACE_FAILED_NODE_COUNT, failed);
	update_unsigned(&update, INTERFACE_SLEEPING_NODE_COUNT, sleeping);
	update_end(&update);
	update = update_begin(model->writer, model->management_row, schema_parameters[OBJECT_MANAGEMENT_SERVER]);
	update_unsigned(&update, MANAGEMENT_SERVER_EMBEDDED_COUNT, model->node_count);
	update_end(&update);
	model->counts_changed = false;
}

/* Whom every node is heard by, in one pass: nodes can be 4,000, and each may hear 232. */
static uint16_t *heard_by(const struct model *model, uint32_t ends[SCHEMA_NODE_ID_MAXIMUM + 1])
{
	uint32_t total = 0;
	uint16_t *list;

	memset(ends, 0, (SCHEMA_NODE_ID_MAXIMUM + 1) * sizeof(*ends));
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		for (uint32_t i = 0; model->nodes[id] && i < model->nodes[id]->neighbor_count; i++)
			ends[model->nodes[id]->neighbors[i]]++;
	}
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		uint32_t count = ends[id];

		ends[id] = total;
		total += count;
	}
	list = malloc((total ? total : 1) * sizeof(*list));
	for (uint32_t id = 0; list && id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		for (uint32_t i = 0; model->nodes[id] && i < model->nodes[id]->neighbor_count; i++)
			list[ends[model->nodes[id]->neighbors[i]]++] = (uint16_t)id;
	}
	return list;
}

static void invert_neighbors(struct model *model)
{
	uint32_t ends[SCHEMA_NODE_ID_MAXIMUM + 1];
	char text[ESPALIER_VALUE_MAXIMUM];
	uint16_t *list = heard_by(model, ends);

	for (uint32_t id = 1; list && id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		struct text_list out = {.text = text, .size = sizeof(text)};
		struct update update;

		if (!model->nodes[id] || model->nodes[id]->inverse_known)
			continue;
		text[0] = '\0';
		/* The list of the one before ends where this one begins. */
		for (uint32_t i = ends[id - 1]; i < ends[id]; i++) {
			if (i == ends[id - 1] || list[i] != list[i - 1])
				text_list_add(&out, list[i]);
		}
		update = model_update_node(model, model->nodes[id]);
		update_text(&update, NODE_NEIGHBORS_INVERSE, text, out.length);
		update_end(&update);
	}
	free(list);
	model->neighbors_changed = false;
}

static void publish_pending(struct model *model)
{
	int error = espalier_numbering_save(model->numbering);

	/* A number must not be seen before it is sure that nobody else gets it after a crash. */
	if (error) {
		log_error("instance numbers can't be saved: %s", strerror(-error));
		return;
	}
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		struct node *node = model->nodes[id];

		if (!node)
			continue;
		if (node->counts_changed)
			count_children(model, node);
		if (node->children_pending)
			publish_children(model, node);
		if (!node->published) {
			node->published = true;
			espalier_instance_publish(model->writer, node->row);
			espalier_instance_publish(model->writer, node->embedded_row);
		}
	}
	model->pending = false;
}

void model_settle(struct model *model)
{
	if (model->syncing)
		return;
	if (model->neighbors_changed)
		invert_neighbors(model);
	if (model->pending)
		publish_pending(model);
	if (model->counts_changed)
		count_nodes(model);
}
