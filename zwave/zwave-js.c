/* SPDX-License-Identifier: BSD-2-Clause */
/* The source Z-Wave JS: the dialogue with its server over WebSocket, from the handshake to settings. */
#include "shm/log.h"
#include "zwave/json-split.h"
#include "shm/json.h"
#include "zwave/source.h"
#include "zwave/websocket.h"
#include "zwave/zwave-js-command.h"
#include "zwave/zwave-js-state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT   "3000"
/* The newest schema that was tried, and the oldest in which the state has what the model needs */
#define SCHEMA_NEWEST  47
#define SCHEMA_OLDEST  25
/* Between two extra commands, and until one counts as lost; how often all is asked again. Milliseconds. */
#define QUERY_GAP_MS   100
#define QUERY_LOST_MS  60000
#define QUERY_AGAIN_MS (6 * 3600 * 1000)

enum phase { PHASE_VERSION, PHASE_INITIALIZE, PHASE_LISTEN, PHASE_LISTENING };

struct zwave_js {
	struct source *source;
	struct websocket websocket;
	struct json_split split;
	enum phase phase;
	uint32_t last_id;  /* of a message sent */
	uint32_t expected; /* the id of the dialogue's answer */
	struct loop_timer query_timer;
	bool wanted[SCHEMA_NODE_ID_MAXIMUM + 1];
	bool want_routes;
	uint32_t query_node, query_id;	  /* whose turn it is; what is under way, 0: nothing */
	enum zwave_js_query query, asked; /* the node's next one; the one under way */
	char why[96];
};

/* ---- Sending ------------------------------------------------------------------------------------------------ */

static int send_command(struct zwave_js *js, struct json_object *command, uint32_t *id)
{
	char text[16];
	const char *json;
	int error;

	snprintf(text, sizeof(text), "%" PRIu32, ++js->last_id);
	json_object_object_add(command, "messageId", json_object_new_string(text));
	json = json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN);
	error = websocket_send(&js->websocket, json, strlen(json));
	json_object_put(command);
	*id = js->last_id;
	return error;
}

static int start_listening(struct zwave_js *js)
{
	struct json_object *command = json_object_new_object();

	json_object_object_add(command, "command", json_object_new_string("start_listening"));
	js->phase = PHASE_LISTEN;
	model_set_status(js->source->model, INTERFACE_DORMANT);
	model_sync_begin(js->source->model);
	return send_command(js, command, &js->expected);
}

/* ---- Extra commands, one at a time -------------------------------------------------------------------------- */

static void query_send(struct zwave_js *js, enum zwave_js_query query, struct json_object *command)
{
	js->asked = query;
	if (send_command(js, command, &js->query_id))
		js->query_id = 0;
	loop_arm(js->source->loop, &js->query_timer, QUERY_LOST_MS);
}

static void query_ended(struct zwave_js *js)
{
	js->query_id = 0;
	/* It may have been set to the first one meanwhile. */
	if (js->query == js->asked)
		js->query++;
}

static void query_next(void *context)
{
	struct zwave_js *js = context;
	struct node *node;

	/* The answer to the last one is lost: the next may fare better. */
	if (js->query_id)
		query_ended(js);
	if (js->want_routes) {
		js->want_routes = false;
		query_send(js, ZWAVE_JS_QUERY_ROUTES, zwave_js_query(ZWAVE_JS_QUERY_ROUTES, NULL));
		return;
	}
	for (uint32_t turns = 0; turns <= SCHEMA_NODE_ID_MAXIMUM; turns++) {
		node = js->wanted[js->query_node] ? model_find(js->source->model, js->query_node) : NULL;
		while (node && js->query < ZWAVE_JS_QUERIES) {
			struct json_object *command = zwave_js_query(js->query, node);

			if (command) {
				query_send(js, js->query, command);
				return;
			}
			js->query++;
		}
		js->wanted[js->query_node] = false;
		js->query_node = js->query_node < SCHEMA_NODE_ID_MAXIMUM ? js->query_node + 1 : 1;
		js->query = ZWAVE_JS_QUERY_FIRST;
	}
	/* Nobody is wanted: all of them, later. */
	for (uint32_t id = 1; id <= SCHEMA_NODE_ID_MAXIMUM; id++)
		js->wanted[id] = model_find(js->source->model, id) != NULL;
	js->want_routes = true;
	loop_arm(js->source->loop, &js->query_timer, QUERY_AGAIN_MS);
}

static void query_all(struct zwave_js *js)
{
	for (uint32_t id = 1; id <= SCHEMA_NODE_ID_MAXIMUM; id++)
		js->wanted[id] = model_find(js->source->model, id) != NULL;
	js->want_routes = true;
	js->query_node = 1;
	js->query = ZWAVE_JS_QUERY_FIRST;
	js->query_id = 0;
	loop_arm(js->source->loop, &js->query_timer, QUERY_GAP_MS);
}

static void query_one(struct zwave_js *js, const struct node *node)
{
	js->wanted[node->id] = true;
	if (js->query_node == node->id)
		js->query = ZWAVE_JS_QUERY_FIRST;
	if (!js->query_id)
		loop_arm(js->source->loop, &js->query_timer, QUERY_GAP_MS);
}

static void query_answered(struct zwave_js *js, struct json_object *result)
{
	struct node *node = model_find(js->source->model, js->query_node);

	if (result && (node || js->asked == ZWAVE_JS_QUERY_ROUTES))
		zwave_js_query_result(js->source->model, node, js->asked, result);
	query_ended(js);
	loop_arm(js->source->loop, &js->query_timer, QUERY_GAP_MS);
}

/* ---- Receiving ---------------------------------------------------------------------------------------------- */

static int refuse(struct zwave_js *js, const char *why)
{
	snprintf(js->why, sizeof(js->why), "%s", why);
	return -EPROTO;
}

static int take_version(struct zwave_js *js, struct json_object *message)
{
	struct json_object *command, *agent;
	int64_t home, low = 0, high = 0;

	if (!json_is_text(json_member(message, "type"), "version") ||
	    !json_member_whole(message, "maxSchemaVersion", 0, INT32_MAX, &high) ||
	    !json_member_whole(message, "minSchemaVersion", 0, INT32_MAX, &low))
		return refuse(js, "this is no Z-Wave JS server");
	if (high < SCHEMA_OLDEST || low > SCHEMA_NEWEST)
		return refuse(js, "the server's schema versions are too old or too new");
	if (json_member_whole(message, "homeId", 0, UINT32_MAX, &home) && model_home(js->source->model, (uint32_t)home))
		return refuse(js, "its network can't be taken");
	command = json_object_new_object();
	agent = json_object_new_object();
	json_object_object_add(agent, "espalier-zwave", json_object_new_string(ESPALIER_VERSION));
	json_object_object_add(command, "command", json_object_new_string("initialize"));
	json_object_object_add(command, "schemaVersion",
			       json_object_new_int64(high < SCHEMA_NEWEST ? high : SCHEMA_NEWEST));
	json_object_object_add(command, "additionalUserAgentComponents", agent);
	js->phase = PHASE_INITIALIZE;
	return send_command(js, command, &js->expected);
}

static int take_state(struct zwave_js *js, struct json_object *state)
{
	struct json_object *controller = json_member_of(state, "controller", json_type_object);
	struct model *model = js->source->model;

	if (!controller || !json_member_of(state, "nodes", json_type_array))
		return refuse(js, "the answer holds no state");
	if (zwave_js_controller(model, controller) || !model->home_id[0])
		return refuse(js, "the state names no network that can be taken");
	model_sync_end(model);
	js->phase = PHASE_LISTENING;
	/* Whoever sees that it is up finds its nodes. */
	model_settle(model);
	model_set_status(model, INTERFACE_UP);
	/* The status that came with the state counts from here on. */
	zwave_js_controller(model, controller);
	source_in_step(js->source);
	query_all(js);
	return 0;
}

static void take_setting(struct zwave_js *js, struct setting *setting, struct json_object *message, bool success)
{
	const char *why = NULL;
	int fault = zwave_js_set_result(message, success, &why);
	struct node *node;

	if (fault == ESPALIER_OK && setting->kind == SETTING_ASSOCIATION && setting->stage == 0) {
		struct json_object *command = zwave_js_association_add(setting);

		setting->stage = 1;
		if (command && send_command(js, command, &setting->id) == 0)
			return;
		if (command)
			fault = ESPALIER_FAULT_INTERNAL;
	}
	/* No event tells these. */
	node = setting->kind == SETTING_ASSOCIATION ||
			       (setting->kind == SETTING_NODE && setting->parameter == NODE_MANUAL_ROUTE)
		       ? model_find(js->source->model, setting->node_id)
		       : NULL;
	if (node)
		query_one(js, node);
	source_set_done(js->source, setting, fault, why);
}

static int take_result(struct zwave_js *js, struct json_object *message)
{
	bool success = json_object_get_boolean(json_member(message, "success"));
	struct json_object *result = json_member_of(message, "result", json_type_object);
	struct setting *setting;
	uint64_t id = 0;
	size_t length;
	const char *text = json_text(json_member(message, "messageId"), &length);

	if (!text || sscanf(text, "%" SCNu64, &id) != 1)
		return 0;
	if (js->phase != PHASE_LISTENING && id == js->expected) {
		if (!success)
			return refuse(js, "the server refuses the dialogue");
		return js->phase == PHASE_INITIALIZE
			       ? start_listening(js)
			       : take_state(js, json_member_of(result, "state", json_type_object));
	}
	if (id == js->query_id && id != 0) {
		query_answered(js, success ? result : NULL);
		return 0;
	}
	setting = source_set_find(js->source, (uint32_t)id);
	if (setting)
		take_setting(js, setting, message, success);
	return 0;
}

static int take_message(struct zwave_js *js, struct json_object *message)
{
	struct json_object *type = json_member(message, "type");
	struct node *query;

	if (js->phase == PHASE_VERSION)
		return take_version(js, message);
	if (json_is_text(type, "result"))
		return take_result(js, message);
	if (json_is_text(type, "event") && js->phase >= PHASE_LISTEN) {
		if (!zwave_js_event(js->source->model, json_member_of(message, "event", json_type_object), &query))
			return js->phase == PHASE_LISTENING ? start_listening(js) : 0;
		if (query)
			query_one(js, query);
	}
	return 0;
}

static int take_node(struct json_object *element, void *context)
{
	struct zwave_js *js = context;

	if (js->phase == PHASE_LISTEN)
		zwave_js_node(js->source->model, element);
	return 0;
}

static int message_begin(void *context)
{
	struct zwave_js *js = context;

	json_split_close(&js->split);
	/* {"result":{"state":{"nodes":[ ... */
	return json_split_open(&js->split, "nodes", 3, take_node, js);
}

static int message_piece(const char *bytes, size_t length, void *context)
{
	struct zwave_js *js = context;

	return json_split_feed(&js->split, bytes, length);
}

static int message_end(void *context)
{
	struct zwave_js *js = context;
	struct json_object *message = json_split_end(&js->split);
	int error;

	if (json_object_get_type(message) != json_type_object)
		return -EBADMSG;
	error = take_message(js, message);
	json_split_close(&js->split);
	return error;
}

/* ---- Life --------------------------------------------------------------------------------------------------- */

static void opened(void *context)
{
	struct zwave_js *js = context;

	model_set_status(js->source->model, INTERFACE_DORMANT);
}

static void closed(const char *why, void *context)
{
	struct zwave_js *js = context;
	char copy[sizeof(js->why)];

	snprintf(copy, sizeof(copy), "%s", js->why[0] ? js->why : why);
	source_failed(js->source, copy);
}

static void close_source(struct source *source)
{
	struct zwave_js *js = source->state;

	if (!js)
		return;
	websocket_close(&js->websocket);
	loop_disarm(source->loop, &js->query_timer);
	json_split_close(&js->split);
	free(js);
	source->state = NULL;
}

static int open_source(struct source *source)
{
	struct zwave_js *js = calloc(1, sizeof(*js));
	const struct websocket_user user = {.opened = opened,
					    .begin = message_begin,
					    .piece = message_piece,
					    .end = message_end,
					    .closed = closed,
					    .context = js};
	struct url url;

	if (!js)
		return -ENOMEM;
	source->state = js;
	js->source = source;
	js->query_timer = (struct loop_timer){.due = query_next, .context = js};
	if (url_parse(source->url, DEFAULT_PORT, &url) || strcmp(url.scheme, "ws") != 0) {
		log_error("%s is no URL of a Z-Wave JS server: ws://HOST:PORT", source->url);
		return -EINVAL;
	}
	return websocket_open(&js->websocket, source->loop, &url, &user);
}

static int check(struct source *source, const struct setting *setting, const char **why)
{
	(void)source;
	return zwave_js_set_check(setting, why);
}

static int set(struct source *source, struct setting *setting, const char **why)
{
	struct zwave_js *js = source->state;
	int fault = zwave_js_set_check(setting, why);
	struct json_object *command;

	if (fault != ESPALIER_OK)
		return fault;
	setting->stage = 0;
	command = zwave_js_set(setting);
	if (!command) {
		/* Nothing to take out of the group. */
		setting->stage = 1;
		command = zwave_js_association_add(setting);
	}
	if (!command)
		return ESPALIER_OK;
	if (send_command(js, command, &setting->id)) {
		*why = "the server takes no commands now";
		return ESPALIER_FAULT_INTERNAL;
	}
	return ESPALIER_PENDING;
}

const struct source_type source_zwave_js = {.open = open_source, .close = close_source, .check = check, .set = set};
