/* SPDX-License-Identifier: BSD-2-Clause */
/* Hexadecimal digits. */
#pragma once

#include <stdint.h>

/** hexadecimal_digit() - the value of a digit in either case, or -1 */
static inline int hexadecimal_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return -1;
}

/** hexadecimal_byte() - the value of two digits, the first of which may be the last of its text, or -1 */
static inline int hexadecimal_byte(const char *digits)
{
	int high = hexadecimal_digit(digits[0]), low = high < 0 ? -1 : hexadecimal_digit(digits[1]);

	return low < 0 ? -1 : high << 4 | low;
}
