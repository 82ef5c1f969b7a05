/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text as XML: escaped while it is copied, eight bytes at a time where nothing needs to be escaped. */
#include "agent/soap-text.h"

#include "shm/espalier-row.h"

#define CACHE_LINE 64

/* clang-format off */
#define LAST(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"
#define THIRD(d) LAST(d "0") LAST(d "1") LAST(d "2") LAST(d "3") LAST(d "4") LAST(d "5") LAST(d "6") LAST(d "7") \
	LAST(d "8") LAST(d "9")
#define SECOND(d) THIRD(d "0") THIRD(d "1") THIRD(d "2") THIRD(d "3") THIRD(d "4") THIRD(d "5") THIRD(d "6") \
	THIRD(d "7") THIRD(d "8") THIRD(d "9")
/* clang-format on */

const char soap_four_digits[] = SECOND("0") SECOND("1") SECOND("2") SECOND("3") SECOND("4") SECOND("5") SECOND("6")
	SECOND("7") SECOND("8") SECOND("9");

_Static_assert(sizeof(soap_four_digits) == 40001, "four digits for each number below 10,000");

void soap_warm_digits(void)
{
	for (size_t i = 0; i < sizeof(soap_four_digits); i += CACHE_LINE)
		__builtin_prefetch(soap_four_digits + i);
}

const uint64_t soap_powers_of_ten[20] = {
	0,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
	10000000000000000,
	100000000000000000,
	1000000000000000000,
	10000000000000000000u,
};

#define EVERY_BYTE(byte) (0x0101010101010101ull * (byte))

/* Where text comes from: it is read in the same way from private and from shared memory. */
struct source {
	const char *text;
	const uint32_t *words;
};

static inline uint32_t shared_word(const struct source *source, size_t index)
{
	return espalier_load(source->words + index);
}

static inline unsigned char source_byte(const struct source *source, size_t index)
{
	uint32_t word;
	unsigned char bytes[sizeof(word)];

	if (source->text)
		return (unsigned char)source->text[index];
	word = shared_word(source, index / sizeof(word));
	memcpy(bytes, &word, sizeof(word));
	return bytes[index % sizeof(word)];
}

/* Read from 8 - n on, the mask of the first n of eight bytes, on CPUs of either byte order. */
static const unsigned char first_bytes[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* `count` bytes, 1 to 8, from `index` (a multiple of 4); blanks behind them. */
static inline uint64_t source_eight(const struct source *source, size_t index, size_t count)
{
	uint64_t eight = EVERY_BYTE(' ');
	uint32_t words[2];

	if (source->text) {
		if (count == sizeof(eight))
			memcpy(&eight, source->text + index, sizeof(eight));
		else
			memcpy(&eight, source->text + index, count);
		return eight;
	}
	words[0] = shared_word(source, index / sizeof(uint32_t));
	words[1] = count > sizeof(uint32_t) ? shared_word(source, index / sizeof(uint32_t) + 1) : 0;
	memcpy(&eight, words, sizeof(eight));
	if (count < sizeof(eight)) {
		/* By a mask: a copy of a length that is not known before is a call, which costs more than all else
		 * here. */
		uint64_t mask;

		memcpy(&mask, first_bytes + sizeof(eight) - count, sizeof(mask));
		eight = (eight & mask) | (EVERY_BYTE(' ') & ~mask);
	}
	return eight;
}

/* A bit is set in the result when a byte of `eight` is zero; which one does not matter. */
static inline uint64_t zero_byte(uint64_t eight)
{
	return (eight - EVERY_BYTE(0x01)) & ~eight & EVERY_BYTE(0x80);
}

/* Nothing but printable ASCII without < > & " ' in it. */
static inline int is_plain(uint64_t eight)
{
	uint64_t other = (eight | ((eight - EVERY_BYTE(' ')) & ~eight)) & EVERY_BYTE(0x80);

	other |= zero_byte((eight | EVERY_BYTE(0x01)) ^ EVERY_BYTE('\'')); /* & is one less */
	other |= zero_byte((eight | EVERY_BYTE(0x02)) ^ EVERY_BYTE('>'));  /* < is two less */
	other |= zero_byte(eight ^ EVERY_BYTE('"'));
	return !other;
}

static inline char *put_literal(char *at, const char *literal)
{
	size_t length = strlen(literal);

	memcpy(at, literal, length);
	return at + length;
}

static char *put_ascii(char *at, unsigned char byte)
{
	switch (byte) {
	case '<':
		return put_literal(at, "&lt;");
	case '>':
		return put_literal(at, "&gt;");
	case '&':
		return put_literal(at, "&amp;");
	case '"':
		return put_literal(at, "&quot;");
	case '\'':
		return put_literal(at, "&apos;");
	case '\r': /* a parser would read it as a newline */
		return put_literal(at, "&#13;");
	default:
		if (byte < ' ' && byte != '\t' && byte != '\n')
			return put_literal(at, "\xef\xbf\xbd");
		*at = (char)byte;
		return at + 1;
	}
}

/* The length of the valid UTF-8 character that begins with these bytes, or 0 (RFC 3629, section 4). */
static size_t character_length(const unsigned char *bytes, size_t count)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf) {
		length = 2;
	} else if (bytes[0] >= 0xe0 && bytes[0] <= 0xef) {
		length = 3;
		if (bytes[0] == 0xe0)
			low = 0xa0;
		if (bytes[0] == 0xed) /* surrogates */
			high = 0x9f;
	} else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4) {
		length = 4;
		if (bytes[0] == 0xf0)
			low = 0x90;
		if (bytes[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (count < length || bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++) {
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	}
	/* U+FFFE and U+FFFF are no characters of XML. */
	if (bytes[0] == 0xef && bytes[1] == 0xbf && bytes[2] >= 0xbe)
		return 0;
	return length;
}

/* One character from `*index`, of whatever kind. */
static char *put_character(char *at, const struct source *source, size_t *index, size_t length)
{
	unsigned char bytes[4];
	size_t count = length - *index < sizeof(bytes) ? length - *index : sizeof(bytes);
	size_t used;

	bytes[0] = source_byte(source, *index);
	if (bytes[0] < 0x80) {
		(*index)++;
		return put_ascii(at, bytes[0]);
	}
	for (size_t i = 1; i < count; i++)
		bytes[i] = source_byte(source, *index + i);
	used = character_length(bytes, count);
	if (!used) {
		(*index)++;
		return put_literal(at, "\xef\xbf\xbd");
	}
	memcpy(at, bytes, used);
	*index += used;
	return at + used;
}

static inline char *put_source(char *at, const struct source *source, size_t length)
{
	size_t index = 0;

	while (index < length) {
		size_t count = length - index < sizeof(uint64_t) ? length - index : sizeof(uint64_t);
		uint64_t eight = source_eight(source, index, count);

		if (__builtin_expect(is_plain(eight), 1)) {
			memcpy(at, &eight, sizeof(eight));
			at += count;
			index += count;
			continue;
		}
		count += index;
		do
			at = put_character(at, source, &index, length);
		while (index < count || (index < length && index % sizeof(uint32_t)));
	}
	return at;
}

char *soap_put_text(char *at, const char *text, size_t length)
{
	const struct source source = {.text = text};

	return length ? put_source(at, &source, length) : at;
}

char *soap_put_shared_text(char *at, const uint32_t *words, size_t length)
{
	const struct source source = {.words = words};

	return put_source(at, &source, length);
}
