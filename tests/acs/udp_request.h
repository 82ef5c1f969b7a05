// SPDX-License-Identifier: GPL-2.0-or-later
// The UDP connection request: three copies of a signed datagram to the device (TR-069 Annex G).
#pragma once

#include <stdint.h>

/*
 * Sends a request to `address`, "host:port" or "[host]:port" or "host" (port 80), with the credentials of the options,
 * from the address and port that --udp-from says. *left gets the time of the first copy, ns. Returns NULL, or why it
 * could not be sent.
 */
const char *udp_request_send(const char *address, uint64_t *left);
