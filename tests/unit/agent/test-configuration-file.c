// SPDX-License-Identifier: GPL-2.0-or-later
// Vendor configuration files as bytes: what is read, and what is refused, whole or cut at any byte.
#include "agent/configuration-file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct configuration_file file;
static char problem[CONFIGURATION_FILE_PROBLEM_SIZE];

static int parse(const char *text)
{
	problem[0] = 0;
	return configuration_file_read(&file, text, strlen(text), problem);
}

static void end(void)
{
	configuration_file_free(&file);
}

TestSuite(configuration_file, .fini = end);

Test(configuration_file, lines)
{
	cr_assert_eq(parse("\n# a comment\r\n  Device.B = 2 \r\nDevice.A=x = y\n\tDevice.C =\n"), 0, "%s", problem);
	cr_assert_eq(file.value_count, 3);
	cr_expect_str_eq(file.values[0].name, "Device.A");
	cr_expect_str_eq(file.values[0].text, "x = y");
	cr_expect_str_eq(file.values[1].text, "2");
	cr_expect_str_eq(file.values[2].text, "");
	cr_expect(!file.has_devices);
}

Test(configuration_file, json_values)
{
	cr_assert_eq(
		parse(" {\"parameters\": {\"Device.A\": 18446744073709551615, \"Device.B\": -5, \"Device.C\": 1.50,"
		      " \"Device.D\": true, \"Device.E\": \"t\\u00e9xt\"}}\n"),
		0, "%s", problem);
	cr_assert_eq(file.value_count, 5);
	cr_expect_str_eq(file.values[0].text, "18446744073709551615");
	cr_expect_str_eq(file.values[1].text, "-5");
	cr_expect_str_eq(file.values[2].text, "1.50", "as it stands in the file");
	cr_expect_str_eq(file.values[3].text, "true");
	cr_expect_str_eq(file.values[4].text, "t\xc3\xa9xt");
}

#define DEVICES                                                                                                        \
	"{\"parameters\": {\"Device.A\": 1}, \"devices\": [{\"serial\": \"1\", \"vendor\": \"V\", \"type\": "          \
	"\"meter\","                                                                                                   \
	" \"readings\": [{\"name\": \"Power\", \"value\": 12.5, \"unit\": \"W\"}, {\"name\": \"x\"}]}, {\"serial\": "  \
	"\"2\"}]}"

Test(configuration_file, devices)
{
	cr_assert_eq(parse(DEVICES), 0, "%s", problem);
	cr_assert(file.has_devices);
	cr_assert_eq(file.device_count, 2);
	cr_expect_str_eq(file.devices[0].vendor, "V");
	cr_assert_eq(file.devices[0].reading_count, 2);
	cr_expect_str_eq(file.devices[0].readings[0].value, "12.5");
	cr_expect_str_eq(file.devices[0].readings[1].unit, "");
	cr_expect_str_eq(file.devices[1].type, "");
	end();
	cr_assert_eq(parse("{\"devices\": []}"), 0);
	cr_expect(file.has_devices && !file.device_count);
}

#define TABLES "{\"tables\": {\"Device.B.2.C.\": [1], \"Device.B.\": [7, 2, 4294967295], \"Device.A.\": []}}"

Test(configuration_file, tables)
{
	cr_assert_eq(parse(TABLES), 0, "%s", problem);
	cr_assert_eq(file.table_count, 3);
	cr_expect_eq(file.row_count, 4);
	cr_expect_str_eq(file.tables[0].path, "Device.A.");
	cr_expect_eq(file.tables[0].count, 0);
	cr_expect_str_eq(file.tables[1].path, "Device.B.");
	cr_assert_eq(file.tables[1].count, 3);
	cr_expect_eq(file.tables[1].numbers[0], 2, "in their order");
	cr_expect_eq(file.tables[1].numbers[2], 4294967295u);
	cr_expect_str_eq(file.tables[2].path, "Device.B.2.C.");
}

Test(configuration_file, what_is_refused)
{
	static const char *const texts[] = {
		"",
		"{}",
		"# nothing",
		"Device.A",
		" = 1",
		"A=1\nA=2",
		"{\"parameters\": 1}",
		"{\"parameters\": {\"A\": []}}",
		"{\"parameters\": {\"A\": null}}",
		"{\"parameters\": {\"\": 1}}",
		"{\"parameters\": {\"A\": \"\\u0000\"}}",
		"{\"parameters\": {\"A\": 1}, }",
		"{\"parameters\": {\"A\": \"\xff\"}}",
		"{\"tables\": []}",
		"{\"tables\": {}}",
		"{\"tables\": {\"Device.A\": []}}",
		"{\"tables\": {\"\": []}}",
		"{\"tables\": {\".\": []}}",
		"{\"tables\": {\"Device.A.\": {}}}",
		"{\"tables\": {\"Device.A.\": 1}}",
		"{\"tables\": {\"Device.A.\": [0]}}",
		"{\"tables\": {\"Device.A.\": [-1]}}",
		"{\"tables\": {\"Device.A.\": [1.0]}}",
		"{\"tables\": {\"Device.A.\": [\"1\"]}}",
		"{\"tables\": {\"Device.A.\": [4294967296]}}",
		"{\"tables\": {\"Device.A.\": [1, 2, 1]}}",
		"{\"devices\": {}}",
		"{\"devices\": [1]}",
		"{\"devices\": [{\"serial\": \"\"}]}",
		"{\"devices\": [{\"serial\": \"1\", \"other\": 1}]}",
		"{\"devices\": [{\"serial\": \"1\"}, {\"serial\": \"1\"}]}",
		"{\"devices\": [{\"serial\": \"1\", \"readings\": 1}]}",
		"{\"devices\": [{\"serial\": \"1\", \"readings\": [{\"value\": 1}]}]}",
		"{\"devices\": [{\"serial\": \"1\", \"readings\": [{\"name\": \"a\"}, {\"name\": \"a\"}]}]}",
		"{\"devices\": [{\"serial\": {\"a\": 1}}]}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		cr_expect_eq(parse(texts[i]), -EINVAL, "%s", texts[i]);
		cr_expect(*problem, "%s", texts[i]);
		end();
	}
}

Test(configuration_file, every_cut)
{
	for (size_t length = 0; length < strlen(DEVICES); length++) {
		char *cut = strndup(DEVICES, length);

		cr_expect_eq(configuration_file_read(&file, cut, length, problem), -EINVAL, "%zu", length);
		end();
		free(cut);
	}
}

Test(configuration_file, bounds)
{
	size_t size = CONFIGURATION_FILE_SIZE_MAXIMUM + 1, length = 0;
	char *text = malloc(size);

	memset(text, '#', size);
	cr_expect_eq(configuration_file_read(&file, text, size, problem), -EINVAL);
	end();
	for (unsigned i = 0; i <= CONFIGURATION_FILE_VALUES_MAXIMUM; i++)
		length += (size_t)snprintf(text + length, size - length, "A.%u=1\n", i);
	cr_expect_eq(configuration_file_read(&file, text, length, problem), -EINVAL);
	end();
	length = (size_t)snprintf(text, size, "{\"tables\":{\"A.\":[1");
	for (unsigned i = 2; i <= CONFIGURATION_FILE_ROWS_MAXIMUM + 1; i++)
		length += (size_t)snprintf(text + length, size - length, ",%u", i);
	snprintf(text + length, size - length, "]}}");
	cr_expect_eq(parse(text), -EINVAL);
	end();
	length = (size_t)snprintf(text, size, "{\"tables\":{\"A.\":[]");
	for (unsigned i = 1; i <= CONFIGURATION_FILE_TABLES_MAXIMUM; i++)
		length += (size_t)snprintf(text + length, size - length, ",\"A%u.\":[]", i);
	snprintf(text + length, size - length, "}}");
	cr_expect_eq(parse(text), -EINVAL);
	end();
	length = 0;
	length += (size_t)snprintf(text, size, "{\"devices\":[");
	for (unsigned i = 0; i <= CONFIGURATION_FILE_DEVICES_MAXIMUM; i++)
		length += (size_t)snprintf(text + length, size - length, "%s{\"serial\":\"%u\"}", i ? "," : "", i);
	snprintf(text + length, size - length, "]}");
	cr_expect_eq(parse(text), -EINVAL);
	end();
	length = (size_t)snprintf(text, size, "{\"devices\":[{\"serial\":\"1\",\"readings\":[");
	for (unsigned i = 0; i <= CONFIGURATION_FILE_READINGS_MAXIMUM; i++)
		length += (size_t)snprintf(text + length, size - length, "%s{\"name\":\"%u\"}", i ? "," : "", i);
	snprintf(text + length, size - length, "]}]}");
	cr_expect_eq(parse(text), -EINVAL);
	free(text);
}
