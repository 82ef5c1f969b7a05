// SPDX-License-Identifier: GPL-2.0-or-later
// Where commands come from: arguments, a file, standard input, a prompt.
#pragma once

#include <stdbool.h>

/* Queues the commands of the command line and of the file, opens standard input. Returns 0, or 2 with a message. */
int input_open(void);

/* True when commands were given and no more can come. */
bool input_ended(void);

/* Puts the terminal back as it was. */
void input_close(void);
