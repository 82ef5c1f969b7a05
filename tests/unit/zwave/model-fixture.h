/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model in folders of its own, for tests of what fills it. */
#pragma once

#include "zwave/model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char fixture_folder[64];
static struct model fixture_model;

static inline void fixture_open(void)
{
	snprintf(fixture_folder, sizeof(fixture_folder), "/tmp/zwave-unit-XXXXXX");
	cr_assert_not_null(mkdtemp(fixture_folder));
	cr_assert_eq(model_open(&fixture_model, SCHEMA_OBJECT_DEFAULT, fixture_folder, fixture_folder, NULL, NULL), 0);
	cr_assert_eq(model_home(&fixture_model, 0xc0ffee01), 0);
}

static inline void fixture_close(void)
{
	static const char *const files[] = {"zwave.numbers", "zwave.saved"};
	char path[128];

	model_close(&fixture_model);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", fixture_folder, files[i]);
		unlink(path);
	}
	rmdir(fixture_folder);
}

/* A parameter as text; numbers in decimal. */
static inline const char *fixture_get(struct espalier_row row, uint32_t parameter)
{
	static char text[4][ESPALIER_VALUE_MAXIMUM + 1], buffer[ESPALIER_VALUE_MAXIMUM + 1];
	static unsigned int next;
	struct espalier_value value;
	char *to = text[next++ % 4];

	cr_assert_eq(espalier_get(fixture_model.writer, row, parameter, &value, buffer, sizeof(buffer)), 0);
	cr_assert_geq(espalier_value_format(&value, to, ESPALIER_VALUE_MAXIMUM), 0);
	return to;
}

/* The Value of a node's value with this Property; NULL when there is none. */
static inline const char *fixture_value(const struct node *node, const char *property)
{
	for (uint32_t i = 0; i < node->child_count[CHILD_VALUE]; i++) {
		struct espalier_row row = node->children[CHILD_VALUE][i]->row;

		if (strcmp(fixture_get(row, VALUE_PROPERTY), property) == 0)
			return fixture_get(row, VALUE_VALUE);
	}
	return NULL;
}
