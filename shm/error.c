/* SPDX-License-Identifier: BSD-2-Clause */
/* The line that says why the last open or attach failed. */
#include "shm/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "shm/espalier.h"

static __thread char error_line[512];

int error_set(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error_line, sizeof(error_line), format, arguments);
	va_end(arguments);
	return error;
}

const char *espalier_error_text(void)
{
	return error_line;
}
