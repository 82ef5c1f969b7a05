// SPDX-License-Identifier: GPL-2.0-or-later
// The parameter names and types that the ACS has seen, for completion and for SetParameterValues.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Notes a name; `type` NULL or "" when not known. A later type replaces an earlier one. Beyond a bound does nothing. */
void names_learn(const char *name, const char *type);

/* The type last seen of this parameter, or NULL. Valid until the next names_learn(). */
const char *names_type(const char *name);

/*
 * The `index`-th (from 0) completion of `prefix`: a seen name up to and including the next dot after the prefix, each
 * one once. Returns NULL when there are no more, else a string that the caller frees.
 */
char *names_complete(const char *prefix, size_t index);

void names_free(void);
