/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model that the Z-Wave fuzzers fill: one for the whole run, emptied after each input. */
#pragma once

#include "shm/log.h"
#include "zwave/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FUZZ_HOME 0xc0ffee01u

static inline struct model *fuzz_model(void)
{
	static struct model model;
	static bool opened;
	char folder[] = "/tmp/zwave-fuzz-XXXXXX";

	if (!opened) {
		log_set_level(LOG_ERR);
		if (!mkdtemp(folder) || model_open(&model, SCHEMA_OBJECT_DEFAULT, folder, folder, NULL, NULL))
			abort();
		opened = true;
	}
	if (model_home(&model, FUZZ_HOME) && !model.home_id[0])
		abort();
	return &model;
}

static inline void fuzz_empty(struct model *model)
{
	model_settle(model);
	for (uint32_t id = 0; id <= SCHEMA_NODE_ID_MAXIMUM; id++) {
		if (model->nodes[id])
			model_remove(model, model->nodes[id]);
	}
	if (model->row_count || model->node_count)
		abort();
	model->syncing = false;
	model->pending = false;
}
