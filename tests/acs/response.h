// SPDX-License-Identifier: GPL-2.0-or-later
// Builds the bytes of an HTTP response, correct or as its plan wants it.
#pragma once

#include "tests/acs/misbehave.h"

/*
 * Appends the whole response to `out` and records it. `headers` and `body` may be NULL. Returns true when the
 * connection is to be closed after `out` was sent.
 */
bool response_build(struct buffer *out, const struct plan *plan, unsigned connection, int status,
		    const struct buffer *headers, const struct buffer *body);
