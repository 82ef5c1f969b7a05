/* SPDX-License-Identifier: BSD-2-Clause */
/* The states of a Luup device: variables that are parameters, and variables that are values. */
#pragma once

#include "zwave/luup-document.h"

/** luup_states() - takes an array of {service, variable, value}; NULL is allowed */
void luup_states(struct luup_box *box, struct luup_device *device, struct json_object *states);

/** luup_network_home() - the home id in the states of the network device, 0 when it is not told */
uint32_t luup_network_home(struct json_object *states);
