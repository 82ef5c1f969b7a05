/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoding of single arguments: text to numbers, booleans and strings, by the methods' tables. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "agent/soap-arguments.h"

int soap_argument_find(const struct soap_argument *arguments, const char *name)
{
	if (!arguments)
		return -ENOENT;
	for (int i = 0; arguments[i].name; i++) {
		assert(i < SOAP_ARGUMENTS_MAXIMUM);
		if (arguments[i].any_name || !strcmp(arguments[i].name, name))
			return i;
	}
	return -ENOENT;
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static struct soap_string collapse(struct soap_string text)
{
	while (text.length && is_blank(text.data[0])) {
		text.data++;
		text.length--;
	}
	while (text.length && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

static bool equals(struct soap_string text, const char *word)
{
	return text.length == strlen(word) && !memcmp(text.data, word, text.length);
}

static int decode_boolean(struct soap_string text, bool *target)
{
	text = collapse(text);
	if (equals(text, "1") || equals(text, "true"))
		*target = true;
	else if (equals(text, "0") || equals(text, "false"))
		*target = false;
	else
		return -EINVAL;
	return 0;
}

/* Sign, digits and leading zeros as XML Schema allows them for its integers. */
static int decode_integer(struct soap_string text, int64_t minimum, int64_t maximum, int64_t *target)
{
	bool negative = false;
	int64_t value = 0;

	text = collapse(text);
	if (text.length && (text.data[0] == '+' || text.data[0] == '-')) {
		negative = text.data[0] == '-';
		text.data++;
		text.length--;
	}
	if (!text.length)
		return -EINVAL;
	for (size_t i = 0; i < text.length; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -EINVAL;
		if (value <= UINT32_MAX)
			value = value * 10 + (text.data[i] - '0');
	}
	if (negative)
		value = -value;
	if (value < minimum || value > maximum)
		return -ERANGE;
	*target = value;
	return 0;
}

static size_t count_characters(struct soap_string text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
	return count;
}

int soap_argument_decode(const struct soap_argument *argument, struct soap_string text, void *target)
{
	int64_t integer = 0;
	int error = 0;

	switch (argument->kind) {
	case SOAP_STRING:
		if (argument->characters_maximum && count_characters(text) > argument->characters_maximum)
			return -EMSGSIZE;
		*(struct soap_string *)target = text;
		break;
	case SOAP_UNSIGNED_INT:
		error = decode_integer(text, 0, UINT32_MAX, &integer);
		*(uint32_t *)target = (uint32_t)integer;
		break;
	case SOAP_INT:
		error = decode_integer(text, INT32_MIN, INT32_MAX, &integer);
		*(int32_t *)target = (int32_t)integer;
		break;
	case SOAP_BOOLEAN:
		error = decode_boolean(text, target);
		break;
	case SOAP_VALUE:
		((struct soap_value *)target)->text = text;
		break;
	case SOAP_STRUCT:
	case SOAP_ARRAY:
	case SOAP_REPEATED:
		assert(false);
		break;
	}
	return error;
}

const struct soap_argument *soap_arguments_missing(const struct soap_argument *arguments, uint32_t seen,
						   const void *structure)
{
	if (!arguments)
		return NULL;
	for (int i = 0; arguments[i].name; i++) {
		const struct soap_argument *argument = &arguments[i];

		if (seen & (uint32_t)1 << i)
			continue;
		switch (argument->presence) {
		case SOAP_REQUIRED:
			return argument;
		case SOAP_OPTIONAL:
			break;
		case SOAP_REQUIRED_IF:
			if (*(const bool *)((const char *)structure + argument->condition_offset))
				return argument;
			break;
		}
	}
	return NULL;
}
