/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The row protocol: how one writer publishes a row that any number of readers copy without a lock, a system call or
 * a torn value, whoever is killed at whatever instruction. docs/memory-model.md gives the argument, rule by rule.
 *
 * A row lies in shared memory as 32-bit words in the writer's byte order:
 *
 *     version | generation | slot 0 (slot_words) | slot 1 (slot_words)
 *
 * The published copy is slot (version & 1). The writer fills the other one and then stores version + 1.
 * Only 32-bit accesses are used, since 64-bit atomics are not lock-free on every CPU that gateways have.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Words before the two slots of a row: version and generation. */
#define ESPALIER_ROW_HEADER_WORDS 2u

/** How often a reader tries again before it reports -EAGAIN; a writer at full speed needs about three. */
#define ESPALIER_READ_TRIES 100000u

/** Loads one word of a row. Safe against a concurrent writer; ordered by espalier_row_begin() and _changed(). */
static inline uint32_t espalier_load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/** Stores one word of a row that is being prepared. */
static inline void espalier_store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/** Loads an aligned 64-bit value kept as two words, the low half at the lower address on every CPU. */
static inline uint64_t espalier_load64(const uint32_t *words)
{
	return (uint64_t)espalier_load(words) | (uint64_t)espalier_load(words + 1) << 32;
}

/** Stores a 64-bit value as two words, low half first. */
static inline void espalier_store64(uint32_t *words, uint64_t value)
{
	espalier_store(words, (uint32_t)value);
	espalier_store(words + 1, (uint32_t)(value >> 32));
}

/** Reader: starts a copy. Returns the version, which says which slot is published. */
static inline uint32_t espalier_row_begin(const uint32_t *row)
{
	return __atomic_load_n(row, __ATOMIC_ACQUIRE);
}

/** Reader: the published slot of a version. */
static inline const uint32_t *espalier_row_slot(const uint32_t *row, uint32_t version, uint32_t slot_words)
{
	return row + ESPALIER_ROW_HEADER_WORDS + (version & 1u) * slot_words;
}

/** Reader: ends a copy. True when the writer may have touched the slot meanwhile: discard the copy and begin again. */
static inline bool espalier_row_changed(const uint32_t *row, uint32_t version)
{
	/* Orders the copy's relaxed loads before the second look at the version (C11 7.17.4: fence-fence). */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return espalier_load(row) != version;
}

/** Writer: the slot to fill, which no reader of the published version looks at. */
static inline uint32_t *espalier_row_prepare(uint32_t *row, uint32_t slot_words)
{
	uint32_t version = espalier_load(row);

	/* Orders the last publication before the stores into the slot that readers of the version before it may
	 * still be copying: who sees one of these stores also sees that version. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return row + ESPALIER_ROW_HEADER_WORDS + ((version + 1) & 1u) * slot_words;
}

/** Writer: publishes the prepared slot. This one store is the whole commit; before it nothing has changed. */
static inline void espalier_row_publish(uint32_t *row)
{
	__atomic_store_n(row, espalier_load(row) + 1, __ATOMIC_RELEASE);
}

#ifdef __cplusplus
}
#endif
