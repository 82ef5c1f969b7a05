/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes the lines apart that espalier-publish reads. */
#include "shm/publish-line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shm/format.h"

/** Bytes of input that a message quotes. */
enum { QUOTE_MAXIMUM = 100 };

/** What is left of the line. */
struct cursor {
	char *at, *end;
	char *error;
};

static int fail(struct cursor *cursor, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct cursor *cursor, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cursor->error, PUBLISH_ERROR_SIZE, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/** The precision that quotes at most QUOTE_MAXIMUM bytes of a text. */
static int quote(size_t length)
{
	return length < QUOTE_MAXIMUM ? (int)length : QUOTE_MAXIMUM;
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

/** Takes one word; empty at the line's end. The blank behind it becomes its NUL. */
static char *take_word(struct cursor *cursor, size_t *length)
{
	char *word = cursor->at;

	while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '\t')
		cursor->at++;
	*length = (size_t)(cursor->at - word);
	if (cursor->at < cursor->end)
		*cursor->at++ = '\0';
	else
		*cursor->at = '\0';
	skip_blanks(cursor);
	return word;
}

/** A decimal number of digits only, at most UINT32_MAX. */
static bool parse_number(const char *text, size_t length, uint32_t *number)
{
	uint64_t sum = 0;

	if (!length || length > 10)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(text[i] - '0');
	}
	*number = (uint32_t)sum;
	return sum <= UINT32_MAX;
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_name(const char *text, size_t length)
{
	if (!length || !is_letter(text[0]))
		return false;
	for (size_t i = 1; i < length; i++)
		if (!is_letter(text[i]) && !(text[i] >= '0' && text[i] <= '9') && text[i] != '-')
			return false;
	return true;
}

/** Checks an object's path, which ends in a dot, and notes its instance numbers. */
static int parse_object_path(struct cursor *cursor, const char *path, size_t length, struct publish_line *line)
{
	bool after_name = false;

	line->path = path;
	for (size_t i = 0; i < length;) {
		const char *part = path + i;
		size_t size = (size_t)((const char *)memchr(part, '.', length - i) - part);
		uint32_t number = 0;
		bool placeholder = size == 3 && memcmp(part, "{i}", 3) == 0;

		if (after_name && (placeholder || (parse_number(part, size, &number) && number && part[0] != '0'))) {
			if (line->depth == ESPALIER_DEPTH_MAXIMUM)
				return fail(cursor, "\"%.*s\" has more than %d instance numbers", quote(length), path,
					    ESPALIER_DEPTH_MAXIMUM);
			line->instances[line->depth++] = number;
			line->placeholder |= placeholder;
			after_name = false;
		} else if (is_name(part, size)) {
			after_name = true;
		} else {
			return fail(cursor, "\"%.*s\" in the path \"%.*s\" is neither a name nor an instance number",
				    quote(size), part, quote(length), path);
		}
		i += size + 1;
	}
	return 0;
}

/** Splits a parameter's path into its object's path, which stays in place behind a moved name. */
static int parse_parameter_path(struct cursor *cursor, char *path, size_t length, struct publish_line *line,
				char *object)
{
	const char *dot = memrchr(path, '.', length);
	size_t head = dot ? (size_t)(dot - path) + 1 : 0;

	if (length > ESPALIER_PATH_MAXIMUM)
		return fail(cursor, "the path \"%.*s...\" has more than %d characters", quote(length), path,
			    ESPALIER_PATH_MAXIMUM);
	if (!head)
		return fail(cursor, "\"%.*s\" is neither a path nor a word that begins a line", quote(length), path);
	if (!is_name(path + head, length - head))
		return fail(cursor, "\"%.*s\" does not end in a parameter's name", quote(length), path);
	line->name = path + head;
	memcpy(object, path, head);
	object[head] = '\0';
	return parse_object_path(cursor, object, head, line);
}

/** Takes "(...)" or "[...]" out of a declaration: what is between becomes a string. NULL when nothing closes it. */
static char *take_bracket(struct cursor *type, char closing)
{
	char *begin = type->at + 1, *end = memchr(begin, closing, (size_t)(type->end - begin));

	if (!end)
		return NULL;
	*end = '\0';
	type->at = end + 1;
	return begin;
}

/** "low:high" pairs by commas, an end may be missing, one number alone is both. */
static bool is_range(const char *text)
{
	if (!*text)
		return false;
	for (;;) {
		size_t size = strcspn(text, ","), digits = 0, colons = 0;

		for (size_t i = 0; i < size; i++) {
			bool begins = i == 0 || text[i - 1] == ':';

			if (text[i] == ':')
				colons++;
			else if (text[i] >= '0' && text[i] <= '9')
				digits++;
			else if (!begins || (text[i] != '-' && text[i] != '+') || i + 1 == size || text[i + 1] < '0' ||
				 text[i + 1] > '9')
				return false;
		}
		if (!digits || colons > 1)
			return false;
		if (!text[size])
			return true;
		text += size + 1;
	}
}

/** "{Up,Down}": items by commas; a backslash takes the meaning from the comma, the brace or itself. */
static int parse_enumeration(struct cursor *type, struct publish_line *line)
{
	char *out = ++type->at;
	const char *item = out;

	for (;; type->at++) {
		char byte;

		if (type->at == type->end)
			return fail(type, "\"{\" of the enumeration is not closed by \"}\"");
		byte = *type->at;
		if (byte == ',' || byte == '}') {
			if (line->enumeration_count == PUBLISH_ENUMERATION_MAXIMUM)
				return fail(type, "the enumeration has more than %d items",
					    PUBLISH_ENUMERATION_MAXIMUM);
			/* Read before it is written over: the NUL may fall on the comma or brace itself. */
			*out++ = '\0';
			line->enumeration[line->enumeration_count++] = item;
			item = out;
			if (byte == '}')
				break;
			continue;
		}
		if (byte == '\\') {
			if (++type->at == type->end || !strchr(",}\\", *type->at))
				return fail(
					type,
					"in an enumeration, a backslash stands before a comma, a brace or a backslash");
			byte = *type->at;
		}
		*out++ = byte;
	}
	type->at++;
	return 0;
}

static const struct {
	const char *name;
	uint32_t flag;
} options[] = {
	{"rw", ESPALIER_WRITABLE},     {"list", ESPALIER_LIST},	     {"hidden", ESPALIER_HIDDEN},
	{"command", ESPALIER_COMMAND}, {"key", ESPALIER_UNIQUE_KEY}, {"strong", ESPALIER_STRONG_REFERENCE},
};

/** ",rw", ",list[1:8]" and so on. */
static int parse_options(struct cursor *type, struct publish_line *line)
{
	while (type->at < type->end) {
		const char *name = type->at + 1;
		size_t length = 0;
		uint32_t flag = 0;

		if (*type->at != ',')
			return fail(type, "\"%.*s\" in the type: \",\" and an option expected",
				    quote((size_t)(type->end - type->at)), type->at);
		while (name + length < type->end && is_letter(name[length]))
			length++;
		for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
			if (strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0)
				flag = options[i].flag;
		if (!flag)
			return fail(type, "\"%.*s\" is no option of a type: rw, list, hidden, command or key",
				    quote(length), name);
		line->flags |= flag;
		type->at += length + 1;
		if (flag == ESPALIER_LIST && type->at < type->end && *type->at == '[') {
			line->items = take_bracket(type, ']');
			if (!line->items || !is_range(line->items))
				return fail(
					type,
					"the list's \"[\" is not followed by a count of items such as 1:8 and \"]\"");
		}
	}
	return 0;
}

static bool is_number_type(enum espalier_type type)
{
	return type == ESPALIER_INT || type == ESPALIER_UNSIGNED_INT || type == ESPALIER_LONG ||
	       type == ESPALIER_UNSIGNED_LONG;
}

static bool has_length(enum espalier_type type)
{
	return type == ESPALIER_STRING || type == ESPALIER_BASE64 || type == ESPALIER_HEX_BINARY;
}

/** The limits right behind the type's name. */
static int parse_limits(struct cursor *type, struct publish_line *line)
{
	while (type->at < type->end && *type->at != ',') {
		const char *text;

		switch (*type->at) {
		case '(':
			text = take_bracket(type, ')');
			if (!text || !has_length(line->type) ||
			    !parse_number(text, strlen(text), &line->maximum_length) || !line->maximum_length ||
			    line->maximum_length > ESPALIER_VALUE_MAXIMUM)
				return fail(type,
					    "\"(\" is followed by a length from 1 to %d and \")\", for string, base64 "
					    "and hexBinary",
					    ESPALIER_VALUE_MAXIMUM);
			break;
		case '[':
			line->range = take_bracket(type, ']');
			if (!line->range || !is_number_type(line->type) || !is_range(line->range))
				return fail(
					type,
					"\"[\" is followed by a range such as 1:4094 or -1,1: and \"]\", for numbers");
			break;
		case '{':
			if (line->type != ESPALIER_STRING || line->enumeration_count)
				return fail(type, "one enumeration is for the type string");
			if (parse_enumeration(type, line) < 0)
				return -EINVAL;
			break;
		default:
			return fail(type, "\"%.*s\" behind the type's name: limits or options expected",
				    quote((size_t)(type->end - type->at)), type->at);
		}
	}
	return 0;
}

/** TYPE[(LENGTH)|[RANGE]|{ITEM,...}][,OPTION]... of a parameter. */
static int parse_type(struct cursor *type, struct publish_line *line)
{
	size_t length = 0;
	int found;

	while (type->at + length < type->end &&
	       (is_letter(type->at[length]) || type->at[length] == '6' || type->at[length] == '4'))
		length++;
	found = espalier_type_of_name(type->at, length);
	if (found < 0)
		return fail(type,
			    "\"%.*s\" is no type: string, int, unsignedInt, long, unsignedLong, boolean, dateTime, "
			    "base64, hexBinary or decimal",
			    quote(length ? length : (size_t)(type->end - type->at)), type->at);
	line->type = (enum espalier_type)found;
	type->at += length;
	line->detailed = type->at < type->end;
	if (parse_limits(type, line) < 0)
		return -EINVAL;
	return parse_options(type, line);
}

/** Where the TYPE field ends: at the first blank that is not inside braces. */
static char *type_end(const struct cursor *cursor)
{
	bool braces = false;
	char *at = cursor->at;

	for (; at < cursor->end; at++) {
		if (braces && *at == '\\' && at + 1 < cursor->end)
			at++;
		else if (*at == '{')
			braces = true;
		else if (*at == '}')
			braces = false;
		else if ((*at == ' ' || *at == '\t') && !braces)
			break;
	}
	return at;
}

/** The value: the rest of the line, with its escapes taken back. */
static int parse_value(struct cursor *cursor, struct publish_line *line)
{
	ssize_t length = format_unescape(cursor->at, (size_t)(cursor->end - cursor->at));

	if (length < 0)
		return fail(cursor, "the value has a backslash that begins none of \\\\ \\n \\r \\t \\xHH");
	if (length > ESPALIER_VALUE_MAXIMUM)
		return fail(cursor, "the value has more than %d bytes", ESPALIER_VALUE_MAXIMUM);
	cursor->at[length] = '\0';
	line->value = cursor->at;
	line->length = (uint32_t)length;
	return 0;
}

static int parse_parameter(struct cursor *cursor, char *path, size_t length, struct publish_line *line, char *object)
{
	struct cursor type = {cursor->at, type_end(cursor), cursor->error};
	bool blank = type.end < cursor->end;

	if (parse_parameter_path(cursor, path, length, line, object) < 0)
		return -EINVAL;
	if (type.at == type.end)
		return fail(cursor, "\"%.*s\" is not followed by a type", quote(length), path);
	/* Ends the type's texts; the blank, when there is one, is skipped below. */
	*type.end = '\0';
	if (parse_type(&type, line) < 0)
		return -EINVAL;
	cursor->at = type.end + blank;
	skip_blanks(cursor);
	line->kind = PUBLISH_PARAMETER;
	if (line->placeholder) {
		if (cursor->at < cursor->end)
			return fail(cursor, "a path with {i} only declares: it takes no value");
		return 0;
	}
	return parse_value(cursor, line);
}

/** PATH. object[,rw] */
static int parse_object(struct cursor *cursor, const char *path, size_t length, struct publish_line *line)
{
	size_t size;
	const char *type = take_word(cursor, &size);

	line->kind = PUBLISH_OBJECT;
	if (length > ESPALIER_PATH_MAXIMUM)
		return fail(cursor, "the path \"%.*s...\" has more than %d characters", quote(length), path,
			    ESPALIER_PATH_MAXIMUM);
	if (strcmp(type, "object,rw") == 0)
		line->flags = ESPALIER_WRITABLE;
	else if (strcmp(type, "object") != 0)
		return fail(cursor, "\"%.*s\" after an object's path: \"object\" or \"object,rw\" expected",
			    quote(size), type);
	if (cursor->at < cursor->end)
		return fail(cursor, "\"%.*s\" after \"%s\": nothing expected",
			    quote((size_t)(cursor->end - cursor->at)), cursor->at, type);
	if (parse_object_path(cursor, path, length, line) < 0)
		return -EINVAL;
	if (length < 5 || strcmp(path + length - 5, ".{i}.") != 0)
		return fail(cursor, "\"%.*s\" does not end in \".{i}.\": only tables are declared", quote(length),
			    path);
	return 0;
}

static int parse_delete(struct cursor *cursor, struct publish_line *line)
{
	size_t length;
	const char *path = take_word(cursor, &length), *last;

	line->kind = PUBLISH_DELETE;
	if (cursor->at < cursor->end || !length || length > ESPALIER_PATH_MAXIMUM || path[length - 1] != '.')
		return fail(cursor, "\"delete\" takes the path of an instance, which ends in a dot");
	if (parse_object_path(cursor, path, length, line) < 0)
		return -EINVAL;
	last = length > 1 ? memrchr(path, '.', length - 1) : NULL;
	if (line->placeholder || !last || is_letter(last[1]))
		return fail(cursor, "\"%.*s\" is no instance: its last component is not a number", quote(length), path);
	return 0;
}

/** ok ID [INSTANCE] and fault ID CODE [TEXT]: answers to requests. */
static int parse_answer(struct cursor *cursor, bool fault, struct publish_line *line)
{
	size_t length;
	const char *word = take_word(cursor, &length);
	uint32_t code = 0;
	ssize_t size;

	line->kind = fault ? PUBLISH_FAULT : PUBLISH_OK;
	if (!parse_number(word, length, &line->id))
		return fail(cursor, "\"%.*s\" is not the number of a request", quote(length), word);
	if (!fault) {
		word = take_word(cursor, &length);
		if (length && (!parse_number(word, length, &line->instance) || !line->instance))
			return fail(cursor, "\"%.*s\" is no instance number", quote(length), word);
		if (cursor->at < cursor->end)
			return fail(cursor, "\"ok\" takes the request's number and, for \"add\", an instance number");
		return 0;
	}
	word = take_word(cursor, &length);
	if (!parse_number(word, length, &code) || code < ESPALIER_FAULT_DENIED || code > 9899)
		return fail(cursor, "\"%.*s\" is no fault code: 9001 to 9899", quote(length), word);
	line->fault = (int)code;
	size = format_unescape(cursor->at, (size_t)(cursor->end - cursor->at));
	if (size < 0)
		return fail(cursor, "the text has a backslash that begins none of \\\\ \\n \\r \\t \\xHH");
	cursor->at[size] = '\0';
	line->text = cursor->at;
	return 0;
}

int publish_line_parse(char *text, size_t length, struct publish_line *line, char error[PUBLISH_ERROR_SIZE])
{
	struct cursor cursor = {text, text + length, error};
	size_t size;
	char *word;

	*line = (struct publish_line){.kind = PUBLISH_NOTHING};
	error[0] = '\0';
	if (memchr(text, '\0', length))
		return fail(&cursor, "the line has a NUL");
	if (length && text[length - 1] == '\r')
		cursor.end--;
	*cursor.end = '\0';
	skip_blanks(&cursor);
	if (cursor.at < cursor.end && *cursor.at == '#')
		return 0;
	word = take_word(&cursor, &size);
	if (!size || strcmp(word, "commit") == 0 || strcmp(word, "begin") == 0) {
		line->kind = size && word[0] == 'b' ? PUBLISH_BEGIN : PUBLISH_COMMIT;
		return cursor.at < cursor.end ? fail(&cursor, "\"%s\" stands alone on its line", word) : 0;
	}
	if (strcmp(word, "delete") == 0)
		return parse_delete(&cursor, line);
	if (strcmp(word, "ok") == 0 || strcmp(word, "fault") == 0)
		return parse_answer(&cursor, word[0] == 'f', line);
	if (word[size - 1] == '.')
		return parse_object(&cursor, word, size, line);
	return parse_parameter(&cursor, word, size, line, line->object);
}

struct espalier_parameter publish_line_parameter(const struct publish_line *line)
{
	return (struct espalier_parameter){
		.name = line->name,
		.type = line->type,
		.flags = line->flags,
		.maximum_length = line->maximum_length,
		.range = line->range,
		.items = line->items,
		.enumeration = line->enumeration_count ? line->enumeration : NULL,
	};
}

size_t publish_line_schema_path(const char *path, char *to)
{
	size_t out = 0;

	for (const char *part = path; *part;) {
		size_t size = strcspn(part, ".");

		if (part[0] >= '0' && part[0] <= '9') {
			memcpy(to + out, "{i}", 3);
			out += 3;
		} else {
			memcpy(to + out, part, size);
			out += size;
		}
		part += size;
		if (*part) {
			to[out++] = '.';
			part++;
		}
	}
	to[out] = '\0';
	return out;
}
