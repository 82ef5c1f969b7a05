// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the ACS's requests about file transfers (TR-069 A.3.2.8 and A.4.1).
#pragma once

#include "tests/acs/command.h"

/* Each writes one envelope for the arguments of the command and returns 0 or -errno. */
int rpc_download(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_upload(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_schedule_download(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_cancel_transfer(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_get_queued_transfers(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_get_all_queued_transfers(struct command *command, struct buffer *out, const struct envelope *envelope);
