/* SPDX-License-Identifier: BSD-2-Clause */
/* Which source is read: the configuration's, unless a manager has set another. */
#include "shm/log.h"
#include "zwave/request.h"

#include <stdio.h>
#include <string.h>

static const struct source_type *const types[] = {
	[SOURCE_LUUP] = &source_luup,
	[SOURCE_ZWAVE_JS] = &source_zwave_js,
	[SOURCE_SERIAL] = &source_serial,
};

static uint32_t kind_of_name(const char *name, uint32_t otherwise)
{
	for (uint32_t kind = 0; name && schema_source_kinds[kind]; kind++) {
		if (strcmp(schema_source_kinds[kind], name) == 0)
			return kind;
	}
	return otherwise;
}

static void show(struct control *control)
{
	struct update update = model_update_interface(control->model);

	update_boolean(&update, INTERFACE_ENABLE, control->enabled);
	update_string(&update, INTERFACE_SOURCE_TYPE, schema_source_kinds[control->kind]);
	update_string(&update, INTERFACE_SOURCE_URL, control->url);
	update_end(&update);
}

void control_load(struct control *control, uint32_t kind, const char *url)
{
	const struct saved *saved = &control->model->saved;
	const char *enabled = saved_get(saved, "enable"), *set = saved_get(saved, "url");

	control->enabled = !enabled || strcmp(enabled, "false") != 0;
	kind = kind_of_name(saved_get(saved, "source"), kind);
	set = set ? set : url;
	if (control->source.type && kind == control->kind && strcmp(control->url, set) == 0)
		return;
	control->kind = kind;
	snprintf(control->url, sizeof(control->url), "%s", set);
	control->restart = true;
	show(control);
}

void control_apply(struct control *control)
{
	if (!control->restart)
		return;
	control->restart = false;
	if (control->source.type) {
		source_stop(&control->source);
		if (control->source.type != types[control->kind] || strcmp(control->read_url, control->url) != 0)
			model_clear(control->model);
	}
	memcpy(control->read_url, control->url, sizeof(control->read_url));
	control->source = (struct source){
		.type = types[control->kind], .loop = control->loop, .model = control->model, .url = control->read_url};
	if (control->enabled && control->url[0])
		source_start(&control->source);
	else
		log_notice("no source is read: %s", control->enabled ? "no URL" : "not enabled");
}

void control_close(struct control *control)
{
	if (control->source.type)
		source_stop(&control->source);
}
