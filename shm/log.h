/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the daemons to whoever runs them: one line each, on standard error or to syslog. */
#pragma once

#include <stdbool.h>
#include <syslog.h>

/** The longest line, its prefix and newline included; what is longer ends with "..." */
#define LOG_LINE_MAX 1024

/**
 * log_set_program() - names the program in messages to a terminal and to syslog
 * @name: kept by reference; lives as long as the program. Call it before the first message.
 *
 * Decides at the same time, by whether standard error is a terminal, how messages look: "program: level: text" there,
 * and "<3>text" to "<7>text" (the levels that systemd's journal reads) elsewhere.
 */
void log_set_program(const char *name);

/**
 * log_set_level() - sets what is let through
 * @level: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO or LOG_DEBUG of <syslog.h>; other numbers become the nearest of
 * these. LOG_NOTICE until this is called.
 */
void log_set_level(int level);

/** log_level() - the level in force, as log_set_level() takes it */
int log_level(void);

/** log_to_syslog() - sends all later messages to syslog(3), for a program that has left its terminal */
void log_to_syslog(void);

/**
 * log_message() - writes one line, when its level is let through
 * @level: as log_set_level() takes it
 * @format: as in printf(3), without a newline
 *
 * Control characters in the text become '?', so that no value from outside starts a line of its own. A line leaves with
 * one write(2): lines of several threads and processes do not mix. Keeps errno. Not for signal handlers. May wait when
 * standard error is a full pipe.
 */
void log_message(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The arguments are not evaluated where the level is not let through. */
#define log_at(level, ...)                                                                                             \
	do {                                                                                                           \
		if ((level) <= log_level())                                                                            \
			log_message((level), __VA_ARGS__);                                                             \
	} while (0)

#define log_error(...)	 log_at(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_at(LOG_DEBUG, __VA_ARGS__)
