/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The row protocol of shm/espalier-row.h: two updates, the row's removal, its memory used for another row, an update
 * of that one; the writer is killed at any step, and a new one takes the memory over and goes on. Two readers: one
 * holds a handle of the first row, one of the second.
 *
 * Checked: no reader accepts a torn row, one of another life, or one older than it accepted before; and a reader is
 * never stuck: each try that fails has seen a further publication.
 * Each of NO_... takes one thing away, PLAIN_SEQLOCK takes the usual protocol instead: spin must then find a violation.
 * READS: how often each reader reads; ONLY_FIRST, ONLY_SECOND: one reader only.
 */
#define LOG_SIZE 32
#define WORDS 6
#define VERSION 0
#define GENERATION 1
#define SLOT(number, word) (2 + 2 * (number) + (word))
#define TRIES 8 /* one more than there are stores to the version, that of a killed writer's update included */

#include "memory.pml"

byte version;    /* the newest one: what the writer reads back, being the only one that stores it */
byte generation;
byte update;     /* what the next update writes into both words */
byte crashes;
bool second_row; /* published: its handle can be had */
byte second_at;

inline publish(value)
{
#ifdef NO_RELEASE_AT_PUBLISH
	store_relaxed(VERSION, value);
#else
	store_release(VERSION, value);
#endif
	version = value
}

inline prepare_fence()
{
#ifndef NO_FENCE_IN_PREPARE
	fence_release()
#else
	skip
#endif
}

#ifdef PLAIN_SEQLOCK
#define FILLED 1
#elif defined(NO_SECOND_SLOT)
#define FILLED (version & 1)
#else
#define FILLED ((version + 1) & 1)
#endif

/* One update, which may end at any step with the writer's death; what it had to do is then lost. */
#define OR_DIE :: crashes == 0 -> crashes = 1; goto restart

proctype writer()
{
	byte value;

restart:
	do
	:: update <= 4 ->
		if
		:: update == 3 && generation == 1 ->
			/* segment_end_row() */
			fence_release();
			if OR_DIE :: store_relaxed(GENERATION, 0); generation = 0 fi;
			if OR_DIE :: store_release(VERSION, version + 2); version = version + 2 fi
		:: else
		fi;
		value = update;
		prepare_fence();
#ifdef PLAIN_SEQLOCK
		/* A plain seqlock: the version is odd while the row is being written. */
		if OR_DIE :: store_relaxed(VERSION, version + 1); version = version + 1; fence_release() fi;
#endif
		if OR_DIE :: store_relaxed(SLOT(FILLED, 0), value) fi;
		if OR_DIE :: store_relaxed(SLOT(FILLED, 1), value) fi;
		if
		:: value == 3 ->
			if OR_DIE :: store_relaxed(GENERATION, 2); generation = 2 fi
		:: else
		fi;
		if OR_DIE :: skip fi;
		publish(version + 1);
		update++;
		if
		:: value == 3 -> atomic { second_at = log_length; second_row = true }
		:: else
		fi
	:: else -> break
	od
}

proctype reader(byte life; byte reads)
{
	READER_KNOWLEDGE;
	byte load_pending, before, lives, one, two, after, tries, accepted;

	d_step {
		before = 0;
		do
		:: before < WORDS -> seen[before] = before; before++
		:: else -> break
		od;
		happened = WORDS;
		before = 0
	}
	if
	:: life == 2 -> second_row -> happened = second_at
	:: else
	fi;
again:
	do
	:: tries < TRIES ->
#ifdef NO_ACQUIRE_AT_BEGIN
		load_relaxed(VERSION, before);
#else
		load_acquire(VERSION, before);
#endif
#ifdef PLAIN_SEQLOCK
		if
		:: before & 1 -> tries++; goto again
		:: else
		fi;
		load_relaxed(GENERATION, lives);
		load_relaxed(SLOT(1, 0), one);
		load_relaxed(SLOT(1, 1), two);
#else
		load_relaxed(GENERATION, lives);
		load_relaxed(SLOT(before & 1, 0), one);
		load_relaxed(SLOT(before & 1, 1), two);
#endif
#ifndef NO_FENCE_BEFORE_SECOND_LOOK
		fence_acquire();
#endif
#ifdef NO_SECOND_LOOK
		after = before;
#else
		load_relaxed(VERSION, after);
#endif
		if
		:: after == before -> break
		:: else -> tries++
		fi
	:: else -> assert(false) /* stuck */
	od;
	skip;
	d_step {
		/* Values of a row that is gone (another generation) are only for information. */
		if
		:: lives == life ->
			assert(one == two);           /* not torn */
			assert(one >= accepted);      /* not older than before */
			assert((one <= 2) == (life == 1)); /* of this life */
			accepted = one
		:: else
		fi;
		reads--;
		tries = 0; before = 0; after = 0; one = 0; two = 0; lives = 0
	}
	if
	:: reads > 0 -> goto again
	:: else
	fi
}

init {
	atomic {
		store_relaxed(VERSION, 0);
		store_relaxed(GENERATION, 1);
		store_relaxed(SLOT(0, 0), 0);
		store_relaxed(SLOT(0, 1), 0);
		store_relaxed(SLOT(1, 0), 0);
		store_relaxed(SLOT(1, 1), 0);
		generation = 1;
		update = 1;
		fence_release();
		run writer();
#ifndef ONLY_SECOND
		run reader(1, READS);
#endif
#ifndef ONLY_FIRST
		run reader(2, READS)
#endif
	}
}
