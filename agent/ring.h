// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's event ring: sockets, timers and wake-ups through one io_uring, without a wake-up when nothing happens.
#pragma once

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#define RING_ENTRIES	   64 // submission queue; a full queue is submitted at once, so this bounds nothing
// Registered buffers. One is enough: to fill a second one meanwhile gains nothing, as the kernel has copied a piece
// when its submission returns, or keeps it until the peer has acknowledged it (docs/benchmarks.md, send).
#define RING_BUFFERS	   1
#define RING_BUFFER_SIZE   (512 * 1024) // bytes of each
#define RING_COPIED_SIZE   (128 * 1024) // bytes of a buffer to fill where the kernel copies: they are still in the cache
#define RING_ZERO_COPY_MIN (16 * 1024)	// bytes from which on SEND_ZC costs less than the copy, on a network card

// Kernel features beyond Linux 5.15, as bits of ring.features.
enum ring_feature {
	RING_DEFERRED_TASK_RUN = 1 << 0,    // IORING_SETUP_DEFER_TASKRUN and SINGLE_ISSUER (6.1)
	RING_COOPERATIVE_TASK_RUN = 1 << 1, // IORING_SETUP_COOP_TASKRUN (5.19)
	RING_MULTISHOT_ACCEPT = 1 << 2,	    // 5.19
	RING_SEND_ZERO_COPY = 1 << 3,	    // 6.0
	RING_REGISTERED_BUFFERS = 1 << 4,   // any kernel, but subject to RLIMIT_MEMLOCK
	RING_ALL_FEATURES = (1 << 5) - 1,
};

// In the flags of done(): the operation stays armed, and done() will be called again.
#define RING_MORE 1u

struct ring_operation;
struct ring;

enum ring_kind {
	RING_RECEIVE,
	RING_SEND,
	RING_CONNECT,
	RING_ACCEPT,
	RING_POLL,
	RING_TIMER,
};

// One operation in flight. It is embedded in the caller's own structure and zeroed before its first use. The caller
// sets done() and touches nothing else; the structure must stay in place while `pending` is true. done() is called
// exactly once with RING_MORE absent, also after ring_cancel() (result -ECANCELED, or the true result where that came
// first), except that ring_close() calls nobody. In done() the operation may be started again.
struct ring_operation {
	void (*done)(struct ring_operation *operation, int result, unsigned flags);
	struct ring_operation *previous, *next;
	bool pending;
	bool cancelled;
	uint8_t kind;
	union {
		struct __kernel_timespec time;
		struct {
			const char *data;
			uint32_t length, sent;
			int descriptor, error;
			int16_t buffer_index;	// of a registered buffer, or -1
			uint16_t notifications; // SEND_ZC: the kernel still holds the buffer
			bool zero_copy, finished;
		} send;
	};
};

// A registered buffer (RING_BUFFER_SIZE bytes at `data`), lent by ring_buffer_take().
struct ring_buffer {
	char *data;
	int16_t index; // -1 when the kernel refused to register it
	bool taken;
};

// All fields are private to ring.c, but `features` may be read.
struct ring {
	struct io_uring uring;
	unsigned features;
	struct ring_operation *pending; // list of everything in flight
	struct ring_buffer buffers[RING_BUFFERS];
	char *buffer_memory;
	bool stopped;
};

// Opens the ring on the calling thread, which must be the one that uses it (after any fork). `wanted` is a mask of enum
// ring_feature, RING_ALL_FEATURES in production: features that are not wanted, or that the kernel has not, are replaced
// by older ways. Logs why when it fails. Returns 0 or -errno.
int ring_open(struct ring *ring, unsigned wanted);

// Cancels everything in flight, waits until the kernel has let go of all memory, and frees the ring. No done() is
// called.
void ring_close(struct ring *ring);

// Runs until ring_stop() is called from a done(). Sleeps in the kernel without any timeout while nothing happens.
// Returns 0 or -errno.
int ring_run(struct ring *ring);

// Submits what was started, waits for at least one completion if `wait` is set, and calls done() for all that are
// there. Returns the number of completions handled, or -errno.
int ring_run_once(struct ring *ring, bool wait);

// Lets ring_run() return after the current done().
void ring_stop(struct ring *ring);

// Starts to receive at most `size` bytes into `buffer`. Result: bytes, 0 when the peer has ended, -errno. The
// descriptor must not be O_NONBLOCK (that holds for all operations on sockets). Returns 0 or -errno, as do all that
// start something.
int ring_receive(struct ring *ring, struct ring_operation *operation, int descriptor, void *buffer, size_t size);

// Sends all `length` bytes (short sends are continued). The data must stay in place until done(). Result: `length`, or
// -errno. Never raises SIGPIPE.
int ring_send(struct ring *ring, struct ring_operation *operation, int descriptor, const void *data, size_t length);

// As ring_send(), for `length` bytes at `data` inside a registered buffer. `zero_copy` says that the peer is reached
// through a network card: from RING_ZERO_COPY_MIN bytes on SEND_ZC is used where the kernel has it, and done() is
// called when the kernel needs the buffer no more. (Over loopback the kernel copies in any case, and SEND costs less.)
int ring_send_buffer(struct ring *ring, struct ring_operation *operation, int descriptor,
		     const struct ring_buffer *buffer, const char *data, size_t length, bool zero_copy);

// The bytes of a buffer that ring_send_buffer() sends with the least CPU, when there are more to come: all of it where
// the kernel sends from the buffer itself, or RING_COPIED_SIZE.
size_t ring_send_size(const struct ring *ring, const struct ring_buffer *buffer, bool zero_copy);

// Starts to connect. The address must stay in place until the loop has gone on. Result: 0 or -errno.
int ring_connect(struct ring *ring, struct ring_operation *operation, int descriptor, const struct sockaddr *address,
		 socklen_t length);

// Starts to accept. Result: a new descriptor (close-on-exec), or -errno. Without RING_MORE in flags it must be started
// again.
int ring_accept(struct ring *ring, struct ring_operation *operation, int descriptor);

// Watches a descriptor for `events` (POLLIN ...) until cancelled. Result: the events seen, or -errno. Without RING_MORE
// in flags it must be started again. The caller must read until EAGAIN.
int ring_poll(struct ring *ring, struct ring_operation *operation, int descriptor, unsigned events);

// Starts a timer that expires at `nanoseconds` of `clock`: CLOCK_BOOTTIME or CLOCK_MONOTONIC for delays, CLOCK_REALTIME
// for wall-clock times (follows the clock being set). Result: 0 when expired, -ECANCELED.
int ring_timer(struct ring *ring, struct ring_operation *operation, clockid_t clock, int64_t nanoseconds);

// Asks that an operation end now; done() follows. Harmless when it is not pending.
void ring_cancel(struct ring *ring, struct ring_operation *operation);

// Closes a descriptor behind everything started so far on the ring; never blocks.
void ring_close_descriptor(struct ring *ring, int descriptor);

// Nanoseconds of a clock now.
int64_t ring_clock(clockid_t clock);

// Lends a registered buffer, or returns NULL when all are lent.
struct ring_buffer *ring_buffer_take(struct ring *ring);

// Gives a buffer back. No send from it may be pending.
void ring_buffer_give(struct ring_buffer *buffer);
