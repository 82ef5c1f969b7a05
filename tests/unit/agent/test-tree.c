/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths by the rules of TR-069, and what the agent's view keeps and forgets. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/agent/encode-fixture.h"

static struct fixture fixture;

static void set_up(void)
{
	fixture_open(&fixture);
}

static void tear_down(void)
{
	fixture_close(&fixture);
}

TestSuite(tree, .init = set_up, .fini = tear_down);

static int resolve(const char *path)
{
	struct tree_reference reference;

	return tree_resolve(fixture.tree, path, strlen(path), &reference);
}

/* What a path stands for has the same path. */
static void expect_found(const char *path)
{
	char again[ESPALIER_PATH_MAXIMUM + 1];
	struct tree_reference reference;

	cr_assert_eq(tree_resolve(fixture.tree, path, strlen(path), &reference), 0, "%s", path);
	cr_expect_eq(tree_path(fixture.tree, reference, again, sizeof(again)), (ssize_t)strlen(path));
	cr_expect_str_eq(again, path);
	cr_expect_eq(tree_path(fixture.tree, reference, again, strlen(path)), -ENOSPC);
	cr_expect_eq(reference.parameter == TREE_PARTIAL, path[strlen(path) - 1] == '.');
}

Test(tree, R45_full_and_partial_paths)
{
	expect_found("Device.");
	expect_found("Device.RootDataModelVersion");
	expect_found("Device.Ethernet.");
	expect_found("Device.Ethernet.InterfaceNumberOfEntries");
	expect_found("Device.Ethernet.Interface.");
	expect_found("Device.Ethernet.Interface.10.");
	expect_found("Device.Ethernet.Interface.10.Stats.");
	expect_found("Device.Ethernet.Interface.10.Stats.BytesSent");
}

Test(tree, R45_the_empty_path_is_the_whole_tree)
{
	struct tree_reference reference = fixture_find(&fixture, "");

	cr_expect_eq((int64_t)reference.node, tree_root(fixture.tree));
	cr_expect_eq(reference.parameter, TREE_PARTIAL);
	cr_expect_eq(tree_count(fixture.tree, reference), 30u);
}

Test(tree, R45_R48_unknown_paths)
{
	static const char *const paths[] = {
		"Device",
		".",
		"Device..",
		"device.",
		"Device.Ethernet",
		"Device.ethernet.",
		"Device.Ethernet.Interface",
		"Device.Ethernet.Interface.2.",
		"Device.Ethernet.Interface.01.",
		"Device.Ethernet.Interface.1",
		"Device.Ethernet.Interface.*.",
		"Device.Ethernet.Interface.*.Status",
		"Device.Ethernet.Interface.{i}.",
		"Device.Ethernet.Interface.1.Stats.BytesSent.",
		"Device.Ethernet.Interface.1.Stats.bytessent",
		"Device.DeviceInfo.UpTime ",
		" Device.DeviceInfo.UpTime",
		"Device.DeviceInfo.UpTime\n",
		"DeviceX.",
		"InternetGatewayDevice.",
		"X_EXAMPLE.",
	};
	char name[ESPALIER_PATH_MAXIMUM + 2] = "Device.";

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		cr_expect_eq(resolve(paths[i]), -ENOENT, "%s", paths[i]);
	memset(name + 7, 'x', sizeof(name) - 8);
	cr_expect_eq(resolve(name), -ENOENT);
}

Test(tree, names_with_nul_inside_are_unknown)
{
	struct tree_reference reference;

	cr_expect_eq(tree_resolve(fixture.tree, "Device.DeviceInfo.UpTime\0", 25, &reference), -ENOENT);
	cr_expect_eq(tree_resolve(fixture.tree, "Device.\0", 8, &reference), -ENOENT);
}

Test(tree, the_root_object_is_a_setting)
{
	struct tree_options options = {.folder = fixture.folder, .root = "InternetGatewayDevice"};
	struct tree *tree;
	struct tree_reference reference;

	cr_assert_eq(tree_open(&tree, &options), 0);
	cr_expect_eq(tree_root(tree), -ENOENT);
	cr_expect_eq(tree_resolve(tree, "", 0, &reference), -ENOENT);
	cr_expect_eq(tree_resolve(tree, "Device.", 7, &reference), -ENOENT);
	tree_close(tree);
}

Test(tree, no_run_folder)
{
	struct tree *tree;

	cr_expect_eq(tree_open(&tree, &(struct tree_options){.folder = "/nonexistent"}), -ENOENT);
}

static int count_until(struct tree *tree, struct tree_reference reference, void *context)
{
	int *count = context;

	cr_expect(tree_parameter_of(tree, reference)->name);
	return --*count == 0 ? 77 : 0;
}

Test(tree, each_parameter)
{
	struct tree_reference reference = fixture_find(&fixture, "Device.Ethernet.");
	int count = 3;

	cr_expect_eq(tree_count(fixture.tree, reference), 11u);
	cr_expect_eq(tree_each_parameter(fixture.tree, reference, count_until, &count), 77);
	count = 12;
	cr_expect_eq(tree_each_parameter(fixture.tree, reference, count_until, &count), 0);
	cr_expect_eq(count, 1);
}

Test(tree, nothing_moves_while_it_is_held)
{
	uint64_t structure = tree_structure(fixture.tree);

	tree_hold(fixture.tree);
	cr_assert_eq(espalier_instance_remove(fixture.writer, fixture.interfaces[0]), 0);
	cr_expect_eq(tree_refresh(fixture.tree), -EBUSY);
	expect_found("Device.Ethernet.Interface.1.Status");
	tree_release(fixture.tree);
	cr_expect(tree_refresh(fixture.tree) & ESPALIER_NEW_STRUCTURE);
	cr_expect_gt(tree_structure(fixture.tree), structure);
	cr_expect_eq(resolve("Device.Ethernet.Interface.1.Status"), -ENOENT);
	cr_expect_eq(tree_refresh(fixture.tree), 0);
}

/* Two programs describe one object: one path has the parameters of both. */
Test(tree, an_object_of_two_segments)
{
	static const struct espalier_parameter parameters[] = {
		{.name = "X_EXAMPLE_More", .type = ESPALIER_STRING},
		{0},
	};
	static const struct espalier_object objects[] = {
		{.path = "Device.DeviceInfo.", .parameters = parameters},
		{0},
	};
	struct espalier_writer_options options = {.name = "second", .folder = fixture.folder, .objects = objects};
	struct espalier_writer *writer;
	struct tree_reference reference;

	cr_assert_eq(espalier_writer_open(&writer, &options), 0);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert(tree_refresh(fixture.tree) & ESPALIER_NEW_STRUCTURE);
	expect_found("Device.DeviceInfo.X_EXAMPLE_More");
	expect_found("Device.DeviceInfo.UpTime");
	reference = fixture_find(&fixture, "Device.DeviceInfo.");
	cr_expect_eq(tree_count(fixture.tree, reference), 3u);
	cr_expect_eq(tree_end(fixture.tree, reference.node), reference.node + 2);
	cr_expect_eq(tree_count(fixture.tree, fixture_find(&fixture, "")), 31u);
	espalier_writer_close(writer);
	cr_assert(tree_refresh(fixture.tree) & ESPALIER_NEW_STRUCTURE);
	cr_expect_eq(resolve("Device.DeviceInfo.X_EXAMPLE_More"), -ENOENT);
}
