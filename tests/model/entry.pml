/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slot of the directory (struct layout_entry): an instance comes, goes, and another one takes its slot, while a reader
 * copies the entry as copy_entry() and add_segment() of shm/tree.c do. The writer may stop for good at any step.
 *
 * Checked: an entry that a reader takes for visible belongs to one life in all its words, and a reader that has the
 * last value of the structure counter has the last state of the directory.
 * Each of the options at the #ifdefs takes one thing away or turns an order round: spin must then find a violation.
 */
#define LOG_SIZE 40
#define WORDS 6
#define STATE 0
#define GENERATION 1
#define OBJECT 2
#define PARENT 3
#define STRUCTURE 4
#define ENTRIES 5

#define FREE 0
#define HIDDEN 1
#define VISIBLE 2
#define LIVES 2
#define CHANGES 3 /* of the structure: it comes, it goes, the other comes */

#include "memory.pml"

byte structure;

inline structure_changed()
{
	store_release(STRUCTURE, structure + 1);
	structure++
}

proctype writer()
{
	byte life = 1;

	do
	:: life <= LIVES ->
#ifdef NO_RELEASE_OF_GENERATION
		store_relaxed(GENERATION, life);
#else
		store_release(GENERATION, life);
#endif
#ifndef NO_FENCE_AFTER_GENERATION
		fence_release();
#endif
		store_relaxed(OBJECT, life);
		store_relaxed(PARENT, life);
		store_release(STATE, HIDDEN);
		store_release(ENTRIES, 1);
#ifdef COUNTER_BEFORE_STATE
		structure_changed();
		store_release(STATE, VISIBLE);
#else
#ifdef NO_RELEASE_OF_STATE
		store_relaxed(STATE, VISIBLE);
#else
		store_release(STATE, VISIBLE);
#endif
		structure_changed();
#endif
		if
		:: life < LIVES ->
			store_release(STATE, FREE);
			structure_changed()
		:: else
		fi;
		life++
	:: else -> break
	od
}

proctype reader()
{
	READER_KNOWLEDGE;
	byte load_pending, counter, entries, state, generation, object, parent, again, tries;

	d_step {
		counter = 0;
		do
		:: counter < WORDS -> seen[counter] = counter; counter++
		:: else -> break
		od;
		happened = WORDS;
		counter = 0
	}
#ifndef COUNTER_AFTER_ENTRIES
	load_acquire(STRUCTURE, counter);
#endif
	load_acquire(ENTRIES, entries);
#ifdef COUNTER_AFTER_ENTRIES
	load_acquire(STRUCTURE, counter);
#endif
	if
	:: entries == 0 -> state = FREE
	:: else ->
		do
		:: tries < 4 ->
#ifdef STATE_BEFORE_GENERATION
			load_acquire(STATE, state);
			load_relaxed(GENERATION, generation);
#else
			load_acquire(GENERATION, generation);
			load_acquire(STATE, state);
#endif
			load_relaxed(OBJECT, object);
			load_relaxed(PARENT, parent);
#ifndef NO_FENCE_BEFORE_SECOND_LOOK
			fence_acquire();
#endif
			load_relaxed(GENERATION, again);
			if
			:: again == generation -> break
			:: else -> tries++
			fi
		:: else -> state = FREE; break
		od
	fi;
	skip;
	d_step {
		if
		:: state == VISIBLE ->
			assert(object == generation && parent == generation);
		:: else
		fi;
		if
		:: counter == CHANGES -> assert(state == VISIBLE && generation == LIVES)
		:: else
		fi
	}
}

init {
	byte word;

	atomic {
		do
		:: word < WORDS -> store_relaxed(word, 0); word++
		:: else -> break
		od;
		fence_release();
		run writer();
		run reader()
	}
}
