// SPDX-License-Identifier: GPL-2.0-or-later
// The ring, with all kernel features and with none: sockets, timers, signals, cancelling, and the worker.
#include "agent/ring-signal.h"
#include "agent/ring.h"
#include "agent/worker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct counted {
	struct ring_operation operation;
	int calls, result;
	unsigned flags;
};

static struct ring ring;

static void count(struct ring_operation *operation, int result, unsigned flags)
{
	struct counted *counted = (struct counted *)operation;

	counted->calls++;
	counted->result = result;
	counted->flags = flags;
}

static void run_until(const int *value, int wanted)
{
	while (*value < wanted)
		cr_assert_geq(ring_run_once(&ring, true), 0);
}

static const unsigned feature_sets[] = {RING_ALL_FEATURES, RING_ALL_FEATURES & ~(unsigned)RING_DEFERRED_TASK_RUN, 0};

static void sends_and_receives(unsigned wanted)
{
	struct counted send = {.operation.done = count}, receive = {.operation.done = count};
	char text[16] = "";
	int pair[2];

	cr_assert_eq(ring_open(&ring, wanted), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	cr_assert_eq(ring_receive(&ring, &receive.operation, pair[1], text, sizeof(text)), 0);
	cr_assert_eq(ring_send(&ring, &send.operation, pair[0], "hello", 5), 0);
	run_until(&receive.calls, 1);
	run_until(&send.calls, 1);
	cr_assert_eq(send.result, 5);
	cr_assert_eq(receive.result, 5);
	cr_assert_str_eq(text, "hello");
	cr_assert_eq(ring_receive(&ring, &receive.operation, pair[1], text, sizeof(text)), 0);
	ring_close_descriptor(&ring, pair[0]);
	run_until(&receive.calls, 2);
	cr_assert_eq(receive.result, 0);
	cr_assert_eq(ring_send(&ring, &send.operation, pair[1], "x", 1), 0);
	run_until(&send.calls, 2);
	cr_assert_eq(send.result, -EPIPE);
	ring_close(&ring);
	close(pair[1]);
}

static int listen_on_loopback(struct sockaddr_in *address)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t length = sizeof(*address);

	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	cr_assert_eq(bind(listener, (struct sockaddr *)address, sizeof(*address)), 0);
	cr_assert_eq(listen(listener, 4), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)address, &length), 0);
	return listener;
}

// More than the socket takes at once, from a registered buffer, with SEND_ZC where the kernel has it.
static void large_sends(unsigned wanted)
{
	struct counted send = {.operation.done = count}, connect = {.operation.done = count},
		       accept = {.operation.done = count}, receive = {.operation.done = count};
	struct sockaddr_in address;
	struct ring_buffer *buffer;
	static char got[RING_BUFFER_SIZE];
	size_t total = 0;
	int listener, client, one = 4096;

	cr_assert_eq(ring_open(&ring, wanted), 0);
	listener = listen_on_loopback(&address);
	client = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(client, SOL_SOCKET, SO_SNDBUF, &one, sizeof(one));
	cr_assert_eq(ring_accept(&ring, &accept.operation, listener), 0);
	cr_assert_eq(ring_connect(&ring, &connect.operation, client, (struct sockaddr *)&address, sizeof(address)), 0);
	run_until(&connect.calls, 1);
	run_until(&accept.calls, 1);
	cr_assert_eq(connect.result, 0);
	cr_assert_geq(accept.result, 0);
	cr_assert_eq(accept.flags, ring.features & RING_MULTISHOT_ACCEPT ? RING_MORE : 0);
	buffer = ring_buffer_take(&ring);
	for (size_t i = 0; i < RING_BUFFER_SIZE; i++)
		buffer->data[i] = (char)(i * 7);
	cr_assert_eq(ring_send_buffer(&ring, &send.operation, client, buffer, buffer->data, RING_BUFFER_SIZE, true), 0);
	while (total < sizeof(got)) {
		int before = receive.calls;

		cr_assert_eq(ring_receive(&ring, &receive.operation, accept.result, got + total, sizeof(got) - total),
			     0);
		run_until(&receive.calls, before + 1);
		cr_assert_gt(receive.result, 0);
		total += (size_t)receive.result;
	}
	run_until(&send.calls, 1);
	cr_assert_eq(send.result, RING_BUFFER_SIZE);
	cr_assert_eq(memcmp(got, buffer->data, sizeof(got)), 0);
	ring_buffer_give(buffer);
	ring_close(&ring);
}

Test(ring, the_whole_buffer_is_sent_only_where_the_kernel_does_not_copy)
{
	struct ring_buffer *buffer;
	bool zero_copy;

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	buffer = ring_buffer_take(&ring);
	zero_copy = (ring.features & RING_SEND_ZERO_COPY) && (ring.features & RING_REGISTERED_BUFFERS);
	cr_assert_eq(ring_send_size(&ring, buffer, true), zero_copy ? RING_BUFFER_SIZE : RING_COPIED_SIZE);
	cr_assert_eq(ring_send_size(&ring, buffer, false), RING_COPIED_SIZE);
	ring_buffer_give(buffer);
	ring_close(&ring);
	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES & ~(unsigned)RING_SEND_ZERO_COPY), 0);
	buffer = ring_buffer_take(&ring);
	cr_assert_eq(ring_send_size(&ring, buffer, true), RING_COPIED_SIZE);
	ring_buffer_give(buffer);
	ring_close(&ring);
}

// A peer that reads nothing: disconnecting ends a send, also one whose pages the kernel still holds.
static void send_to_a_silent_peer_can_be_ended(unsigned wanted)
{
	static const struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct counted send = {.operation.done = count};
	struct sockaddr_in address;
	struct ring_buffer *buffer;
	int listener, client, small = 4096;

	cr_assert_eq(ring_open(&ring, wanted), 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	close(listener);
	listener = listen_on_loopback(&address);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	client = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(client, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	buffer = ring_buffer_take(&ring);
	cr_assert_eq(ring_send_buffer(&ring, &send.operation, client, buffer, buffer->data, RING_BUFFER_SIZE, true), 0);
	cr_assert_geq(ring_run_once(&ring, false), 0);
	cr_assert(send.operation.pending);
	cr_assert_eq(connect(client, &none, sizeof(none)), 0);
	ring_cancel(&ring, &send.operation);
	run_until(&send.calls, 1);
	cr_assert_lt(send.result, 0);
	ring_close(&ring);
	close(listener);
}

static void with_each(void (*test)(unsigned wanted))
{
	for (unsigned i = 0; i < sizeof(feature_sets) / sizeof(feature_sets[0]); i++)
		test(feature_sets[i]);
}

Test(ring, sends_and_receives)
{
	with_each(sends_and_receives);
}

Test(ring, large_sends)
{
	with_each(large_sends);
}

Test(ring, send_to_a_silent_peer_can_be_ended)
{
	with_each(send_to_a_silent_peer_can_be_ended);
}

Test(ring, timers)
{
	struct counted early = {.operation.done = count}, late = {.operation.done = count},
		       wall = {.operation.done = count}, never = {.operation.done = count};

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	ring_timer(&ring, &late.operation, CLOCK_MONOTONIC, ring_clock(CLOCK_MONOTONIC) + 30000000);
	ring_timer(&ring, &early.operation, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + 1000000);
	ring_timer(&ring, &wall.operation, CLOCK_REALTIME, ring_clock(CLOCK_REALTIME) + 1000000);
	ring_timer(&ring, &never.operation, CLOCK_BOOTTIME, ring_clock(CLOCK_BOOTTIME) + 3600000000000);
	run_until(&early.calls, 1);
	run_until(&wall.calls, 1);
	run_until(&late.calls, 1);
	cr_assert_eq(early.result, 0);
	cr_assert_eq(wall.result, 0);
	cr_assert_eq(late.result, 0);
	ring_cancel(&ring, &never.operation);
	run_until(&never.calls, 1);
	cr_assert_eq(never.result, -ECANCELED);
	// A time that is past expires at once.
	ring_timer(&ring, &never.operation, CLOCK_REALTIME, -5);
	run_until(&never.calls, 2);
	cr_assert_eq(never.result, 0);
	ring_close(&ring);
}

Test(ring, cancel_and_close_leave_nothing_in_flight)
{
	static struct counted receive[3 * RING_ENTRIES], timer[RING_ENTRIES];
	static char bytes[3 * RING_ENTRIES];
	int pair[2];

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < 3 * RING_ENTRIES; i++) {
		receive[i].operation.done = count;
		cr_assert_eq(ring_receive(&ring, &receive[i].operation, pair[0], &bytes[i], 1), 0);
	}
	for (int i = 0; i < RING_ENTRIES; i++) {
		timer[i].operation.done = count;
		cr_assert_eq(ring_timer(&ring, &timer[i].operation, CLOCK_BOOTTIME, INT64_MAX / 2), 0);
	}
	ring_cancel(&ring, &receive[5].operation);
	run_until(&receive[5].calls, 1);
	cr_assert_eq(receive[5].result, -ECANCELED);
	ring_close(&ring);
	for (int i = 0; i < 3 * RING_ENTRIES; i++) {
		cr_assert_eq(receive[i].calls, i == 5);
		cr_assert_not(receive[i].operation.pending);
	}
}

Test(ring, poll_stays_armed)
{
	struct counted poll = {.operation.done = count};
	int event = eventfd(0, EFD_NONBLOCK);
	uint64_t value = 1;

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	cr_assert_eq(ring_poll(&ring, &poll.operation, event, POLLIN), 0);
	for (int i = 1; i <= 3; i++) {
		cr_assert_eq(write(event, &value, sizeof(value)), (ssize_t)sizeof(value));
		run_until(&poll.calls, i);
		cr_assert_eq(poll.flags, RING_MORE);
		cr_assert_eq(read(event, &value, sizeof(value)), (ssize_t)sizeof(value));
		value = 1;
	}
	ring_cancel(&ring, &poll.operation);
	run_until(&poll.calls, 4);
	cr_assert_eq(poll.result, -ECANCELED);
	cr_assert_eq(poll.flags, 0);
	ring_close(&ring);
}

Test(ring, buffers)
{
	struct ring_buffer *buffers[RING_BUFFERS];

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	for (int i = 0; i < RING_BUFFERS; i++)
		cr_assert(buffers[i] = ring_buffer_take(&ring));
	cr_assert_null(ring_buffer_take(&ring));
	ring_buffer_give(buffers[0]);
	cr_assert_eq(ring_buffer_take(&ring), buffers[0]);
	ring_close(&ring);
}

static int signals_seen, last_signal;

static void signal_received(struct ring_signals *signals, int signal)
{
	(void)signals;
	signals_seen++;
	last_signal = signal;
	if (signal == SIGTERM)
		ring_stop(&ring);
}

Test(ring, signals_and_stop)
{
	struct ring_signals signals;

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	cr_assert_eq(ring_signals_open(&signals, &ring, signal_received), 0);
	kill(getpid(), SIGHUP);
	run_until(&signals_seen, 1);
	cr_assert_eq(last_signal, SIGHUP);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGTERM);
	cr_assert_eq(ring_run(&ring), 0);
	cr_assert_eq(signals_seen, 3);
	ring_close(&ring);
	ring_signals_close(&signals);
}

#define JOBS 200

struct job {
	struct worker_job job;
	int number;
};

static int jobs_run[JOBS], jobs_run_count, jobs_done[JOBS], jobs_done_count;
static struct worker worker;

static void run_job(struct worker_job *job)
{
	jobs_run[jobs_run_count++] = ((struct job *)job)->number;
}

static void job_done(struct worker_job *job)
{
	struct job *self = (struct job *)job;

	jobs_done[jobs_done_count++] = self->number;
	// From done() a job may be handed in again.
	if (self->number == JOBS - 2) {
		self->number = JOBS - 1;
		worker_submit(&worker, job);
	}
}

Test(worker, runs_and_completes_in_order)
{
	static struct job jobs[JOBS];

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	cr_assert_eq(worker_open(&worker, &ring, "test"), 0);
	for (int i = 0; i < JOBS - 1; i++) {
		jobs[i] = (struct job){{.run = run_job, .done = job_done}, i};
		worker_submit(&worker, &jobs[i].job);
	}
	run_until(&jobs_done_count, JOBS);
	ring_close(&ring);
	worker_close(&worker);
	for (int i = 0; i < JOBS; i++) {
		cr_assert_eq(jobs_run[i], i);
		cr_assert_eq(jobs_done[i], i);
	}
}

Test(worker, close_runs_what_is_queued)
{
	static struct job jobs[10];

	cr_assert_eq(ring_open(&ring, RING_ALL_FEATURES), 0);
	cr_assert_eq(worker_open(&worker, &ring, "test"), 0);
	for (int i = 0; i < 10; i++) {
		jobs[i] = (struct job){{.run = run_job, .done = job_done}, i};
		worker_submit(&worker, &jobs[i].job);
	}
	ring_close(&ring);
	worker_close(&worker);
	cr_assert_eq(jobs_run_count, 10);
	cr_assert_eq(jobs_done_count, 0);
}
