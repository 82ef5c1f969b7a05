/* SPDX-License-Identifier: BSD-2-Clause */
/* What a source is to the rest: something that keeps the model in step with a network, and sets what a manager wants.
 */
#pragma once

#include "zwave/loop.h"
#include "zwave/model.h"

/** Milliseconds: between attempts to reach a source, at first and at most; and how long a setting may take */
#define SOURCE_RETRY_FIRST_MS	1000
#define SOURCE_RETRY_MOST_MS	60000
#define SOURCE_SETTING_MS	20000
/** Settings under way at once */
#define SOURCE_SETTINGS_MAXIMUM 256u

enum setting_kind { SETTING_VALUE, SETTING_CONFIGURATION, SETTING_ASSOCIATION, SETTING_NODE, SETTING_POLLING };

/** One value on its way to the network. It belongs to who made it, until `done` is called, once. */
struct setting {
	enum setting_kind kind;
	uint16_t node_id;
	uint32_t parameter; /* NODE: enum node_parameter; POLLING: enum polling_parameter; ASSOCIATION: the group */
	enum value_type type;
	char target[MODEL_TARGET_SIZE]; /* VALUE, CONFIGURATION: the child's */
	char *text, *former;		/* what it shall be, and what it was */
	void (*done)(struct setting *setting, int fault, const char *why);
	void *context;
	uint32_t id; /* the source's, as stage is */
	int stage;
	bool answered, worked; /* its maker's */
	struct setting *next;
};

struct source;

struct source_type {
	/** Begins to connect. 0, or -errno with the reason logged; source_failed() tells all that goes wrong later. */
	int (*open)(struct source *source);
	/** Ends everything; safe at any time. */
	void (*close)(struct source *source);
	/** Whether a setting can be tried. ESPALIER_OK, or a fault with *why. */
	int (*check)(struct source *source, const struct setting *setting, const char **why);
	/** Begins it: answers by source_set_done(). ESPALIER_PENDING, or a fault with *why. */
	int (*set)(struct source *source, struct setting *setting, const char **why);
};

struct source {
	const struct source_type *type;
	struct loop *loop;
	struct model *model;
	const char *url;
	void *state; /* the type's own, between open and close */
	struct loop_timer retry;
	int64_t retry_ms;
	bool opened, in_step;
	struct setting *settings;
	unsigned int setting_count;
};

extern const struct source_type source_luup, source_zwave_js, source_serial;

/** source_start() - opens it, now and again until it works; source_stop() ends that. Pending settings fail. */
void source_start(struct source *source);
void source_stop(struct source *source);

/** source_failed() - called by the type: it is closed, the interface is down, and it is tried again later. The type's
 *  state is gone when this returns. */
void source_failed(struct source *source, const char *why);

/** source_in_step() - called by the type: the model shows the whole state now */
void source_in_step(struct source *source);

/** source_set() - as source_type.set, and keeps the setting among those under way */
int source_set(struct source *source, struct setting *setting, const char **why);

/** source_set_done() - ends a setting: takes it out and calls its `done` */
void source_set_done(struct source *source, struct setting *setting, int fault, const char *why);

/** source_set_find() - the setting with this id, or NULL */
struct setting *source_set_find(struct source *source, uint32_t id);
