/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to owners and wakes by owners: two owners on threads of their own, one manager. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/shm/folder.h"

static const struct espalier_parameter parameters[] = {
	{.name = "Label", .type = ESPALIER_STRING, .flags = ESPALIER_WRITABLE, .maximum_length = 16},
	{.name = "Level", .type = ESPALIER_UNSIGNED_INT, .flags = ESPALIER_WRITABLE, .range = "0:100"},
	{.name = "Fixed", .type = ESPALIER_STRING},
	{0},
};

static const struct espalier_parameter large_parameters[] = {
	{.name = "Text", .type = ESPALIER_STRING, .flags = ESPALIER_WRITABLE},
	{0},
};

static const struct espalier_parameter row_parameters[] = {
	{.name = "Name", .type = ESPALIER_STRING, .flags = ESPALIER_WRITABLE},
	{0},
};

/* An owner that runs until told to stop. */
struct owner {
	const char *name;
	struct espalier_object objects[3];
	_Atomic int fail_commit; /* this fault at commit */
	_Atomic int commits, undos;
	bool later, undo_later; /* answers after the callback */
	struct espalier_request *waiting;
	pthread_t thread;
	_Atomic bool stop;
	struct espalier_writer *writer;
	uint32_t next;
};

static int on_commit(struct espalier_writer *writer, struct espalier_request *request, struct espalier_change *changes,
		     size_t count, bool undo, void *context)
{
	struct owner *owner = context;

	(void)writer;
	if (undo) {
		owner->undos++;
		if (!owner->undo_later)
			return ESPALIER_OK;
		owner->waiting = request;
		return ESPALIER_PENDING;
	}
	owner->commits++;
	if (owner->later) {
		owner->waiting = request;
		return ESPALIER_PENDING;
	}
	if (owner->fail_commit) {
		changes[count - 1].fault = owner->fail_commit;
		changes[count - 1].text = "the device refused";
	}
	return owner->fail_commit;
}

static int on_add(struct espalier_writer *writer, struct espalier_request *request, uint32_t object,
		  struct espalier_row parent, struct espalier_row *row, void *context)
{
	struct owner *owner = context;
	int error;

	(void)request;
	error = espalier_instance_add(writer, object, parent, ++owner->next, row);
	return error < 0 ? ESPALIER_FAULT_RESOURCES : espalier_instance_publish(writer, *row);
}

static int on_remove(struct espalier_writer *writer, struct espalier_request *request, struct espalier_row row,
		     void *context)
{
	(void)request;
	(void)context;
	return espalier_instance_remove(writer, row) == 0 ? ESPALIER_OK : ESPALIER_FAULT_INTERNAL;
}

static const struct espalier_owner callbacks = {.commit = on_commit, .add = on_add, .remove = on_remove};

static void *run_owner(void *context)
{
	struct owner *owner = context;

	while (!owner->stop) {
		espalier_writer_serve(owner->writer, 5);
		if (owner->waiting) {
			struct espalier_request *request = owner->waiting;

			owner->waiting = NULL;
			espalier_answer(request, owner->fail_commit, (struct espalier_row){0, 0}, "said later");
		}
	}
	return NULL;
}

static void start_owner(struct owner *owner)
{
	struct espalier_writer_options options = {
		.name = owner->name, .objects = owner->objects, .owner = &callbacks, .context = owner};

	cr_assert_eq(espalier_writer_open(&owner->writer, &options), 0, "%s", espalier_error_text());
	cr_assert_eq(espalier_writer_publish(owner->writer), 0);
	cr_assert_eq(pthread_create(&owner->thread, NULL, run_owner, owner), 0);
}

static void stop_owner(struct owner *owner)
{
	owner->stop = true;
	pthread_join(owner->thread, NULL);
	espalier_writer_close(owner->writer);
}

struct outcome {
	int calls, error, fault;
	uint32_t instance, count;
	int faults[8];
	char text[64];
};

static void on_result(const struct espalier_result *result, void *context)
{
	struct outcome *outcome = context;

	outcome->calls++;
	outcome->error = result->error;
	outcome->fault = result->fault;
	outcome->instance = result->instance;
	outcome->count = result->count;
	snprintf(outcome->text, sizeof(outcome->text), "%s", result->text ? result->text : "");
	for (uint32_t i = 0; i < result->count; i++)
		if (result->entries[i].index < 8)
			outcome->faults[result->entries[i].index] = result->entries[i].fault;
}

static struct espalier_entry entry(const char *path, const char *value)
{
	return (struct espalier_entry){path, value, (uint32_t)strlen(value)};
}

static void read_text(struct espalier_reader *reader, const char *path, char *text, size_t size)
{
	struct espalier_value value;
	uint32_t parameter, count;
	char buffer[256];
	int64_t index;

	cr_assert_geq(espalier_reader_refresh(reader), 0);
	index = espalier_find_parameter(reader, path, strlen(path), &parameter);
	cr_assert_geq(index, 0);
	cr_assert_eq(
		espalier_read(&espalier_reader_nodes(reader, &count)[index], parameter, &value, buffer, sizeof(buffer)),
		0);
	espalier_value_format(&value, text, size);
}

#define OWNER(NAME, PATH)                                                                                              \
	{                                                                                                              \
		.name = NAME, .objects = {                                                                             \
			{.path = PATH, .parameters = parameters},                                                      \
			{.path = PATH "Row.{i}.", .parameters = row_parameters, .flags = ESPALIER_WRITABLE}            \
		}                                                                                                      \
	}

Test(request, set_over_two_owners_is_all_or_nothing)
{
	struct test_folder folder = test_folder_make();
	struct owner first = OWNER("first", "Device.X_First."), second = OWNER("second", "Device.X_Second.");
	struct espalier_entry entries[] = {entry("Device.X_First.Label", "one"), entry("Device.X_Second.Level", "7")};
	struct espalier_reader *reader;
	struct outcome outcome = {0};
	char text[64];

	start_owner(&first);
	start_owner(&second);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_expect_eq(espalier_set_wait(reader, entries, 2, 2000, on_result, &outcome), 0);
	cr_expect_eq(outcome.calls, 1);
	read_text(reader, "Device.X_First.Label", text, sizeof(text));
	cr_expect_str_eq(text, "one");
	read_text(reader, "Device.X_Second.Level", text, sizeof(text));
	cr_expect_str_eq(text, "7");

	second.fail_commit = ESPALIER_FAULT_INTERNAL;
	entries[0] = entry("Device.X_First.Label", "two");
	entries[1] = entry("Device.X_Second.Level", "8");
	cr_expect_eq(espalier_set_wait(reader, entries, 2, 2000, on_result, &outcome), ESPALIER_FAULT_INTERNAL);
	cr_expect_eq(outcome.count, 1);
	cr_expect_eq(outcome.faults[1], ESPALIER_FAULT_INTERNAL, "a failed commit says which entry it was");
	cr_expect_eq(first.undos, 1);
	read_text(reader, "Device.X_First.Label", text, sizeof(text));
	cr_expect_str_eq(text, "one", "the first owner's part is undone, not \"%s\"", text);
	read_text(reader, "Device.X_Second.Level", text, sizeof(text));
	cr_expect_str_eq(text, "7");
	espalier_reader_close(reader);
	stop_owner(&first);
	stop_owner(&second);
	test_folder_remove(&folder);
}

Test(request, every_bad_entry_is_named)
{
	struct test_folder folder = test_folder_make();
	struct owner owner = OWNER("only", "Device.X_Only.");
	struct espalier_entry entries[] = {
		entry("Device.X_Only.Label", "seventeen letters"),
		entry("Device.X_Only.Level", "101"),
		entry("Device.X_Only.Fixed", "x"),
		entry("Device.X_Only.Level", "50"),
	};
	struct espalier_reader *reader;
	struct outcome outcome = {0};
	char text[64];

	start_owner(&owner);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_expect_eq(espalier_set_wait(reader, entries, 4, 2000, on_result, &outcome), ESPALIER_FAULT_ARGUMENTS);
	cr_expect_eq(outcome.count, 3);
	cr_expect_eq(outcome.faults[0], ESPALIER_FAULT_VALUE);
	cr_expect_eq(outcome.faults[1], ESPALIER_FAULT_VALUE);
	cr_expect_eq(outcome.faults[2], ESPALIER_FAULT_READ_ONLY);
	cr_expect_eq(owner.commits, 0);
	read_text(reader, "Device.X_Only.Level", text, sizeof(text));
	cr_expect_str_eq(text, "0");
	entries[0] = entry("Device.X_Only.Unknown", "x");
	cr_expect_eq(espalier_set_wait(reader, entries, 1, 2000, on_result, &outcome), ESPALIER_FAULT_ARGUMENTS);
	cr_expect_eq(outcome.faults[0], ESPALIER_FAULT_NAME);
	espalier_reader_close(reader);
	stop_owner(&owner);
	test_folder_remove(&folder);
}

Test(request, answer_may_come_later)
{
	struct test_folder folder = test_folder_make();
	struct owner owner = OWNER("only", "Device.X_Only.");
	struct espalier_entry set = entry("Device.X_Only.Level", "50");
	struct espalier_reader *reader;
	struct outcome outcome = {0};
	char text[64];

	owner.later = true;
	start_owner(&owner);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_expect_eq(espalier_set_wait(reader, &set, 1, 2000, on_result, &outcome), 0);
	read_text(reader, "Device.X_Only.Level", text, sizeof(text));
	cr_expect_str_eq(text, "50");
	owner.fail_commit = ESPALIER_FAULT_DENIED;
	set = entry("Device.X_Only.Level", "51");
	cr_expect_eq(espalier_set_wait(reader, &set, 1, 2000, on_result, &outcome), ESPALIER_FAULT_DENIED);
	cr_expect_str_eq(outcome.text, "said later");
	read_text(reader, "Device.X_Only.Level", text, sizeof(text));
	cr_expect_str_eq(text, "50");
	espalier_reader_close(reader);
	stop_owner(&owner);
	test_folder_remove(&folder);
}

Test(request, a_set_that_finds_no_room_is_taken_back)
{
	struct test_folder folder = test_folder_make();
	struct owner owner = {.name = "only", .objects = {{.path = "Device.X_Only.", .parameters = large_parameters}}};
	static char large[ESPALIER_VALUE_MAXIMUM];
	struct espalier_entry set = {"Device.X_Only.Text", large, sizeof(large)};
	struct rlimit limit = {.rlim_cur = 1 << 16, .rlim_max = RLIM_INFINITY};
	struct espalier_reader *reader;
	struct outcome outcome = {0};
	char text[64];

	memset(large, 'x', sizeof(large));
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	owner.undo_later = true;
	start_owner(&owner);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_expect_eq(espalier_set_wait(reader, &set, 1, 2000, on_result, &outcome), ESPALIER_FAULT_RESOURCES);
	cr_expect_eq(owner.commits, 1);
	cr_expect_eq(owner.undos, 1);
	set = entry("Device.X_Only.Text", "short");
	cr_expect_eq(espalier_set_wait(reader, &set, 1, 2000, on_result, &outcome), 0, "the owner goes on");
	read_text(reader, "Device.X_Only.Text", text, sizeof(text));
	cr_expect_str_eq(text, "short");
	espalier_reader_close(reader);
	stop_owner(&owner);
	test_folder_remove(&folder);
}

Test(request, instances_are_added_and_deleted)
{
	struct test_folder folder = test_folder_make();
	struct owner owner = OWNER("only", "Device.X_Only.");
	struct espalier_entry table = {"Device.X_Only.Row.", NULL, 0}, row = {"Device.X_Only.Row.2.", NULL, 0};
	struct espalier_reader *reader;
	struct outcome outcome = {0};

	start_owner(&owner);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_expect_eq(espalier_request_wait(reader, ESPALIER_ADD, &table, 1, 2000, on_result, &outcome), 0);
	cr_expect_eq(outcome.instance, 1);
	cr_expect_eq(espalier_request_wait(reader, ESPALIER_ADD, &table, 1, 2000, on_result, &outcome), 0);
	cr_expect_eq(outcome.instance, 2);
	cr_assert_geq(espalier_reader_refresh(reader), 0);
	cr_expect_geq(espalier_find_object(reader, "Device.X_Only.Row.2.", 20), 0);
	cr_expect_eq(espalier_request_wait(reader, ESPALIER_DELETE, &row, 1, 2000, on_result, &outcome), 0);
	cr_expect_eq(espalier_request_wait(reader, ESPALIER_DELETE, &row, 1, 2000, on_result, &outcome),
		     ESPALIER_FAULT_NAME);
	espalier_reader_refresh(reader);
	cr_expect_eq(espalier_find_object(reader, "Device.X_Only.Row.2.", 20), -ENOENT);
	espalier_reader_close(reader);
	stop_owner(&owner);
	test_folder_remove(&folder);
}

Test(request, a_manager_that_vanishes_leaves_nothing_applied)
{
	struct test_folder folder = test_folder_make();
	struct owner owner = OWNER("only", "Device.X_Only.");
	struct espalier_entry set = entry("Device.X_Only.Level", "50");
	struct espalier_reader *manager, *reader;
	struct outcome outcome = {0};
	char text[64] = "";

	start_owner(&owner);
	cr_assert_eq(espalier_reader_open(&manager, NULL), 0);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_assert_eq(espalier_request_send(manager, "only", ESPALIER_VALIDATE, &set, 1, on_result, &outcome), 0);
	cr_assert_eq(espalier_request_send(manager, "only", ESPALIER_COMMIT, NULL, 0, on_result, &outcome), 0);
	while (outcome.calls < 2)
		cr_assert_geq(espalier_reader_process(manager), 0);
	cr_expect_eq(outcome.fault, 0);
	read_text(reader, "Device.X_Only.Level", text, sizeof(text));
	cr_expect_str_eq(text, "50");
	espalier_reader_close(manager);
	/* Another set has to wait for the end of the first one, so its answer also says that the undo is done. */
	set = entry("Device.X_Only.Label", "x");
	cr_expect_eq(espalier_set_wait(reader, &set, 1, 2000, on_result, &outcome), 0);
	read_text(reader, "Device.X_Only.Level", text, sizeof(text));
	cr_expect_str_eq(text, "0");
	cr_expect_eq(owner.undos, 1);
	espalier_reader_close(reader);
	stop_owner(&owner);
	test_folder_remove(&folder);
}

/* Waits for a wake and returns what it said. */
static int wait_wake(struct espalier_reader *reader, int milliseconds)
{
	struct pollfd poll_fd = {.fd = espalier_reader_fd(reader), .events = POLLIN};

	return poll(&poll_fd, 1, milliseconds) > 0 ? espalier_reader_process(reader) : 0;
}

Test(request, watchers_are_woken_by_changes_of_what_they_watch)
{
	struct test_folder folder = test_folder_make();
	struct espalier_object watched[] = {{.path = "Device.X_Only.", .parameters = parameters},
					    {.path = "Device.X_Only.Row.{i}.", .parameters = row_parameters},
					    {0}};
	struct espalier_writer_options options = {.name = "only", .objects = watched};
	struct espalier_row row, none = {0, 0}, instance;
	struct espalier_writer *writer;
	struct espalier_reader *reader;

	cr_assert_eq(espalier_writer_open(&writer, &options), 0);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	row = espalier_row_of(writer, 0, none);
	cr_assert_eq(espalier_reader_open(&reader, NULL), 0);
	cr_assert_eq(espalier_watch(reader, "Device.X_Only.Level"), 0);
	espalier_reader_process(reader);
	espalier_reader_refresh(reader);
	espalier_writer_serve(writer, 20);
	while (wait_wake(reader, 0) > 0)
		espalier_writer_serve(writer, 0);

	espalier_begin(writer, row);
	espalier_set_string(writer, row, 0, "other");
	espalier_commit(writer, row);
	cr_expect_eq(wait_wake(reader, 50), 0, "another parameter's change wakes nobody");
	espalier_begin(writer, row);
	espalier_set_unsigned(writer, row, 1, 0);
	espalier_commit(writer, row);
	cr_expect_eq(wait_wake(reader, 50), 0, "the same value wakes nobody");
	espalier_begin(writer, row);
	espalier_set_unsigned(writer, row, 1, 5);
	espalier_commit(writer, row);
	cr_expect_eq(wait_wake(reader, 1000), ESPALIER_WAKE_VALUES);
	/* Not served yet: this change falls between the wake and the next arming, and must not be lost. */
	espalier_begin(writer, row);
	espalier_set_unsigned(writer, row, 1, 6);
	espalier_commit(writer, row);
	espalier_writer_serve(writer, 0);
	cr_expect_eq(wait_wake(reader, 1000), ESPALIER_WAKE_VALUES);
	espalier_writer_serve(writer, 0);
	cr_assert_eq(espalier_instance_add(writer, 1, none, 1, &instance), 0);
	cr_assert_eq(espalier_instance_publish(writer, instance), 0);
	cr_expect_eq(wait_wake(reader, 1000), ESPALIER_WAKE_STRUCTURE);
	espalier_writer_close(writer);
	cr_expect(wait_wake(reader, 1000) & ESPALIER_WAKE_STRUCTURE, "an owner's end is told");
	espalier_reader_close(reader);
	test_folder_remove(&folder);
}

/* A process that the owner starts holds its connections until it executes its program. */
Test(request, dropped_while_a_child_holds_the_connection)
{
	struct test_folder folder = test_folder_make();
	struct espalier_object objects[] = {{.path = "Device.X_Only.", .parameters = parameters}, {0}};
	struct espalier_writer_options options = {.name = "only", .objects = objects};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct espalier_writer *writer;
	struct pollfd closed;
	int client;
	pid_t child;
	char byte;

	cr_assert_eq(espalier_writer_open(&writer, &options), 0);
	cr_assert_eq(espalier_writer_publish(writer), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/only.sock", folder.path);
	client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	espalier_writer_serve(writer, 20);
	child = fork();
	if (!child) {
		close(client);
		pause();
		_exit(0);
	}
	cr_assert_gt(child, 0);
	cr_assert_eq(send(client, "?", 1, 0), 1);
	espalier_writer_serve(writer, 20);
	closed = (struct pollfd){.fd = client, .events = POLLIN};
	cr_expect_eq(poll(&closed, 1, 1000), 1, "the peer hears at once that it was let go");
	cr_expect_eq(recv(client, &byte, 1, MSG_DONTWAIT), 0);
	close(client);
	/* Nothing comes any more for what is freed. */
	for (int i = 0; i < 3; i++)
		cr_expect_eq(espalier_writer_serve(writer, 0), 0);
	kill(child, SIGKILL);
	cr_expect_eq(waitpid(child, NULL, 0), child);
	espalier_writer_close(writer);
	test_folder_remove(&folder);
}
