/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree as programs use it: publish, read, find, change, grow, remove. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/shm/folder.h"

static const char *const statuses[] = {"Up", "Down", NULL};

static const struct espalier_parameter root_parameters[] = {
	{.name = "RootDataModelVersion", .type = ESPALIER_STRING},
	{0},
};

static const struct espalier_parameter interface_parameters[] = {
	{.name = "Enable", .type = ESPALIER_BOOLEAN, .flags = ESPALIER_WRITABLE},
	{.name = "Status", .type = ESPALIER_STRING, .enumeration = statuses},
	{.name = "Name", .type = ESPALIER_STRING, .maximum_length = 64},
	{.name = "MaxBitRate", .type = ESPALIER_INT, .range = "-1,1:"},
	{.name = "LowerLayers", .type = ESPALIER_STRING, .flags = ESPALIER_LIST, .maximum_length = 60000},
	{0},
};

static const struct espalier_parameter stats_parameters[] = {
	{.name = "BytesSent", .type = ESPALIER_UNSIGNED_LONG},
	{.name = "BytesReceived", .type = ESPALIER_UNSIGNED_LONG},
	{.name = "Errors", .type = ESPALIER_UNSIGNED_INT},
	{0},
};

static const struct espalier_parameter address_parameters[] = {
	{.name = "IPAddress", .type = ESPALIER_STRING, .flags = ESPALIER_WRITABLE},
	{0},
};

enum { OBJECT_ROOT, OBJECT_INTERFACE, OBJECT_STATS, OBJECT_ADDRESS };

static const struct espalier_object objects[] = {
	{.path = "Device.", .parameters = root_parameters},
	{.path = "Device.Ethernet.Interface.{i}.", .parameters = interface_parameters},
	{.path = "Device.Ethernet.Interface.{i}.Stats.", .parameters = stats_parameters},
	{.path = "Device.Ethernet.Interface.{i}.Address.{i}.",
	 .parameters = address_parameters,
	 .flags = ESPALIER_WRITABLE},
	{0},
};

static struct espalier_writer *open_writer(void)
{
	struct espalier_writer *writer;
	struct espalier_writer_options options = {.name = "test", .objects = objects, .program = "tests"};

	cr_assert_eq(espalier_writer_open(&writer, &options), 0, "%s", espalier_error_text());
	return writer;
}

static struct espalier_row add_interface(struct espalier_writer *writer, uint32_t instance, const char *name)
{
	struct espalier_row row;

	cr_assert_eq(espalier_instance_add(writer, OBJECT_INTERFACE, (struct espalier_row){0, 0}, instance, &row), 0);
	cr_assert_eq(espalier_begin(writer, row), 0);
	cr_assert_eq(espalier_set_boolean(writer, row, 0, true), 0);
	cr_assert_eq(espalier_set_string(writer, row, 1, "Up"), 0);
	cr_assert_eq(espalier_set_string(writer, row, 2, name), 0);
	cr_assert_eq(espalier_set_signed(writer, row, 3, -1), 0);
	cr_assert_eq(espalier_commit(writer, row), 0);
	cr_assert_eq(espalier_instance_publish(writer, row), 0);
	return row;
}

static void expect_text(struct espalier_reader *reader, const char *path, const char *expected)
{
	struct espalier_value value;
	char buffer[70000], text[70000];
	uint32_t parameter, count;
	int64_t index = espalier_find_parameter(reader, path, strlen(path), &parameter);

	cr_assert_geq(index, 0, "%s is not there", path);
	cr_assert_eq(
		espalier_read(&espalier_reader_nodes(reader, &count)[index], parameter, &value, buffer, sizeof(buffer)),
		0);
	cr_assert_geq(espalier_value_format(&value, text, sizeof(text)), 0);
	cr_expect_str_eq(text, expected, "%s = %s, expected %s", path, text, expected);
}

Test(tree, published_values_are_read_in_tree_order)
{
	static const char *const order[] = {
		"Device.",
		"Device.Ethernet.",
		"Device.Ethernet.Interface.",
		"Device.Ethernet.Interface.2.",
		"Device.Ethernet.Interface.2.Address.",
		"Device.Ethernet.Interface.2.Stats.",
		"Device.Ethernet.Interface.10.",
		"Device.Ethernet.Interface.10.Address.",
		"Device.Ethernet.Interface.10.Stats.",
	};
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer = open_writer();
	const struct espalier_node *nodes;
	struct espalier_reader *reader;
	struct espalier_row row, stats;
	uint32_t count;

	add_interface(writer, 10, "eth10");
	row = add_interface(writer, 2, "eth2");
	stats = espalier_row_of(writer, OBJECT_STATS, row);
	cr_assert(stats.slot);
	espalier_begin(writer, stats);
	cr_assert_eq(espalier_set_unsigned(writer, stats, 0, UINT64_MAX), 0);
	espalier_commit(writer, stats);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	nodes = espalier_reader_nodes(reader, &count);
	cr_assert_eq(count, sizeof(order) / sizeof(order[0]));
	for (uint32_t i = 0; i < count; i++)
		cr_expect_str_eq(nodes[i].path, order[i]);
	cr_expect_eq(nodes[3].following, 6);
	cr_expect_eq(nodes[2].kind, ESPALIER_NODE_TABLE);
	expect_text(reader, "Device.Ethernet.Interface.2.Stats.BytesSent", "18446744073709551615");
	expect_text(reader, "Device.Ethernet.Interface.10.Name", "eth10");
	expect_text(reader, "Device.Ethernet.Interface.10.MaxBitRate", "-1");
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(tree, instances_come_and_go_while_a_reader_reads)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer = open_writer();
	struct espalier_reader *reader;
	struct espalier_handle handle;
	struct espalier_row row;
	uint32_t parameter, count;
	uint64_t number;
	int64_t index;

	cr_assert_eq(espalier_writer_publish(writer), 0);
	row = add_interface(writer, 1, "eth0");
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	index = espalier_find_parameter(reader, "Device.Ethernet.Interface.1.Enable", 34, &parameter);
	cr_assert_geq(index, 0);
	cr_assert_eq(espalier_handle_open(&espalier_reader_nodes(reader, &count)[index], parameter, &handle), 0);
	cr_expect_eq(espalier_handle_read(&handle, &number), 0);
	cr_expect_eq(number, 1);
	cr_expect_eq(espalier_reader_refresh(reader), 0);
	cr_assert_eq(espalier_instance_remove(writer, row), 0);
	cr_expect_eq(espalier_handle_read(&handle, &number), -ESTALE);
	cr_expect_eq(number, 1, "the last value stays readable");
	cr_expect_eq(espalier_begin(writer, row), -ESTALE);
	cr_expect_eq(espalier_reader_refresh(reader), ESPALIER_NEW_STRUCTURE);
	cr_expect_eq(espalier_find_parameter(reader, "Device.Ethernet.Interface.1.Enable", 34, &parameter), -ENOENT);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(tree, segment_grows_and_readers_move_over)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer = open_writer();
	struct espalier_reader *reader;
	char name[32], path[128], text[60000];
	struct espalier_row row;

	cr_assert_eq(espalier_writer_publish(writer), 0);
	row = add_interface(writer, 1, "eth1");
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	for (uint32_t i = 2; i <= 2000; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		add_interface(writer, i, name);
	}
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_assert_eq(espalier_begin(writer, row), 0, "a row outlives the growth");
	cr_assert_eq(espalier_set_string(writer, row, 4, text), 0);
	cr_assert_eq(espalier_commit(writer, row), 0);
	cr_assert_eq(espalier_reader_refresh(reader), ESPALIER_NEW_STRUCTURE);
	for (uint32_t i = 1; i <= 2000; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		snprintf(path, sizeof(path), "Device.Ethernet.Interface.%u.Name", i);
		expect_text(reader, path, name);
	}
	expect_text(reader, "Device.Ethernet.Interface.1.LowerLayers", text);
	cr_expect_eq(espalier_instance_count(writer, OBJECT_INTERFACE, (struct espalier_row){0, 0}), 2000);
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(tree, long_text_may_enlarge_the_segment_in_the_middle_of_an_update)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer = open_writer();
	struct espalier_row row[40];
	struct espalier_reader *reader;
	char text[20000], path[128];

	cr_assert_eq(espalier_writer_publish(writer), 0);
	for (uint32_t i = 0; i < 40; i++) {
		row[i] = add_interface(writer, i + 1, "eth");
		memset(text, 'a' + (int)(i % 26), sizeof(text));
		text[sizeof(text) - 1] = '\0';
		cr_assert_eq(espalier_begin(writer, row[i]), 0);
		cr_assert_eq(espalier_set_string(writer, row[i], 2, "renamed"), 0);
		cr_assert_eq(espalier_set_string(writer, row[i], 4, text), 0);
		cr_assert_eq(espalier_commit(writer, row[i]), 0);
	}
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	for (uint32_t i = 0; i < 40; i++) {
		memset(text, 'a' + (int)(i % 26), sizeof(text) - 1);
		snprintf(path, sizeof(path), "Device.Ethernet.Interface.%u.LowerLayers", i + 1);
		expect_text(reader, path, text);
		snprintf(path, sizeof(path), "Device.Ethernet.Interface.%u.Name", i + 1);
		expect_text(reader, path, "renamed");
	}
	espalier_reader_close(reader);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(tree, limits_of_the_schema_hold_for_the_writer)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer = open_writer();
	struct espalier_row row = add_interface(writer, 1, "eth0");
	char name[66] = "";

	memset(name, 'n', 65);
	cr_assert_eq(espalier_begin(writer, row), 0);
	cr_expect_eq(espalier_set_string(writer, row, 1, "Sideways"), -ERANGE);
	cr_expect_eq(espalier_set_string(writer, row, 2, name), -ERANGE);
	cr_expect_eq(espalier_set_signed(writer, row, 3, 0), -ERANGE);
	cr_expect_eq(espalier_set_unsigned(writer, row, 3, 1), -EINVAL);
	cr_expect_eq(espalier_set_boolean(writer, row, 99, true), -EINVAL);
	espalier_abandon(writer, row);
	cr_expect_eq(espalier_set_boolean(writer, row, 0, true), -EINVAL, "only between begin and commit");
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

Test(tree, one_name_has_one_living_writer)
{
	struct test_folder folder = test_folder_make();
	struct espalier_writer *writer = open_writer(), *second;
	struct espalier_writer_options options = {.name = "test", .objects = objects};

	cr_expect_eq(espalier_writer_open(&second, &options), -EBUSY);
	cr_expect_neq(strstr(espalier_error_text(), "another living program"), NULL);
	espalier_writer_close(writer);
	cr_expect_eq(espalier_writer_open(&second, &options), 0);
	espalier_writer_close(second);
	test_folder_remove(&folder);
}
