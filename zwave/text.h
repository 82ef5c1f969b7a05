/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts as the tree wants them: clean UTF-8, times, decimals, lists of numbers; and how sources write them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Room for a dateTime or a decimal, its NUL included */
#define TEXT_NUMBER_SIZE 32

/**
 * text_clean() - copies what may be anything as UTF-8 without control characters
 * @to: gets at most `size` - 1 bytes and a NUL; no character is cut
 * @characters: the most characters that are taken
 *
 * A byte that belongs to no UTF-8 character, and a control character, becomes '?'. Returns the bytes written.
 */
size_t text_clean(char *to, size_t size, size_t characters, const char *from, size_t length);

/** text_time() - a dateTime in UTC from seconds since 1970; the unknown time for 0, less, and years above 9999 */
void text_time(char text[TEXT_NUMBER_SIZE], int64_t seconds);

/** text_time_parse() - seconds since 1970 of "2026-11-21T07:43:40.132Z" or with a zone; 0 for another form */
int64_t text_time_parse(const char *text, size_t length);

/** text_decimal() - a number in the shortest form that reads back the same; "" for what is not finite */
void text_decimal(char text[TEXT_NUMBER_SIZE], double number);

/** text_decimal_parse() - the number of a decimal text. False for another form, and for what is not finite. */
bool text_decimal_parse(const char *text, size_t length, double *number);

/** text_unsigned() - reads decimal digits and nothing else. False for another form and above the limit. */
bool text_unsigned(const char *text, size_t length, uint64_t limit, uint64_t *number);

/** A list of numbers being written, "1,2,5", in a buffer of the caller */
struct text_list {
	char *text;
	size_t size, length;
};

/** text_list_add() - appends a number, or nothing when there is no room */
void text_list_add(struct text_list *list, uint64_t number);

/** text_list_next() - takes the next item of a list parted by `separator` off its front. False at its end. */
bool text_list_next(const char **text, const char *end, char separator, const char **item, size_t *length);
