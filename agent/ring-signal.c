// SPDX-License-Identifier: GPL-2.0-or-later
// Signals as events of the ring: a signalfd that the ring polls.
#include "agent/ring-signal.h"

#include "shm/log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void readable(struct ring_operation *operation, int result, unsigned flags)
{
	struct ring_signals *signals = (struct ring_signals *)((char *)operation - offsetof(struct ring_signals, poll));
	struct signalfd_siginfo information;

	if (result < 0 && result != -ECANCELED)
		log_error("signals cannot be watched: %s", strerror(-result));
	if (result < 0)
		return;
	// The watch is renewed first, so that a signal between the last read and the renewal is not missed.
	if (!(flags & RING_MORE) && ring_poll(signals->ring, operation, signals->descriptor, POLLIN) != 0)
		log_error("signals cannot be watched: the ring is full");
	while (read(signals->descriptor, &information, sizeof(information)) == (ssize_t)sizeof(information))
		signals->received(signals, (int)information.ssi_signo);
}

int ring_signals_open(struct ring_signals *signals, struct ring *ring, const sigset_t *set,
		      void (*received)(struct ring_signals *signals, int signal))
{
	int result;

	memset(signals, 0, sizeof(*signals));
	result = pthread_sigmask(SIG_BLOCK, set, NULL);
	if (result != 0)
		return -result;
	signals->descriptor = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->descriptor < 0)
		return -errno;
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
