/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths with aliases in place of instance numbers, and how they are written in answers. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/tree.h"
#include "agent/unique-key.h"

enum { OBJECT_TABLE, OBJECT_SUB, OBJECT_PLAIN };

static const struct espalier_parameter parameters[] = {
	{"Alias", ESPALIER_STRING, ESPALIER_WRITABLE | ESPALIER_UNIQUE_KEY, .maximum_length = 64},
	{"Value", ESPALIER_UNSIGNED_INT, .flags = ESPALIER_WRITABLE},
	{0},
};
static const struct espalier_object objects[] = {
	[OBJECT_TABLE] = {"Device.T.{i}.", parameters, .flags = ESPALIER_WRITABLE},
	[OBJECT_SUB] = {"Device.T.{i}.Sub.{i}.", parameters, .flags = ESPALIER_WRITABLE},
	[OBJECT_PLAIN] = {"Device.P.{i}.", .parameters = parameters + 1},
	{0},
};

static char folder[] = "/tmp/espalier-alias-XXXXXX";
static struct espalier_writer *writer;
static struct tree *tree;

static struct espalier_row add(uint32_t object, struct espalier_row parent, uint32_t number, const char *alias)
{
	struct espalier_row row;

	cr_assert_eq(espalier_instance_add(writer, object, parent, number, &row), 0);
	if (alias) {
		cr_assert_eq(espalier_begin(writer, row), 0);
		cr_assert_eq(espalier_set_string(writer, row, 0, alias), 0);
		cr_assert_eq(espalier_commit(writer, row), 0);
	}
	cr_assert_eq(espalier_instance_publish(writer, row), 0);
	return row;
}

static void set_up(void)
{
	struct espalier_writer_options options = {.name = "test", .folder = folder, .objects = objects};
	struct espalier_row row;

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(espalier_writer_open(&writer, &options), 0);
	row = add(OBJECT_TABLE, (struct espalier_row){0}, 1, "lan");
	add(OBJECT_SUB, row, 3, "a.b");
	add(OBJECT_SUB, row, 12, "x]y");
	row = add(OBJECT_TABLE, (struct espalier_row){0}, 10, "w<>n");
	add(OBJECT_SUB, row, 1, "lan");
	add(OBJECT_TABLE, (struct espalier_row){0}, 11, "");
	add(OBJECT_PLAIN, (struct espalier_row){0}, 1, NULL);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(tree_open(&tree, &(struct tree_options){.folder = folder}), 0);
}

static void tear_down(void)
{
	tree_close(tree);
	espalier_writer_close(writer);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(alias, .init = set_up, .fini = tear_down);

static void expect_canonical(const char *path, const char *expected)
{
	char buffer[ESPALIER_PATH_MAXIMUM + 1];
	size_t unknown;

	cr_expect_eq(tree_canonical(tree, path, strlen(path), buffer, &unknown), (ssize_t)strlen(expected), "%s", path);
	cr_expect_str_eq(buffer, expected);
}

Test(alias, R49_an_alias_stands_for_a_number)
{
	expect_canonical("", "");
	expect_canonical("Device.T.1.Value", "Device.T.1.Value");
	expect_canonical("Device.T.[lan].", "Device.T.1.");
	expect_canonical("Device.T.[lan].Sub.[a.b].Value", "Device.T.1.Sub.3.Value");
	expect_canonical("Device.T.1.Sub.[a.b].", "Device.T.1.Sub.3.");
	expect_canonical("Device.T.[w<>n].Sub.[lan].Alias", "Device.T.10.Sub.1.Alias");
	expect_canonical("Device.T.*.Sub.3.", "Device.T.*.Sub.3.");
}

Test(alias, R49_an_alias_of_no_row_is_told_where_it_is)
{
	char buffer[ESPALIER_PATH_MAXIMUM + 1];
	static const struct {
		const char *path;
		size_t unknown;
	} cases[] = {
		{"Device.T.[nope].Value", 9},
		{"Device.T.[lan].Sub.[lan].Value", 19},
		{"Device.P.[lan].Value", 9},
		{"Device.T.[lan]", SIZE_MAX},
		{"Device.T.[lan", SIZE_MAX},
		{"Device.T.[].Value", SIZE_MAX},
		{"Device.T.[lan]x.Value", SIZE_MAX},
		{"[", SIZE_MAX},
		{"Device.T.[lan].Sub.[x]y].", SIZE_MAX},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t unknown = SIZE_MAX;

		cr_expect_eq(tree_canonical(tree, cases[i].path, strlen(cases[i].path), buffer, &unknown), -ENOENT,
			     "%s", cases[i].path);
		cr_expect_eq(unknown, cases[i].unknown, "%s", cases[i].path);
	}
}

Test(alias, R49_no_path_gets_too_long)
{
	char path[2 * ESPALIER_PATH_MAXIMUM + 1], buffer[ESPALIER_PATH_MAXIMUM + 1];
	size_t unknown;

	memset(path, 'x', sizeof(path));
	memcpy(path, "Device.T.[lan].", strlen("Device.T.[lan]."));
	cr_expect_eq(tree_canonical(tree, path, ESPALIER_PATH_MAXIMUM + 5, buffer, &unknown), -ENOENT);
	cr_expect_eq(tree_canonical(tree, path, ESPALIER_PATH_MAXIMUM + 4, buffer, &unknown), ESPALIER_PATH_MAXIMUM);
}

static void expect_written(const char *path, const char *given, bool alias, const char *expected)
{
	struct tree_form form = {given, strlen(given), alias};
	char buffer[TREE_WRITTEN_MAXIMUM + 1];
	struct tree_reference reference;

	cr_assert_eq(tree_resolve(tree, path, strlen(path), &reference), 0);
	cr_expect_eq(tree_write_path(tree, reference.node, &form, buffer), strlen(expected));
	cr_expect_str_eq(buffer, expected);
}

Test(alias, R49_what_was_given_stays_and_the_rest_follows_the_mode)
{
	expect_written("Device.T.1.Sub.3.", "", false, "Device.T.1.Sub.3.");
	expect_written("Device.T.1.Sub.3.", "", true, "Device.T.[lan].Sub.[a.b].");
	expect_written("Device.T.1.Sub.3.", "Device.T.1.", true, "Device.T.1.Sub.[a.b].");
	expect_written("Device.T.1.Sub.3.", "Device.T.[lan].", false, "Device.T.[lan].Sub.3.");
	expect_written("Device.T.1.Sub.3.", "Device.T.[lan].Sub.[a.b].Value", false, "Device.T.[lan].Sub.[a.b].");
	expect_written("Device.T.1.Sub.3.", "Device.T.*.Sub.3.", true, "Device.T.[lan].Sub.3.");
	expect_written("Device.T.1.Sub.3.", "Device.T.*.Sub.*.Value", false, "Device.T.1.Sub.3.");
	expect_written("Device.T.1.Sub.12.", "", true, "Device.T.[lan].Sub.12.");
	expect_written("Device.T.11.", "", true, "Device.T.11.");
	expect_written("Device.P.1.", "", true, "Device.P.1.");
	expect_written("Device.T.", "", true, "Device.T.");
}

static int count(struct tree *searched, struct tree_reference reference, void *context)
{
	(void)searched;
	(void)reference;
	(*(int *)context)++;
	return 0;
}

static int resolve_each(const char *path)
{
	int found = 0, error = tree_resolve_each(tree, path, strlen(path), count, &found);

	return error ? error : found;
}

Test(alias, R48_R49_wildcards_and_aliases)
{
	cr_expect_eq(resolve_each("Device.T.*.Sub.[lan].Value"), 1);
	cr_expect_eq(resolve_each("Device.T.[lan].Sub.*.Value"), 2);
	cr_expect_eq(resolve_each("Device.T.*.Sub.[none].Value"), 0);
	cr_expect_eq(resolve_each("Device.T.*.Sub.[lan].Nope"), -ENOENT);
	cr_expect_eq(resolve_each("Device.T.[none].Sub.*.Value"), -ENOENT);
	cr_expect_eq(resolve_each("Device.N.*.Sub.[lan].Value"), -ENOENT);
}

static struct tree_reference find(const char *path)
{
	struct tree_reference reference;

	cr_assert_eq(tree_resolve(tree, path, strlen(path), &reference), 0, "%s", path);
	return reference;
}

static struct espalier_value text(const char *value)
{
	return (struct espalier_value){.type = ESPALIER_STRING, .length = (uint32_t)strlen(value), .text = value};
}

Test(alias, R121_two_rows_may_swap_but_not_be_equal)
{
	struct espalier_value lan = text("lan"), wan = text("w<>n"), empty = text("");
	struct unique_change changes[] = {
		{.reference = find("Device.T.1.Alias"), .value = &wan},
		{.reference = find("Device.T.10.Alias"), .value = &lan},
		{.reference = find("Device.T.11.Value"),
		 .value = &(struct espalier_value){.type = ESPALIER_UNSIGNED_INT}},
	};

	cr_expect_eq(unique_keys_check(tree, changes, 3, NULL), 0);
	cr_expect_eq(unique_keys_check(tree, changes, 1, NULL), 1);
	cr_expect(changes[0].clashes);
	changes[1].value = &wan;
	cr_expect_eq(unique_keys_check(tree, changes, 2, NULL), 2);
	cr_expect(changes[0].clashes && changes[1].clashes);
	changes[1].value = &empty;
	cr_expect_eq(unique_keys_check(tree, changes, 2, NULL), 0, "the empty alias of two rows is that of none");
	cr_expect_eq(unique_keys_check(tree, changes, 0, NULL), 0);
}
