/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: every kind of value, its bounds, and messages that name file, line, key and value. */
#include "shm/configuration.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings {
	char text[8];
	char path[64];
	uint32_t number;
	bool flag;
	uint32_t choice;
	struct configuration_globs globs;
};

static const char *const colours[] = {"red", "green", NULL};

static const struct configuration_key keys[] = {
	CONFIGURATION_STRING("first", "text", struct settings, text, "none"),
	CONFIGURATION_PATH("first", "path", struct settings, path, ""),
	CONFIGURATION_UNSIGNED("first", "number", struct settings, number, 10, 4000000000, "10"),
	CONFIGURATION_BOOLEAN("second", "flag", struct settings, flag, "no"),
	CONFIGURATION_CHOICE("second", "colour", struct settings, choice, colours, "green"),
	CONFIGURATION_GLOBS("second", "globs", struct settings, globs, ""),
};

static const char *const others[] = {"other", NULL};

static struct settings settings;
static char message[CONFIGURATION_MESSAGE_SIZE];
static char path[64];

static int read_path(const char *name, bool required)
{
	const struct configuration_group group = {keys, sizeof(keys) / sizeof(keys[0]), &settings};

	memset(&settings, 0xee, sizeof(settings));
	message[0] = '\0';
	return configuration_read(name, required, &group, 1, others, message, sizeof(message));
}

static int read_bytes(const char *bytes, size_t length)
{
	int result;
	int file;

	snprintf(path, sizeof(path), "/tmp/configuration-XXXXXX");
	file = mkstemp(path);
	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, bytes, length), (ssize_t)length);
	close(file);
	result = read_path(path, true);
	unlink(path);
	return result;
}

static int read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

/* Checks that the message is the file's name and then this. */
static void expect_message(const char *text)
{
	cr_assert_eq(strncmp(message, path, strlen(path)), 0, "no file name in: %s", message);
	cr_assert_str_eq(message + strlen(path), text);
}

Test(configuration, defaults_where_the_file_says_nothing)
{
	cr_assert_eq(read_text(""), 0);
	cr_assert_str_eq(settings.text, "none");
	cr_assert_str_eq(settings.path, "");
	cr_assert_eq(settings.number, 10);
	cr_assert_not(settings.flag);
	cr_assert_eq(settings.choice, 1);
	cr_assert_eq(settings.globs.count, 0);
}

Test(configuration, every_kind)
{
	cr_assert_eq(read_text("\xef\xbb\xbf; a comment\r\n"
			       "[first]   ; with a comment\n"
			       "  text = seven b\r\n"
			       "\tnumber=4000000000 ; a comment\n"
			       "path: /a b/c\n"
			       "\n"
			       "[other]\n"
			       "whatever = it says\n"
			       "[second]\n"
			       "flag = true\n"
			       "colour = red\n"
			       "globs = eth* , !eth9 wan?"),
		     0, "%s", message);
	cr_assert_str_eq(settings.text, "seven b");
	cr_assert_str_eq(settings.path, "/a b/c");
	cr_assert_eq(settings.number, 4000000000);
	cr_assert(settings.flag);
	cr_assert_eq(settings.choice, 0);
	cr_assert_eq(settings.globs.count, 3);
	cr_assert_str_eq(settings.globs.pattern[2], "wan?");
}

Test(configuration, an_empty_value_is_a_value)
{
	cr_assert_eq(read_text("[first]\ntext =\n"), 0);
	cr_assert_str_eq(settings.text, "");
}

Test(configuration, booleans)
{
	static const char *const yes[] = {"yes", "true", "1"};
	static const char *const no[] = {"no", "false", "0"};
	char text[64];

	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "[second]\nflag = %s\n", yes[i]);
		cr_assert_eq(read_text(text), 0);
		cr_assert(settings.flag);
		snprintf(text, sizeof(text), "[second]\nflag = %s\n", no[i]);
		cr_assert_eq(read_text(text), 0);
		cr_assert_not(settings.flag);
	}
	cr_assert_eq(read_text("[second]\nflag = on\n"), -EINVAL);
	expect_message(":2: [second] flag = \"on\": not yes, no, true, false, 1 or 0");
}

Test(configuration, numbers_have_bounds)
{
	static const char *const bad[] = {
		"9", "4000000001", "4294967306", "18446744073709551626", "-5", "+11", "0x10", "11x", ""};
	char text[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "[first]\nnumber = %s\n", bad[i]);
		cr_assert_eq(read_text(text), -EINVAL, "%s was taken", bad[i]);
	}
	cr_assert_eq(read_text("[first]\nnumber = 9\n"), -EINVAL);
	expect_message(":2: [first] number = \"9\": not a number from 10 to 4000000000");
}

Test(configuration, strings_have_bounds)
{
	cr_assert_eq(read_text("[first]\ntext = 1234567\n"), 0);
	cr_assert_eq(read_text("[first]\ntext = 12345678\n"), -EINVAL);
	expect_message(":2: [first] text = \"12345678\": longer than 7 bytes");
	cr_assert_eq(read_text("[first]\npath = a/b\n"), -EINVAL);
	expect_message(":2: [first] path = \"a/b\": not an absolute path");
}

Test(configuration, choices_are_named)
{
	cr_assert_eq(read_text("\n\n[second]\ncolour = blue\n"), -EINVAL);
	expect_message(":4: [second] colour = \"blue\": not one of red, green");
}

Test(configuration, glob_lists_have_bounds)
{
	char text[1024] = "[second]\nglobs =";

	for (int i = 0; i < CONFIGURATION_GLOBS_MAX; i++)
		strncat(text, " e*", sizeof(text) - strlen(text) - 1);
	cr_assert_eq(read_text(text), 0);
	cr_assert_eq(settings.globs.count, CONFIGURATION_GLOBS_MAX);
	strncat(text, " e*", sizeof(text) - strlen(text) - 1);
	cr_assert_eq(read_text(text), -EINVAL);
	cr_assert(strstr(message, "more than 32 patterns"));

	snprintf(text, sizeof(text), "[second]\nglobs = %064d", 1);
	cr_assert_eq(read_text(text), -EINVAL);
	cr_assert(strstr(message, "a pattern is longer than 63 bytes"));
}

Test(configuration, unknown_names_are_errors)
{
	cr_assert_eq(read_text("[first]\ntext = a\ntxet = b\n"), -EINVAL);
	expect_message(":3: [first] txet = \"b\": unknown key");
	cr_assert_eq(read_text("[fisrt]\n"), -EINVAL);
	expect_message(":1: [fisrt]: unknown section");
	cr_assert_eq(read_text("[First]\n"), -EINVAL);
	cr_assert_eq(read_text("text = a\n"), -EINVAL);
	expect_message(":1: \"text\" = \"a\": stands before the first [section]");
}

Test(configuration, a_key_is_set_once)
{
	cr_assert_eq(read_text("[first]\ntext = a\n[second]\n[first]\ntext = b\n"), -EINVAL);
	expect_message(":5: [first] text = \"b\": was set in line 2 already");
}

Test(configuration, what_is_neither_section_nor_value)
{
	cr_assert_eq(read_text("[first]\ntext = a\nnumber\n"), -EINVAL);
	expect_message(":3: neither a [section] nor \"key = value\"");
	cr_assert_eq(read_text("[first\ntext = a\n"), -EINVAL);
	expect_message(":1: \"[first\": no ']'");
	cr_assert_eq(read_text("[first] text = a\n"), -EINVAL);
	expect_message(":1: \"text = a\": text after ']'; a key needs a line of its own");
}

Test(configuration, lines_have_bounds)
{
	static char text[2 * CONFIGURATION_LINES_MAX + 8];

	memset(text, 'a', sizeof(text));
	memcpy(text, "[other]\nk=", 10);
	text[8 + CONFIGURATION_LINE_MAX] = '\0';
	cr_assert_eq(read_text(text), 0, "%s", message);
	text[8 + CONFIGURATION_LINE_MAX] = 'a';
	text[9 + CONFIGURATION_LINE_MAX] = '\0';
	cr_assert_eq(read_text(text), -EINVAL);
	expect_message(":2: a line longer than 1020 bytes");

	memset(text, '\n', sizeof(text));
	cr_assert_eq(read_bytes(text, CONFIGURATION_LINES_MAX), 0);
	cr_assert_eq(read_bytes(text, CONFIGURATION_LINES_MAX + 1), -EINVAL);
}

Test(configuration, a_nul_byte_is_an_error)
{
	static const char text[] = "[first]\ntext = a\0b\n";

	cr_assert_eq(read_bytes(text, sizeof(text) - 1), -EINVAL);
	expect_message(":2: a NUL byte");
}

Test(configuration, files_that_cannot_be_read)
{
	cr_assert_eq(read_path("/nonexistent/espalier.conf", false), 0);
	cr_assert_str_eq(settings.text, "none");
	cr_assert_eq(read_path("/nonexistent/espalier.conf", true), -ENOENT);
	cr_assert_str_eq(message, "/nonexistent/espalier.conf: No such file or directory");
	cr_assert_eq(read_path("/", false), -EISDIR);
}

Test(configuration, globs_match)
{
	static const struct configuration_globs empty = {0};
	static const struct configuration_globs some = {3, {"eth*", "!eth1", "eth1[0-9]"}};
	static const struct configuration_globs not_these = {1, {"lo*"}};
	static const struct configuration_globs all_but = {1, {"!lo"}};

	cr_assert(configuration_globs_match(&empty, "eth0"));
	cr_assert(configuration_globs_match(&some, "eth0"));
	cr_assert_not(configuration_globs_match(&some, "eth1"));
	cr_assert(configuration_globs_match(&some, "eth12"));
	cr_assert_not(configuration_globs_match(&some, "wlan0"));
	cr_assert_not(configuration_globs_match(&not_these, "eth0"));
	cr_assert(configuration_globs_match(&all_but, "eth0"));
	cr_assert_not(configuration_globs_match(&all_but, "lo"));
}
