// SPDX-License-Identifier: GPL-2.0-or-later
// What the data model says of a table and an owner's schema can't.
#include "agent/model-table.h"

#include <stdlib.h>
#include <string.h>

static int by_path(const void *path, const void *table)
{
	return strcmp(path, ((const struct model_table *)table)->path);
}

const struct model_table *model_table_find(const char *path)
{
	return bsearch(path, model_tables, model_tables_count, sizeof(*model_tables), by_path);
}

bool model_table_has_alias(const char *path)
{
	const struct model_table *table = model_table_find(path);

	return table && !strncmp(table->keys, "Alias", strlen("Alias"));
}
