/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as text lines, JSON and CSV. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "shm/format.h"
#include "shm/hexadecimal.h"

/** U+FFFD, which stands for what is no UTF-8. */
#define REPLACEMENT "\xEF\xBF\xBD"

static void put(FILE *stream, const char *text, size_t length)
{
	fwrite_unlocked(text, 1, length, stream);
}

size_t format_utf8(const char *text, size_t length)
{
	const unsigned char *byte = (const unsigned char *)text;
	size_t size;
	unsigned char low = 0x80, high = 0xBF;

	if (!length)
		return 0;
	if (byte[0] < 0x80)
		return 1;
	/* RFC 3629 section 4: the second byte's bounds keep out overlong forms, surrogates and what is above U+10FFFF.
	 */
	if (byte[0] >= 0xC2 && byte[0] <= 0xDF) {
		size = 2;
	} else if (byte[0] >= 0xE0 && byte[0] <= 0xEF) {
		size = 3;
		if (byte[0] == 0xE0)
			low = 0xA0;
		else if (byte[0] == 0xED)
			high = 0x9F;
	} else if (byte[0] >= 0xF0 && byte[0] <= 0xF4) {
		size = 4;
		if (byte[0] == 0xF0)
			low = 0x90;
		else if (byte[0] == 0xF4)
			high = 0x8F;
	} else {
		return 0;
	}
	if (length < size || byte[1] < low || byte[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((byte[i] & 0xC0) != 0x80)
			return 0;
	return size;
}

/** Bytes at the start that are printable ASCII, other than the two given. */
static size_t plain(const char *text, size_t length, char one, char other)
{
	size_t i = 0;

	while (i < length && text[i] >= 0x20 && text[i] < 0x7F && text[i] != one && text[i] != other)
		i++;
	return i;
}

/** True for U+0080 to U+009F, which some terminals obey. */
static bool is_c1(const char *text, size_t size)
{
	return size == 2 && (unsigned char)text[0] == 0xC2 && (unsigned char)text[1] < 0xA0;
}

void format_escaped(FILE *stream, const char *text, size_t length)
{
	size_t i = 0;

	while (i < length) {
		size_t size = plain(text + i, length - i, '\\', '\\');

		if (!size) {
			size = format_utf8(text + i, length - i);
			if (size < 2 || is_c1(text + i, size))
				size = 0;
		}
		if (size) {
			put(stream, text + i, size);
			i += size;
			continue;
		}
		switch (text[i]) {
		case '\\':
			put(stream, "\\\\", 2);
			break;
		case '\n':
			put(stream, "\\n", 2);
			break;
		case '\r':
			put(stream, "\\r", 2);
			break;
		case '\t':
			put(stream, "\\t", 2);
			break;
		default:
			fprintf(stream, "\\x%02X", (unsigned char)text[i]);
		}
		i++;
	}
}

ssize_t format_unescape(char *text, size_t length)
{
	size_t out = 0;

	for (size_t i = 0; i < length; i++) {
		char byte = text[i];

		if (byte == '\\') {
			if (++i == length)
				return -EINVAL;
			switch (text[i]) {
			case '\\':
				break;
			case 'n':
				byte = '\n';
				break;
			case 'r':
				byte = '\r';
				break;
			case 't':
				byte = '\t';
				break;
			case 'x': {
				int value = i + 2 < length ? hexadecimal_byte(text + i + 1) : -1;

				if (value <= 0)
					return -EINVAL;
				byte = (char)value;
				i += 2;
				break;
			}
			default:
				return -EINVAL;
			}
		}
		text[out++] = byte;
	}
	return (ssize_t)out;
}

void format_json_string(FILE *stream, const char *text, size_t length)
{
	size_t i = 0;

	putc_unlocked('"', stream);
	while (i < length) {
		size_t size = plain(text + i, length - i, '"', '\\');

		if (!size && (unsigned char)text[i] >= 0x7F)
			size = format_utf8(text + i, length - i);
		if (size) {
			put(stream, text + i, size);
			i += size;
			continue;
		}
		switch (text[i]) {
		case '"':
			put(stream, "\\\"", 2);
			break;
		case '\\':
			put(stream, "\\\\", 2);
			break;
		case '\n':
			put(stream, "\\n", 2);
			break;
		case '\r':
			put(stream, "\\r", 2);
			break;
		case '\t':
			put(stream, "\\t", 2);
			break;
		default:
			if ((unsigned char)text[i] < 0x20)
				fprintf(stream, "\\u%04x", (unsigned char)text[i]);
			else
				put(stream, REPLACEMENT, 3);
		}
		i++;
	}
	putc_unlocked('"', stream);
}

bool format_is_text(const struct espalier_parameter *parameter)
{
	if (parameter->flags & ESPALIER_LIST)
		return true;
	switch (parameter->type) {
	case ESPALIER_INT:
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_LONG:
	case ESPALIER_UNSIGNED_LONG:
	case ESPALIER_BOOLEAN:
		return false;
	case ESPALIER_STRING:
	case ESPALIER_DATE_TIME:
	case ESPALIER_BASE64:
	case ESPALIER_HEX_BINARY:
	case ESPALIER_DECIMAL:
		break;
	}
	return true;
}

/**
 * Writes an xsd:decimal as a JSON number: the same digits, but no plus sign, no leading zeros and a digit on both sides
 * of the point. False (and nothing written) when the text is none.
 */
static bool put_decimal(FILE *stream, const char *text, size_t length)
{
	size_t i = 0, whole, fraction = 0, point;
	bool minus = false;

	if (i < length && (text[i] == '+' || text[i] == '-'))
		minus = text[i++] == '-';
	whole = i;
	while (i < length && text[i] >= '0' && text[i] <= '9')
		i++;
	point = i;
	if (i < length && text[i] == '.') {
		i++;
		while (i < length && text[i] >= '0' && text[i] <= '9') {
			i++;
			fraction++;
		}
	}
	if (i != length || point - whole + fraction == 0)
		return false;
	while (whole + 1 < point && text[whole] == '0')
		whole++;
	if (minus)
		putc_unlocked('-', stream);
	if (whole == point)
		putc_unlocked('0', stream);
	else
		put(stream, text + whole, point - whole);
	if (fraction) {
		putc_unlocked('.', stream);
		put(stream, text + point + 1, fraction);
	}
	return true;
}

/** Writes an unsigned number in decimal; printf's way costs ten times as much, which a large tree shows. */
static void put_number(FILE *stream, uint64_t number, bool minus)
{
	char digits[24];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	if (minus)
		digits[--i] = '-';
	put(stream, digits + i, sizeof(digits) - i);
}

/** Writes a value that is no text. */
static void put_plain_value(FILE *stream, enum espalier_type type, const struct espalier_value *value)
{
	switch (type) {
	case ESPALIER_INT:
	case ESPALIER_LONG:
		put_number(stream, value->integer < 0 ? -(uint64_t)value->integer : (uint64_t)value->integer,
			   value->integer < 0);
		break;
	case ESPALIER_BOOLEAN:
		if (value->number)
			put(stream, "true", 4);
		else
			put(stream, "false", 5);
		break;
	case ESPALIER_UNSIGNED_INT:
	case ESPALIER_UNSIGNED_LONG:
	case ESPALIER_STRING:
	case ESPALIER_DATE_TIME:
	case ESPALIER_BASE64:
	case ESPALIER_HEX_BINARY:
	case ESPALIER_DECIMAL:
		put_number(stream, value->number, false);
		break;
	}
}

void format_json_value(FILE *stream, const struct espalier_parameter *parameter, const struct espalier_value *value)
{
	if (!format_is_text(parameter)) {
		put_plain_value(stream, parameter->type, value);
		return;
	}
	if (parameter->type == ESPALIER_DECIMAL && !(parameter->flags & ESPALIER_LIST) &&
	    put_decimal(stream, value->text, value->length))
		return;
	format_json_string(stream, value->text, value->length);
}

void format_value(FILE *stream, const struct espalier_parameter *parameter, const struct espalier_value *value)
{
	if (format_is_text(parameter))
		format_escaped(stream, value->text, value->length);
	else
		put_plain_value(stream, parameter->type, value);
}

void format_csv_field(FILE *stream, const char *text, size_t length)
{
	bool quotes = false;
	size_t i = 0;

	for (size_t j = 0; j < length && !quotes; j++)
		quotes = text[j] == '"' || text[j] == ',' || text[j] == '\n' || text[j] == '\r';
	if (quotes)
		putc_unlocked('"', stream);
	while (i < length) {
		size_t size = plain(text + i, length - i, '"', '"');

		if (!size && text[i] != '"')
			size = format_utf8(text + i, length - i);
		if (size) {
			put(stream, text + i, size);
			i += size;
			continue;
		}
		if (text[i] == '"')
			put(stream, "\"\"", 2);
		else
			put(stream, REPLACEMENT, 3);
		i++;
	}
	if (quotes)
		putc_unlocked('"', stream);
}

void format_csv_value(FILE *stream, const struct espalier_parameter *parameter, const struct espalier_value *value)
{
	if (format_is_text(parameter))
		format_csv_field(stream, value->text, value->length);
	else
		put_plain_value(stream, parameter->type, value);
}
