// SPDX-License-Identifier: GPL-2.0-or-later
// When and where an XMPP connection is tried again: the standard's waits, and the order of servers.
#pragma once

#include "agent/xmpp-message.h"

#define XMPP_CLIENT_PORT	      5222
#define XMPP_ATTEMPTS_DEFAULT	      16
#define XMPP_RETRY_INITIAL_DEFAULT    60    // seconds
#define XMPP_RETRY_MULTIPLIER_DEFAULT 2000  // thousandths
#define XMPP_RETRY_MAXIMUM_DEFAULT    30720 // seconds

// The longest that wait n (from 1) may be, milliseconds: initial * (multiplier / 1000)^(n - 1), but not more than the
// maximum.
uint64_t xmpp_wait_limit(uint32_t n, uint32_t initial, uint32_t multiplier, uint32_t maximum);

// Wait n, milliseconds: `random` brought into 0 to that limit, both included.
uint64_t xmpp_wait(uint32_t n, uint32_t initial, uint32_t multiplier, uint32_t maximum, uint64_t random);

// Puts servers in the order to try: by priority, and within one priority at random by weight (RFC 2782). `random` gives
// the next random number.
void xmpp_order_servers(struct xmpp_server *servers, uint32_t count, uint32_t (*random)(void));
