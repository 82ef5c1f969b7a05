// SPDX-License-Identifier: GPL-2.0-or-later
// The items of a value that is a list by commas (TR-106, 3.2.3).
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Takes the next item, without the blanks around it. `at` starts with the list's first byte, and `end` is behind its
// last one. Returns false at the end.
bool list_item(const char **at, const char *end, const char **item, size_t *length);
