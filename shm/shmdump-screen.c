/* SPDX-License-Identifier: BSD-2-Clause */
/* Draws the live screen with curses. */
#include "shm/shmdump-screen.h"

#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "shm/format.h"

/** Columns of a line, and from which width on they are shown. */
enum {
	RATE_WIDTH = 9,
	AGE_WIDTH = 6,
	AGE_FROM = 60,
	RATE_FROM = 36,
	VALUE_MINIMUM = 8,
	COLUMNS_MAXIMUM = 1024, /* of a terminal that we fill */
};

enum colour {
	COLOUR_CHANGED = 1,
	COLOUR_TITLE,
};

/** A line being put together, cell by cell. */
struct cells {
	wchar_t text[COLUMNS_MAXIMUM + 1];
	int width;
};

int screen_start(void)
{
	SCREEN *terminal = newterm(NULL, stdout, stdin);

	if (!terminal)
		return -ENOTTY;
	set_term(terminal);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	if (has_colors() && !getenv("NO_COLOR")) {
		start_color();
		use_default_colors();
		init_pair(COLOUR_CHANGED, COLOR_YELLOW, -1);
		init_pair(COLOUR_TITLE, COLOR_CYAN, -1);
	}
	return 0;
}

void screen_end(void)
{
	endwin();
}

uint32_t screen_page(void)
{
	return LINES > 3 ? (uint32_t)LINES - 3 : 1;
}

/** The width that is filled. */
static int width(void)
{
	return COLS < COLUMNS_MAXIMUM ? COLS : COLUMNS_MAXIMUM;
}

/** Takes one character off a text. Not UTF-8, not printable or not in this locale: '?'. */
static wchar_t next_character(const char **text, size_t *left, int *cells)
{
	const unsigned char *byte = (const unsigned char *)*text;
	size_t size = format_utf8(*text, *left);
	wchar_t character = L'?';

	if (size == 1)
		character = byte[0];
	else if (size == 2)
		character = (wchar_t)((byte[0] & 0x1F) << 6 | (byte[1] & 0x3F));
	else if (size == 3)
		character = (wchar_t)((byte[0] & 0x0F) << 12 | (byte[1] & 0x3F) << 6 | (byte[2] & 0x3F));
	else if (size == 4)
		character = (wchar_t)((byte[0] & 0x07) << 18 | (byte[1] & 0x3F) << 12 | (byte[2] & 0x3F) << 6 |
				      (byte[3] & 0x3F));
	if (!size)
		size = 1;
	*text += size;
	*left -= size;
	*cells = wcwidth(character);
	if (*cells < 1) {
		character = L'?';
		*cells = 1;
	}
	return character;
}

/** Writes text into at most `room` cells at the cursor; returns the cells taken. A '~' says that there is more. */
static int put_start(const char *text, size_t length, int room)
{
	wchar_t line[COLUMNS_MAXIMUM + 1];
	int count = 0, used = 0, before_last = 0, cells;

	while (length) {
		wchar_t character = next_character(&text, &length, &cells);

		if (used + cells > room) {
			/* Makes room for the mark. */
			while (count && used + 1 > room) {
				count--;
				used -= wcwidth(line[count]);
			}
			before_last = room > 0;
			break;
		}
		line[count++] = character;
		used += cells;
	}
	if (before_last) {
		line[count++] = L'~';
		used++;
	}
	addnwstr(line, count);
	return used;
}

/** Writes a path's end into `room` cells: it says more than its start. Paths are ASCII. */
static int put_end(const char *head, size_t head_length, const char *tail, int room)
{
	char path[ESPALIER_PATH_MAXIMUM + ESPALIER_NAME_MAXIMUM + 2];
	int length = snprintf(path, sizeof(path), "%.*s%s", (int)head_length, head, tail);

	if (length >= (int)sizeof(path))
		length = (int)sizeof(path) - 1;
	if (length <= room)
		return put_start(path, (size_t)length, room);
	if (room < 1)
		return 0;
	addch('~');
	return 1 + put_start(path + length - (room - 1), (size_t)(room - 1), room - 1);
}

static void pad(int cells)
{
	for (; cells > 0; cells--)
		addch(' ');
}

/** Where the columns of this terminal are. */
struct columns {
	int path, value, rate, age;
};

static struct columns columns(void)
{
	struct columns columns = {0};
	int left = width();

	if (left >= AGE_FROM) {
		columns.age = AGE_WIDTH;
		left -= AGE_WIDTH + 1;
	}
	if (left >= RATE_FROM - AGE_WIDTH) {
		columns.rate = RATE_WIDTH;
		left -= RATE_WIDTH + 1;
	}
	columns.value = left / 3;
	if (columns.value < VALUE_MINIMUM)
		columns.value = left > VALUE_MINIMUM ? VALUE_MINIMUM : left / 2;
	columns.path = left - columns.value - 1;
	if (columns.path < 0)
		columns.path = 0;
	return columns;
}

double screen_rate(const struct screen *screen, const struct track_value *value)
{
	const struct track_row *row = &screen->track.rows[value->row];

	if ((double)(screen->track.looked - row->published) > 2000 * screen->track.interval)
		return 0;
	return value->rate;
}

static bool owner_alive(struct screen *screen, const char *segment)
{
	uint32_t count;
	const struct espalier_segment_status *segments = espalier_reader_segments(screen->shmdump->reader, &count);

	for (uint32_t i = 0; i < count; i++)
		if (strcmp(segments[i].name, segment) == 0)
			return segments[i].alive;
	return false;
}

/** Writes a value; a number as it was at the last look, so that a frozen screen stays as it is. */
static int put_value(struct screen *screen, const struct track_value *value, const struct espalier_parameter *parameter,
		     int room)
{
	const struct track_row *row = &screen->track.rows[value->row];
	struct espalier_value now = {.type = parameter->type, .number = value->seen};
	char number[32];
	ssize_t length;

	if (format_is_text(parameter)) {
		if (espalier_read(row->node, value->parameter, &now, screen->buffer, ESPALIER_VALUE_MAXIMUM) < 0)
			return put_start("?", 1, room);
		return put_start(now.text, now.length, room);
	}
	length = espalier_value_format(&now, number, sizeof(number));
	return put_start(number, length < 0 ? 0 : (size_t)length, room);
}

static void draw_line(struct screen *screen, const struct columns *columns, const struct track_value *value)
{
	const struct track_row *row = &screen->track.rows[value->row];
	const struct espalier_parameter *parameter = &row->node->object->parameters[value->parameter];
	bool alive = owner_alive(screen, espalier_node_segment(row->node));
	bool changed = value->changed && value->changed == screen->track.looked;
	char text[FORMAT_SHORT_SIZE];

	if (!alive)
		attron(A_DIM);
	pad(columns->path - put_end(row->path, strlen(row->path), parameter->name, columns->path) + 1);
	if (changed)
		attron(A_BOLD | COLOR_PAIR(COLOUR_CHANGED));
	pad(columns->value - put_value(screen, value, parameter, columns->value));
	attroff(A_BOLD | COLOR_PAIR(COLOUR_CHANGED));
	if (columns->rate) {
		format_rate(text, screen_rate(screen, value));
		if (format_is_text(parameter) || parameter->type == ESPALIER_BOOLEAN || strcmp(text, "0") == 0)
			text[0] = '\0';
		printw(" %*.*s", columns->rate, columns->rate, text);
	}
	if (columns->age) {
		format_age(text, screen->track.looked > row->published ? screen->track.looked - row->published : 0);
		printw(" %*.*s", columns->age, columns->age, row->seen ? text : "");
	}
	attroff(A_DIM);
}

static const char *const sort_names[] = {
	[SCREEN_PATH] = "path", [SCREEN_VALUE] = "value", [SCREEN_CHANGE] = "change", [SCREEN_AGE] = "age"};

static void draw_title(const struct screen *screen)
{
	char left[160], clock[16] = "";
	time_t now = time(NULL);
	struct tm parts;
	int used;

	if (localtime_r(&now, &parts))
		strftime(clock, sizeof(clock), "%H:%M:%S", &parts);
	if (screen->frozen)
		snprintf(clock, sizeof(clock), "FROZEN");
	snprintf(left, sizeof(left), "%u of %u  by %s%s%s%s", (unsigned int)screen->order_count,
		 (unsigned int)screen->track.value_count, sort_names[screen->sort], screen->reverse ? " reversed" : "",
		 screen->filter[0] ? "  /" : "", screen->filter);
	attron(A_BOLD | COLOR_PAIR(COLOUR_TITLE));
	move(0, 0);
	used = put_start(left, strlen(left), width() - (int)strlen(clock) - 1);
	pad(width() - used - (int)strlen(clock));
	addstr(clock);
	attroff(A_BOLD | COLOR_PAIR(COLOUR_TITLE));
}

static void draw_header(const struct columns *columns)
{
	move(1, 0);
	attron(A_REVERSE);
	pad(columns->path - put_start("PARAMETER", 9, columns->path) + 1);
	pad(columns->value - put_start("VALUE", 5, columns->value));
	if (columns->rate)
		printw(" %*s", columns->rate, "CHANGE/s");
	if (columns->age)
		printw(" %*s", columns->age, "AGE");
	attroff(A_REVERSE);
}

static void draw_help(const struct screen *screen)
{
	static const char help[] = "q quit  / filter  s sort  r reverse  space freeze  PgUp PgDn Home End";
	char prompt[SCREEN_FILTER_MAXIMUM + 48];

	if (LINES < 4)
		return;
	move(LINES - 1, 0);
	if (!screen->editing) {
		put_start(help, sizeof(help) - 1, width() - 1);
		return;
	}
	snprintf(prompt, sizeof(prompt), "filter: %s_  (Enter keeps, Esc clears)", screen->filter);
	put_start(prompt, strlen(prompt), width() - 1);
}

void screen_draw(struct screen *screen)
{
	struct columns places = columns();
	uint32_t page = screen_page();

	if (screen->top + page > screen->order_count)
		screen->top = screen->order_count > page ? screen->order_count - page : 0;
	erase();
	draw_title(screen);
	draw_header(&places);
	for (uint32_t i = 0; i < page && screen->top + i < screen->order_count; i++) {
		move(2 + (int)i, 0);
		draw_line(screen, &places, &screen->track.values[screen->order[screen->top + i]]);
	}
	draw_help(screen);
	refresh();
}
