/* SPDX-License-Identifier: BSD-2-Clause */
/* Instance numbers that stay with an interface or address, also when it goes away for a while. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct espalier_numbering;

/** How many vanished keys keep their numbers in case that they come back; the oldest is forgotten for the next */
#define NUMBERS_GONE_MAXIMUM 128u
/** Room for a table's path and for a key, NUL included */
#define NUMBERS_TABLE_SIZE   64
#define NUMBERS_KEY_SIZE     64

struct numbers_gone {
	char table[NUMBERS_TABLE_SIZE];
	char key[NUMBERS_KEY_SIZE];
};

struct numbers {
	struct espalier_numbering *numbering;
	struct numbers_gone gone[NUMBERS_GONE_MAXIMUM]; /* empty key: free */
	unsigned int gone_next;
};

/** numbers_open() - opens the file, which need not be there yet. Returns 0 or -errno. */
int numbers_open(struct numbers *numbers, const char *file);

/** numbers_close() - forgets what is gone, saves and closes; numbers that were never opened are allowed */
void numbers_close(struct numbers *numbers);

/** numbers_get() - the number of a key, now in use. Durable after numbers_save(). Returns 0 or -errno. */
int numbers_get(struct numbers *numbers, const char *table, const char *key, uint32_t *number);

/** numbers_release() - a key has vanished; its number is kept for its return while there is room */
void numbers_release(struct numbers *numbers, const char *table, const char *key);

/** numbers_forget() - a key will not come back; its number is not given again */
void numbers_forget(struct numbers *numbers, const char *table, const char *key);

/** numbers_rename() - a key's number goes to another key, which loses the one it had. Returns 0 or -errno. */
int numbers_rename(struct numbers *numbers, const char *table, const char *key, const char *new_key);

/** numbers_save() - makes all durable when something changed. Returns 0 or -errno. */
int numbers_save(struct numbers *numbers);
