// SPDX-License-Identifier: GPL-2.0-or-later
// The parameter names and types that the ACS has seen, for completion and for SetParameterValues.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acs/buffer.h"
#include "tests/acs/names.h"

enum { NAMES_MAX = 4000000 };

struct name {
	char *name;
	char type[16];
	size_t sequence;
};

static struct name *names;
static size_t count, capacity, sorted;

static int compare(const void *a, const void *b)
{
	const struct name *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (order)
		return order;
	return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

/* Sorts what was appended since the last time; of equal names the last with a type stays. */
static void sort(void)
{
	size_t kept = 0;

	if (sorted == count)
		return;
	for (size_t i = 0; i < count; i++)
		names[i].sequence = i;
	qsort(names, count, sizeof(*names), compare);
	for (size_t i = 0; i < count; i++) {
		if (kept && !strcmp(names[kept - 1].name, names[i].name)) {
			if (names[i].type[0])
				memcpy(names[kept - 1].type, names[i].type, sizeof(names[i].type));
			free(names[i].name);
			continue;
		}
		names[kept++] = names[i];
	}
	count = kept;
	sorted = kept;
}

void names_learn(const char *name, const char *type)
{
	struct name *entry;

	if (count == NAMES_MAX)
		sort();
	if (count == NAMES_MAX)
		return;
	if (count == capacity) {
		capacity = capacity ? capacity * 2 : 256;
		names = realloc(names, capacity * sizeof(*names));
		if (!names)
			abort();
	}
	entry = &names[count++];
	*entry = (struct name){.name = copy_string(name)};
	if (type)
		strncpy(entry->type, type, sizeof(entry->type) - 1);
}

/* Index of the first name that is not less than `name`. */
static size_t lower_bound(const char *name)
{
	size_t low = 0, high;

	sort();
	high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(names[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *names_type(const char *name)
{
	size_t at = lower_bound(name);

	if (at == count || strcmp(names[at].name, name) || !names[at].type[0])
		return NULL;
	return names[at].type;
}

char *names_complete(const char *prefix, size_t index)
{
	size_t length = strlen(prefix), previous_length = 0;
	const char *previous = NULL;

	for (size_t i = lower_bound(prefix); i < count && !strncmp(names[i].name, prefix, length); i++) {
		const char *dot = strchr(names[i].name + length, '.');
		size_t part = dot ? (size_t)(dot - names[i].name) + 1 : strlen(names[i].name);
		char *candidate;

		if (previous && part == previous_length && !strncmp(previous, names[i].name, part))
			continue;
		previous = names[i].name;
		previous_length = part;
		if (index--)
			continue;
		candidate = zalloc(part + 1);
		memcpy(candidate, names[i].name, part);
		return candidate;
	}
	return NULL;
}

void names_free(void)
{
	while (count)
		free(names[--count].name);
	free(names);
	names = NULL;
	capacity = 0;
	sorted = 0;
}
