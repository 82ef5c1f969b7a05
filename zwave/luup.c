/* SPDX-License-Identifier: BSD-2-Clause */
/* The source Luup: what a MiOS or Vera box tells over HTTP, first all of it, then what changes, by long polls. */
#include "shm/log.h"
#include "zwave/http.h"
#include "zwave/json-split.h"
#include "shm/json.h"
#include "zwave/luup-document.h"
#include "zwave/luup-set.h"
#include "zwave/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT	"3480"
/* A poll waits so long for a change, in seconds, and changes that come together wait so long for each other, in ms. */
#define POLL_SECONDS	60
#define POLL_DELAY_MS	50
#define SILENCE_MS	30000
#define POLL_SILENCE_MS ((POLL_SECONDS + 30) * 1000)
/* An engine that answers polls at once although nothing changed is not asked more often than this. */
#define POLL_GAP_MS	200
#define ANSWER_MAXIMUM	4096

/* After a change of the network's device, sdata alone is asked again: it says whether a heal is going on. */
enum phase { PHASE_SDATA, PHASE_USER_DATA, PHASE_STATUS, PHASE_POLL, PHASE_SDATA_AGAIN };

struct luup {
	struct source *source;
	struct http_client poll, command;
	struct json_split split;
	struct luup_box box;
	enum phase phase;
	int error; /* why a document was given up */
	struct loop_timer timer;
	int64_t asked;
	uint32_t last_setting, setting_id; /* the latter is under way; 0: none */
	char answer[ANSWER_MAXIMUM + 1];
	size_t answer_length;
};

static void ask(struct luup *luup, enum phase phase);

/* ---- Documents ---------------------------------------------------------------------------------------------- */

static int take_element(struct json_object *element, void *context)
{
	struct luup *luup = context;

	switch (luup->phase) {
	case PHASE_SDATA:
	case PHASE_SDATA_AGAIN:
		return 0;
	case PHASE_USER_DATA:
		return luup_user_data_device(&luup->box, element);
	case PHASE_STATUS:
	case PHASE_POLL:
		return luup_status_device(&luup->box, element);
	}
	return 0;
}

static int take_body(const char *bytes, size_t length, void *context)
{
	struct luup *luup = context;

	luup->error = json_split_feed(&luup->split, bytes, length);
	return luup->error;
}

static int take_document(struct luup *luup, struct json_object *rest)
{
	struct luup_box *box = &luup->box;
	struct model *model = luup->source->model;
	int64_t load_time = box->load_time, user_data_version = box->user_data_version;
	int error;

	switch (luup->phase) {
	case PHASE_SDATA:
		luup_sdata(box, rest);
		ask(luup, PHASE_USER_DATA);
		return 0;
	case PHASE_SDATA_AGAIN:
		luup_sdata(box, rest);
		ask(luup, PHASE_POLL);
		return 0;
	case PHASE_USER_DATA:
		error = luup_user_data_end(box, rest);
		if (!error)
			ask(luup, PHASE_STATUS);
		return error;
	case PHASE_STATUS:
		luup_status_end(box, rest);
		if (box->load_time != load_time && load_time >= 0) {
			ask(luup, PHASE_SDATA);
			return 0;
		}
		luup_all_end(box);
		if (!luup->source->in_step) {
			/* Whoever sees that it is up finds its nodes. */
			model_settle(model);
			model_set_status(model, INTERFACE_UP);
			source_in_step(luup->source);
		}
		box->unknown_device = box->network_changed = false;
		luup_network_status(model);
		ask(luup, PHASE_POLL);
		return 0;
	case PHASE_POLL:
		luup_status_end(box, rest);
		/* The engine has started anew, or what a device is has changed: all is read again. */
		if (box->load_time != load_time || box->user_data_version != user_data_version || box->unknown_device) {
			box->unknown_device = false;
			ask(luup, PHASE_SDATA);
		} else {
			ask(luup, box->network_changed ? PHASE_SDATA_AGAIN : PHASE_POLL);
		}
		box->network_changed = false;
		return 0;
	}
	return 0;
}

static void document_done(const char *why, void *context)
{
	struct luup *luup = context;
	struct json_object *rest = json_split_end(&luup->split);
	char text[96];
	int error = luup->error;

	if (!why && json_object_get_type(rest) != json_type_object)
		error = -EBADMSG;
	if (!why && !error)
		error = take_document(luup, rest);
	if (!why && !error)
		return;
	snprintf(text, sizeof(text), "%s",
		 error == -ENODEV    ? "the box has no Z-Wave network"
		 : error == -EBADMSG ? "a document is no JSON that can be read"
		 : error == -E2BIG   ? "a document is too large"
		 : error	     ? strerror(-error)
				     : why);
	source_failed(luup->source, text);
}

static void ask_now(void *context)
{
	const struct http_user user = {.body = take_body, .done = document_done, .context = context};
	struct luup *luup = context;
	char target[256];
	int error, silence = SILENCE_MS;

	switch (luup->phase) {
	case PHASE_SDATA:
	case PHASE_SDATA_AGAIN:
		snprintf(target, sizeof(target), "/data_request?id=sdata&output_format=json");
		break;
	case PHASE_USER_DATA:
		luup_user_data_begin(&luup->box);
		snprintf(target, sizeof(target), "/data_request?id=user_data&output_format=json&ns=1");
		break;
	case PHASE_STATUS:
		snprintf(target, sizeof(target), "/data_request?id=status&output_format=json");
		break;
	case PHASE_POLL:
		snprintf(target, sizeof(target),
			 "/data_request?id=status&output_format=json&DataVersion=%" PRId64 "&LoadTime=%" PRId64
			 "&Timeout=%d&MinimumDelay=%d",
			 luup->box.data_version, luup->box.load_time, POLL_SECONDS, POLL_DELAY_MS);
		silence = POLL_SILENCE_MS;
		break;
	}
	luup->asked = loop_clock();
	luup->error = 0;
	json_split_close(&luup->split);
	error = json_split_open(&luup->split, "devices", 1, take_element, luup);
	if (!error)
		error = http_get(&luup->poll, target, silence, &user);
	if (error)
		source_failed(luup->source, strerror(-error));
}

/* Asked from the loop: the document before is done with then. */
static void ask(struct luup *luup, enum phase phase)
{
	int64_t since = loop_clock() - luup->asked;

	luup->phase = phase;
	loop_arm(luup->source->loop, &luup->timer,
		 phase == PHASE_POLL && since < POLL_GAP_MS && luup->source->in_step ? POLL_GAP_MS - since : 0);
}

/* ---- Settings, one at a time -------------------------------------------------------------------------------- */

static void send_next(struct luup *luup);

static int take_answer(const char *bytes, size_t length, void *context)
{
	struct luup *luup = context;

	if (length > ANSWER_MAXIMUM - luup->answer_length)
		length = ANSWER_MAXIMUM - luup->answer_length;
	memcpy(luup->answer + luup->answer_length, bytes, length);
	luup->answer_length += length;
	return 0;
}

static void answer_done(const char *why, void *context)
{
	struct luup *luup = context;
	/* It may have been given up meanwhile. */
	struct setting *setting = source_set_find(luup->source, luup->setting_id);
	int fault = ESPALIER_FAULT_INTERNAL;

	luup->setting_id = 0;
	luup->answer[luup->answer_length] = '\0';
	if (!why)
		fault = luup_set_result(luup->answer, &why);
	if (setting)
		source_set_done(luup->source, setting, fault, why);
	send_next(luup);
}

static void send_next(struct luup *luup)
{
	const struct http_user user = {.body = take_answer, .done = answer_done, .context = luup};
	char target[HTTP_TARGET_MAXIMUM + 1];
	struct setting *setting = luup->source->settings, *next;
	const char *why = NULL;
	int fault;

	/* The list has the newest first. */
	while (setting && !luup->setting_id) {
		struct setting *oldest = setting;

		for (next = setting; next; next = next->next)
			oldest = next;
		fault = luup_set_target(&luup->box, oldest, target, sizeof(target), &why);
		luup->answer_length = 0;
		if (fault == ESPALIER_OK && http_get(&luup->command, target, SILENCE_MS, &user) == 0) {
			luup->setting_id = oldest->id;
			return;
		}
		source_set_done(luup->source, oldest, fault ? fault : ESPALIER_FAULT_INTERNAL, why);
		setting = luup->source->settings;
	}
}

static void send_later(void *context)
{
	send_next(context);
}

/* ---- Life --------------------------------------------------------------------------------------------------- */

struct luup_source {
	struct luup luup;
	struct loop_timer send;
};

static void close_source(struct source *source)
{
	struct luup_source *state = source->state;

	if (!state)
		return;
	http_close(&state->luup.poll);
	http_close(&state->luup.command);
	loop_disarm(source->loop, &state->luup.timer);
	loop_disarm(source->loop, &state->send);
	json_split_close(&state->luup.split);
	luup_box_close(&state->luup.box);
	free(state);
	source->state = NULL;
}

static int open_source(struct source *source)
{
	struct luup_source *state = calloc(1, sizeof(*state));
	struct luup *luup;
	struct url url;

	if (!state)
		return -ENOMEM;
	source->state = state;
	luup = &state->luup;
	luup->source = source;
	luup_box_open(&luup->box, source->model);
	luup->timer = (struct loop_timer){.due = ask_now, .context = luup};
	state->send = (struct loop_timer){.due = send_later, .context = luup};
	if (url_parse(source->url, DEFAULT_PORT, &url) || strcmp(url.scheme, "http") != 0) {
		log_error("%s is no URL of a Luup box: http://HOST:PORT", source->url);
		return -EINVAL;
	}
	http_open(&luup->poll, source->loop, &url);
	http_open(&luup->command, source->loop, &url);
	model_set_status(source->model, INTERFACE_DORMANT);
	ask(luup, PHASE_SDATA);
	return 0;
}

static int check(struct source *source, const struct setting *setting, const char **why)
{
	struct luup_source *state = source->state;
	char target[HTTP_TARGET_MAXIMUM + 1];

	return luup_set_target(&state->luup.box, setting, target, sizeof(target), why);
}

static int set(struct source *source, struct setting *setting, const char **why)
{
	struct luup_source *state = source->state;
	int fault = check(source, setting, why);

	if (fault != ESPALIER_OK)
		return fault;
	setting->id = ++state->luup.last_setting;
	loop_arm(source->loop, &state->send, 0);
	return ESPALIER_PENDING;
}

const struct source_type source_luup = {.open = open_source, .close = close_source, .check = check, .set = set};
