/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of managers: what they set goes to the network, or is kept here where no source keeps it. */
#pragma once

#include "zwave/source.h"

/** Bytes of a source's URL, NUL included */
#define REQUEST_URL_SIZE (SCHEMA_TEXT_MAXIMUM + 1)

struct request_batch;

/** What requests act on: the running source, and how it is chosen */
struct control {
	struct loop *loop;
	struct model *model;
	struct source source;
	bool enabled;
	uint32_t kind;						/* enum source_kind */
	char url[REQUEST_URL_SIZE], read_url[REQUEST_URL_SIZE]; /* the wanted one, and that of the source */
	bool restart; /* the source is to be opened anew, outside a callback */
	struct request_batch *batches;
};

extern const struct espalier_owner request_owner;

/** control_load() - the configuration's source, or what a manager has set instead; shows it in the tree */
void control_load(struct control *control, uint32_t kind, const char *url);

/** control_apply() - opens or closes the source as it shall be; to be called after each event */
void control_apply(struct control *control);

/** control_close() - ends the source and all requests under way */
void control_close(struct control *control);
