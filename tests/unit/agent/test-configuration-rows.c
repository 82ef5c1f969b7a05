// SPDX-License-Identifier: GPL-2.0-or-later
// Paths and references of a vendor configuration file whose rows have other numbers in the tree.
#include "agent/configuration-rows.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_TEXT                                                                                                      \
	"{\"tables\": {\"Device.A.\": [3, 4, 30], \"Device.A.3.B.\": [1], \"Device.A.4.B.\": [1], \"Device.C.7.D.\": " \
	"[2]}}"

static struct configuration_file file;
static struct configuration_rows rows;
static char result[ESPALIER_PATH_MAXIMUM + 1];

static void place(const char *from, const char *to)
{
	struct configuration_row *row = configuration_rows_find(&rows, from);

	cr_assert(row, "%s", from);
	row->to = strdup(to);
}

static void begin(void)
{
	char problem[CONFIGURATION_FILE_PROBLEM_SIZE];

	cr_assert_eq(configuration_file_read(&file, FILE_TEXT, strlen(FILE_TEXT), problem), 0);
	cr_assert_eq(configuration_rows_open(&rows, &file), 0);
	place("Device.A.3.", "Device.A.12.");
	place("Device.A.30.", "Device.A.30.");
	place("Device.A.3.B.1.", "Device.A.12.B.5.");
	place("Device.C.7.D.2.", "Device.C.7.D.9.");
}

static void end(void)
{
	configuration_rows_free(&rows);
	configuration_file_free(&file);
}

static ssize_t translate(const char *path)
{
	return configuration_rows_path(&rows, path, strlen(path), result);
}

static char *reference(const char *text, uint32_t flags)
{
	struct espalier_parameter parameter = {.name = "R", .type = ESPALIER_STRING, .flags = flags};
	char *translated;

	cr_assert_eq(configuration_rows_value(&rows, &parameter, text, &translated), 0, "%s", text);
	return translated;
}

TestSuite(configuration_rows, .init = begin, .fini = end);

Test(configuration_rows, paths)
{
	static const char *const paths[][2] = {
		{"Device.A.3.Name", "Device.A.12.Name"},
		{"Device.A.30.Name", "Device.A.30.Name"},
		{"Device.A.3.B.1.Name", "Device.A.12.B.5.Name"},
		{"Device.A.3.B.", "Device.A.12.B."},
		{"Device.A.3.E.8.F", "Device.A.12.E.8.F"},
		{"Device.C.7.Name", "Device.C.7.Name"},
		{"Device.C.7.D.2.", "Device.C.7.D.9."},
		{"Device.A.", "Device.A."},
		{"Device.A3.4", "Device.A3.4"},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		cr_expect_eq(translate(paths[i][0]), (ssize_t)strlen(paths[i][1]), "%s", paths[i][0]);
		cr_expect_str_eq(result, paths[i][1]);
	}
}

Test(configuration_rows, rows_that_are_not_listed)
{
	cr_expect_eq(translate("Device.A.5.Name"), -ENOENT);
	cr_expect_eq(translate("Device.A.3.B.2.Name"), -ENOENT);
	cr_expect_eq(translate("Device.A.03.Name"), -ENOENT);
	cr_expect_eq(translate("Device.A..Name"), -ENOENT);
	cr_expect_eq(translate("Device.C.7.D.1."), -ENOENT);
}

Test(configuration_rows, rows_that_are_to_be_made)
{
	struct espalier_parameter parameter = {.name = "R", .type = ESPALIER_STRING, .flags = ESPALIER_REFERENCE};
	char *text;

	cr_expect_eq(translate("Device.A.4.Name"), -EAGAIN);
	cr_expect_eq(translate("Device.A.4.B."), -EAGAIN);
	cr_expect_eq(translate("Device.A.4.B.1.Name"), -EAGAIN);
	cr_expect_eq(configuration_rows_value(&rows, &parameter, "Device.A.4", &text), -EAGAIN);
	cr_expect_null(text);
}

Test(configuration_rows, references)
{
	static const char *const texts[][2] = {
		{"Device.A.3", "Device.A.12"},
		{"Device.A.3.", "Device.A.12."},
		{"Device.C.7.D.2, Device.A.3.B.1,Device.E.1", "Device.C.7.D.9,Device.A.12.B.5,Device.E.1"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *text = reference(texts[i][0], ESPALIER_LIST | ESPALIER_STRONG_REFERENCE);

		cr_expect_str_eq(text ? text : "", texts[i][1]);
		free(text);
	}
	cr_expect_null(reference("", ESPALIER_REFERENCE));
	cr_expect_null(reference("Device.A.30 , Device.E.1", ESPALIER_REFERENCE | ESPALIER_LIST), "nothing is another");
	cr_expect_null(reference("Device.A.77", ESPALIER_REFERENCE), "a row that is not there");
	cr_expect_null(reference("Device.A.3", 0), "no reference");
	cr_expect_null(reference("Device.A.3,Device.A.3", ESPALIER_REFERENCE), "no list");
}
