// SPDX-License-Identifier: GPL-2.0-or-later
// Signals as events of the ring: a signalfd that the ring polls.
#include "agent/ring-signal.h"

#include "shm/daemon.h"
#include "shm/log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static void readable(struct ring_operation *operation, int result, unsigned flags)
{
	struct ring_signals *signals = (struct ring_signals *)((char *)operation - offsetof(struct ring_signals, poll));
	int number;

	if (result < 0 && result != -ECANCELED)
		log_error("signals cannot be watched: %s", strerror(-result));
	if (result < 0)
		return;
	// The watch is renewed first, so that a signal between the last read and the renewal is not missed.
	if (!(flags & RING_MORE) && ring_poll(signals->ring, operation, signals->descriptor, POLLIN) != 0)
		log_error("signals cannot be watched: the ring is full");
	while ((number = daemon_next_signal(signals->descriptor)))
		signals->received(signals, number);
}

int ring_signals_open(struct ring_signals *signals, struct ring *ring,
		      void (*received)(struct ring_signals *signals, int signal))
{
	int result;

	memset(signals, 0, sizeof(*signals));
	signals->descriptor = daemon_open_signals();
	if (signals->descriptor < 0)
		return signals->descriptor;
	signals->ring = ring;
	signals->received = received;
	signals->poll.done = readable;
	result = ring_poll(ring, &signals->poll, signals->descriptor, POLLIN);
	if (result != 0)
		close(signals->descriptor);
	return result;
}

void ring_signals_close(struct ring_signals *signals)
{
	close(signals->descriptor);
	signals->descriptor = -1;
}
