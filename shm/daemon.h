/* SPDX-License-Identifier: BSD-2-Clause */
/* What all daemons share: options, the common part of the configuration, folders, detaching. */
#pragma once

#include "shm/configuration.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/** Exit statuses */
#define DAEMON_EXIT_CLEAN  0
#define DAEMON_EXIT_FAILED 1
#define DAEMON_EXIT_USAGE  2
/** daemon_start() returns it when the program shall go on */
#define DAEMON_RUN	   (-1)

/** What a program is; a constant of its main file */
struct daemon_program {
	const char *name;		      /* as it is typed */
	const char *purpose;		      /* a few words for -h, without a full stop */
	const struct configuration_key *keys; /* its own keys, besides those of [paths] and [log] */
	size_t key_count;
	size_t settings_size;		   /* of the structure that the keys' offsets point into */
	const char *const *other_sections; /* sections of other programs, ending with NULL */
};

/** What every daemon knows about itself */
struct daemon {
	const struct daemon_program *program;
	char run_folder[PATH_MAX];   /* segments and sockets: $ESPALIER_DIR, or [paths] run */
	char state_folder[PATH_MAX]; /* durable state: [paths] state */
	char configuration_path[PATH_MAX];
	bool configuration_required; /* -c was given */
	bool detach;
	int more_log;	  /* how often -v was given */
	int ready_socket; /* where the waiting parent listens, or -1 */
};

/**
 * daemon_start() - options, configuration, log, and with -d the detaching: the first thing that main() does
 * @daemon: filled in; the caller's for the program's life
 * @program: kept by reference
 * @settings: the program's own settings, filled in from the configuration; program->settings_size bytes
 * @argc, @argv: of main()
 *
 * With -d the calling process stays in here until the child has called daemon_ready(), or has ended, and then exits
 * with 0 or 1. The child gets DAEMON_RUN, in a session of its own and still with its caller's standard error. Call it
 * before there are threads or rings.
 *
 * Returns DAEMON_RUN, or the status that main() shall return: after -h and -V, and after wrong usage or a wrong
 * configuration, which has been said on standard error.
 */
int daemon_start(struct daemon *daemon, const struct daemon_program *program, void *settings, int argc, char **argv);

/**
 * daemon_ready() - tells whoever waits that the program has started
 *
 * With -d the waiting parent exits with 0, standard input, output and error become /dev/null, and the log goes to
 * syslog. Without -d it does nothing. A program that ends before this call has failed to start.
 */
void daemon_ready(struct daemon *daemon);

/**
 * daemon_read_configuration() - reads the file again, for SIGHUP
 * @settings: filled in on success, untouched on error
 *
 * The log level changes with it. The folders keep their first value: segments and sockets are open in there.
 *
 * Returns 0, or -errno as configuration_read() does; the log has said why then.
 */
int daemon_read_configuration(struct daemon *daemon, void *settings);

/**
 * daemon_open_signals() - SIGTERM and SIGINT, which end a program, and SIGHUP, which has it read its configuration
 * again
 *
 * They are blocked for the calling thread and those that it starts later; call it before there are any. They stay
 * blocked when the descriptor is closed, so that a late one does not end the process.
 *
 * Returns a descriptor that is readable when one has come, or -errno.
 */
int daemon_open_signals(void);

/** daemon_next_signal() - the next one that has come, or 0. Does not wait. */
int daemon_next_signal(int descriptor);
