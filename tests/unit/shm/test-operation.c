/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that a schema declares: they have no rows, and their arguments are checked. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "shm/operation.h"
#include "tests/unit/shm/folder.h"

static const struct espalier_parameter parameters[] = {
	{.name = "Level", .type = ESPALIER_UNSIGNED_INT, .flags = ESPALIER_WRITABLE, .range = "0:100"},
	{.name = "Text", .type = ESPALIER_STRING, .flags = ESPALIER_WRITABLE},
	{.name = "Result", .type = ESPALIER_STRING},
	{0},
};

static struct message_part part(const char *name, const char *value)
{
	return (struct message_part){.path = name,
				     .path_length = (uint32_t)strlen(name),
				     .text = value,
				     .text_length = (uint32_t)strlen(value)};
}

Test(operation, has_no_row_and_is_not_in_the_tree)
{
	const struct espalier_object objects[] = {
		{.path = "Device.X_A_Do.", .parameters = parameters, .flags = ESPALIER_OPERATION},
		{.path = "Device.X_A_Plain.", .parameters = parameters},
		{0},
	};
	struct test_folder folder = test_folder_make();
	struct espalier_writer_options options = {.name = "one", .folder = folder.path, .objects = objects};
	struct espalier_writer *writer;
	struct espalier_reader *reader;

	cr_assert_eq(espalier_writer_open(&writer, &options), 0);
	cr_expect_eq(espalier_row_of(writer, 0, (struct espalier_row){0, 0}).slot, 0);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(espalier_reader_open(&reader, folder.path), 0);
	cr_expect_lt(espalier_find_object(reader, "Device.X_A_Do.", 14), 0);
	cr_expect_geq(espalier_find_object(reader, "Device.X_A_Plain.", 17), 0);
	cr_expect_eq(espalier_reader_object(reader, 0, 0)->flags, ESPALIER_OPERATION);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(operation, has_no_instances)
{
	const struct espalier_object objects[] = {
		{.path = "Device.X_A_Do.{i}.", .parameters = parameters, .flags = ESPALIER_OPERATION},
		{0},
	};
	struct schema schema = {0};

	cr_expect_eq(schema_append(&schema, objects), -EINVAL);
	cr_expect(strstr(espalier_error_text(), "no instances"));
	schema_clear(&schema);
}

Test(operation, is_found_by_its_command)
{
	const struct espalier_object objects[] = {
		{.path = "Device.X_A_Do.", .parameters = parameters, .flags = ESPALIER_OPERATION},
		{.path = "Device.X_A_Plain.", .parameters = parameters},
		{0},
	};
	static const char *const wrong[] = {"",
					    "()",
					    "Device.X_A_Do.",
					    "Device.X_A_Do",
					    "Device.X_A_D()",
					    "Device.X_A_Do.()",
					    "Device.X_A_Plain()"};
	struct schema schema = {0};

	cr_assert_eq(schema_append(&schema, objects), 0);
	cr_expect_eq(operation_find(&schema, "Device.X_A_Do()"), &schema.objects[0]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_expect_null(operation_find(&schema, wrong[i]), "%s", wrong[i]);
	schema_clear(&schema);
}

Test(operation, checks_its_arguments)
{
	const struct espalier_object objects[] = {
		{.path = "Device.X_A_Do.", .parameters = parameters, .flags = ESPALIER_OPERATION},
		{0},
	};
	const struct {
		struct message_part parts[2];
		size_t count;
		int fault;
	} cases[] = {
		{{{0}}, 0, ESPALIER_OK},
		{{part("Level", "100"), part("Text", "")}, 2, ESPALIER_OK},
		{{part("Level", "101")}, 1, ESPALIER_FAULT_VALUE},
		{{part("Level", "")}, 1, ESPALIER_FAULT_VALUE},
		{{part("Text", "a"), part("Text", "a")}, 2, ESPALIER_FAULT_ARGUMENTS},
		{{part("Result", "a")}, 1, ESPALIER_FAULT_ARGUMENTS},
		{{part("", "a")}, 1, ESPALIER_FAULT_ARGUMENTS},
		{{part("Tex", "a")}, 1, ESPALIER_FAULT_ARGUMENTS},
	};
	struct schema schema = {0};

	cr_assert_eq(schema_append(&schema, objects), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = NULL;

		cr_expect_eq(operation_check(&schema.objects[0], cases[i].parts, cases[i].count, &text), cases[i].fault,
			     "case %zu", i);
		cr_expect_eq(text != NULL, cases[i].fault != ESPALIER_OK, "case %zu", i);
	}
	schema_clear(&schema);
}

Test(operation, gives_arguments_by_name)
{
	const struct espalier_value arguments[] = {
		{.type = ESPALIER_STRING, .length = 8, .text = "Text=a=b"},
		{.type = ESPALIER_STRING, .length = 6, .text = "Level="},
	};

	cr_expect_str_eq(espalier_argument(arguments, 2, "Text"), "a=b");
	cr_expect_str_eq(espalier_argument(arguments, 2, "Level"), "");
	cr_expect_null(espalier_argument(arguments, 2, "Lev"));
	cr_expect_null(espalier_argument(arguments, 2, "Level="));
}
