/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes messages of a Z-Wave JS server, one a line: whatever they hold, the model stays within its bounds. */
#include "tests/fuzz/zwave-model.h"
#include "zwave/json-split.h"
#include "shm/json.h"
#include "zwave/zwave-js-command.h"
#include "zwave/zwave-js-state.h"

#include <string.h>

static int take_node(struct json_object *element, void *context)
{
	zwave_js_node(context, element);
	return 0;
}

static void take_result(struct model *model, struct json_object *result)
{
	struct json_object *state = json_member(result, "state");
	struct node *node;

	/* Another home id takes all nodes away. */
	if (state)
		zwave_js_controller(model, json_member(state, "controller"));
	node = model_node(model, 2);
	for (int query = ZWAVE_JS_QUERY_FIRST; node && query < ZWAVE_JS_QUERIES; query++)
		zwave_js_query_result(model, node, (enum zwave_js_query)query, result);
	zwave_js_routes(model, result);
}

static void take_message(struct model *model, const char *text, size_t length)
{
	struct json_split split;
	struct node *query;
	const char *why;

	if (json_split_open(&split, "nodes", 3, take_node, model))
		abort();
	/* In two pieces, so that every place between them is reached. */
	if (json_split_feed(&split, text, length / 2) == 0 &&
	    json_split_feed(&split, text + length / 2, length - length / 2) == 0) {
		struct json_object *message = json_split_end(&split);

		zwave_js_event(model, json_member(message, "event"), &query);
		take_result(model, json_member(message, "result"));
		zwave_js_set_result(message, json_object_get_boolean(json_member(message, "success")), &why);
	}
	json_split_close(&split);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model *model = fuzz_model();
	char *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	for (size_t at = 0; at < size;) {
		const char *end = memchr(copy + at, '\n', size - at);
		size_t length = end ? (size_t)(end - copy) - at : size - at;

		take_message(model, copy + at, length);
		at += length + 1;
	}
	free(copy);
	fuzz_empty(model);
	return 0;
}
