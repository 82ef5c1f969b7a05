/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of managers: what they set goes to the network, or is kept here where no source keeps it. */
#include "zwave/request.h"

#include "shm/log.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One set under way: it is answered when all its settings are. */
struct request_batch {
	struct control *control;
	struct espalier_request *request;
	struct setting *settings;
	size_t count, left;
	int fault;
	const char *why;
	bool started; /* all settings have been handed over */
	struct loop_timer timer;
	struct request_batch *next;
};

/* ---- What is kept here -------------------------------------------------------------------------------------- */

static bool is_local(const struct espalier_change *change)
{
	if (change->object == OBJECT_INTERFACE)
		return true;
	return change->object == OBJECT_NODE && change->parameter == NODE_ALIAS;
}

static char *text_of(const struct espalier_value *value)
{
	char *text = NULL;

	switch (value->type) {
	case ESPALIER_BOOLEAN:
		return strdup(value->number ? "true" : "false");
	case ESPALIER_INT:
	case ESPALIER_LONG:
		return asprintf(&text, "%" PRId64, value->integer) < 0 ? NULL : text;
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
		return asprintf(&text, "%" PRIu64, value->number) < 0 ? NULL : text;
	case ESPALIER_STRING:
	case ESPALIER_DATE_TIME:
	case ESPALIER_BASE64:
	case ESPALIER_HEX_BINARY:
	case ESPALIER_DECIMAL:
		break;
	}
	return strndup(value->text, value->length);
}

static int fault_of(struct espalier_change *change, int fault, const char *text)
{
	change->fault = fault;
	change->text = text;
	return fault;
}

static bool is_text(const struct espalier_value *value, const char *text)
{
	return value->length == strlen(text) && memcmp(value->text, text, value->length) == 0;
}

/* Whether another node, here or in the same request, has this alias. */
static bool is_taken(const struct model *model, const struct espalier_change *changes, size_t count,
		     const struct espalier_change *change, const struct node *node)
{
	char alias[SCHEMA_ALIAS_MAXIMUM * 4 + 1];

	for (size_t i = 0; i < count; i++) {
		if (&changes[i] != change && changes[i].object == OBJECT_NODE && changes[i].parameter == NODE_ALIAS &&
		    changes[i].row.slot != change->row.slot && changes[i].value.length == change->value.length &&
		    memcmp(changes[i].value.text, change->value.text, change->value.length) == 0)
			return true;
	}
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		if (!model->nodes[id] || model->nodes[id] == node)
			continue;
		model_alias(model, model->nodes[id], alias);
		if (is_text(&change->value, alias))
			return true;
	}
	return false;
}

static int check_alias(const struct model *model, struct espalier_change *changes, size_t count,
		       struct espalier_change *change, const struct node *node)
{
	char present[SCHEMA_ALIAS_MAXIMUM * 4 + 1];

	model_alias(model, node, present);
	if (is_text(&change->value, present))
		return ESPALIER_OK;
	if (change->value.length == 0 || !isalpha((unsigned char)change->value.text[0]))
		return fault_of(change, ESPALIER_FAULT_VALUE, "an alias starts with a letter");
	if (change->value.length >= 4 && memcmp(change->value.text, "cpe-", 4) == 0)
		return fault_of(change, ESPALIER_FAULT_VALUE, "aliases that start with \"cpe-\" are the device's own");
	for (uint32_t i = 0; i < change->value.length; i++) {
		if (iscntrl((unsigned char)change->value.text[i]))
			return fault_of(change, ESPALIER_FAULT_VALUE, "an alias has no control characters");
	}
	if (node && is_taken(model, changes, count, change, node))
		return fault_of(change, ESPALIER_FAULT_VALUE, "another node has this alias");
	return ESPALIER_OK;
}

static int check_local(struct control *control, struct espalier_change *changes, size_t count,
		       struct espalier_change *change, const struct node *node)
{
	if (change->object == OBJECT_NODE || change->parameter == INTERFACE_ALIAS)
		return check_alias(control->model, changes, count, change, node);
	if (change->parameter == INTERFACE_SOURCE_URL) {
		for (uint32_t i = 0; i < change->value.length; i++) {
			if (change->value.text[i] <= ' ' || change->value.text[i] == 0x7f)
				return fault_of(change, ESPALIER_FAULT_VALUE, "a URL has no spaces");
		}
	}
	return ESPALIER_OK;
}

static int keep_local(struct control *control, const struct espalier_change *change, const struct node *node)
{
	char name[SAVED_NAME_SIZE], own[SCHEMA_ALIAS_MAXIMUM * 4 + 1], *text = text_of(&change->value);
	int error;

	if (!text)
		return -ENOMEM;
	if (change->object == OBJECT_NODE || change->parameter == INTERFACE_ALIAS) {
		model_saved_alias(control->model, node, name);
		snprintf(own, sizeof(own), "cpe-%" PRIu32, node ? node->number : 1);
		error = saved_set(&control->model->saved, name, strcmp(text, own) == 0 ? NULL : text);
	} else if (change->parameter == INTERFACE_SOURCE_URL) {
		error = saved_set(&control->model->saved, "url", text);
		snprintf(control->url, sizeof(control->url), "%s", text);
		control->restart = true;
	} else if (change->parameter == INTERFACE_SOURCE_TYPE) {
		error = saved_set(&control->model->saved, "source", text);
		for (uint32_t kind = 0; schema_source_kinds[kind]; kind++) {
			if (strcmp(schema_source_kinds[kind], text) == 0)
				control->kind = kind;
		}
		control->restart = true;
	} else {
		error = saved_set(&control->model->saved, "enable", text);
		control->enabled = change->value.number != 0;
		control->restart = true;
	}
	free(text);
	return error;
}

/* ---- What goes to the network ------------------------------------------------------------------------------- */

static void free_setting(struct setting *setting)
{
	free(setting->text);
	free(setting->former);
}

static int fill(struct setting *setting, const struct node *node, const struct child *child,
		const struct espalier_change *change)
{
	memset(setting, 0, sizeof(*setting));
	setting->parameter = change->parameter;
	setting->node_id = node ? node->id : 0;
	switch (change->object) {
	case OBJECT_POLLING:
		setting->kind = SETTING_POLLING;
		break;
	case OBJECT_NODE:
		setting->kind = SETTING_NODE;
		break;
	case OBJECT_ASSOCIATION:
		setting->kind = SETTING_ASSOCIATION;
		setting->parameter = (uint32_t)strtoul(child->key, NULL, 10);
		break;
	case OBJECT_CONFIGURATION:
	case OBJECT_VALUE:
		setting->kind = change->object == OBJECT_VALUE ? SETTING_VALUE : SETTING_CONFIGURATION;
		setting->type = child->type;
		if (!child->target)
			return -EROFS;
		snprintf(setting->target, sizeof(setting->target), "%s", child->target);
		break;
	default:
		return -EROFS;
	}
	setting->text = text_of(&change->value);
	return setting->text ? 0 : -ENOMEM;
}

static int check_network(struct control *control, struct espalier_change *change, const struct node *node,
			 const struct child *child)
{
	struct setting setting;
	const char *why = NULL;
	int fault, error = fill(&setting, node, child, change);

	if (error == -EROFS)
		return fault_of(change, ESPALIER_FAULT_READ_ONLY, "this value can't be set");
	if (error)
		return fault_of(change, ESPALIER_FAULT_RESOURCES, "no memory");
	if (!control->source.type || !control->source.in_step)
		fault = fault_of(change, ESPALIER_FAULT_INTERNAL, "the source can't be reached now");
	else
		fault = control->source.type->check(&control->source, &setting, &why);
	if (why)
		fault_of(change, fault, why);
	free_setting(&setting);
	return fault;
}

static int validate(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		    size_t count, void *context)
{
	struct control *control = context;
	int overall = ESPALIER_OK;

	(void)writer;
	(void)request;
	for (size_t i = 0; i < count; i++) {
		struct node *node;
		struct child *child;
		int fault;

		if (!model_place(control->model, changes[i].row, &node, &child))
			fault = fault_of(&changes[i], ESPALIER_FAULT_NAME, "the row is gone");
		else if (is_local(&changes[i]))
			fault = check_local(control, changes, count, &changes[i], node);
		else
			fault = check_network(control, &changes[i], node, child);
		if (fault != ESPALIER_OK)
			overall = ESPALIER_FAULT_ARGUMENTS;
	}
	return overall;
}

/* ---- Sets under way ----------------------------------------------------------------------------------------- */

static void told(struct model *model, const struct setting *setting, int fault, const char *why)
{
	struct node *node = setting->node_id ? model_find(model, setting->node_id) : NULL;
	struct update update;

	if (!node)
		return;
	update = update_begin(model->writer, node->embedded_row, schema_parameters[OBJECT_EMBEDDED_DEVICE]);
	update_string(&update, EMBEDDED_COMMAND_PROCESSED, fault == ESPALIER_OK ? "Success" : "Error");
	update_string(&update, EMBEDDED_COMMAND_ERROR, fault == ESPALIER_OK ? "" : why);
	if (fault == ESPALIER_OK)
		update_time(&update, EMBEDDED_LAST_SYNC_TIME, model_now());
	update_end(&update);
}

static void free_batch(struct request_batch *batch)
{
	for (struct request_batch **at = &batch->control->batches; *at; at = &(*at)->next) {
		if (*at == batch) {
			*at = batch->next;
			break;
		}
	}
	loop_disarm(batch->control->loop, &batch->timer);
	for (size_t i = 0; i < batch->count; i++)
		free_setting(&batch->settings[i]);
	free(batch->settings);
	free(batch);
}

/* A setting that takes another back: nobody waits for it. */
static void taken_back(struct setting *setting, int fault, const char *why)
{
	if (fault != ESPALIER_OK)
		log_warning("a setting of node %u can't be taken back: %s", setting->node_id, why ? why : "");
	free_setting(setting);
	free(setting);
}

/* All or nothing: what worked before another failed is set to what it was. */
static void take_back(struct control *control, const struct setting *done)
{
	struct setting *setting = calloc(1, sizeof(*setting));
	const char *why;
	int fault;

	if (!setting)
		return;
	*setting = *done;
	setting->next = NULL;
	setting->text = strdup(done->former);
	setting->former = strdup(done->text);
	setting->done = taken_back;
	fault = setting->text && setting->former ? source_set(&control->source, setting, &why)
						 : ESPALIER_FAULT_RESOURCES;
	if (fault != ESPALIER_PENDING)
		taken_back(setting, fault, "");
}

static void finish(struct request_batch *batch)
{
	struct espalier_request *request = batch->request;
	int fault = batch->fault;
	const char *why = batch->why;

	for (size_t i = 0; fault != ESPALIER_OK && i < batch->count; i++) {
		if (batch->settings[i].worked && batch->settings[i].former)
			take_back(batch->control, &batch->settings[i]);
	}
	free_batch(batch);
	espalier_answer(request, fault, (struct espalier_row){0}, why);
}

static void setting_done(struct setting *setting, int fault, const char *why)
{
	struct request_batch *batch = setting->context;

	told(batch->control->model, setting, fault, why);
	setting->answered = true;
	setting->worked = fault == ESPALIER_OK;
	if (fault != ESPALIER_OK && batch->fault == ESPALIER_OK) {
		batch->fault = fault;
		batch->why = why;
	}
	if (--batch->left == 0 && batch->started)
		finish(batch);
}

static void too_late(void *context)
{
	struct request_batch *batch = context;
	struct control *control = batch->control;

	for (size_t i = 0; i < batch->count; i++) {
		bool last = batch->left == 1;

		if (batch->settings[i].answered)
			continue;
		source_set_done(&control->source, &batch->settings[i], ESPALIER_FAULT_INTERNAL,
				"the network does not answer");
		/* The last answer has freed the batch. */
		if (last)
			return;
	}
}

static char *former_text(struct control *control, const struct espalier_change *change)
{
	char buffer[ESPALIER_VALUE_MAXIMUM];
	struct espalier_value value;

	if (espalier_get(control->model->writer, change->row, change->parameter, &value, buffer, sizeof(buffer)))
		return strdup("");
	return text_of(&value);
}

static int start_batch(struct control *control, struct espalier_request *request, struct espalier_change *changes,
		       size_t count)
{
	struct request_batch *batch = calloc(1, sizeof(*batch));
	const char *why = NULL;
	int fault;

	if (batch)
		batch->settings = calloc(count, sizeof(*batch->settings));
	if (!batch || !batch->settings) {
		free(batch);
		return ESPALIER_FAULT_RESOURCES;
	}
	batch->control = control;
	batch->request = request;
	batch->timer = (struct loop_timer){.due = too_late, .context = batch};
	batch->next = control->batches;
	control->batches = batch;
	for (size_t i = 0; i < count && batch->fault == ESPALIER_OK; i++) {
		struct setting *setting = &batch->settings[batch->count];
		struct node *node;
		struct child *child;

		if (is_local(&changes[i]))
			continue;
		if (!model_place(control->model, changes[i].row, &node, &child) ||
		    fill(setting, node, child, &changes[i])) {
			batch->fault = ESPALIER_FAULT_INTERNAL;
			break;
		}
		setting->former = former_text(control, &changes[i]);
		setting->done = setting_done;
		setting->context = batch;
		batch->count++;
		batch->left++;
		fault = source_set(&control->source, setting, &why);
		if (fault != ESPALIER_PENDING)
			setting_done(setting, fault, why);
	}
	batch->started = true;
	if (batch->left > 0) {
		loop_arm(control->loop, &batch->timer, SOURCE_SETTING_MS);
		return ESPALIER_PENDING;
	}
	fault = batch->fault;
	free_batch(batch);
	return fault;
}

static int commit(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		  size_t count, bool undo, void *context)
{
	struct control *control = context;
	bool network = false;
	int error = 0;

	(void)writer;
	(void)undo;
	for (size_t i = 0; i < count && !error; i++) {
		struct node *node;
		struct child *child;

		if (!is_local(&changes[i]))
			network = true;
		else if (model_place(control->model, changes[i].row, &node, &child))
			error = keep_local(control, &changes[i], node);
	}
	if (!error)
		error = saved_save(&control->model->saved);
	if (error) {
		log_error("what was set can't be saved: %s", strerror(-error));
		return ESPALIER_FAULT_INTERNAL;
	}
	return network ? start_batch(control, request, changes, count) : ESPALIER_OK;
}

const struct espalier_owner request_owner = {.validate = validate, .commit = commit};
