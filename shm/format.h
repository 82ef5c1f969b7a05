/* SPDX-License-Identifier: BSD-2-Clause */
/* How the tools write paths and values: text lines, JSON, CSV, and short figures for people. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shm/espalier.h"

/* All functions write by unlocked stdio: a stream belongs to one thread. Errors stay in the stream, see ferror(3). */

/** Bytes that hold any text of format_age(), format_count() and format_rate(), with its NUL. */
#define FORMAT_SHORT_SIZE 32

/** Length (1 to 4) of the valid UTF-8 sequence that `text` starts with, 0 when there is none (length 0, or invalid). */
size_t format_utf8(const char *text, size_t length);

/**
 * Writes text so that it stays on its line and reads back unchanged: backslash, newline, carriage return and tab as
 * "\\", "\n", "\r", "\t"; other control characters (C1 ones too) and bytes that are no UTF-8 as "\xHH".
 */
void format_escaped(FILE *stream, const char *text, size_t length);

/**
 * Takes the escapes of format_escaped() back, in place. Returns the new length, or -EINVAL for another escape, an
 * unfinished one, or one that stands for a NUL.
 */
ssize_t format_unescape(char *text, size_t length);

/** Writes a JSON string (RFC 8259) with its quotes; each invalid byte becomes U+FFFD. */
void format_json_string(FILE *stream, const char *text, size_t length);

/** True when a value of the parameter is text: all but plain numbers and booleans. */
bool format_is_text(const struct espalier_parameter *parameter);

/**
 * Writes a value as JSON of its type: numbers with all their digits, true or false, decimals as numbers where their
 * text is one, strings otherwise. Lists are strings, as in TR-106.
 */
void format_json_value(FILE *stream, const struct espalier_parameter *parameter, const struct espalier_value *value);

/** Writes a value escaped as format_escaped() does. */
void format_value(FILE *stream, const struct espalier_parameter *parameter, const struct espalier_value *value);

/** Writes a CSV field (RFC 4180), in quotes where it needs them; each invalid byte becomes U+FFFD. */
void format_csv_field(FILE *stream, const char *text, size_t length);

/** Writes a value as a CSV field. */
void format_csv_value(FILE *stream, const struct espalier_parameter *parameter, const struct espalier_value *value);

/**
 * Writes a parameter's limits in the notation of the Broadband Forum's model listings, as espalier-publish takes them:
 * "(64)" for characters, "[1:4094]" for numbers, "{Up,Down}" for an enumeration; nothing when there are none.
 */
void format_limits(FILE *stream, const struct espalier_parameter *parameter);

/** "0.4s", "12s", "5m", "3h", "2d": an age in milliseconds. */
void format_age(char text[FORMAT_SHORT_SIZE], uint64_t milliseconds);

/** A change per second in at most 9 characters: "+12.5", "-3.02M", "0". */
void format_rate(char text[FORMAT_SHORT_SIZE], double rate);

/** A size in bytes: "812", "14.2K", "3.1M". */
void format_bytes(char text[FORMAT_SHORT_SIZE], uint64_t bytes);
