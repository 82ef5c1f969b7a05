// SPDX-License-Identifier: GPL-2.0-or-later
// Device.X_ESPALIER_Transfers.: the queue of file transfers in the tree, and its commands for local programs.
#pragma once

#include "shm/espalier.h"

#define TRANSFER_COMMANDS "Device.X_ESPALIER_Transfers." // with which its commands' names begin

struct agent;
struct transfer;

// Brings a transfer's row up to date; makes it where it is missing.
void transfer_objects_publish(struct agent *agent, struct transfer *transfer);

// Removes it.
void transfer_objects_remove(struct agent *agent, struct transfer *transfer);

// A command of a local program, as struct espalier_owner's operate(): the same arguments and results.
int transfer_objects_operate(struct espalier_writer *writer, struct espalier_request *request, const char *command,
			     const struct espalier_value *arguments, size_t count, void *context);
