// SPDX-License-Identifier: GPL-2.0-or-later
// The prompt: line editing, history, and completion of commands and of parameter names that the ACS has seen.

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <editline/readline.h>

#include "tests/acs/command.h"
#include "tests/acs/loop.h"
#include "tests/acs/names.h"
#include "tests/acs/output.h"
#include "tests/acs/prompt.h"

#define PROMPT "acs> "

static struct source terminal = {.fd = -1};
static void (*take_line)(const char *text);
static void (*input_ended)(void);
static size_t name_index;
static bool entered; // a line was taken, and the prompt is not there again

static char *next_command(const char *text, int state)
{
	static unsigned at;

	if (!state)
		at = 0;
	while (command_kind_at(at)) {
		const char *name = command_kind_at(at++)->name;

		if (!strncmp(name, text, strlen(text)))
			return strdup(name);
	}
	return NULL;
}

static char *next_name(const char *text, int state)
{
	char *name;

	if (!state)
		name_index = 0;
	name = names_complete(text, name_index++);
	// an object goes on after its dot
	if (name && *name && name[strlen(name) - 1] == '.')
		rl_completion_append_character = '\0';
	return name;
}

static enum command_argument argument_kind(void)
{
	size_t length = strcspn(rl_line_buffer, " ");

	for (unsigned i = 0; command_kind_at(i); i++)
		if (strlen(command_kind_at(i)->name) == length &&
		    !strncmp(command_kind_at(i)->name, rl_line_buffer, length))
			return command_kind_at(i)->completes;
	return ARGUMENT_NONE;
}

static char **complete(const char *text, int start, int end)
{
	(void)end;
	rl_completion_append_character = ' ';
	if (!start) {
		rl_attempted_completion_over = 1;
		return rl_completion_matches(text, next_command);
	}
	switch (argument_kind()) {
	case ARGUMENT_PATH:
		rl_attempted_completion_over = 1;
		return rl_completion_matches(text, next_name);
	case ARGUMENT_NONE:
		rl_attempted_completion_over = 1;
		return NULL;
	case ARGUMENT_FILE:
		return NULL;
	}
	return NULL;
}

static void handle_line(char *text)
{
	if (!text) {
		putchar('\n');
		loop_remove(&terminal);
		rl_callback_handler_remove();
		output_set_prompt(NULL, NULL);
		terminal.fd = -1;
		input_ended();
		return;
	}
	entered = true;
	if (*text)
		add_history(text);
	take_line(text);
	free(text);
}

static void terminal_ready(struct source *source, uint32_t events)
{
	(void)source;
	(void)events;
	rl_callback_read_char();
	if (!entered)
		return;
	// libedit shows the prompt again only when it is installed again
	output_flush();
	entered = false;
	rl_callback_handler_install(PROMPT, handle_line);
}

static void hide(void)
{
	if (!entered)
		fputs("\r\033[K", stdout);
}

static void show(void)
{
	if (!entered)
		rl_forced_update_display();
}

void prompt_open(void (*line)(const char *text), void (*ended)(void))
{
	take_line = line;
	input_ended = ended;
	rl_readline_name = "espalier-acs";
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = " \t\n=";
	rl_catch_signals = 0;
	using_history();
	rl_callback_handler_install(PROMPT, handle_line);
	terminal.fd = STDIN_FILENO;
	terminal.ready = terminal_ready;
	loop_add(&terminal, EPOLLIN);
	output_set_prompt(hide, show);
}

void prompt_close(void)
{
	if (terminal.fd < 0)
		return;
	rl_callback_handler_remove();
	output_set_prompt(NULL, NULL);
	terminal.fd = -1;
	putchar('\n');
}
