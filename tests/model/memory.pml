/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * C11's memory as one writer's stores and the readers' loads see it. All stores are kept in a log, in the order in
 * which the writer makes them. A relaxed load may return any store to its word that is not older than one that the
 * reader has already read there, and not older than the last one that happens before the load. So the readers see
 * relaxed stores late, and in any order: all that store buffers, caches and speculation can do.
 *
 * carried[i] says how much of the log a reader knows to have happened once it has synchronised with store i: for a
 * store-release all before it, for a relaxed store what lay before the writer's last release fence (7.17.4).
 */
byte log_word[LOG_SIZE];
byte log_value[LOG_SIZE];
byte log_carried[LOG_SIZE];
byte log_length;
byte writer_fenced; /* entries before the writer's last release fence */

inline store_relaxed(word, value)
{
	d_step {
		assert(log_length < LOG_SIZE);
		log_word[log_length] = word;
		log_value[log_length] = value;
		log_carried[log_length] = writer_fenced;
		log_length++
	}
}

inline store_release(word, value)
{
	d_step {
		assert(log_length < LOG_SIZE);
		log_word[log_length] = word;
		log_value[log_length] = value;
		log_carried[log_length] = log_length + 1;
		log_length++
	}
}

inline fence_release()
{
	writer_fenced = log_length
}

/* A reader's own knowledge: declared in each reader. */
#define READER_KNOWLEDGE                                                                                               \
	byte seen[WORDS];  /* of each word: the newest store read so far */                                            \
	byte happened;     /* entries of the log that happen before what follows */                                    \
	byte pending;      /* what an acquire fence would add */                                                       \
	byte at, candidate

/* Finds the oldest store that may be returned, then any newer one: a choice that spin tries in every way. */
inline load_relaxed(word, result)
{
	atomic {
		at = seen[word];
		candidate = at + 1;
		do
		:: candidate < happened ->
			if
			:: log_word[candidate] == word -> at = candidate
			:: else
			fi;
			candidate++
		:: else -> break
		od;
		candidate = at + 1;
		do
		:: candidate < log_length && log_word[candidate] != word -> candidate++
		:: candidate < log_length && log_word[candidate] == word ->
			at = candidate;
			candidate++
		:: break
		od;
		seen[word] = at;
		if
		:: log_carried[at] > pending -> pending = log_carried[at]
		:: else
		fi;
		result = log_value[at];
		at = 0;
		candidate = 0
	}
}

inline fence_acquire()
{
	d_step {
		if
		:: pending > happened -> happened = pending
		:: else
		fi
	}
}

inline load_acquire(word, result)
{
	atomic {
		at = pending;
		pending = 0;
		load_pending = at;
		load_relaxed(word, result);
		fence_acquire();
		if
		:: load_pending > pending -> pending = load_pending
		:: else
		fi;
		load_pending = 0
	}
}
