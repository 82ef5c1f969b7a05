// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's event ring: starts io_uring operations, and calls done() for what completes.
#include "agent/ring.h"

#include "shm/log.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static_assert(RING_BUFFER_SIZE % 4096 == 0, "the kernel registers whole pages");

// Linux 5.15 has these; without them this program cannot work on the machine.
static const int needed_opcodes[] = {
	IORING_OP_RECV,	    IORING_OP_SEND,    IORING_OP_CONNECT,      IORING_OP_ACCEPT,
	IORING_OP_POLL_ADD, IORING_OP_TIMEOUT, IORING_OP_ASYNC_CANCEL, IORING_OP_CLOSE,
};

static int setup(struct ring *ring, unsigned wanted)
{
	static const struct {
		unsigned feature, flags;
	} ways[] = {
		{RING_DEFERRED_TASK_RUN,
		 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL},
		{RING_COOPERATIVE_TASK_RUN, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL},
		{0, 0},
	};

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int result;

		if ((ways[i].feature & wanted) != ways[i].feature)
			continue;
		result = io_uring_queue_init(RING_ENTRIES, &ring->uring, ways[i].flags);
		if (result == -EINVAL && ways[i].flags)
			continue;
		if (result == 0)
			ring->features |= ways[i].feature;
		return result;
	}
	return -EINVAL;
}

static int probe(struct ring *ring, unsigned wanted)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&ring->uring);

	if (!probe)
		return -ENOSYS;
	for (unsigned i = 0; i < sizeof(needed_opcodes) / sizeof(needed_opcodes[0]); i++) {
		if (!io_uring_opcode_supported(probe, needed_opcodes[i])) {
			io_uring_free_probe(probe);
			return -ENOSYS;
		}
	}
	// Multishot accept is a flag and cannot be asked for; IORING_OP_SOCKET came in the same release.
	if ((wanted & RING_MULTISHOT_ACCEPT) && io_uring_opcode_supported(probe, IORING_OP_SOCKET))
		ring->features |= RING_MULTISHOT_ACCEPT;
	if ((wanted & RING_SEND_ZERO_COPY) && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC))
		ring->features |= RING_SEND_ZERO_COPY;
	io_uring_free_probe(probe);
	return 0;
}

static int open_buffers(struct ring *ring, unsigned wanted)
{
	struct iovec vectors[RING_BUFFERS];
	void *memory =
		mmap(NULL, RING_BUFFERS * RING_BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	ring->buffer_memory = memory;
	for (unsigned i = 0; i < RING_BUFFERS; i++) {
		ring->buffers[i].data = ring->buffer_memory + i * RING_BUFFER_SIZE;
		ring->buffers[i].index = -1;
		vectors[i].iov_base = ring->buffers[i].data;
		vectors[i].iov_len = RING_BUFFER_SIZE;
	}
	if ((wanted & RING_REGISTERED_BUFFERS) && io_uring_register_buffers(&ring->uring, vectors, RING_BUFFERS) == 0) {
		ring->features |= RING_REGISTERED_BUFFERS;
		for (unsigned i = 0; i < RING_BUFFERS; i++)
			ring->buffers[i].index = (int16_t)i;
	}
	return 0;
}

int ring_open(struct ring *ring, unsigned wanted)
{
	int result;

	memset(ring, 0, sizeof(*ring));
	result = setup(ring, wanted);
	if (result == 0) {
		result = probe(ring, wanted);
		if (result == 0)
			result = open_buffers(ring, wanted);
		if (result != 0)
			io_uring_queue_exit(&ring->uring);
	}
	if (result == -ENOSYS)
		log_error("io_uring: this kernel has none, or not all that is needed; Linux 5.15 or later is required");
	else if (result == -EPERM || result == -EACCES)
		log_error("io_uring: refused by this system (%s); look at the sysctl kernel.io_uring_disabled and at "
			  "the seccomp filter of the service or container",
			  strerror(-result));
	else if (result == -ENOMEM)
		log_error("io_uring: not enough memory that may be locked (ulimit -l, LimitMEMLOCK=)");
	else if (result != 0)
		log_error("io_uring: cannot be set up: %s", strerror(-result));
	return result;
}

static struct io_uring_sqe *submission(struct ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->uring);

	if (!sqe && io_uring_submit(&ring->uring) >= 0)
		sqe = io_uring_get_sqe(&ring->uring);
	return sqe;
}

// Returns the entry for a new operation, which from now on is in flight, or NULL.
static struct io_uring_sqe *start(struct ring *ring, struct ring_operation *operation, enum ring_kind kind)
{
	struct io_uring_sqe *sqe;

	assert(!operation->pending && operation->done);
	sqe = submission(ring);
	if (!sqe)
		return NULL;
	operation->pending = true;
	operation->cancelled = false;
	operation->kind = (uint8_t)kind;
	operation->previous = NULL;
	operation->next = ring->pending;
	if (ring->pending)
		ring->pending->previous = operation;
	ring->pending = operation;
	return sqe;
}

static void unlink_operation(struct ring *ring, struct ring_operation *operation)
{
	if (operation->previous)
		operation->previous->next = operation->next;
	else
		ring->pending = operation->next;
	if (operation->next)
		operation->next->previous = operation->previous;
	operation->pending = false;
}

int ring_receive(struct ring *ring, struct ring_operation *operation, int descriptor, void *buffer, size_t size)
{
	struct io_uring_sqe *sqe = start(ring, operation, RING_RECEIVE);

	if (!sqe)
		return -EAGAIN;
	io_uring_prep_recv(sqe, descriptor, buffer, size, 0);
	io_uring_sqe_set_data(sqe, operation);
	return 0;
}

static void prepare_send(struct ring_operation *operation, struct io_uring_sqe *sqe)
{
	const char *data = operation->send.data + operation->send.sent;
	size_t length = operation->send.length - operation->send.sent;

	if (operation->send.zero_copy)
		io_uring_prep_send_zc_fixed(sqe, operation->send.descriptor, data, length, MSG_NOSIGNAL | MSG_WAITALL,
					    0, (unsigned)operation->send.buffer_index);
	else
		io_uring_prep_send(sqe, operation->send.descriptor, data, length, MSG_NOSIGNAL | MSG_WAITALL);
	io_uring_sqe_set_data(sqe, operation);
}

static int start_send(struct ring *ring, struct ring_operation *operation, int descriptor, const void *data,
		      size_t length, int16_t buffer_index, bool zero_copy)
{
	struct io_uring_sqe *sqe;

	if (length == 0 || length > INT32_MAX)
		return -EINVAL;
	sqe = start(ring, operation, RING_SEND);
	if (!sqe)
		return -EAGAIN;
	memset(&operation->send, 0, sizeof(operation->send));
	operation->send.data = data;
	operation->send.length = (uint32_t)length;
	operation->send.descriptor = descriptor;
	operation->send.buffer_index = buffer_index;
	operation->send.zero_copy = zero_copy;
	prepare_send(operation, sqe);
	return 0;
}

int ring_send(struct ring *ring, struct ring_operation *operation, int descriptor, const void *data, size_t length)
{
	return start_send(ring, operation, descriptor, data, length, -1, false);
}

static bool can_send_zero_copy(const struct ring *ring, const struct ring_buffer *buffer)
{
	return (ring->features & RING_SEND_ZERO_COPY) && buffer->index >= 0;
}

size_t ring_send_size(const struct ring *ring, const struct ring_buffer *buffer, bool zero_copy)
{
	return zero_copy && can_send_zero_copy(ring, buffer) ? RING_BUFFER_SIZE : RING_COPIED_SIZE;
}

int ring_send_buffer(struct ring *ring, struct ring_operation *operation, int descriptor,
		     const struct ring_buffer *buffer, const char *data, size_t length, bool zero_copy)
{
	assert(data >= buffer->data && data + length <= buffer->data + RING_BUFFER_SIZE);
	zero_copy = zero_copy && can_send_zero_copy(ring, buffer) && length >= RING_ZERO_COPY_MIN;
	return start_send(ring, operation, descriptor, data, length, buffer->index, zero_copy);
}

int ring_connect(struct ring *ring, struct ring_operation *operation, int descriptor, const struct sockaddr *address,
		 socklen_t length)
{
	struct io_uring_sqe *sqe = start(ring, operation, RING_CONNECT);

	if (!sqe)
		return -EAGAIN;
	io_uring_prep_connect(sqe, descriptor, address, length);
	io_uring_sqe_set_data(sqe, operation);
	return 0;
}

int ring_accept(struct ring *ring, struct ring_operation *operation, int descriptor)
{
	struct io_uring_sqe *sqe = start(ring, operation, RING_ACCEPT);

	if (!sqe)
		return -EAGAIN;
	if (ring->features & RING_MULTISHOT_ACCEPT)
		io_uring_prep_multishot_accept(sqe, descriptor, NULL, NULL, SOCK_CLOEXEC);
	else
		io_uring_prep_accept(sqe, descriptor, NULL, NULL, SOCK_CLOEXEC);
	io_uring_sqe_set_data(sqe, operation);
	return 0;
}

int ring_poll(struct ring *ring, struct ring_operation *operation, int descriptor, unsigned events)
{
	struct io_uring_sqe *sqe = start(ring, operation, RING_POLL);

	if (!sqe)
		return -EAGAIN;
	io_uring_prep_poll_multishot(sqe, descriptor, events);
	io_uring_sqe_set_data(sqe, operation);
	return 0;
}

int ring_timer(struct ring *ring, struct ring_operation *operation, clockid_t clock, int64_t nanoseconds)
{
	unsigned flags = IORING_TIMEOUT_ABS;
	struct io_uring_sqe *sqe = start(ring, operation, RING_TIMER);

	if (!sqe)
		return -EAGAIN;
	if (nanoseconds < 0)
		nanoseconds = 0;
	operation->time.tv_sec = nanoseconds / 1000000000;
	operation->time.tv_nsec = nanoseconds % 1000000000;
	if (clock == CLOCK_BOOTTIME)
		flags |= IORING_TIMEOUT_BOOTTIME;
	else if (clock == CLOCK_REALTIME)
		flags |= IORING_TIMEOUT_REALTIME;
	io_uring_prep_timeout(sqe, &operation->time, 0, flags);
	io_uring_sqe_set_data(sqe, operation);
	return 0;
}

void ring_cancel(struct ring *ring, struct ring_operation *operation)
{
	struct io_uring_sqe *sqe;

	if (!operation->pending || operation->cancelled)
		return;
	sqe = submission(ring);
	if (!sqe)
		return;
	operation->cancelled = true;
	io_uring_prep_cancel(sqe, operation, 0);
	io_uring_sqe_set_data(sqe, NULL);
}

void ring_close_descriptor(struct ring *ring, int descriptor)
{
	struct io_uring_sqe *sqe = submission(ring);

	if (!sqe) {
		close(descriptor);
		return;
	}
	io_uring_prep_close(sqe, descriptor);
	io_uring_sqe_set_data(sqe, NULL);
}

// Takes in one completion of a send. Returns true when the operation is over, with its result in *result.
static bool complete_send(struct ring *ring, struct ring_operation *operation, int *result, unsigned cqe_flags)
{
	struct io_uring_sqe *sqe;

	if (cqe_flags & IORING_CQE_F_NOTIF) {
		operation->send.notifications--;
	} else {
		if (cqe_flags & IORING_CQE_F_MORE)
			operation->send.notifications++;
		if (*result > 0)
			operation->send.sent += (uint32_t)*result;
		if (operation->send.zero_copy &&
		    (*result == -EOPNOTSUPP || *result == -EINVAL || *result == -ENOMEM || *result == -ENOBUFS)) {
			// This socket cannot, or the memory that may be locked is used up: the ordinary way always
			// works.
			operation->send.zero_copy = false;
			*result = 1;
		}
		if (*result <= 0)
			operation->send.error = *result == 0 ? -EPIPE : *result;
		else if (operation->send.sent < operation->send.length && operation->cancelled)
			operation->send.error = -ECANCELED;
		else if (operation->send.sent < operation->send.length) {
			sqe = submission(ring);
			if (sqe) {
				prepare_send(operation, sqe);
				return false;
			}
			operation->send.error = -EAGAIN;
		}
		operation->send.finished = true;
	}
	if (!operation->send.finished || operation->send.notifications)
		return false;
	*result = operation->send.error ? operation->send.error : (int)operation->send.length;
	return true;
}

static void complete(struct ring *ring, struct ring_operation *operation, int result, unsigned cqe_flags, bool call)
{
	unsigned flags = 0;

	if (operation->kind == RING_SEND) {
		if (!complete_send(ring, operation, &result, cqe_flags))
			return;
	} else if (operation->kind == RING_TIMER) {
		if (result == -ETIME)
			result = 0;
	} else if (cqe_flags & IORING_CQE_F_MORE) {
		flags = RING_MORE;
	}
	if (!(flags & RING_MORE))
		unlink_operation(ring, operation);
	if (call)
		operation->done(operation, result, flags);
	else if (operation->kind == RING_ACCEPT && result >= 0)
		close(result);
}

static int handle_completions(struct ring *ring, bool call)
{
	struct io_uring_cqe *cqe;
	int handled = 0;

	while (io_uring_peek_cqe(&ring->uring, &cqe) == 0) {
		struct ring_operation *operation = io_uring_cqe_get_data(cqe);
		int result = cqe->res;
		unsigned flags = cqe->flags;

		io_uring_cqe_seen(&ring->uring, cqe);
		handled++;
		if (operation)
			complete(ring, operation, result, flags, call);
		if (call && ring->stopped)
			break;
	}
	return handled;
}

int ring_run_once(struct ring *ring, bool wait)
{
	int result = io_uring_submit_and_wait(&ring->uring, wait ? 1 : 0);

	// EBUSY and EAGAIN: the kernel wants completions to be taken before it takes more; EINTR: a signal handler ran.
	if (result < 0 && result != -EINTR && result != -EBUSY && result != -EAGAIN)
		return result;
	if (!wait)
		io_uring_get_events(&ring->uring);
	return handle_completions(ring, true);
}

int ring_run(struct ring *ring)
{
	int result = 0;

	ring->stopped = false;
	while (!ring->stopped && result >= 0)
		result = ring_run_once(ring, true);
	if (result < 0)
		log_error("io_uring: waiting failed: %s", strerror(-result));
	return result < 0 ? result : 0;
}

void ring_stop(struct ring *ring)
{
	ring->stopped = true;
}

void ring_close(struct ring *ring)
{
	struct ring_operation *operation = ring->pending;

	while (operation) {
		ring_cancel(ring, operation);
		operation = operation->next;
	}
	while (ring->pending) {
		int result = io_uring_submit_and_wait(&ring->uring, 1);

		if (result < 0 && result != -EINTR && result != -EBUSY && result != -EAGAIN)
			break;
		handle_completions(ring, false);
	}
	io_uring_submit(&ring->uring);
	io_uring_queue_exit(&ring->uring);
	if (ring->buffer_memory)
		munmap(ring->buffer_memory, RING_BUFFERS * RING_BUFFER_SIZE);
	ring->buffer_memory = NULL;
}

int64_t ring_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct ring_buffer *ring_buffer_take(struct ring *ring)
{
	for (unsigned i = 0; i < RING_BUFFERS; i++) {
		if (!ring->buffers[i].taken) {
			ring->buffers[i].taken = true;
			return &ring->buffers[i];
		}
	}
	return NULL;
}

void ring_buffer_give(struct ring_buffer *buffer)
{
	assert(buffer->taken);
	buffer->taken = false;
}
