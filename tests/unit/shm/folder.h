/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run folder of a test's own. */
#pragma once

#include "shm/espalier.h"

struct test_folder {
	char path[64];
};

/** Makes a folder and sets $ESPALIER_DIR to it. Ends the test when that fails. */
struct test_folder test_folder_make(void);

/** Removes it with what is in it; fails the test when a cleanly ended program left something. */
void test_folder_remove(const struct test_folder *folder);

/** Removes it with what is in it, for tests whose programs die. */
void test_folder_clear(const struct test_folder *folder);
