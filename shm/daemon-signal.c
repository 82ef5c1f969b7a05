/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals of a daemon, as a descriptor that its loop waits for. */
#include "shm/daemon.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int daemon_open_signals(void)
{
	sigset_t set;
	int descriptor, error;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	error = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (error)
		return -error;
	descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return descriptor < 0 ? -errno : descriptor;
}

int daemon_next_signal(int descriptor)
{
	struct signalfd_siginfo signal;

	if (read(descriptor, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
		return 0;
	return (int)signal.ssi_signo;
}
