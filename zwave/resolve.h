/* SPDX-License-Identifier: BSD-2-Clause */
/* Names to addresses, on a thread of its own: getaddrinfo() may take as long as it likes. */
#pragma once

#include "zwave/loop.h"

#include <netdb.h>

struct resolve;

/**
 * resolve_start() - looks a host up
 * @done: called once from the loop with addresses, which the callee frees with freeaddrinfo(), or NULL and a text why
 *
 * A numeric address is answered through the loop too. NULL when there is no thread or memory.
 */
struct resolve *resolve_start(struct loop *loop, const char *host, const char *port,
			      void (*done)(struct addrinfo *addresses, const char *why, void *context), void *context);

/** resolve_cancel() - `done` will not be called; what the thread still finds is dropped. NULL is allowed. */
void resolve_cancel(struct resolve *resolve);
