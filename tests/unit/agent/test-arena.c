/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arena of decoded messages: alignment, growth in place, bounds, and reuse without allocation. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "agent/arena.h"

TestSuite(arena, .timeout = 30);

Test(arena, pieces_are_zeroed_aligned_and_apart)
{
	struct arena arena;
	unsigned char *pieces[100];

	arena_init(&arena, 256, 1024, 100000);
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < 100; i++) {
			pieces[i] = arena_allocate(&arena, i + 1);
			cr_assert_not_null(pieces[i]);
			cr_assert_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
			for (size_t j = 0; j <= i; j++)
				cr_assert_eq(pieces[i][j], 0);
			memset(pieces[i], (int)i + 1, i + 1);
		}
		for (size_t i = 0; i < 100; i++)
			cr_assert_eq(pieces[i][i], i + 1);
		arena_reset(&arena);
	}
	arena_exit(&arena);
	cr_assert_eq(arena.size, 0);
}

Test(arena, the_last_piece_grows_in_place)
{
	struct arena arena;
	char *first;
	char *second;

	arena_init(&arena, 4096, 4096, 100000);
	first = arena_resize(&arena, NULL, 0, 10);
	strncpy(first, "123456789", 10);
	cr_assert_eq(arena_resize(&arena, first, 10, 1000), first);
	cr_assert_eq(arena_resize(&arena, first, 1000, 10), first);
	second = arena_allocate(&arena, 10);
	cr_assert_eq(second, first + 16);
	cr_assert_eq(arena_resize(&arena, first, 10, 5), first);
	cr_assert_eq(arena_resize(&arena, second, 10, 5000) == second, false);
	second = arena_resize(&arena, first, 10, 20);
	cr_assert_neq(second, first);
	cr_assert_str_eq(second, "123456789");
	arena_exit(&arena);
}

Test(arena, the_maximum_holds)
{
	struct arena arena;

	arena_init(&arena, 1024, 1024, 4096);
	cr_assert_not_null(arena_allocate(&arena, 1000));
	cr_assert_not_null(arena_allocate(&arena, 3000));
	cr_assert_null(arena_allocate(&arena, 1000));
	cr_assert_null(arena_allocate(&arena, 4097));
	cr_assert_null(arena_allocate(&arena, SIZE_MAX));
	cr_assert_null(arena_resize(&arena, NULL, 0, SIZE_MAX));
	cr_assert_leq(arena.size, 4096);
	arena_exit(&arena);
}

Test(arena, chunks_are_kept_up_to_the_retained_size)
{
	struct arena arena;

	arena_init(&arena, 1024, 4096, 100000);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			cr_assert_not_null(arena_allocate(&arena, 1000));
		cr_assert_eq(arena.size, 4096);
		arena_reset(&arena);
		cr_assert_eq(arena.size, 4096);
	}
	cr_assert_not_null(arena_allocate(&arena, 50000));
	arena_reset(&arena);
	cr_assert_leq(arena.size, 4096);
	arena_exit(&arena);

	cr_assert_not_null(arena_allocate(&arena, 50000));
	arena_reset(&arena);
	cr_assert_eq(arena.size, 0);
	cr_assert_not_null(arena_allocate(&arena, 10));
	arena_exit(&arena);
}
