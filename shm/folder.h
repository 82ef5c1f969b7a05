/* SPDX-License-Identifier: BSD-2-Clause */
/* The run folder, where segments and their sockets are. */
#pragma once

#include <stdbool.h>

/** The folder's path: the argument, or $ESPALIER_DIR, or /run/espalier. */
const char *folder_path(const char *folder);

/** Opens the folder and, when `create`, makes it if it is missing. A descriptor, or -errno with a text. */
int folder_open(const char *folder, bool create);
