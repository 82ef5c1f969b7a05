/* SPDX-License-Identifier: BSD-2-Clause */
/* The live screen: looks at the tree at an interval, sorts, filters, takes keys. */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shm/format.h"
#include "shm/shmdump-screen.h"
#include "shm/shmdump.h"

enum { KEY_ESCAPE = 27, KEY_DELETE = 127, KEY_CONTROL_H = 8, KEY_CONTROL_L = 12, KEY_CONTROL_U = 21 };

/** True when a value's path contains the filter's text, whatever the case. */
static bool passes(const struct screen *screen, const struct track_value *value)
{
	const struct track_row *row = &screen->track.rows[value->row];
	char path[ESPALIER_PATH_MAXIMUM + ESPALIER_NAME_MAXIMUM + 2];

	snprintf(path, sizeof(path), "%s%s", row->path, row->node->object->parameters[value->parameter].name);
	return strcasestr(path, screen->filter) != NULL;
}

static const struct espalier_parameter *parameter_of(const struct screen *screen, const struct track_value *value)
{
	return &screen->track.rows[value->row].node->object->parameters[value->parameter];
}

/** Numbers by size, before texts, which go by their first bytes. */
static int compare_values(const struct screen *screen, const struct track_value *a, const struct track_value *b)
{
	const struct espalier_parameter *one = parameter_of(screen, a), *other = parameter_of(screen, b);
	bool text = format_is_text(one), other_text = format_is_text(other);
	bool minus = !text && (one->type == ESPALIER_INT || one->type == ESPALIER_LONG) && (int64_t)a->seen < 0;
	bool other_minus =
		!other_text && (other->type == ESPALIER_INT || other->type == ESPALIER_LONG) && (int64_t)b->seen < 0;

	if (text != other_text)
		return text ? 1 : -1;
	if (text)
		return a->beginning < b->beginning ? -1 : a->beginning > b->beginning;
	if (minus != other_minus)
		return minus ? -1 : 1;
	/* Two negative numbers have the same order as their two's complements. */
	return a->seen < b->seen ? -1 : a->seen > b->seen;
}

static int compare(const void *one, const void *other, void *context)
{
	const struct screen *screen = context;
	uint32_t first = *(const uint32_t *)one, second = *(const uint32_t *)other;
	const struct track_value *a = &screen->track.values[first], *b = &screen->track.values[second];
	int order = 0;

	switch (screen->sort) {
	case SCREEN_PATH:
		break;
	case SCREEN_VALUE:
		order = compare_values(screen, a, b);
		break;
	case SCREEN_CHANGE: {
		double rate = screen_rate(screen, a), other_rate = screen_rate(screen, b);

		/* The busiest first, in whichever direction it goes. */
		rate = rate < 0 ? -rate : rate;
		other_rate = other_rate < 0 ? -other_rate : other_rate;
		order = rate > other_rate ? -1 : rate < other_rate;
		break;
	}
	case SCREEN_AGE: {
		uint64_t time = screen->track.rows[a->row].published, other_time = screen->track.rows[b->row].published;

		order = time > other_time ? -1 : time < other_time;
		break;
	}
	}
	if (screen->reverse)
		order = -order;
	if (order)
		return order;
	order = first < second ? -1 : first > second;
	return screen->reverse && screen->sort == SCREEN_PATH ? -order : order;
}

/** Makes the list of lines from the values, by filter and sort key. */
static void arrange(struct screen *screen)
{
	screen->order_count = 0;
	for (uint32_t i = 0; i < screen->track.value_count; i++)
		if (!screen->filter[0] || passes(screen, &screen->track.values[i]))
			screen->order[screen->order_count++] = i;
	if (screen->sort != SCREEN_PATH || screen->reverse)
		qsort_r(screen->order, screen->order_count, sizeof(*screen->order), compare, screen);
}

/** Looks at the tree. The lines stay in place unless something that moves them happened. */
static int look(struct screen *screen, bool first)
{
	int result = espalier_reader_refresh(screen->shmdump->reader);

	if (result < 0)
		return result;
	if (first || (result & ESPALIER_NEW_STRUCTURE)) {
		uint32_t *grown;

		result = track_build(&screen->track, screen->shmdump, NULL, NULL);
		if (result < 0)
			return result;
		grown = realloc(screen->order, (screen->track.value_count + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		screen->order = grown;
		first = true;
	}
	track_look(&screen->track, screen->shmdump, NULL, NULL);
	if (first || screen->sort != SCREEN_PATH)
		arrange(screen);
	return 0;
}

static void edit_filter(struct screen *screen, int key)
{
	size_t length = strlen(screen->filter);

	switch (key) {
	case '\r':
	case '\n':
	case KEY_ENTER:
		screen->editing = false;
		return;
	case KEY_ESCAPE:
		screen->editing = false;
		screen->filter[0] = '\0';
		break;
	case KEY_CONTROL_U:
		screen->filter[0] = '\0';
		break;
	case KEY_BACKSPACE:
	case KEY_DELETE:
	case KEY_CONTROL_H:
		if (length)
			screen->filter[length - 1] = '\0';
		break;
	default:
		/* Paths are ASCII: nothing else can match. */
		if (key <= ' ' || key >= KEY_DELETE || length == SCREEN_FILTER_MAXIMUM)
			return;
		screen->filter[length] = (char)key;
		screen->filter[length + 1] = '\0';
	}
	screen->top = 0;
	arrange(screen);
}

static void scroll_by(struct screen *screen, int64_t lines)
{
	int64_t page = screen_page(), last = (int64_t)screen->order_count - page, top = (int64_t)screen->top + lines;

	if (top > last)
		top = last;
	screen->top = top > 0 ? (uint32_t)top : 0;
}

/** Acts on a key. False: end. */
static bool take_key(struct screen *screen, int key)
{
	if (screen->editing && key != KEY_RESIZE) {
		edit_filter(screen, key);
		return true;
	}
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case '/':
		screen->editing = true;
		break;
	case 's':
		screen->sort = screen->sort == SCREEN_AGE ? SCREEN_PATH : screen->sort + 1;
		screen->top = 0;
		arrange(screen);
		break;
	case 'r':
		screen->reverse = !screen->reverse;
		screen->top = 0;
		arrange(screen);
		break;
	case ' ':
		screen->frozen = !screen->frozen;
		break;
	case KEY_UP:
	case 'k':
		scroll_by(screen, -1);
		break;
	case KEY_DOWN:
	case 'j':
		scroll_by(screen, 1);
		break;
	case KEY_PPAGE:
		scroll_by(screen, -(int64_t)screen_page());
		break;
	case KEY_NPAGE:
		scroll_by(screen, screen_page());
		break;
	case KEY_HOME:
		screen->top = 0;
		break;
	case KEY_END:
		scroll_by(screen, screen->order_count);
		break;
	case KEY_CONTROL_L:
		clearok(stdscr, TRUE);
		break;
	}
	return true;
}

/** Waits for keys until the next look is due. False: end. */
static bool wait_for_keys(struct screen *screen, uint64_t due)
{
	uint64_t now = track_now();
	struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
	int key;

	/* A terminal that is gone ends it. -1 with EINTR is a signal: a new size, which getch() reports, or the end. */
	if (poll(&keys, 1, now < due ? (int)(due - now) : 0) > 0 && (keys.revents & (POLLHUP | POLLERR | POLLNVAL)))
		return false;
	while ((key = getch()) != ERR)
		if (!take_key(screen, key))
			return false;
	return true;
}

int shmdump_watch(struct shmdump *shmdump)
{
	struct screen screen = {.shmdump = shmdump, .track.interval = shmdump->interval};
	uint64_t step = (uint64_t)(shmdump->interval * 1000), due;
	int error = -ENOMEM;

	screen.buffer = malloc(ESPALIER_VALUE_MAXIMUM + 1);
	if (screen.buffer)
		error = look(&screen, true);
	if (error == 0)
		error = screen_start();
	if (error == 0) {
		due = track_now() + step;
		do {
			uint64_t now = track_now();

			if (now >= due) {
				if (!screen.frozen)
					error = look(&screen, false);
				/* A look that came late, after a stop of the process too, does not make others come
				 * early. */
				due = due + step > now ? due + step : now + step;
			}
			screen_draw(&screen);
		} while (error == 0 && !shmdump_interrupted && wait_for_keys(&screen, due));
		screen_end();
	}
	free(screen.order);
	free(screen.buffer);
	track_clear(&screen.track);
	if (error < 0) {
		shmdump_complain(error == -ENOTTY ? "this terminal (TERM=%s) cannot show a screen"
						  : "watching (TERM=%s): %s",
				 getenv("TERM") ? getenv("TERM") : "", strerror(-error));
		return error == -ENOTTY ? SHMDUMP_USAGE : SHMDUMP_OUTPUT;
	}
	return SHMDUMP_OK;
}
