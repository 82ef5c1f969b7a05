/* SPDX-License-Identifier: BSD-2-Clause */
/* The line that says why the last open or attach failed. */
#pragma once

/** Keeps a line for espalier_error_text() and returns `error`. Per thread. */
int error_set(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
