/* SPDX-License-Identifier: BSD-2-Clause */
/* How the state and events of a Z-Wave JS server become the model. Whatever they hold, the model stays within bounds.
 */
#pragma once

#include "zwave/model.h"

#include <json-c/json.h>

/** zwave_js_controller() - the controller's part of a state. Returns 0, or -errno when its home id can't be taken. */
int zwave_js_controller(struct model *model, struct json_object *controller);

/** zwave_js_node() - a node's state, whole: values that it has not are taken away. NULL for what is no node. */
struct node *zwave_js_node(struct model *model, struct json_object *state);

/** zwave_js_event() - an event. False for one after which the whole state must be read again. */
bool zwave_js_event(struct model *model, struct json_object *event, struct node **query);

/** zwave_js_route() - sets the parameter to a route's repeaters, e.g. "5,7", "direct" for none, "" for no route */
void zwave_js_route(struct update *update, uint32_t parameter, struct json_object *route);

/** zwave_js_neighbors(), _groups(), _associations() ... - what the extra commands answered for a node */
void zwave_js_neighbors(struct model *model, struct node *node, struct json_object *result);
void zwave_js_groups(struct model *model, struct node *node, struct json_object *result);
void zwave_js_associations(struct model *model, struct node *node, struct json_object *result);
void zwave_js_routes(struct model *model, struct json_object *result);
void zwave_js_priority_route(struct model *model, struct node *node, struct json_object *result);
void zwave_js_health(struct model *model, struct node *node, struct json_object *result);
void zwave_js_battery_time(struct model *model, struct node *node, struct json_object *result);
