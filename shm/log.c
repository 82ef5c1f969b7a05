/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the daemons to whoever runs them: one line each, on standard error or to syslog. */
#include "shm/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *program = "espalier";
static bool terminal;
static bool to_syslog;
static atomic_int level_let_through = LOG_NOTICE;

static const char *level_name(int level)
{
	switch (level) {
	case LOG_ERR:
		return "error";
	case LOG_WARNING:
		return "warning";
	case LOG_NOTICE:
		return "notice";
	case LOG_INFO:
		return "info";
	default:
		return "debug";
	}
}

static int nearest_level(int level)
{
	if (level < LOG_ERR)
		return LOG_ERR;
	return level > LOG_DEBUG ? LOG_DEBUG : level;
}

void log_set_program(const char *name)
{
	program = name;
	terminal = isatty(STDERR_FILENO);
}

void log_set_level(int level)
{
	atomic_store_explicit(&level_let_through, nearest_level(level), memory_order_relaxed);
}

int log_level(void)
{
	return atomic_load_explicit(&level_let_through, memory_order_relaxed);
}

void log_to_syslog(void)
{
	openlog(program, LOG_PID, LOG_DAEMON);
	to_syslog = true;
}

static void write_line(const char *line, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDERR_FILENO, line, length);

		if (written < 0 && errno == EINTR)
			continue;
		/* Nobody can be told that standard error is gone. */
		if (written <= 0)
			return;
		line += written;
		length -= (size_t)written;
	}
}

void log_message(int level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	static const char cut[] = "...";
	const size_t room = sizeof(line) - 1; /* the newline */
	int saved_errno = errno;
	size_t prefix = 0;
	va_list arguments;
	int length;

	level = nearest_level(level);
	if (level > log_level())
		return;
	if (terminal && !to_syslog)
		prefix = (size_t)snprintf(line, room / 2, "%s: %s: ", program, level_name(level));
	else if (!to_syslog)
		prefix = (size_t)snprintf(line, room / 2, "<%d>", level);
	if (prefix >= room / 2)
		prefix = room / 2 - 1;

	errno = saved_errno; /* for %m */
	va_start(arguments, format);
	length = vsnprintf(line + prefix, room - prefix, format, arguments);
	va_end(arguments);
	if (length < 0)
		length = snprintf(line + prefix, room - prefix, "%s", format);
	if ((size_t)length >= room - prefix) {
		length = (int)(room - prefix - 1);
		memcpy(line + prefix + length - strlen(cut), cut, strlen(cut));
	}
	for (char *c = line + prefix; c < line + prefix + length; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';

	if (to_syslog) {
		syslog(level, "%s", line + prefix);
	} else {
		line[prefix + (size_t)length] = '\n';
		write_line(line, prefix + (size_t)length + 1);
	}
	errno = saved_errno;
}
