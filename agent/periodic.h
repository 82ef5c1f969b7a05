// SPDX-License-Identifier: GPL-2.0-or-later
// When the next periodic Inform is due.
#pragma once

#include <stdint.h>

// The first second after `now` that lies a whole number of `interval` seconds (at least 1) from `reference`, which may
// lie before or after `now`. All are seconds since 1970; every instant that a dateTime can name is allowed.
int64_t periodic_next(int64_t now, int64_t reference, uint32_t interval);
