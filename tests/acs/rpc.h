// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the ACS's requests to the agent, one function for each method (TR-069 annex A.3 and A.4).
#pragma once

#include "tests/acs/command.h"

/* The ParameterKey that SetParameterValues, AddObject and DeleteObject carry; copied. */
void rpc_set_parameter_key(const char *key);
void rpc_free(void);

/* Each writes one envelope for the arguments of the command and returns 0 or -errno. */
int rpc_get_parameter_values(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_get_parameter_names(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_set_parameter_values(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_get_parameter_attributes(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_set_parameter_attributes(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_get_rpc_methods(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_add_object(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_delete_object(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_reboot(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_factory_reset(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_schedule_inform(struct command *command, struct buffer *out, const struct envelope *envelope);
int rpc_change_du_state(struct command *command, struct buffer *out, const struct envelope *envelope);

/* The file named by the first argument, as it is. */
int rpc_raw(struct command *command, struct buffer *out, const struct envelope *envelope);
