// SPDX-License-Identifier: GPL-2.0-or-later
// Which ends of transfers the ACS has confirmed whose records are still on the disk: files in the run folder, which is
// in memory. An agent that is killed before the record has gone does not tell the ACS again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TRANSFER_TOLD_FOLDER "transfers" // in the run folder; an empty file for each, named by the number

struct agent;

// The ACS has confirmed the end of this transfer.
void transfer_told_add(const struct agent *agent, uint32_t number);

bool transfer_told(const struct agent *agent, uint32_t number);

// Its record has gone.
void transfer_told_remove(const struct agent *agent, uint32_t number);

// At the start: those without a record go.
void transfer_told_clean(const struct agent *agent);
