/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text outside its row (shm/row.c): row A shows a text of two words, is updated so that it shows it no longer, and row
 * B takes the place for its own text at once. A reader of each row copies the text while this happens.
 *
 * Checked: neither reader accepts a text that is not its row's.
 */
#define LOG_SIZE 16
#define WORDS 4
#define VERSION_A 0
#define VERSION_B 1
#define TEXT(word) (2 + (word))
#define OF_A 1
#define OF_B 2

#include "memory.pml"

proctype writer()
{
#ifndef FREED_BEFORE_PUBLICATION
	store_release(VERSION_A, 1);
#endif
#ifndef NO_FENCE_BEFORE_REUSE
	fence_release();
#endif
	store_relaxed(TEXT(0), OF_B);
	store_relaxed(TEXT(1), OF_B);
#ifdef FREED_BEFORE_PUBLICATION
	store_release(VERSION_A, 1);
#endif
	store_release(VERSION_B, 1)
}

proctype reader(byte row)
{
	READER_KNOWLEDGE;
	byte load_pending, before, one, two, after;

	d_step {
		do
		:: before < WORDS -> seen[before] = before; before++
		:: else -> break
		od;
		happened = WORDS;
		before = 0
	}
	load_acquire(row, before);
	if
	:: before == (row == VERSION_B) ->
		load_relaxed(TEXT(0), one);
		load_relaxed(TEXT(1), two);
#ifndef NO_FENCE_BEFORE_SECOND_LOOK
		fence_acquire();
#endif
		load_relaxed(row, after);
		assert(after != before || (one == row + 1 && two == row + 1))
	:: else
	fi
}

init {
	atomic {
		store_relaxed(VERSION_A, 0);
		store_relaxed(VERSION_B, 0);
		store_relaxed(TEXT(0), OF_A);
		store_relaxed(TEXT(1), OF_A);
		fence_release();
		run writer();
		run reader(VERSION_A);
		run reader(VERSION_B)
	}
}
