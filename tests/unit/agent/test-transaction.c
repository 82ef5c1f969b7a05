// SPDX-License-Identifier: GPL-2.0-or-later
// agent/transaction.c: all or nothing over several owners, with every failure at every step.
#include "agent/transaction.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define OWNERS 3

// How an owner behaves at a step.
enum behaviour { GOOD, REFUSES, REFUSES_ENTRY, DIES, SILENT, GONE };

struct owner {
	enum behaviour validate, commit, finish;
	bool validated, committed, finished, undone;
	// The request under way
	enum espalier_request_kind kind;
	void (*done)(const struct espalier_result *result, void *context);
	void *context;
};

static struct owner owners[OWNERS];
static struct transaction *transaction;
static int fault;
static char text[256];
static bool ended, timer_on, decided;
static int decision;

static int send_request(void *context, const char *segment, enum espalier_request_kind kind,
			const struct espalier_entry *entries, size_t count,
			void (*done)(const struct espalier_result *result, void *done_context), void *done_context)
{
	struct owner *owner = &owners[segment[0] - 'a'];

	(void)context;
	if (kind == ESPALIER_VALIDATE) {
		cr_expect(count && entries);
		if (owner->validate == GONE)
			return -ECONNREFUSED;
	}
	// A silent owner is asked again: what it owes is answered by its death at last.
	if (owner->done)
		owner->done(&(struct espalier_result){.error = -EPIPE}, owner->context);
	owner->kind = kind;
	owner->done = done;
	owner->context = done_context;
	return 0;
}

static void timer(void *context, bool on)
{
	(void)context;
	timer_on = on;
}

static void decide(void *context)
{
	(void)context;
	cr_expect(!decided);
	decided = true;
	for (int i = 0; i < OWNERS; i++)
		cr_expect(!owners[i].validated || owners[i].committed, "decided before owner %d had committed", i);
	transaction_decided(transaction, decision, decision ? "full" : NULL);
}

static void finished(void *context, int result, const char *why)
{
	(void)context;
	cr_expect(!ended);
	ended = true;
	fault = result;
	snprintf(text, sizeof(text), "%s", why ? why : "");
}

static const struct transaction_operations operations = {send_request, timer, decide, finished};

// Lets an owner answer what it was asked. Returns false when it has nothing to say.
static bool answer(struct owner *owner)
{
	static const struct espalier_answer_entry bad = {0, ESPALIER_FAULT_VALUE, "bad"};
	struct espalier_result result = {0};
	void (*done)(const struct espalier_result *result, void *context) = owner->done;
	enum behaviour behaviour = owner->kind == ESPALIER_VALIDATE ? owner->validate
				   : owner->kind == ESPALIER_COMMIT ? owner->commit
				   : owner->kind == ESPALIER_FINISH ? owner->finish
								    : GOOD;

	if (!done || behaviour == SILENT)
		return false;
	owner->done = NULL;
	switch (behaviour) {
	case GOOD:
		owner->validated |= owner->kind == ESPALIER_VALIDATE;
		owner->committed |= owner->kind == ESPALIER_COMMIT;
		owner->finished |= owner->kind == ESPALIER_FINISH;
		owner->undone |= owner->kind == ESPALIER_UNDO;
		break;
	case REFUSES:
		result.fault = ESPALIER_FAULT_DENIED;
		result.text = "no";
		break;
	case REFUSES_ENTRY:
		result.fault = ESPALIER_FAULT_ARGUMENTS;
		result.entries = &bad;
		result.count = 1;
		break;
	case DIES:
	case SILENT:
	case GONE:
		result.error = -EPIPE;
		break;
	}
	done(&result, owner->context);
	return true;
}

static void begin(void)
{
	static const char *const segments[] = {"a", "b", "c"};

	fault = -1;
	*text = 0;
	ended = timer_on = decided = false;
	decision = 0;
	transaction = transaction_create(&operations, NULL, 2 * OWNERS);
	for (size_t i = 0; i < 2 * OWNERS; i++)
		cr_assert_eq(transaction_add(transaction, segments[i % OWNERS], i * 10, "Device.X", "1", 1), 0);
}

static void play(void)
{
	bool busy = true;

	transaction_start(transaction);
	while (!ended) {
		busy = false;
		for (int i = 0; i < OWNERS; i++)
			busy |= answer(&owners[i]);
		if (!busy && !ended) {
			cr_assert(timer_on, "waits, but for no time limit");
			transaction_timeout(transaction);
		}
	}
	cr_expect(!timer_on);
	transaction_free(transaction);
	// What was silent answers late: nobody is hurt.
	for (int i = 0; i < OWNERS; i++) {
		if (owners[i].done)
			owners[i].done(&(struct espalier_result){.error = -EPIPE}, owners[i].context);
	}
}

Test(transaction, good)
{
	memset(owners, 0, sizeof(owners));
	begin();
	play();
	cr_expect_eq(fault, 0);
	cr_expect(decided);
	for (int i = 0; i < OWNERS; i++)
		cr_expect(owners[i].finished && !owners[i].undone);
}

Test(transaction, without_other_owners)
{
	memset(owners, 0, sizeof(owners));
	fault = -1;
	ended = decided = false;
	transaction = transaction_create(&operations, NULL, 0);
	play();
	cr_expect(decided && fault == 0);
}

// Each owner fails in each way at validate and at commit, the others are good: nothing stays anywhere.
Test(transaction, every_failure_is_undone_everywhere)
{
	for (int who = 0; who < OWNERS; who++) {
		for (int how = REFUSES; how <= GONE; how++) {
			for (int step = 0; step < 2; step++) {
				memset(owners, 0, sizeof(owners));
				*(step ? &owners[who].commit : &owners[who].validate) = how;
				if (step && how == GONE)
					continue;
				begin();
				play();
				cr_expect_neq(fault, 0, "owner %d, failure %d, step %d", who, how, step);
				cr_expect(!decided);
				for (int i = 0; i < OWNERS; i++) {
					cr_expect(!owners[i].finished);
					cr_expect(owners[i].undone || (!owners[i].committed && !owners[i].validated),
						  "owner %d keeps something", i);
				}
			}
		}
	}
}

Test(transaction, store_that_fails_is_undone)
{
	memset(owners, 0, sizeof(owners));
	begin();
	decision = ESPALIER_FAULT_RESOURCES;
	play();
	cr_expect_eq(fault, ESPALIER_FAULT_RESOURCES);
	cr_expect_str_eq(text, "full");
	for (int i = 0; i < OWNERS; i++)
		cr_expect(owners[i].undone && !owners[i].finished);
}

// After the decision nothing makes the set fail; what was not finished is told.
Test(transaction, failure_after_the_decision)
{
	for (int how = REFUSES; how <= SILENT; how++) {
		memset(owners, 0, sizeof(owners));
		owners[1].finish = how;
		begin();
		transaction_start(transaction);
		while (!ended) {
			bool busy = false;

			for (int i = 0; i < OWNERS; i++)
				busy |= answer(&owners[i]);
			if (!busy)
				transaction_timeout(transaction);
		}
		cr_expect_eq(fault, 0);
		cr_expect(transaction_entry_finished(transaction, 0));
		cr_expect(!transaction_entry_finished(transaction, 10));
		cr_expect(!transaction_entry_finished(transaction, 40));
		cr_expect(transaction_entry_finished(transaction, 50));
		transaction_free(transaction);
		if (owners[1].done)
			owners[1].done(&(struct espalier_result){.error = -EPIPE}, owners[1].context);
	}
}

Test(transaction, faults_of_entries)
{
	const char *why;

	memset(owners, 0, sizeof(owners));
	owners[1].validate = REFUSES_ENTRY;
	begin();
	transaction_start(transaction);
	while (!ended) {
		for (int i = 0; i < OWNERS; i++)
			answer(&owners[i]);
	}
	cr_expect_eq(fault, ESPALIER_FAULT_ARGUMENTS);
	cr_expect_eq(transaction_entry_fault(transaction, 10, &why), ESPALIER_FAULT_VALUE);
	cr_expect_str_eq(why, "bad");
	cr_expect_eq(transaction_entry_fault(transaction, 20, &why), 0);
	cr_expect_eq(transaction_entry_fault(transaction, 40, &why), 0);
	cr_expect_eq(transaction_entry_fault(transaction, 999, &why), 0);
	transaction_free(transaction);
}

Test(transaction, given_up)
{
	memset(owners, 0, sizeof(owners));
	begin();
	transaction_start(transaction);
	transaction_free(transaction);
	for (int i = 0; i < OWNERS; i++)
		answer(&owners[i]);
	cr_expect(!ended);
}
