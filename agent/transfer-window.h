// SPDX-License-Identifier: GPL-2.0-or-later
// When a transfer may start: delays and time windows, counted from the moment at which it was asked for.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSFER_WINDOWS_MAXIMUM   2
#define TRANSFER_BOOT_ID_SIZE	   40
#define TRANSFER_USER_MESSAGE_SIZE (256 * 4 + 1) // 256 characters
#define TRANSFER_WINDOW_RETRIES	   3		 // where MaxRetries leaves it to the device
#define TRANSFER_NEVER		   INT64_MAX

// The moment of receipt, by both clocks: the one that nobody sets counts as long as the device runs, the other one over
// its restarts.
struct transfer_receipt {
	int64_t boottime; // seconds of CLOCK_BOOTTIME
	int64_t realtime; // seconds since 1970, 0: not known
	char boot_id[TRANSFER_BOOT_ID_SIZE];
};

// The modes, as WindowMode names them.
enum transfer_mode {
	TRANSFER_ANY_TIME,
	TRANSFER_IMMEDIATELY,
	TRANSFER_WHEN_IDLE,
	TRANSFER_CONFIRMATION_NEEDED,
	TRANSFER_MODES
};

struct transfer_window {
	uint32_t start, end; // seconds since receipt
	enum transfer_mode mode;
	int32_t retries; // MaxRetries, -1: the device decides
	char user_message[TRANSFER_USER_MESSAGE_SIZE];
};

// The mode of "1 At Any Time" and so on, or -EINVAL.
int transfer_mode_of(const char *text, size_t length);

// Seconds since the receipt, never negative; `now` is the present moment.
int64_t transfer_elapsed(const struct transfer_receipt *receipt, const struct transfer_receipt *now);

// Whether windows fit together: each has an end after its start, the second starts when the first has ended or later.
bool transfer_windows_valid(const struct transfer_window *windows, size_t count);

// The window that is open, or else the next; `count` when the last has ended.
size_t transfer_window_at(const struct transfer_window *windows, size_t count, int64_t elapsed);

// The retries that a window allows.
uint32_t transfer_window_retries(const struct transfer_window *window);
