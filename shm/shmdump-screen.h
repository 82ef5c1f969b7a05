/* SPDX-License-Identifier: BSD-2-Clause */
/* The live screen: what it shows (shmdump-watch.c) and how it is drawn (shmdump-screen.c). */
#pragma once

#include "shm/shmdump.h"

/** By what the lines are sorted. */
enum screen_sort {
	SCREEN_PATH,
	SCREEN_VALUE,
	SCREEN_CHANGE,
	SCREEN_AGE,
};

enum { SCREEN_FILTER_MAXIMUM = 64 };

struct screen {
	struct shmdump *shmdump;
	struct track track;
	uint32_t *order; /* indices of the values that pass the filter, as sorted */
	uint32_t order_count;
	uint32_t top; /* the first line shown, in order */
	enum screen_sort sort;
	bool reverse, frozen;
	bool editing; /* the filter is being typed */
	char filter[SCREEN_FILTER_MAXIMUM + 1];
	char *buffer; /* ESPALIER_VALUE_MAXIMUM bytes for one text */
};

/** Starts curses on this terminal. 0, or -ENOTTY with nothing done when the terminal can't show a screen. */
int screen_start(void);
void screen_end(void);

/** Lines of values that fit. */
uint32_t screen_page(void);

/** Draws all of it; only what differs from before goes to the terminal. */
void screen_draw(struct screen *screen);

/** The change per second to show: a rate that was not renewed in time is none. */
double screen_rate(const struct screen *screen, const struct track_value *value);
