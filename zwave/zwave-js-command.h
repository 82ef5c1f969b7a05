/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands to a Z-Wave JS server: what the state does not tell, and what a manager sets; and what their results mean.
 */
#pragma once

#include "zwave/source.h"

#include <json-c/json.h>

/** Extra commands, for each node in this order; the routes of all nodes come in one */
enum zwave_js_query {
	ZWAVE_JS_QUERY_FIRST,
	ZWAVE_JS_QUERY_NEIGHBORS = ZWAVE_JS_QUERY_FIRST,
	ZWAVE_JS_QUERY_GROUPS,
	ZWAVE_JS_QUERY_ASSOCIATIONS,
	ZWAVE_JS_QUERY_PRIORITY_ROUTE,
	ZWAVE_JS_QUERY_BATTERY_TIME,
	ZWAVE_JS_QUERY_HEALTH,
	ZWAVE_JS_QUERIES,
	ZWAVE_JS_QUERY_ROUTES,
};

/** zwave_js_query() - the command, the caller's; NULL where it makes no sense for the node */
struct json_object *zwave_js_query(enum zwave_js_query query, const struct node *node);

/** zwave_js_query_result() - takes its result into the model */
void zwave_js_query_result(struct model *model, struct node *node, enum zwave_js_query query,
			   struct json_object *result);

/** zwave_js_set_check() - whether a setting can be put in a command. ESPALIER_OK or a fault with *why. */
int zwave_js_set_check(const struct setting *setting, const char **why);

/** zwave_js_set() - the command of a checked setting. For an association: what takes nodes out, NULL for none. */
struct json_object *zwave_js_set(const struct setting *setting);
/** zwave_js_association_add() - the second command of an association: what puts nodes in, NULL for none */
struct json_object *zwave_js_association_add(const struct setting *setting);

/** zwave_js_set_result() - the fault that a result means. *why: living as long as the message, or NULL */
int zwave_js_set_result(struct json_object *message, bool success, const char **why);
