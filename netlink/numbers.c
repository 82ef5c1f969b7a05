/* SPDX-License-Identifier: BSD-2-Clause */
/* Instance numbers that stay with an interface or address, also when it goes away for a while. */
#include "netlink/numbers.h"

#include "shm/espalier.h"

#include <stdio.h>
#include <string.h>

int numbers_open(struct numbers *numbers, const char *file)
{
	memset(numbers, 0, sizeof(*numbers));
	return espalier_numbering_open(&numbers->numbering, file);
}

void numbers_close(struct numbers *numbers)
{
	if (!numbers->numbering)
		return;
	for (unsigned int i = 0; i < NUMBERS_GONE_MAXIMUM; i++) {
		if (numbers->gone[i].key[0])
			espalier_numbering_forget(numbers->numbering, numbers->gone[i].table, numbers->gone[i].key);
	}
	espalier_numbering_save(numbers->numbering);
	espalier_numbering_close(numbers->numbering);
	numbers->numbering = NULL;
}

static void take_back(struct numbers *numbers, const char *table, const char *key)
{
	for (unsigned int i = 0; i < NUMBERS_GONE_MAXIMUM; i++) {
		struct numbers_gone *gone = &numbers->gone[i];

		if (strcmp(gone->key, key) == 0 && strcmp(gone->table, table) == 0)
			gone->key[0] = '\0';
	}
}

int numbers_get(struct numbers *numbers, const char *table, const char *key, uint32_t *number)
{
	take_back(numbers, table, key);
	return espalier_numbering_get(numbers->numbering, table, key, number);
}

void numbers_release(struct numbers *numbers, const char *table, const char *key)
{
	struct numbers_gone *gone = &numbers->gone[numbers->gone_next++ % NUMBERS_GONE_MAXIMUM];

	take_back(numbers, table, key);
	if (gone->key[0])
		espalier_numbering_forget(numbers->numbering, gone->table, gone->key);
	snprintf(gone->table, sizeof(gone->table), "%s", table);
	snprintf(gone->key, sizeof(gone->key), "%s", key);
}

void numbers_forget(struct numbers *numbers, const char *table, const char *key)
{
	take_back(numbers, table, key);
	espalier_numbering_forget(numbers->numbering, table, key);
}

int numbers_rename(struct numbers *numbers, const char *table, const char *key, const char *new_key)
{
	numbers_forget(numbers, table, new_key);
	return espalier_numbering_rename(numbers->numbering, table, key, new_key);
}

int numbers_save(struct numbers *numbers)
{
	return espalier_numbering_save(numbers->numbering);
}
