// SPDX-License-Identifier: GPL-2.0-or-later
// espalier-xmpp: keeps the connections with XMPP servers over which an ACS asks for a session.
#include "agent/xmpp/xmpp.h"

#include "agent/ring-signal.h"
#include "shm/folder.h"
#include "shm/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static struct xmpp_program program;
static struct ring_signals signals;
static bool ring_is_open;

static const struct daemon_program self = {
	.name = "espalier-xmpp",
	.purpose = "keeps the XMPP connections for connection requests",
	.keys = agent_configuration_keys,
	.settings_size = sizeof(struct agent_configuration),
	.other_sections = agent_configuration_other_sections,
};

// OpenSSL, by which libstrophe does TLS, takes its usual certificates besides those that it is given. So the usual ones
// are made those of the configuration.
static void trust(const struct agent_configuration *configuration)
{
	if (*configuration->ca_file) {
		setenv("SSL_CERT_FILE", configuration->ca_file, 1);
		setenv("SSL_CERT_DIR", "/nonexistent", 1);
	} else {
		unsetenv("SSL_CERT_FILE");
		unsetenv("SSL_CERT_DIR");
	}
}

static void signalled(struct ring_signals *source, int number)
{
	struct agent_configuration configuration;

	(void)source;
	if (number != SIGHUP) {
		ring_stop(&program.ring);
	} else if (!daemon_read_configuration(&program.daemon, &configuration)) {
		program.configuration = configuration;
		trust(&configuration);
		log_notice("the configuration was read again");
	}
}

static int open_all(void)
{
	int folder = folder_open(program.daemon.run_folder, true);
	int error;

	if (folder < 0)
		return folder;
	close(folder);
	error = ring_open(&program.ring, RING_ALL_FEATURES);
	if (error)
		return error;
	ring_is_open = true;
	error = ring_signals_open(&signals, &program.ring, signalled);
	if (!error)
		error = xmpp_address_open(&program);
	return error ? error : xmpp_link_open(&program);
}

int main(int argc, char **argv)
{
	struct daemon_program whole = self;
	int status, error;

	whole.key_count = agent_configuration_key_count;
	status = daemon_start(&program.daemon, &whole, &program.configuration, argc, argv);
	if (status != DAEMON_RUN)
		return status;
	program.link.folder = program.link.agent = program.addresses.descriptor = -1;
	trust(&program.configuration);
	// OpenSSL writes to a socket whose other end may be gone.
	signal(SIGPIPE, SIG_IGN);
	xmpp_initialize();
	if (getrandom(&program.seed, sizeof(program.seed), 0) != (ssize_t)sizeof(program.seed))
		program.seed = (uint32_t)ring_clock(CLOCK_MONOTONIC);
	error = open_all();
	if (error) {
		log_error("espalier-xmpp can't start: %s", strerror(-error));
	} else {
		log_notice("started in %s", program.daemon.run_folder);
		daemon_ready(&program.daemon);
		error = ring_run(&program.ring);
	}
	xmpp_clients_close(&program);
	if (ring_is_open)
		ring_close(&program.ring);
	xmpp_link_close(&program);
	xmpp_address_close(&program);
	if (signals.ring)
		ring_signals_close(&signals);
	xmpp_shutdown();
	return error ? DAEMON_EXIT_FAILED : DAEMON_EXIT_CLEAN;
}
