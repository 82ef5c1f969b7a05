// SPDX-License-Identifier: GPL-2.0-or-later
// When a transfer may start: delays and time windows, counted from the moment at which it was asked for.
#include "agent/transfer-window.h"

#include <errno.h>
#include <string.h>

static const char *const modes[TRANSFER_MODES] = {
	[TRANSFER_ANY_TIME] = "1 At Any Time",
	[TRANSFER_IMMEDIATELY] = "2 Immediately",
	[TRANSFER_WHEN_IDLE] = "3 When Idle",
	[TRANSFER_CONFIRMATION_NEEDED] = "4 Confirmation Needed",
};

int transfer_mode_of(const char *text, size_t length)
{
	for (int mode = 0; mode < TRANSFER_MODES; mode++) {
		if (strlen(modes[mode]) == length && !memcmp(modes[mode], text, length))
			return mode;
	}
	return -EINVAL;
}

int64_t transfer_elapsed(const struct transfer_receipt *receipt, const struct transfer_receipt *now)
{
	int64_t elapsed;

	if (!strcmp(receipt->boot_id, now->boot_id))
		elapsed = now->boottime - receipt->boottime;
	else if (receipt->realtime && now->realtime)
		elapsed = now->realtime - receipt->realtime;
	else
		// Not less than what this boot has lasted.
		elapsed = now->boottime;
	return elapsed < 0 ? 0 : elapsed;
}

bool transfer_windows_valid(const struct transfer_window *windows, size_t count)
{
	uint32_t after = 0;

	for (size_t i = 0; i < count; i++) {
		if (windows[i].start < after || windows[i].end <= windows[i].start || windows[i].retries < -1)
			return false;
		after = windows[i].end;
	}
	return true;
}

size_t transfer_window_at(const struct transfer_window *windows, size_t count, int64_t elapsed)
{
	size_t i = 0;

	while (i < count && elapsed >= windows[i].end)
		i++;
	return i;
}

uint32_t transfer_window_retries(const struct transfer_window *window)
{
	return window->retries < 0 ? TRANSFER_WINDOW_RETRIES : (uint32_t)window->retries;
}
