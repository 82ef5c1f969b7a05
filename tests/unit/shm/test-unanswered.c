/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations that their owner answers late, or never: what comes behind them does not wait. */
#include <criterion/criterion.h>
#include <string.h>

#include "shm/service-private.h"
#include "tests/unit/shm/folder.h"

static const struct espalier_parameter parameters[] = {
	{.name = "Level", .type = ESPALIER_UNSIGNED_INT, .flags = ESPALIER_WRITABLE},
	{0},
};
static const struct espalier_object objects[] = {{.path = "Device.X_A_Owner.", .parameters = parameters}, {0}};

static struct espalier_request *kept[SERVICE_OPERATIONS_MAXIMUM + 1]; /* operations that are not answered yet */
static size_t kept_count;

static int operate(struct espalier_writer *writer, struct espalier_request *request, const char *command,
		   const struct espalier_value *arguments, size_t count, void *context)
{
	(void)writer, (void)arguments, (void)count, (void)context;
	if (!strcmp(command, "Quick()"))
		return ESPALIER_OK;
	kept[kept_count++] = request;
	return ESPALIER_PENDING;
}

static const struct espalier_owner owner = {.operate = operate};
static struct test_folder folder;
static struct espalier_writer *writer;
static struct espalier_reader *reader;

static void setup(void)
{
	folder = test_folder_make();
	cr_assert_eq(espalier_writer_open(
			     &writer,
			     &(struct espalier_writer_options){.name = "owner", .objects = objects, .owner = &owner}),
		     0);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
}

static void teardown(void)
{
	espalier_reader_close(reader);
	espalier_writer_serve(writer, 0);
	while (kept_count)
		espalier_answer(kept[--kept_count], ESPALIER_OK, (struct espalier_row){0, 0}, NULL);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}

TestSuite(unanswered, .init = setup, .fini = teardown);

/* Answers in the order of their arrival: the number of each request, its fault or error. */
static struct {
	int number, result;
} answers[128];
static int answer_count;

static void on_result(const struct espalier_result *result, void *context)
{
	answers[answer_count].number = *(const int *)context;
	answers[answer_count++].result = result->error ? result->error : result->fault;
}

static int numbers[128];

static void ask(int number, enum espalier_request_kind kind, const char *path, const char *value)
{
	struct espalier_entry entry = {path, value, value ? (uint32_t)strlen(value) : 0};

	numbers[number] = number;
	cr_assert_eq(espalier_request_send(reader, "owner", kind, path ? &entry : NULL, path != NULL, on_result,
					   &numbers[number]),
		     0);
}

/* Until so many answers are there. */
static void run(int count)
{
	for (int i = 0; i < 1000 && answer_count < count; i++) {
		espalier_writer_serve(writer, 0);
		cr_assert_geq(espalier_reader_process(reader), 0);
	}
	cr_assert_eq(answer_count, count);
}

static void answer_kept(size_t index)
{
	espalier_answer(kept[index], ESPALIER_FAULT_OWN_FIRST, (struct espalier_row){0, 0}, NULL);
	memmove(&kept[index], &kept[index + 1], (--kept_count - index) * sizeof(*kept));
}

Test(unanswered, operations_hold_nothing_up)
{
	ask(0, ESPALIER_OPERATE, "Slow()", "");
	ask(1, ESPALIER_VALIDATE, "Device.X_A_Owner.Level", "5");
	ask(2, ESPALIER_COMMIT, NULL, NULL);
	ask(3, ESPALIER_OPERATE, "Slow()", "");
	ask(4, ESPALIER_FINISH, NULL, NULL);
	ask(5, ESPALIER_OPERATE, "Quick()", "");
	run(4);
	for (int i = 0; i < 4; i++) {
		static const int order[] = {1, 2, 4, 5};

		cr_expect_eq(answers[i].number, order[i]);
		cr_expect_eq(answers[i].result, 0);
	}
	cr_assert_eq(kept_count, 2);
	/* The later one first, which is in the middle of what waits or at its end. */
	ask(6, ESPALIER_OPERATE, "Slow()", "");
	run(4);
	espalier_writer_serve(writer, 0);
	answer_kept(1);
	run(5);
	answer_kept(1);
	run(6);
	answer_kept(0);
	ask(7, ESPALIER_OPERATE, "Quick()", "");
	run(8);
	for (int i = 4; i < 8; i++) {
		static const int order[] = {3, 6, 0, 7};

		cr_expect_eq(answers[i].number, order[i - 4]);
		cr_expect_eq(answers[i].result, i == 7 ? 0 : ESPALIER_FAULT_OWN_FIRST);
	}
}

Test(unanswered, a_watcher_is_woken_meanwhile)
{
	struct espalier_row row = espalier_row_of(writer, 0, (struct espalier_row){0, 0});
	int wakes = 0;

	ask(0, ESPALIER_OPERATE, "Slow()", "");
	espalier_writer_serve(writer, 0);
	cr_assert_eq(espalier_watch(reader, "Device.X_A_Owner.Level"), 0);
	for (int i = 0; i < 10; i++) {
		espalier_writer_serve(writer, 0);
		espalier_reader_process(reader);
	}
	cr_assert_eq(espalier_begin(writer, row), 0);
	cr_assert_eq(espalier_set_unsigned(writer, row, 0, 7), 0);
	cr_assert_eq(espalier_commit(writer, row), 0);
	for (int i = 0; i < 10; i++) {
		espalier_writer_serve(writer, 0);
		wakes |= espalier_reader_process(reader);
	}
	cr_expect(wakes & ESPALIER_WAKE_VALUES);
	cr_expect_eq(answer_count, 0);
}

Test(unanswered, too_many_are_refused_at_once)
{
	for (int i = 0; i < SERVICE_OPERATIONS_MAXIMUM; i++)
		ask(i, ESPALIER_OPERATE, "Slow()", "");
	ask(100, ESPALIER_OPERATE, "Slow()", "");
	run(1);
	cr_expect_eq(answers[0].number, 100);
	cr_expect_eq(answers[0].result, ESPALIER_FAULT_RESOURCES);
	ask(101, ESPALIER_VALIDATE, "Device.X_A_Owner.Level", "5");
	run(2);
	cr_expect_eq(answers[1].result, 0);
	answer_kept(0);
	ask(102, ESPALIER_OPERATE, "Quick()", "");
	run(4);
	cr_expect_eq(answers[3].number, 102);
	cr_expect_eq(answers[3].result, 0);
}

Test(unanswered, a_manager_that_goes_leaves_answers_for_nobody)
{
	ask(0, ESPALIER_OPERATE, "Slow()", "");
	ask(1, ESPALIER_OPERATE, "Slow()", "");
	for (int i = 0; i < 10; i++)
		espalier_writer_serve(writer, 0);
	cr_assert_eq(kept_count, 2);
	espalier_reader_close(reader);
	cr_expect_eq(answer_count, 2, "each request has its end");
	for (int i = 0; i < 10; i++)
		espalier_writer_serve(writer, 0);
	answer_kept(0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	ask(2, ESPALIER_OPERATE, "Quick()", "");
	run(3);
	cr_expect_eq(answers[2].result, 0);
}
