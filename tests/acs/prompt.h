// SPDX-License-Identifier: GPL-2.0-or-later
// The prompt: line editing, history, and completion of commands and of parameter names that the ACS has seen.
#pragma once

/* Shows the prompt on the terminal; `line` gets each line, `ended` is called at the end of input. */
void prompt_open(void (*line)(const char *text), void (*ended)(void));

/* Puts the terminal back; does nothing when it was not opened. */
void prompt_close(void);
