/* SPDX-License-Identifier: BSD-2-Clause */
/* Which parameters the command line's paths mean. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shm/shmdump.h"

enum selection_mark {
	SELECTION_NONE = 0,
	SELECTION_SOME,
	SELECTION_WHOLE,
};

/** What espalier_resolve() hands to the function below. */
struct resolving {
	struct selection *selection;
	const struct espalier_node *nodes;
};

/** Marks one match; an object stands for all that is below it. */
static int found(const struct espalier_node *node, uint32_t parameter, void *context)
{
	struct resolving *resolving = context;
	struct selection *selection = resolving->selection;
	uint32_t index = (uint32_t)(node - resolving->nodes);

	if (parameter == UINT32_MAX) {
		/* Several segments may have a row of this path: the nodes of the same path follow each other. */
		do {
			uint32_t end = resolving->nodes[index].following;

			do
				selection->marks[index++] = SELECTION_WHOLE;
			while (index < end);
		} while (index < selection->node_count && resolving->nodes[index].path_length == node->path_length &&
			 memcmp(resolving->nodes[index].path, node->path, node->path_length) == 0);
		return 0;
	}
	if (selection->single_count == selection->single_room) {
		size_t room = selection->single_room ? 2 * selection->single_room : 64;
		uint64_t *grown = realloc(selection->singles, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		selection->singles = grown;
		selection->single_room = room;
	}
	if (selection->marks[index] == SELECTION_NONE)
		selection->marks[index] = SELECTION_SOME;
	selection->singles[selection->single_count++] = (uint64_t)index << 32 | parameter;
	return 0;
}

static int compare_singles(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return a < b ? -1 : a > b;
}

int selection_make(struct selection *selection, struct shmdump *shmdump, void (*missing)(const char *path))
{
	struct resolving resolving = {.selection = selection};
	int count = 0;

	*selection = (struct selection){.all = shmdump->path_count == 0};
	resolving.nodes = espalier_reader_nodes(shmdump->reader, &selection->node_count);
	if (selection->all)
		return 0;
	selection->marks = calloc(selection->node_count ? selection->node_count : 1, 1);
	if (!selection->marks)
		return -ENOMEM;
	for (int i = 0; i < shmdump->path_count; i++) {
		const char *path = shmdump->paths[i];
		int64_t matches = espalier_resolve(shmdump->reader, path, strlen(path), found, &resolving);

		if (matches == -ENOMEM) {
			selection_clear(selection);
			return -ENOMEM;
		}
		if (matches > 0)
			count++;
		else if (missing)
			missing(path);
	}
	if (selection->single_count)
		qsort(selection->singles, selection->single_count, sizeof(*selection->singles), compare_singles);
	return count;
}

void selection_clear(struct selection *selection)
{
	free(selection->marks);
	free(selection->singles);
	*selection = (struct selection){0};
}

bool selection_has_node(const struct selection *selection, uint32_t node)
{
	return selection->all || selection->marks[node] != SELECTION_NONE;
}

bool selection_has(const struct selection *selection, uint32_t node, uint32_t parameter)
{
	uint64_t key = (uint64_t)node << 32 | parameter;

	if (selection->all)
		return true;
	if (selection->marks[node] != SELECTION_SOME)
		return selection->marks[node] == SELECTION_WHOLE;
	return bsearch(&key, selection->singles, selection->single_count, sizeof(key), compare_singles) != NULL;
}
