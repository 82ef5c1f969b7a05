/* SPDX-License-Identifier: BSD-2-Clause */
/* What a manager sets, as a request of the Luup HTTP API, and what its answer means. */
#pragma once

#include "zwave/luup-document.h"
#include "zwave/source.h"

/** luup_set_target() - the request's target. ESPALIER_OK, or a fault with *why. */
int luup_set_target(const struct luup_box *box, const struct setting *setting, char *target, size_t size,
		    const char **why);

/** luup_set_result() - ESPALIER_OK, or the fault that an answer's text means, with *why */
int luup_set_result(const char *answer, const char **why);

/** luup_network_status() - the interface's Status after NetStatusCode, which came while it was not up yet */
void luup_network_status(struct model *model);
