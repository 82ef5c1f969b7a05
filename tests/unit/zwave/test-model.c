/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: numbers that are bound for good, what goes when a state names it no more, and the bounds of all. */
#include "tests/unit/zwave/model-fixture.h"

#include <errno.h>

TestSuite(model, .init = fixture_open, .fini = fixture_close);

static uint32_t number_of(uint32_t id)
{
	struct node *node = model_node(&fixture_model, id);

	cr_assert_not_null(node);
	model_settle(&fixture_model);
	return node->number;
}

static void open_again(void)
{
	model_close(&fixture_model);
	cr_assert_eq(model_open(&fixture_model, SCHEMA_OBJECT_DEFAULT, fixture_folder, fixture_folder, NULL, NULL), 0);
}

Test(model, numbers_are_bound_to_home_and_node)
{
	uint32_t five = number_of(5), six = number_of(6), other;

	cr_expect_neq(five, six);
	model_remove(&fixture_model, model_find(&fixture_model, 5));
	cr_expect_neq(number_of(7), five);
	cr_expect_eq(number_of(5), five);
	cr_assert_eq(model_home(&fixture_model, 0x12345678), 0);
	cr_expect_eq(fixture_model.node_count, 0);
	other = number_of(5);
	cr_expect_neq(other, five);
	open_again();
	cr_assert_eq(model_home(&fixture_model, 0xc0ffee01), 0);
	cr_expect_eq(number_of(6), six);
	cr_expect_eq(number_of(5), five);
	cr_assert_eq(model_home(&fixture_model, 0x12345678), 0);
	cr_expect_eq(number_of(5), other);
}

Test(model, a_state_takes_away_what_it_does_not_name)
{
	model_node(&fixture_model, 2);
	model_node(&fixture_model, 3);
	model_settle(&fixture_model);
	model_sync_begin(&fixture_model);
	model_node(&fixture_model, 3);
	model_node(&fixture_model, 4);
	model_sync_cancel(&fixture_model);
	cr_expect_eq(fixture_model.node_count, 3);
	model_sync_begin(&fixture_model);
	model_node(&fixture_model, 3);
	model_sync_end(&fixture_model);
	model_settle(&fixture_model);
	cr_expect_eq(fixture_model.node_count, 1);
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_NODE_COUNT), "1");
	cr_expect_str_eq(fixture_get(fixture_model.management_row, MANAGEMENT_SERVER_EMBEDDED_COUNT), "1");
}

Test(model, who_is_heard_by_whom)
{
	static const uint16_t of_two[] = {3, 4, 4}, of_three[] = {2, 4};
	struct node *two = model_node(&fixture_model, 2), *three = model_node(&fixture_model, 3);
	struct node *four = model_node(&fixture_model, 4);

	model_neighbors(&fixture_model, two, of_two, 3);
	model_neighbors(&fixture_model, three, of_three, 2);
	model_settle(&fixture_model);
	cr_expect_str_eq(fixture_get(two->row, NODE_NEIGHBORS_INVERSE), "3");
	cr_expect_str_eq(fixture_get(three->row, NODE_NEIGHBORS_INVERSE), "2");
	cr_expect_str_eq(fixture_get(four->row, NODE_NEIGHBORS_INVERSE), "2,3");
	model_remove(&fixture_model, two);
	model_settle(&fixture_model);
	cr_expect_str_eq(fixture_get(four->row, NODE_NEIGHBORS_INVERSE), "3");
}

Test(model, bounds)
{
	struct node *node = model_node(&fixture_model, 2);
	uint32_t homes = 1;
	char key[MODEL_KEY_SIZE + 2];

	cr_expect_null(model_node(&fixture_model, 0));
	cr_expect_null(model_node(&fixture_model, SCHEMA_NODE_ID_MAXIMUM + 1));
	cr_expect_not_null(model_node(&fixture_model, SCHEMA_NODE_ID_MAXIMUM));
	for (unsigned int i = 0; i < MODEL_CHILDREN_MAXIMUM + 10; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		cr_expect_eq(model_child(&fixture_model, node, CHILD_VALUE, key, 0) != NULL,
			     i < MODEL_CHILDREN_MAXIMUM);
	}
	memset(key, 'x', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	cr_expect_null(model_child(&fixture_model, node, CHILD_ASSOCIATION, key, 0));
	cr_expect_null(model_child(&fixture_model, node, CHILD_ASSOCIATION, "", 0));
	while (model_home(&fixture_model, homes) == 0)
		homes++;
	cr_expect_eq(homes, MODEL_HOMES_MAXIMUM);
	cr_expect_eq(model_home(&fixture_model, 0xffffffff), -ENOSPC);
	/* Those that have numbers are still taken. */
	cr_expect_eq(model_home(&fixture_model, 0xc0ffee01), 0);
}

Test(model, another_source_shows_nothing_of_the_former)
{
	struct update update = model_update_interface(&fixture_model);

	update_string(&update, INTERFACE_PORT, "/dev/ttyS0");
	update_unsigned(&update, INTERFACE_NODE_ID, 1);
	update_time(&update, INTERFACE_LAST_HEAL, 1531346100);
	update_boolean(&update, INTERFACE_PRIMARY, true);
	cr_assert_eq(update_end(&update), 0);
	model_node(&fixture_model, 2);
	model_settle(&fixture_model);
	model_clear(&fixture_model);
	cr_expect_eq(fixture_model.node_count, 0);
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_PORT), "");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_NODE_ID), "0");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_PRIMARY), "0");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_LAST_HEAL), SCHEMA_UNKNOWN_TIME);
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_HOME_ID), "00000000");
	cr_expect_str_eq(fixture_get(fixture_model.interface_row, INTERFACE_ALIAS), "cpe-1");
}

Test(model, what_was_set_is_kept)
{
	cr_expect_eq(saved_set(&fixture_model.saved, "alias/C0FFEE01/5", "lamp of the hall"), 0);
	cr_expect_eq(saved_set(&fixture_model.saved, "bad name", "x"), -EINVAL);
	cr_expect_eq(saved_set(&fixture_model.saved, "name", "two\nlines"), -EINVAL);
	cr_expect_eq(saved_save(&fixture_model.saved), 0);
	open_again();
	cr_expect_str_eq(saved_get(&fixture_model.saved, "alias/C0FFEE01/5"), "lamp of the hall");
	cr_assert_eq(model_home(&fixture_model, 0xc0ffee01), 0);
	cr_expect_str_eq(fixture_get(model_node(&fixture_model, 5)->row, NODE_ALIAS), "lamp of the hall");
	cr_expect_eq(saved_set(&fixture_model.saved, "alias/C0FFEE01/5", NULL), 0);
	cr_expect_null(saved_get(&fixture_model.saved, "alias/C0FFEE01/5"));
}

Test(model, names_of_the_root_object)
{
	static const char *const bad[] = {"", "a.b", "1a", "a b", "a{i}", "\xc3\xa9", "a/b"};
	struct schema schema;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(schema_make(&schema, bad[i]), -EINVAL, "\"%s\"", bad[i]);
	cr_expect_eq(schema_make(&schema, "Zwave"), 0);
	cr_expect_eq(schema_make(&schema, "X_EXAMPLE-COM_ZWave"), 0);
}
