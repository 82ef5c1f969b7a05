/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of espalier-publish: what is taken, and what is refused with which words. */
#include <criterion/criterion.h>
#include <string.h>

#include "shm/publish-line.h"

static char text[PUBLISH_LINE_MAXIMUM + 1];
static char message[PUBLISH_ERROR_SIZE];
static struct publish_line line;

static int parse(const char *input)
{
	size_t length = strlen(input);

	cr_assert(length < sizeof(text));
	memcpy(text, input, length + 1);
	return publish_line_parse(text, length, &line, message);
}

static void accept(const char *input, enum publish_line_kind kind)
{
	cr_assert_eq(parse(input), 0, "%s: %s", input, message);
	cr_assert_eq(line.kind, kind, "%s", input);
}

static void refuse(const char *input, const char *part)
{
	cr_assert_eq(parse(input), -22, "\"%s\" is accepted", input);
	cr_assert_not_null(strstr(message, part), "\"%s\" says \"%s\", not \"%s\"", input, message, part);
}

Test(publish_line, words)
{
	accept("", PUBLISH_COMMIT);
	accept("  \t", PUBLISH_COMMIT);
	accept("\r", PUBLISH_COMMIT);
	accept("commit", PUBLISH_COMMIT);
	accept("begin", PUBLISH_BEGIN);
	accept("# Device.A string x", PUBLISH_NOTHING);
	refuse("commit now", "stands alone");
	refuse("hello", "neither a path nor a word");
}

Test(publish_line, parameter)
{
	accept("Device.X_EX_Port.3.Name string eth3", PUBLISH_PARAMETER);
	cr_assert_str_eq(line.path, "Device.X_EX_Port.3.");
	cr_assert_str_eq(line.name, "Name");
	cr_assert_eq(line.depth, 1);
	cr_assert_eq(line.instances[0], 3);
	cr_assert_eq(line.type, ESPALIER_STRING);
	cr_assert_not(line.detailed);
	cr_assert_str_eq(line.value, "eth3");
	accept("  Device.A   unsignedInt\t 5\r", PUBLISH_PARAMETER);
	cr_assert_str_eq(line.value, "5");
	accept("Device.A string", PUBLISH_PARAMETER);
	cr_assert_eq(line.length, 0);
	accept("Device.A string two words ", PUBLISH_PARAMETER);
	cr_assert_str_eq(line.value, "two words ");
	accept("Device.A string \\x20a\\n\\\\n\\t\\xC3\\xa9", PUBLISH_PARAMETER);
	cr_assert_str_eq(line.value, " a\n\\n\t\xC3\xA9");
}

Test(publish_line, declaration)
{
	accept("Device.A string(64),rw x", PUBLISH_PARAMETER);
	cr_assert(line.detailed);
	cr_assert_eq(line.maximum_length, 64);
	cr_assert_eq(line.flags, ESPALIER_WRITABLE);
	accept("Device.A int[-1,1:65535] 7", PUBLISH_PARAMETER);
	cr_assert_str_eq(line.range, "-1,1:65535");
	accept("Device.A string{Up,Not Present,a\\,b\\}},rw Not Present", PUBLISH_PARAMETER);
	cr_assert_eq(line.enumeration_count, 3);
	cr_assert_str_eq(line.enumeration[1], "Not Present");
	cr_assert_str_eq(line.enumeration[2], "a,b}");
	cr_assert_null(line.enumeration[3]);
	cr_assert_str_eq(line.value, "Not Present");
	accept("Device.A unsignedInt[1:9],list[:8],rw,key 1,2", PUBLISH_PARAMETER);
	cr_assert_str_eq(line.items, ":8");
	cr_assert_eq(line.flags, ESPALIER_WRITABLE | ESPALIER_LIST | ESPALIER_UNIQUE_KEY);
	accept("Device.A.{i}.B base64", PUBLISH_PARAMETER);
	cr_assert(line.placeholder);
	cr_assert_null(line.value);
	accept("Device.A.{i}. object,rw", PUBLISH_OBJECT);
	cr_assert_eq(line.flags, ESPALIER_WRITABLE);
	refuse("Device.A. object", "only tables");
	refuse("Device.A.{i}. table", "\"object\" or");
	refuse("Device.A.{i}.B string x", "takes no value");
}

Test(publish_line, wrong_declarations)
{
	refuse("Device.A", "not followed by a type");
	refuse("Device.A number 5", "\"number\" is no type");
	refuse("Device.A string(0) x", "length from 1");
	refuse("Device.A string(70000) x", "length from 1");
	refuse("Device.A string(6 x", "length from 1");
	refuse("Device.A int(6) 5", "length from 1");
	refuse("Device.A string[1:2] x", "for numbers");
	refuse("Device.A int[] 5", "for numbers");
	refuse("Device.A int[:] 5", "for numbers");
	refuse("Device.A int[1-2] 5", "for numbers");
	refuse("Device.A int[1:2:3] 5", "for numbers");
	refuse("Device.A int{a} 5", "one enumeration");
	refuse("Device.A string{a x", "not closed");
	refuse("Device.A string{a\\b} a", "backslash");
	refuse("Device.A string,ro x", "\"ro\" is no option");
	refuse("Device.A string,list[ x", "count of items");
	refuse("Device.A string!x", "limits or options expected");
}

Test(publish_line, wrong_paths)
{
	refuse("Device..A string x", "neither a name nor an instance number");
	refuse("Device.0.A string x", "\"0\"");
	refuse("Device.1.2.A string x", "\"2\"");
	refuse("1.A string x", "\"1\"");
	refuse("{i}.A string x", "\"{i}\"");
	refuse("Device.4294967296.A string x", "4294967296");
	refuse("Device.A.3 string x", "parameter's name");
	refuse("Device.A/B string x", "parameter's name");
	refuse("Device.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.A.1.B string x",
	       "more than 16 instance numbers");
}

Test(publish_line, long_path)
{
	char input[ESPALIER_PATH_MAXIMUM + 100];

	memset(input, 'a', sizeof(input));
	memcpy(input, "Device.", 7);
	memcpy(input + ESPALIER_PATH_MAXIMUM, " string x", sizeof(" string x"));
	accept(input, PUBLISH_PARAMETER);
	memcpy(input + ESPALIER_PATH_MAXIMUM, "a string x", sizeof("a string x"));
	refuse(input, "more than 256 characters");
	input[ESPALIER_PATH_MAXIMUM] = '.';
	refuse(input, "more than 256 characters");
}

Test(publish_line, wrong_values)
{
	refuse("Device.A string \\", "backslash");
	refuse("Device.A string \\q", "backslash");
	refuse("Device.A string \\x4", "backslash");
	refuse("Device.A string \\x00", "backslash");
	memcpy(text, "Device.A string a\0b", 20);
	cr_assert_eq(publish_line_parse(text, 19, &line, message), -22);
	cr_assert_not_null(strstr(message, "NUL"));
}

Test(publish_line, answers)
{
	accept("ok 12", PUBLISH_OK);
	cr_assert_eq(line.id, 12);
	cr_assert_eq(line.instance, 0);
	accept("ok 12 4", PUBLISH_OK);
	cr_assert_eq(line.instance, 4);
	accept("fault 3 9007 not today\\n", PUBLISH_FAULT);
	cr_assert_eq(line.fault, 9007);
	cr_assert_str_eq(line.text, "not today\n");
	accept("fault 3 9002", PUBLISH_FAULT);
	cr_assert_str_eq(line.text, "");
	refuse("ok", "not the number of a request");
	refuse("ok x", "\"x\" is not the number");
	refuse("ok 1 0", "no instance number");
	refuse("ok 1 2 3", "takes the request's number");
	refuse("fault 1", "no fault code");
	refuse("fault 1 42", "no fault code");
}

Test(publish_line, delete)
{
	accept("delete Device.A.3.", PUBLISH_DELETE);
	cr_assert_str_eq(line.path, "Device.A.3.");
	refuse("delete Device.A.3", "ends in a dot");
	refuse("delete Device.A.", "is no instance");
	refuse("delete Device.A.{i}.", "is no instance");
	refuse("delete", "ends in a dot");
	refuse("delete Device.A.3. x", "ends in a dot");
	refuse("delete .", "neither a name");
}

Test(publish_line, schema_path)
{
	char path[PUBLISH_SCHEMA_PATH_SIZE];

	cr_assert_eq(publish_line_schema_path("Device.A.3.B.{i}.C.12.", path), strlen(path));
	cr_assert_str_eq(path, "Device.A.{i}.B.{i}.C.{i}.");
	publish_line_schema_path("Device.", path);
	cr_assert_str_eq(path, "Device.");
}
