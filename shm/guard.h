/* SPDX-License-Identifier: BSD-2-Clause */
/* Survives files that somebody truncates while they are mapped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * Protects a mapping: an access behind the end of its file finds zeros instead of raising SIGBUS. Installs the handler
 * at the first call; SIGBUS from elsewhere goes to the handler that was set before. May be called by several threads.
 * Returns a number for the functions below, or -ENOSPC when too many mappings are protected.
 */
int guard_add(void *address, size_t size, bool writable);

/** Ends the protection; before munmap(). */
void guard_remove(int guard);

/** True when an access has failed since guard_add(). */
bool guard_tripped(int guard);
