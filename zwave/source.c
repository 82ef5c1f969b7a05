/* SPDX-License-Identifier: BSD-2-Clause */
/* What all sources have in common: they fail, are tried again, and have settings under way. */
#include "zwave/source.h"

#include "shm/log.h"

#include <string.h>

static void attempt(void *context)
{
	struct source *source = context;

	source->opened = true;
	if (source->type->open(source))
		source_failed(source, "it can't be opened");
}

void source_start(struct source *source)
{
	source->retry = (struct loop_timer){.due = attempt, .context = source};
	source->retry_ms = SOURCE_RETRY_FIRST_MS;
	loop_arm(source->loop, &source->retry, 0);
}

static void drop(struct source *source)
{
	if (source->opened)
		source->type->close(source);
	source->opened = source->in_step = false;
	model_sync_cancel(source->model);
	model_set_status(source->model, INTERFACE_DOWN);
	while (source->settings)
		source_set_done(source, source->settings, ESPALIER_FAULT_INTERNAL, "the source was lost");
}

void source_stop(struct source *source)
{
	loop_disarm(source->loop, &source->retry);
	drop(source);
}

void source_failed(struct source *source, const char *why)
{
	/* The reason may lie in what is closed now. */
	log_warning("%s: %s; next attempt in %lld s", source->url, why, (long long)source->retry_ms / 1000);
	drop(source);
	loop_arm(source->loop, &source->retry, source->retry_ms);
	source->retry_ms = source->retry_ms * 2 > SOURCE_RETRY_MOST_MS ? SOURCE_RETRY_MOST_MS : source->retry_ms * 2;
}

void source_in_step(struct source *source)
{
	source->in_step = true;
	source->retry_ms = SOURCE_RETRY_FIRST_MS;
	log_notice("%s: in step, %u nodes of home %s", source->url, source->model->node_count, source->model->home_id);
}

int source_set(struct source *source, struct setting *setting, const char **why)
{
	int fault = ESPALIER_OK;

	*why = NULL;
	if (!source->in_step) {
		*why = "the source can't be reached now";
		return ESPALIER_FAULT_INTERNAL;
	}
	if (source->setting_count == SOURCE_SETTINGS_MAXIMUM) {
		*why = "too many settings are under way";
		return ESPALIER_FAULT_RESOURCES;
	}
	setting->next = source->settings;
	source->settings = setting;
	source->setting_count++;
	fault = source->type->set(source, setting, why);
	if (fault != ESPALIER_PENDING) {
		for (struct setting **at = &source->settings; *at; at = &(*at)->next) {
			if (*at == setting) {
				*at = setting->next;
				source->setting_count--;
				break;
			}
		}
	}
	return fault;
}

void source_set_done(struct source *source, struct setting *setting, int fault, const char *why)
{
	for (struct setting **at = &source->settings; *at; at = &(*at)->next) {
		if (*at == setting) {
			*at = setting->next;
			source->setting_count--;
			setting->done(setting, fault, why);
			return;
		}
	}
}

struct setting *source_set_find(struct source *source, uint32_t id)
{
	for (struct setting *setting = source->settings; setting; setting = setting->next) {
		if (setting->id == id)
			return setting;
	}
	return NULL;
}
