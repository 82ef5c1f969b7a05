/* SPDX-License-Identifier: BSD-2-Clause */
/* Values and configuration parameters of Z-Wave JS: their identity, their metadata, and what some of them mean. */
#pragma once

#include "zwave/model.h"

#include <json-c/json.h>

/** How a value reached us */
enum zwave_js_origin {
	ZWAVE_JS_DUMP,	  /* in a state: value, metadata */
	ZWAVE_JS_CHANGED, /* value added, updated: newValue */
	ZWAVE_JS_REMOVED,
	ZWAVE_JS_METADATA,
	ZWAVE_JS_NOTIFIED, /* value notification: value */
};

/** zwave_js_value() - takes one value; what has no identity is passed over */
void zwave_js_value(struct model *model, struct node *node, struct json_object *value, enum zwave_js_origin origin);

/** zwave_js_value_text() - a value of any type as text; the buffer holds it, or json-c does as long as `value` lives */
const char *zwave_js_value_text(struct json_object *value, char buffer[32], size_t *length);
