// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the tree's configuration as a vendor configuration file: what can be set, rows that can be added, devices.
#pragma once

#include <stddef.h>

struct agent;

// Makes the text, which is to be freed, also after an error. Returns 0, -EFBIG: the tree has more than a file can, or
// -ENOMEM.
int configuration_backup(struct agent *agent, char **text, size_t *length);
