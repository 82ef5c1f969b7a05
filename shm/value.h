/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits of values, for the writer and the request channel. */
#pragma once

#include "shm/espalier.h"

/** 0 when `range` ("low:high,...", NULL or "") is well formed, else -EINVAL. */
int value_range_valid(const char *range);

/** Checks a value that a program publishes: 0, -EINVAL for another type or form, -ERANGE outside the limits. */
int value_check(const struct espalier_parameter *parameter, const struct espalier_value *value);

/** The type in which a parameter's value travels: a list is a string. */
enum espalier_type value_type(const struct espalier_parameter *parameter);

/** Characters (not bytes) of a UTF-8 text. */
size_t value_characters(const char *text, size_t length);
