/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and text as XML, written into room that the caller has. All functions return the end of what they wrote; they
 * may write SOAP_TEXT_SLACK bytes beyond it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SOAP_ESCAPE_MAXIMUM 6  /* bytes that one byte of text can become: &quot; */
#define SOAP_TEXT_SLACK	    8  /* bytes written, and forgotten, behind the end */
#define SOAP_NUMBER_SIZE    32 /* room for a number with its sign and slack */

/**
 * soap_put_text() - text, escaped: < > & " ' become entities, a carriage return a character reference (R-29)
 * @at: room for SOAP_ESCAPE_MAXIMUM * @length + SOAP_TEXT_SLACK bytes
 *
 * Each byte that is not part of a valid UTF-8 character, and each character that XML 1.0 forbids, becomes U+FFFD.
 */
char *soap_put_text(char *at, const char *text, size_t length);

/** soap_put_shared_text() - the same for text in a row of shared memory, whose bytes may change meanwhile */
char *soap_put_shared_text(char *at, const uint32_t *words, size_t length);

#define SOAP_DIGITS_BEFORE 16 /* bytes that soap_put_digits() spoils before the number */

/** soap_four_digits - "0000" to "9999", four bytes each */
extern const char soap_four_digits[];

/** soap_powers_of_ten - 0, 10, 100 ... 10^19: the smallest number with one more digit than the index, and 0 */
extern const uint64_t soap_powers_of_ten[20];

/**
 * soap_warm_digits() - brings soap_four_digits into the cache, before many numbers are written
 *
 * One after the other its lines come several times faster than in the order in which random numbers ask for them.
 */
void soap_warm_digits(void);

static inline void soap_put_four(char *at, uint32_t number)
{
	memcpy(at, soap_four_digits + 4 * number, 4);
}

/**
 * soap_put_digits() - a number in decimal, at @at, with leading zeros before it that the caller writes over
 * @at: SOAP_DIGITS_BEFORE bytes before it may be spoiled
 *
 * Below 10^16 no branch depends on the number: counters have any length, and a wrong guess costs more than digits that
 * are not needed. Where the number ends is known before its digits are.
 */
static inline char *soap_put_digits(char *at, uint64_t number)
{
	uint32_t bits = 64 - (uint32_t)__builtin_clzll(number | 1);
	uint32_t count =
		bits * 1233 >> 12; /* the digits, less one or none: 1233 / 4096 is a little more than log10(2) */
	uint64_t high = number / 100000000;
	uint32_t low = (uint32_t)(number - high * 100000000);
	char *end = at + count + 1 - (number < soap_powers_of_ten[count]);

	if (__builtin_expect(high >= 100000000, 0)) {
		soap_put_four(end - 20, (uint32_t)(high / 100000000));
		high %= 100000000;
	}
	soap_put_four(end - 16, (uint32_t)high / 10000);
	soap_put_four(end - 12, (uint32_t)high % 10000);
	soap_put_four(end - 8, low / 10000);
	soap_put_four(end - 4, low % 10000);
	return end;
}

/** soap_put_unsigned() - decimal; @at has SOAP_NUMBER_SIZE bytes */
static inline char *soap_put_unsigned(char *at, uint64_t number)
{
	char room[SOAP_DIGITS_BEFORE + SOAP_NUMBER_SIZE];
	char *start = room + SOAP_DIGITS_BEFORE;
	size_t length = (size_t)(soap_put_digits(start, number) - start);

	memcpy(at, start, length);
	return at + length;
}

/** soap_put_signed() - the same with a minus sign */
static inline char *soap_put_signed(char *at, int64_t number)
{
	if (number >= 0)
		return soap_put_unsigned(at, (uint64_t)number);
	*at = '-';
	return soap_put_unsigned(at + 1, 0 - (uint64_t)number);
}
